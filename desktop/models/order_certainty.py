"""How sure an order's place is, and what a person may do to it with the mouse.

Chart and ladder ask here, so that they never tell different stories about one
order. Pure, GUI thread.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from engine.trading_types import OrderStatus, OrderType
from engine.views import ZERO, OrderView


class Certainty(Enum):
    CONFIRMED = "confirmed"  # the venue said so: solid
    IN_FLIGHT = "in flight"  # sent, not answered: hollow and dashed
    UNKNOWN = "unknown"  # fate not known: striped amber


def certainty_of(order: OrderView) -> Certainty:
    """Of the order at its present price. An amend in flight is a second, hollow place."""
    if order.status is OrderStatus.UNKNOWN:
        return Certainty.UNKNOWN
    return Certainty.CONFIRMED if order.status.is_resting else Certainty.IN_FLIGHT


def least_certain(found: Iterable[Certainty]) -> Certainty:
    """One word for several orders at one price."""
    found = set(found)
    for certainty in (Certainty.UNKNOWN, Certainty.IN_FLIGHT):
        if certainty in found:
            return certainty
    return Certainty.CONFIRMED


def is_at_a_price(order: OrderView) -> bool:
    """False for what is over and for orders without a price (MARKET: 0)."""
    return not order.status.is_terminal and order.price > ZERO


def can_move(order: OrderView) -> bool:
    """Only LIMIT orders can be amended, and one amend at a time."""
    return order.status.is_resting and order.amend is None and order.type is OrderType.LIMIT


def can_cancel(order: OrderView) -> bool:
    """Unknown orders too: a cancel is how a person makes sure."""
    return not order.status.is_terminal and order.status is not OrderStatus.PENDING_CANCEL


def remaining_text(order: OrderView) -> str:
    """What is left, and of how much once something was filled: "0.100/0.150"."""
    if order.executed_qty == ZERO:
        return f"{order.orig_qty:f}"
    return f"{order.remaining_qty:f}/{order.orig_qty:f}"


def tag_text(order: OrderView) -> str:
    """The words on an order's tag. The state is also said in words, not only drawn."""
    text = f"{order.side} {order.type.replace('_', ' ')} {remaining_text(order)}"
    if order.status is OrderStatus.UNKNOWN:
        return f"{text} unknown"
    if order.status is OrderStatus.PENDING_NEW:
        return f"{text} sending"
    if order.status is OrderStatus.PENDING_CANCEL:
        return f"{text} cancelling"
    return f"{text} moving" if order.amend is not None else text
