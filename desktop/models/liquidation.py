"""Where a position would be liquidated: an estimate, made before the order is sent.

For one position of one contract, all other cross positions standing still:
price = (margin + cum - s * q * e) / (q * ratio - s * q), with s = 1 for a long
and -1 for a short; `ratio` and `cum` are those of the bracket of its worth.
Source: maintenance margin is worth x ratio - cum (the venue's leverage brackets).
Pure, Decimal.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from engine.trading_types import Side
from engine.views import ZERO, LeverageBracket


class Holding(msgspec.Struct, frozen=True):
    """`quantity` is signed: above zero is long."""

    quantity: Decimal
    entry_price: Decimal


def after(held: Holding, side: Side, quantity: Decimal, price: Decimal) -> Holding:
    """The position once the order has filled at `price`, in one-way mode."""
    signed = quantity if side is Side.BUY else -quantity
    total = held.quantity + signed
    if not held.quantity or (held.quantity > 0) == (signed > 0):
        worth = held.quantity * held.entry_price + signed * price
        return Holding(total, worth / total if total else ZERO)
    is_turned = total and (total > 0) != (held.quantity > 0)
    return Holding(total, price if is_turned else held.entry_price if total else ZERO)


def liquidation_price(
    position: Holding, margin: Decimal, brackets: Sequence[LeverageBracket]
) -> Decimal | None:
    """None when it cannot be liquidated by this contract's price alone, or is not known.

    `margin`: cross, the wallet with the other positions' profit less their
    maintenance; isolated, what is set aside for this one.
    """
    quantity = abs(position.quantity)
    worth = quantity * position.entry_price
    bracket = bracket_of(worth, brackets)
    if not quantity or bracket is None:
        return None
    sign = 1 if position.quantity > 0 else -1
    below = quantity * bracket.maint_margin_ratio - sign * quantity
    price = (margin + bracket.cum - sign * worth) / below
    return price if price > 0 else None


def bracket_of(worth: Decimal, brackets: Sequence[LeverageBracket]) -> LeverageBracket | None:
    """The step a position of this worth falls into; the highest for what is beyond all."""
    steps = sorted(brackets, key=lambda step: step.notional_floor)
    within = [step for step in steps if step.notional_floor <= worth]
    return within[-1] if within else None
