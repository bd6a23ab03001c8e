"""The order that closes a position, or a share of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec.structs import replace

from engine.commands import ClosePosition, PlaceOrder
from engine.errors import OrderNotAllowed
from engine.market.instruments import Instrument
from engine.trading_types import OrderType, PositionSide, Side
from engine.utils.decimals import floor_to_step, plain
from engine.views import PositionView

_ALL = Decimal(100)


def closing_order(
    command: ClosePosition, positions: Sequence[PositionView], instrument: Instrument
) -> PlaceOrder:
    """`positions`: the open ones. Works in both position modes: in hedge mode the opposite
    side with the position's own can only reduce, so reduce-only is not sent.

    Raises OrderNotAllowed when it is not clear what to close, or how much.
    """
    position = _position_of(command, positions)
    order_type = OrderType.MARKET if command.price is None else OrderType.LIMIT
    quantity = _quantity(command, abs(position.quantity), order_type, instrument)
    order = reducing_order(position, quantity)
    return replace(order, request_id=command.request_id, type=order_type, price=command.price)


def reducing_order(position: PositionView, quantity: Decimal) -> PlaceOrder:
    """At market. It cannot open anything, whatever the position is by then."""
    return PlaceOrder(
        symbol=position.symbol,
        side=Side.SELL if position.quantity > 0 else Side.BUY,
        type=OrderType.MARKET,
        quantity=quantity,
        reduce_only=True,
        position_side=position.position_side,
    )


def _position_of(command: ClosePosition, positions: Sequence[PositionView]) -> PositionView:
    held = [view for view in positions if view.symbol == command.symbol and view.quantity]
    if command.position_side is PositionSide.BOTH and len(held) == 1:
        return held[0]
    for view in held:
        if view.position_side is command.position_side:
            return view
    if command.position_side is PositionSide.BOTH and held:
        raise OrderNotAllowed(
            "position_side",
            f"{command.symbol} is held long and short: say which to close, LONG or SHORT.",
            PositionSide.LONG,
        )
    which = "" if command.position_side is PositionSide.BOTH else f"{command.position_side} "
    raise OrderNotAllowed("", f"There is no open {which}position in {command.symbol}.")


def _quantity(
    command: ClosePosition, held: Decimal, order_type: OrderType, instrument: Instrument
) -> Decimal:
    share = command.share_pct
    if not 0 < share <= _ALL:
        raise OrderNotAllowed(
            "share_pct", f"The share must be above 0 and at most 100 %, not {plain(share)}.", "100"
        )
    if share == _ALL:
        return held
    rule = instrument.quantity_rule(order_type)
    quantity = floor_to_step(held * share / _ALL, rule.step)
    if quantity >= rule.minimum:
        return quantity
    unit = instrument.base_asset
    raise OrderNotAllowed(
        "share_pct",
        f"{plain(share)} % of {plain(held)} {unit} is less than the smallest order,"
        f" {plain(rule.minimum)} {unit}. Close a larger share.",
        "100",
    )
