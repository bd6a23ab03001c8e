"""Market orders spread evenly over time.

A slice whose time has passed (Perpdesk was closed, the network stood still) is
left out and never made up for: nobody wants an hour's orders at once. The last
slice takes what earlier ones could not trade, but nothing of those left out.
"""

from __future__ import annotations

import random
from decimal import Decimal

from engine.plan_records import Plan
from engine.plans.plan_models import End, Place, PlanSight, Rest, Step
from engine.plans.scaled import split_evenly
from engine.protection_commands import StartTwap
from engine.trading_types import PlanState
from engine.utils.decimals import floor_to_step
from engine.views import ZERO

_JITTER = 0.2  # of the time between two slices, so that others cannot count on the second


def due_times_ms(terms: StartTwap, plan: Plan) -> list[int]:
    """When each slice is due, and last the time after which none is. The same after a restart."""
    chance = random.Random(plan.plan_id)  # noqa: S311 - to be repeatable, not secret
    pause_ms = terms.duration_s * 1000 / terms.count
    later = [round(pause_ms * (i + _JITTER * chance.random())) for i in range(1, terms.count)]
    return [plan.created_ms + after_ms for after_ms in (0, *later, terms.duration_s * 1000)]


def twap_step(terms: StartTwap, plan: Plan, sight: PlanSight) -> Step:
    """Expects that no child is lost or refused."""
    if any(child.is_open for child in sight.children):
        return Rest()
    times = due_times_ms(terms, plan)
    for index in range(plan.next_index, terms.count):
        if sight.now_ms >= times[index + 1]:
            continue
        if sight.now_ms < times[index]:
            return Rest()
        quantity = _quantity(terms, sight, index)
        return Place(index, quantity) if quantity > ZERO else _end(terms, sight)
    return _end(terms, sight)


def _quantity(terms: StartTwap, sight: PlanSight, index: int) -> Decimal:
    step = sight.instrument.market_quantity.step
    parts = split_evenly(terms.quantity, terms.count, step)
    if index < terms.count - 1:
        return parts[index]
    meant = sum((parts[child.index] for child in sight.children), parts[index])
    return floor_to_step(meant - sight.executed_qty, step)


def _end(terms: StartTwap, sight: PlanSight) -> End:
    missed = terms.count - len(sight.children)
    if sight.executed_qty >= terms.quantity:
        return End(PlanState.DONE, "Filled.")
    if missed:
        return End(PlanState.STOPPED, f"Its time is over; {missed} of {terms.count} were left out.")
    return End(PlanState.DONE, "Its time is over; the market did not have enough for all of it.")
