"""What we refuse before a byte is sent, each time with the reason and, if known, the fix."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from engine.commands import PlaceOrder
from engine.errors import OrderNotAllowed
from engine.market.instruments import Instrument
from engine.oms.contract_rules import refusal_of
from engine.oms.order_models import Order
from engine.trading_types import OrderStatus, OrderType, PositionSide, Side
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
    is_hedge_mode: bool | None,
) -> None:
    """Raises OrderNotAllowed. `closed_because`: why no new risk may be taken now, or "".

    `is_hedge_mode` None: not known, so its rules are left to the venue.
    """
    if closed_because and not is_reducing(command):
        raise OrderNotAllowed("", closed_because)
    _check_kind(command)
    check_position_side(
        command.side,
        command.position_side,
        reduces=command.reduce_only,
        is_hedge_mode=is_hedge_mode,
    )
    check_rules(command, instrument, mark_price)
    _check_room(command, instrument, open_count)
    _check_twin(command, lost)


def check_rules(command: PlaceOrder, instrument: Instrument, mark_price: Decimal | None) -> None:
    """The contract's own rules, for a new order and for what an amend would make of one."""
    found = instrument.problems(
        side=command.side,
        order_type=command.type,
        quantity=command.quantity,
        price=command.price,
        mark_price=mark_price,
        reduce_only=is_reducing(command),
    )
    if found:
        raise refusal_of(found[0])


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
    if command.reduce_only and not is_reducing(command):
        raise OrderNotAllowed(
            "reduce_only",
            f"A {command.side} of {command.position_side} adds to the position, so it cannot be"
            f" reduce-only - use {command.side.opposite}?",
            "false",
        )


def is_reducing(command: PlaceOrder) -> bool:
    """May never open: reduce-only or, with long and short side by side, the closing side."""
    if command.position_side is PositionSide.BOTH:
        return command.reduce_only
    return command.side is closing_side(command.position_side)


def closing_side(position_side: PositionSide) -> Side:
    return Side.SELL if position_side is PositionSide.LONG else Side.BUY


def check_position_side(
    side: Side, position_side: PositionSide, *, reduces: bool, is_hedge_mode: bool | None
) -> None:
    """Raises OrderNotAllowed where the account's mode knows no such position; its fix is the
    one meant. `is_hedge_mode` None: not known, so it is left to the venue.
    """
    is_both = position_side is PositionSide.BOTH
    if is_hedge_mode and is_both:
        is_long = (side is Side.BUY) is not reduces
        fix = PositionSide.LONG if is_long else PositionSide.SHORT
        raise OrderNotAllowed(
            "position_side",
            "The account holds long and short side by side: an order must say which it is"
            f" for, LONG or SHORT - use {fix}?",
            fix,
        )
    if is_hedge_mode is False and not is_both:
        raise OrderNotAllowed(
            "position_side",
            f"The account holds one position a symbol (one-way mode), so {position_side}"
            " does not exist - use BOTH?",
            PositionSide.BOTH,
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
        and command.position_side is view.position_side
        and command.quantity == view.orig_qty
        and (command.price or ZERO) == view.price
    )
