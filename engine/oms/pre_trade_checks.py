"""What we refuse before a byte is sent, each time with the reason and, if known, the fix."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from engine.commands import PlaceOrder
from engine.errors import OrderNotAllowed
from engine.market.instruments import Instrument
from engine.oms.order_models import Order
from engine.oms.risk_rules import only_reduces
from engine.trading_types import OrderStatus, OrderType, PositionSide
from engine.utils.decimals import plain
from engine.views import ZERO, OrderView


def check_order(
    command: PlaceOrder,
    instrument: Instrument,
    *,
    lost: Iterable[Order],
    open_count: int,
    mark_price: Decimal | None,
    closed_because: str,
) -> None:
    """Raises OrderNotAllowed. `closed_because`: why no new risk may be taken now, or ""."""
    if closed_because and not reduces(command):
        raise OrderNotAllowed("", closed_because)
    _check_kind(command)
    check_rules(command, instrument, mark_price)
    _check_room(command, instrument, open_count)
    _check_twin(command, lost)


def reduces(command: PlaceOrder) -> bool:
    """Whether it can only take risk off."""
    return only_reduces(command.side, command.position_side, reduce_only=command.reduce_only)


def check_rules(command: PlaceOrder, instrument: Instrument, mark_price: Decimal | None) -> None:
    """The contract's own rules, for a new order and for what an amend would make of one."""
    found = instrument.problems(
        side=command.side,
        order_type=command.type,
        quantity=command.quantity,
        price=command.price,
        mark_price=mark_price,
        reduce_only=command.reduce_only,
    )
    if found:
        fix = None if found[0].fix is None else plain(found[0].fix)
        raise OrderNotAllowed(found[0].field, found[0].sentence, fix)


def check_amend(view: OrderView, quantity: Decimal) -> None:
    """Whether this order can be amended at all now, to this new total."""
    if view.type is not OrderType.LIMIT:
        raise OrderNotAllowed("type", "Only a limit order can be amended.")
    if view.amend is not None:
        raise OrderNotAllowed("", "An amend of this order is on its way; wait for its answer.")
    if not view.status.is_resting:
        raise OrderNotAllowed("", _WHY_NOT_AMENDED.get(view.status, f"The order is {view.status}."))
    if quantity <= view.executed_qty:
        # the venue would cancel the order without a word
        raise OrderNotAllowed(
            "quantity",
            f"{plain(view.executed_qty)} have been filled already: the new total must be more."
            " To give up the rest, cancel the order.",
        )


_WHY_NOT_AMENDED = {
    OrderStatus.PENDING_NEW: "The exchange has not confirmed the order yet.",
    OrderStatus.PENDING_CANCEL: "A cancel of this order is on its way.",
    OrderStatus.UNKNOWN: "Nobody knows yet whether this order exists; the exchange is being asked.",
    OrderStatus.FILLED: "The order is filled.",
}


def _check_kind(command: PlaceOrder) -> None:
    if command.type not in (OrderType.LIMIT, OrderType.MARKET):
        raise OrderNotAllowed("type", f"{command.type} orders cannot be placed here.")
    if command.reduce_only and command.position_side is not PositionSide.BOTH:
        raise OrderNotAllowed(
            "reduce_only", "With long and short held side by side reduce-only does not exist."
        )


def _check_room(command: PlaceOrder, instrument: Instrument, open_count: int) -> None:
    limit = instrument.max_open_orders
    if command.type is OrderType.LIMIT and limit and open_count >= limit:
        raise OrderNotAllowed(
            "", f"{command.symbol} has {open_count} open orders; the exchange allows {limit}."
        )


def _check_twin(command: PlaceOrder, lost: Iterable[Order]) -> None:
    """An order that may exist already is not placed a second time."""
    for order in lost:
        if order.status is OrderStatus.UNKNOWN and _is_twin(command, order.view):
            raise OrderNotAllowed(
                "",
                f"The same order was sent as {order.client_order_id} and nobody knows yet"
                " whether it exists. Wait until the exchange has answered.",
            )


def _is_twin(command: PlaceOrder, view: OrderView) -> bool:
    return (
        command.symbol == view.symbol
        and command.side is view.side
        and command.quantity == view.orig_qty
        and (command.price or ZERO) == view.price
    )
