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

Reads are retried on transient faults by the gateway itself. Writes never are,
except once, signed anew, after a clock error: the venue has not executed it then.
Whoever decides about orders decides whether to ask again (see oms.order_sender).
Objects handed over never change.

The contract's parts: market data and streams here, single and many orders in
gateway_orders, conditional orders in gateway_algos, the account and its settings
in gateway_account, what the kill switch reads in gateway_urgent.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from engine.events import AlgoUpdate, Event, OrderUpdate
from engine.exchange.gateway_account import AccountCalls
from engine.exchange.gateway_algos import AlgoOrderCalls
from engine.exchange.gateway_orders import OrderCalls
from engine.exchange.gateway_urgent import UrgentCalls
from engine.market.instruments import Instrument
from engine.views import Candle


class DepthSnapshot(msgspec.Struct, frozen=True):
    """Levels as (price text, quantity text), best first."""

    symbol: str
    last_update_id: int
    bids: tuple[tuple[str, str], ...]
    asks: tuple[tuple[str, str], ...]


class ExchangeGateway(AccountCalls, OrderCalls, AlgoOrderCalls, UrgentCalls, ABC):
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

    @abstractmethod
    def get_mark_price(self, symbol: str) -> Decimal:
        """The mark price now. Light (weight 1); the stream is quicker where it is followed."""

    @abstractmethod
    def server_now_ms(self) -> int:
        """The venue's time, as well as it is known. Never blocks."""

    # --- both order services --------------------------------------------------------

    def get_open_orders(self, symbol: str | None = None) -> list[OrderUpdate | AlgoUpdate]:
        """Everything that waits: in the book, then for a trigger. Of all symbols when None.

        Two calls, conditional orders first: one that triggers between them is told as it
        waited and as the order it has become, rather than not at all.
        """
        algos = self.get_open_algo_orders(symbol)
        orders = self.get_book_orders(symbol)
        in_book = {order.order_id for order in orders}
        return [*orders, *(algo for algo in algos if algo.order_id not in in_book)]

    # --- streams ----------------------------------------------------------------

    @abstractmethod
    def start_user_stream(self, on_event: Callable[[Event], None]) -> None:
        """Open the private route; `on_event` runs on the reading thread, in order.

        Delivers OrderUpdate, AccountUpdate, LeverageChanged, AlgoUpdate,
        MarginCall, ListenKeyExpired and StreamStateChanged. A LIVE state after
        any other means: there was a gap, reconcile.
        """

    @abstractmethod
    def renew_user_stream(self, why: str) -> None:
        """Make the private connection anew: it is seen to lose events. Returns at once."""

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
