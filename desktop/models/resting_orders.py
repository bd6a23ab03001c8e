"""What waits at a price: regular and conditional orders, as one noun for chart and ladder.

A conditional order waits at its trigger; it is in no book, and is never drawn
as if it were. Pure, GUI thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from desktop.models.order_certainty import (
    Certainty,
    can_cancel,
    can_move,
    certainty_of,
    is_at_a_price,
    tag_text,
)
from engine.protection_views import AlgoView
from engine.trading_types import AlgoStatus, OrderStatus, OrderType, Side, WorkingType
from engine.views import ZERO, OrderView

_TRIGGER_TYPES = frozenset(
    {
        OrderType.STOP,
        OrderType.STOP_MARKET,
        OrderType.TAKE_PROFIT,
        OrderType.TAKE_PROFIT_MARKET,
    }
)
_SHORT_TYPE: dict[str, str] = {
    OrderType.STOP: "SL",
    OrderType.STOP_MARKET: "S",
    OrderType.TAKE_PROFIT: "TL",
    OrderType.TAKE_PROFIT_MARKET: "T",
    OrderType.TRAILING_STOP_MARKET: "TR",
}


class Resting(msgspec.Struct, frozen=True, gc=False):
    """One line on the chart, one part of a chip in the ladder.

    `key` is unique among both kinds, `id` is the client id of its own kind.
    `quantity` is what is left; 0 for an order that closes the whole position.
    """

    key: str
    id: str
    side: Side
    price: Decimal  # the limit, or the trigger of a conditional order
    quantity: Decimal
    certainty: Certainty
    label: str
    can_move: bool
    can_cancel: bool
    wanted_price: Decimal | None  # of an amend that was sent and not answered
    view: OrderView | AlgoView

    @property
    def is_conditional(self) -> bool:
        return isinstance(self.view, AlgoView)

    @property
    def short_type(self) -> str:
        """Letters before the quantity in the ladder; none for a regular order."""
        if isinstance(self.view, OrderView):
            return ""
        return _SHORT_TYPE.get(self.view.type, "?")


class RestingOrders:
    """Keeps what it made: of hundreds of orders one changes at a time.

    What is over and what has no price is left out; so is a conditional order that
    has triggered: it is an order now, and shown as that.
    """

    def __init__(self) -> None:
        self._orders: dict[str, Resting] = {}
        self._algos: dict[str, Resting] = {}

    def of_orders(self, orders: Sequence[OrderView]) -> tuple[Resting, ...]:
        before, self._orders = self._orders, {}
        for order in orders:
            if is_at_a_price(order):
                kept = before.get(order.client_order_id)
                if kept is None or kept.view is not order:
                    kept = _of_order(order)
                self._orders[order.client_order_id] = kept
        return tuple(self._orders.values())

    def of_algos(self, algos: Sequence[AlgoView]) -> tuple[Resting, ...]:
        before, self._algos = self._algos, {}
        for algo in algos:
            if _waits(algo):
                kept = before.get(algo.client_algo_id)
                if kept is None or kept.view is not algo:
                    kept = _of_algo(algo)
                self._algos[algo.client_algo_id] = kept
        return tuple(self._algos.values())


def algo_price(algo: AlgoView) -> Decimal:
    """Its trigger; of a trailing stop the price that activates it, 0 while it trails."""
    return algo.trigger_price if algo.type in _TRIGGER_TYPES else algo.activate_price


def explained(resting: Resting) -> str:
    """What hovering tells: what it is, what is known of it, what can be done."""
    view = resting.view
    is_order = isinstance(view, OrderView)
    what = _what_order(view) if isinstance(view, OrderView) else _what_algo(view)
    return "\n".join(part for part in (what, _known(resting), _hand(resting, is_order)) if part)


def _of_order(order: OrderView) -> Resting:
    amend = order.amend
    return Resting(
        order.client_order_id,
        order.client_order_id,
        order.side,
        order.price,
        order.remaining_qty,
        certainty_of(order),
        tag_text(order),
        can_move(order),
        can_cancel(order),
        None if amend is None or amend.price == order.price else amend.price,
        order,
    )


def _of_algo(algo: AlgoView) -> Resting:
    return Resting(
        f"algo {algo.client_algo_id}",
        algo.client_algo_id,
        algo.side,
        algo_price(algo),
        algo.quantity,
        _algo_certainty(algo),
        algo_text(algo),
        algo.status is AlgoStatus.NEW and algo.type in _TRIGGER_TYPES,
        algo.status is not AlgoStatus.PENDING_CANCEL,
        None,
        algo,
    )


def _waits(algo: AlgoView) -> bool:
    is_over = algo.status.is_terminal or algo.status is AlgoStatus.TRIGGERED
    return not is_over and algo_price(algo) > ZERO


def _algo_certainty(algo: AlgoView) -> Certainty:
    if algo.status is AlgoStatus.UNKNOWN:
        return Certainty.UNKNOWN
    return Certainty.CONFIRMED if algo.status is AlgoStatus.NEW else Certainty.IN_FLIGHT


_ALGO_WORDS = {
    AlgoStatus.UNKNOWN: " unknown",
    AlgoStatus.PENDING_NEW: " sending",
    AlgoStatus.PENDING_CANCEL: " cancelling",
    AlgoStatus.TRIGGERING: " triggering",
}


def algo_text(algo: AlgoView) -> str:
    """The words on its tag: "SELL STOP MARKET 0.100", with the state where it is unsettled."""
    size = "position" if algo.close_position else f"{algo.quantity:f}"
    trail = f" {algo.callback_pct.normalize():f}%" if algo.callback_pct else ""
    kind = algo.type.replace("_", " ")
    return f"{algo.side} {kind}{trail} {size}{_ALGO_WORDS.get(algo.status, '')}"


def _what_order(order: OrderView) -> str:
    text = f"{order.side} {order.type.replace('_', ' ')} {order.orig_qty:f} at {order.price:f}"
    if order.executed_qty:
        text += f", {order.executed_qty:f} filled"
    return f"{text}, reduce-only" if order.reduce_only else text


def _what_algo(algo: AlgoView) -> str:
    watched = "mark price" if algo.working_type == WorkingType.MARK_PRICE else "last price"
    size = "the whole position" if algo.close_position else f"{algo.quantity:f}"
    kind = f"a limit order at {algo.price:f}" if algo.price else "a market order"
    if algo.callback_pct:
        return (
            f"Trailing stop: {algo.side} {size}, {algo.callback_pct.normalize():f}% behind the"
            f" {watched} once that reaches {algo.activate_price:f}"
        )
    return (
        f"Waits at the exchange, in no book: when the {watched} reaches"
        f" {algo.trigger_price:f}, {kind} is sent to {algo.side} {size}"
    )


def _known(resting: Resting) -> str:
    view = resting.view
    status = view.status
    if resting.certainty is Certainty.UNKNOWN:
        return view.reason or "It is not known whether the exchange has it; it is being asked."
    if status in (OrderStatus.PENDING_NEW, AlgoStatus.PENDING_NEW):
        return "Sent; the exchange has not answered yet."
    if status in (OrderStatus.PENDING_CANCEL, AlgoStatus.PENDING_CANCEL):
        return "The cancel was sent; it may still trade until the exchange confirms."
    if resting.wanted_price is not None:
        return f"A move to {resting.wanted_price:f} was sent; until the answer it is here."
    if status is AlgoStatus.TRIGGERING:
        return "Triggering: it is becoming an order."
    return "Confirmed by the exchange."


def _hand(resting: Resting, is_order: bool) -> str:
    if resting.can_move:
        how = "" if is_order else " (a new one is placed, then this one goes)"
        return f"Drag to move it{how}; its cross or a right click in the ladder cancels it."
    return "It cannot be moved now, but cancelled." if resting.can_cancel else ""
