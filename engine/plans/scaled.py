"""A ladder: the same size at evenly spaced prices, placed at once, then left to rest."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.market.instruments import Instrument
from engine.plan_records import Plan
from engine.plans.plan_models import End, Halt, Place, PlanSight, Rest, Step
from engine.protection_commands import StartScaled
from engine.trading_types import PlanState
from engine.utils.decimals import floor_to_step
from engine.views import ZERO


class Rung(msgspec.Struct, frozen=True):
    price: Decimal
    quantity: Decimal


def split_evenly(quantity: Decimal, count: int, step: Decimal) -> list[Decimal]:
    """`count` multiples of `step` whose sum is exactly `quantity`, itself one: the first
    ones are a step larger where it does not divide evenly.
    """
    each = floor_to_step(quantity / count, step)
    left = quantity - each * count
    parts = []
    for _ in range(count):
        extra = min(left, step)
        parts.append(each + extra)
        left -= extra
    return parts


def rungs(terms: StartScaled, instrument: Instrument) -> list[Rung]:
    """From the first price to the last, both included; prices on the tick."""
    quantities = split_evenly(terms.quantity, terms.count, instrument.limit_quantity.step)
    span = terms.last_price - terms.first_price
    return [
        Rung(instrument.round_price(terms.first_price + span * i / (terms.count - 1)), quantity)
        for i, quantity in enumerate(quantities)
    ]


def scaled_step(terms: StartScaled, plan: Plan, sight: PlanSight) -> Step:
    """Expects that no child is lost or refused."""
    placed = plan.next_index
    if placed < terms.count:
        if sight.is_resumed:
            return Halt(
                f"Perpdesk was closed while placing it; {placed} of {terms.count} orders were.",
                cancels_rest=False,
            )
        rung = rungs(terms, sight.instrument)[placed]
        return Place(placed, rung.quantity, rung.price)
    if any(child.is_open for child in sight.children):
        return Rest()
    if sight.executed_qty == ZERO:
        return End(PlanState.STOPPED, "Its orders were cancelled.")
    is_filled = sight.executed_qty >= terms.quantity
    return End(PlanState.DONE, "Filled." if is_filled else "Filled in part; the rest has ended.")
