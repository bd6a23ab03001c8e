"""What order management and the engine may ask of a venue.

Every method blocks on the network, may be called from any thread, and never
from the GUI's. Each ends in one of the answers of engine.errors:

- it returns: the venue said yes;
- VenueError and its children: the venue said no, nothing was executed;
- NotConnected: could not be sent, nothing was executed;
- OutcomeUnknown (writes only): sent, and nobody knows. Never call again with
  the same intent; ask `query_order`;
- ShuttingDown: the gateway is closing, nothing was sent;
- BadInput, UnknownSymbol: found before sending.

Reads are retried on transient faults by the gateway itself; writes are not,
except where the venue has said that it did not execute them (safe refusals and
clock errors). Objects handed over never change.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from engine.events import Event, OrderUpdate
from engine.market.instruments import Instrument
from engine.trading_types import OrderType, PositionSide, Side, TimeInForce
from engine.utils.decimals import Number
from engine.views import BalanceView, Candle, FillView, PositionView


class DepthSnapshot(msgspec.Struct, frozen=True):
    """Levels as (price text, quantity text), best first."""

    symbol: str
    last_update_id: int
    bids: tuple[tuple[str, str], ...]
    asks: tuple[tuple[str, str], ...]


class ExchangeGateway(ABC):
    # --- market ---------------------------------------------------------------

    @abstractmethod
    def get_exchange_info(self, symbol: str) -> dict[str, Any]:
        """The venue's own description of one symbol: a dict with `symbol`, `filters` ...

        Cached for the life of the gateway. Raises UnknownSymbol.
        """

    @abstractmethod
    def get_exchange_instruments(self) -> Mapping[str, Instrument]:
        """Every tradable perpetual by symbol, from the same cache."""

    @abstractmethod
    def get_ohlc_data(
        self,
        symbol: str,
        interval: str,
        limit: int = 500,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
    ) -> list[Candle]:
        """Candles oldest first, the open one last. `limit` is at most 1500."""

    @abstractmethod
    def get_depth(self, symbol: str, limit: int = 1000) -> DepthSnapshot:
        """The book now, to start a local one from."""

    # --- account ----------------------------------------------------------------

    @abstractmethod
    def get_account_balance(self) -> list[BalanceView]:
        """Every asset of the futures wallet."""

    @abstractmethod
    def get_positions(self, symbol: str | None = None) -> list[PositionView]:
        """Open positions (quantity not zero), with leverage and liquidation price."""

    @abstractmethod
    def set_leverage(self, symbol: str, leverage: int) -> int:
        """Returns the leverage now in force. Raises InvalidLeverage."""

    @abstractmethod
    def get_leverage(self, symbol: str) -> int:
        """The leverage in force for new positions of `symbol`."""

    @abstractmethod
    def is_hedge_mode(self) -> bool:
        """True when long and short are held side by side."""

    # --- orders -----------------------------------------------------------------

    @abstractmethod
    def submit_order(
        self,
        symbol: str,
        side: Side | str,
        order_type: OrderType | str,
        quantity: Number,
        price: Number | None = None,
        *,
        time_in_force: TimeInForce | str | None = None,
        reduce_only: bool = False,
        position_side: PositionSide | str = PositionSide.BOTH,
        client_order_id: str | None = None,
    ) -> OrderUpdate:
        """Place LIMIT or MARKET. LIMIT is GTC when `time_in_force` is None."""

    @abstractmethod
    def modify_order(
        self,
        symbol: str,
        side: Side | str,
        quantity: Number,
        price: Number,
        *,
        order_id: int | None = None,
        client_order_id: str | None = None,
    ) -> OrderUpdate:
        """New price and new TOTAL quantity of a resting LIMIT order; loses its place."""

    @abstractmethod
    def cancel_order(
        self, symbol: str, *, order_id: int | None = None, client_order_id: str | None = None
    ) -> OrderUpdate:
        """Raises OrderRefused with code -2011 when the venue has no such open order."""

    @abstractmethod
    def cancel_all_orders(self, symbol: str) -> None:
        """Every open regular order of the symbol; each reports on the user stream."""

    @abstractmethod
    def query_order(
        self, symbol: str, *, order_id: int | None = None, client_order_id: str | None = None
    ) -> OrderUpdate:
        """Raises OrderRefused with code -2013 when the venue does not know it (yet)."""

    @abstractmethod
    def get_open_orders(self, symbol: str | None = None) -> list[OrderUpdate]:
        """Every open order, of all symbols when None."""

    @abstractmethod
    def get_user_trades(
        self,
        symbol: str,
        *,
        from_id: int | None = None,
        order_id: int | None = None,
        start_ms: int | None = None,
        limit: int = 1000,
    ) -> list[FillView]:
        """Own trades, oldest first. `client_order_id` is "" (the venue does not say)."""

    # --- streams ----------------------------------------------------------------

    @abstractmethod
    def start_user_stream(self, on_event: Callable[[Event], None]) -> None:
        """Open the private route; `on_event` runs on the reading thread, in order.

        Delivers OrderUpdate, AccountUpdate, LeverageChanged, AlgoUpdate,
        MarginCall, ListenKeyExpired and StreamStateChanged. A LIVE state after
        any other means: there was a gap, reconcile.
        """

    @abstractmethod
    def subscribe(self, streams: Sequence[str], callback: Callable[[Event], None]) -> None:
        """Wanted market streams such as "btcusdt@aggTrade"; re-applied for ever.

        `callback` runs on the route's reading thread and must be quick. One
        callback serves a stream; a second call replaces it.
        """

    @abstractmethod
    def unsubscribe(self, streams: Sequence[str]) -> None:
        """No longer wanted. Unknown names are ignored."""

    @abstractmethod
    def close(self, timeout_s: float = 3.0) -> None:
        """Stop every thread and connection. Ends within `timeout_s`; may be called twice."""
