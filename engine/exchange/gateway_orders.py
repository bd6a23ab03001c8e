"""The gateway's contract: orders in the book, one at a time or several at once.

Thread, blocking and errors of every method: see engine.exchange.gateway.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import msgspec

from engine.errors import PerpdeskError
from engine.events import OrderUpdate
from engine.trading_types import OrderType, PositionSide, Side, TimeInForce
from engine.utils.decimals import Number
from engine.views import FillView


class NewOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What `submit_order` takes, as one element of a batch."""

    symbol: str
    side: Side | str
    type: OrderType | str
    quantity: Number
    price: Number | None = None
    time_in_force: TimeInForce | str | None = None
    reduce_only: bool = False
    position_side: PositionSide | str = PositionSide.BOTH
    client_order_id: str | None = None


class OrderAmendment(msgspec.Struct, frozen=True, kw_only=True):
    """What `modify_order` takes, as one element of a batch."""

    symbol: str
    side: Side | str
    quantity: Number
    price: Number
    order_id: int | None = None
    client_order_id: str | None = None


BatchResult = OrderUpdate | PerpdeskError
"""Of one element: its order, or why not. OutcomeUnknown where nobody knows."""


class OrderCalls(ABC):
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
    def test_order(self, order: NewOrder) -> None:
        """The venue checks everything and places nothing. Raises what placing would."""

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
    def countdown_cancel_all(self, symbol: str, countdown_ms: int) -> None:
        """The venue cancels the symbol's orders unless this is called again in time.

        0 switches it off. Venue: call every quarter of the countdown, such as
        120000 ms every 30 s.
        """

    # --- several at once: each element succeeds or fails alone ----------------------

    @abstractmethod
    def submit_orders(self, orders: Sequence[NewOrder]) -> list[BatchResult]:
        """1 to 5 orders in one call, carried out side by side; results in their order.

        Raises for the call as a whole, and then none was placed, or after
        OutcomeUnknown nobody knows of any.
        """

    @abstractmethod
    def modify_orders(self, amendments: Sequence[OrderAmendment]) -> list[BatchResult]:
        """1 to 5 amendments. An element that changes nothing is an OrderRefused (-5027)."""

    @abstractmethod
    def cancel_orders(
        self,
        symbol: str,
        *,
        order_ids: Sequence[int] = (),
        client_order_ids: Sequence[str] = (),
    ) -> list[BatchResult]:
        """1 to 10 orders of one symbol, named in one of the two ways."""

    # --- reading ----------------------------------------------------------------------

    @abstractmethod
    def query_order(
        self, symbol: str, *, order_id: int | None = None, client_order_id: str | None = None
    ) -> OrderUpdate:
        """Raises OrderRefused with code -2013 when the venue does not know it (yet)."""

    @abstractmethod
    def get_book_orders(self, symbol: str | None = None) -> list[OrderUpdate]:
        """Every open order in the book, of all symbols when None.

        Conditional orders are not among them: see `get_open_orders`.
        """

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
