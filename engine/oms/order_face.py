"""The read side of a live order: every property is the newest state known.

One attribute holds the whole state as a frozen `OrderView`, and it is replaced
in one step. So a single property may be read from any thread without a lock; to
read several that belong together, take `view` once and read from it.
"""

from __future__ import annotations

from decimal import Decimal

from engine.trading_types import (
    OrderOrigin,
    OrderStatus,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
)
from engine.views import AmendInFlight, OrderView


class OrderFace:
    __slots__ = ("_view",)

    def __init__(self, view: OrderView) -> None:
        self._view = view

    def __repr__(self) -> str:
        view = self._view
        return (
            f"<Order {view.client_order_id} {view.symbol} {view.side} {view.type} {view.status}"
            f" {view.executed_qty}/{view.orig_qty} at {view.price}>"
        )

    @property
    def view(self) -> OrderView:
        """The whole state at this moment; never changes once handed over."""
        return self._view

    @property
    def client_order_id(self) -> str:
        return self._view.client_order_id

    @property
    def order_id(self) -> int | None:
        """The venue's id; None until it answered."""
        return self._view.order_id

    @property
    def symbol(self) -> str:
        return self._view.symbol

    @property
    def side(self) -> Side:
        return self._view.side

    @property
    def type(self) -> OrderType | str:
        return self._view.type

    @property
    def status(self) -> OrderStatus:
        return self._view.status

    @property
    def is_terminal(self) -> bool:
        return self._view.status.is_terminal

    @property
    def price(self) -> Decimal:
        return self._view.price

    @property
    def orig_qty(self) -> Decimal:
        return self._view.orig_qty

    @property
    def executed_qty(self) -> Decimal:
        return self._view.executed_qty

    @property
    def remaining_qty(self) -> Decimal:
        return self._view.remaining_qty

    @property
    def cummulative_quote_qty(self) -> Decimal:
        return self._view.cummulative_quote_qty

    @property
    def avg_price(self) -> Decimal:
        return self._view.avg_price

    @property
    def time_in_force(self) -> TimeInForce | str:
        return self._view.time_in_force

    @property
    def position_side(self) -> PositionSide:
        return self._view.position_side

    @property
    def reduce_only(self) -> bool:
        return self._view.reduce_only

    @property
    def commission(self) -> Decimal:
        return self._view.commission

    @property
    def commission_asset(self) -> str:
        return self._view.commission_asset

    @property
    def realized_pnl(self) -> Decimal:
        """Sum of what the venue reported with each fill, before commission."""
        return self._view.realized_pnl

    @property
    def created_at(self) -> int:
        return self._view.created_at

    @property
    def updated_at(self) -> int:
        return self._view.updated_at

    @property
    def origin(self) -> OrderOrigin:
        return self._view.origin

    @property
    def amend(self) -> AmendInFlight | None:
        return self._view.amend

    @property
    def reason(self) -> str:
        return self._view.reason
