"""The order that closes a position, or a share of it. Pure."""

from __future__ import annotations

from decimal import Decimal

from engine.commands import PlaceOrder
from engine.errors import OrderNotAllowed
from engine.market.instruments import Instrument
from engine.trading_types import OrderType, PositionSide, Side
from engine.utils.decimals import floor_to_step, plain
from engine.views import PositionView

_ALL_PCT = Decimal(100)


def closing_order(
    position: PositionView, quantity: Decimal, *, price: Decimal | None = None, request_id: str = ""
) -> PlaceOrder:
    """At market, or LIMIT at `price`. It cannot open anything: the venue sees to that."""
    return PlaceOrder(
        request_id=request_id,
        symbol=position.symbol,
        side=Side.SELL if position.quantity > 0 else Side.BUY,
        type=OrderType.MARKET if price is None else OrderType.LIMIT,
        quantity=quantity,
        price=price,
        # in hedge mode the position's side says it, and reduce-only does not exist
        reduce_only=position.position_side is PositionSide.BOTH,
        position_side=position.position_side,
    )


def share_of(position: PositionView, share_pct: Decimal, instrument: Instrument) -> Decimal:
    """The quantity to close, on the contract's step. Raises OrderNotAllowed."""
    if not 0 < share_pct <= _ALL_PCT:
        raise OrderNotAllowed(
            "share_pct", f"The share must be above 0 and at most 100 %, not {plain(share_pct)}."
        )
    held = abs(position.quantity)
    if share_pct == _ALL_PCT:
        return held
    rule = instrument.market_quantity
    quantity = floor_to_step(held * share_pct / _ALL_PCT, rule.step)
    if quantity < rule.minimum or not quantity:
        raise OrderNotAllowed(
            "share_pct",
            f"{plain(share_pct)} % of {plain(held)} {instrument.base_asset} is less than the"
            f" smallest order of {plain(rule.minimum)}. Close a larger share.",
        )
    return quantity
