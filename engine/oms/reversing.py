"""Turning a position round: close it at market, then the same size the other way."""

from __future__ import annotations

from collections.abc import Callable

from engine.commands import ClosePosition, PlaceOrder
from engine.errors import OrderNotAllowed
from engine.market.instruments import Instrument
from engine.oms.order_models import Order
from engine.oms.order_placing import OrderPlacing
from engine.oms.order_tracker import OrderTracker
from engine.oms.position_closing import closing_order
from engine.oms.position_tracker import PositionTracker
from engine.oms.risk_guard import RiskGuard
from engine.protection_commands import ReversePosition
from engine.trading_types import OrderStatus, OrderType, PositionSide
from engine.utils.decimals import plain

_CLOSED_WITHIN_S = 5.0


class Reversing:
    def __init__(
        self,
        placing: OrderPlacing,
        guard: RiskGuard,
        tracker: OrderTracker,
        positions: PositionTracker,
        instrument: Callable[[str], Instrument],
    ) -> None:
        self._placing = placing
        self._guard = guard
        self._tracker = tracker
        self._positions = positions
        self._instrument = instrument

    def reverse(self, command: ReversePosition) -> Order:
        """Blocks until both are answered. Returns the order that opens the other way.

        Raises OrderNotAllowed before anything was sent when the guard would refuse the
        second order; and, with the position closed, when the first did not close all.
        """
        wish = ClosePosition(
            request_id=command.request_id,
            symbol=command.symbol,
            position_side=command.position_side,
        )
        instrument = self._instrument(command.symbol)
        closing = closing_order(wish, self._positions.positions(), instrument)
        opening = PlaceOrder(
            request_id=f"{command.request_id}-open" if command.request_id else "",
            symbol=command.symbol,
            side=closing.side,
            type=OrderType.MARKET,
            quantity=closing.quantity,
            position_side=_OTHER[closing.position_side],
        )
        self._guard.check_after_closing(opening, instrument)
        self._close(closing)
        return self._placing.place(opening)

    def _close(self, closing: PlaceOrder) -> None:
        closed = self._placing.place(closing)
        self._tracker.wait(lambda: closed.is_terminal, _CLOSED_WITHIN_S)
        if closed.status is not OrderStatus.FILLED:
            raise OrderNotAllowed(
                "",
                f"{plain(closed.executed_qty)} of {plain(closed.orig_qty)} {closed.symbol} were"
                f" closed (the order is {closed.status}), so nothing was opened the other way.",
            )


_OTHER = {
    PositionSide.BOTH: PositionSide.BOTH,
    PositionSide.LONG: PositionSide.SHORT,
    PositionSide.SHORT: PositionSide.LONG,
}
