"""How large an order a share of the account makes. Pure; an offer, not a check.

The venue decides what fits; this only fills the quantity field.
"""

from __future__ import annotations

from decimal import Decimal

from engine.market.instruments import Instrument
from engine.trading_types import OrderType
from engine.utils.decimals import floor_to_step
from engine.views import ZERO

_TAKER_FEE = Decimal("0.0005")  # the venue keeps the fee of opening free as well


def opening_size(
    share_pct: int,
    *,
    available: Decimal,
    leverage: int,
    price: Decimal,
    instrument: Instrument,
    order_type: OrderType,
) -> Decimal:
    """Quantity whose margin and fee take `share_pct` of what is available; 0 if none fits."""
    if price <= 0 or available <= 0:
        return ZERO
    turns = Decimal(max(1, leverage))
    notional = available * share_pct / 100 * turns / (1 + turns * _TAKER_FEE)
    return fitted(notional / price, instrument, order_type)


def closing_size(
    share_pct: int, *, held: Decimal, instrument: Instrument, order_type: OrderType
) -> Decimal:
    """`share_pct` of a position of `held` (either sign)."""
    return fitted(abs(held) * share_pct / 100, instrument, order_type)


def initial_margin(notional: Decimal, leverage: int) -> Decimal:
    return notional / max(1, leverage)


def fitted(quantity: Decimal, instrument: Instrument, order_type: OrderType) -> Decimal:
    """Down to the contract's step and at most its maximum; 0 below its minimum."""
    rule = instrument.quantity_rule(order_type)
    floored = min(floor_to_step(quantity, rule.step), rule.maximum)
    return floored if floored >= rule.minimum else ZERO
