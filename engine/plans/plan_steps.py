"""What a plan does next. Pure: the same plan and sight give the same step.

What all kinds have in common stands here. A plan stops itself on anything that
it was not made for: a lost answer, a refusal, a lock-out, a lost stream.
"""

from __future__ import annotations

from engine.plan_records import Plan
from engine.plans.chase import chase_step
from engine.plans.plan_models import Cancel, Child, End, Halt, PlanSight, Rest, Step
from engine.plans.scaled import scaled_step
from engine.plans.twap import twap_step
from engine.protection_commands import StartChase, StartScaled
from engine.trading_types import OrderStatus, PlanKind, PlanState


def next_step(plan: Plan, sight: PlanSight) -> Step:
    if plan.state is PlanState.STOPPING:
        return _stopping_step(plan, sight)
    if plan.is_over:
        return Rest()
    trouble = _trouble(plan, sight)
    if trouble:
        return halt(plan, trouble)
    terms = plan.terms
    if isinstance(terms, StartChase):
        return chase_step(terms, plan, sight)
    if isinstance(terms, StartScaled):
        return scaled_step(terms, plan, sight)
    return twap_step(terms, plan, sight)


def halt(plan: Plan, reason: str) -> Halt:
    """Stop by itself. The orders of a ladder stay: they rest where the person wanted them,
    while a chase's order would no longer follow anything.
    """
    return Halt(reason, cancels_rest=plan.kind is not PlanKind.SCALED)


def _trouble(plan: Plan, sight: PlanSight) -> str:
    for child in sight.children:
        if child.is_lost:
            return f"It is not known what became of its order {child.order.client_order_id}."
        if _was_refused(plan, child):
            return f"Its order was refused: {child.order.reason}"
    if _places_more(plan):
        return sight.closed_because
    return ""


def _was_refused(plan: Plan, child: Child) -> bool:
    if child.order.status is not OrderStatus.REJECTED:
        return False
    return plan.kind is not PlanKind.CHASE or not child.was_post_only_refused


def _places_more(plan: Plan) -> bool:
    """A ladder that is complete needs nothing more: its orders rest at the exchange."""
    terms = plan.terms
    return not isinstance(terms, StartScaled) or plan.next_index < terms.count


def _stopping_step(plan: Plan, sight: PlanSight) -> Step:
    waiting = [child for child in sight.children if child.is_open]
    if plan.cancels_rest:
        resting = tuple(
            child.order.client_order_id for child in waiting if child.order.status.is_resting
        )
        if resting:
            return Cancel(resting)
        if waiting:
            return Rest()
    elif any(child.is_lost or child.is_on_its_way for child in waiting):
        return Rest()
    is_done = sight.executed_qty >= plan.terms.quantity
    return End(PlanState.DONE if is_done else PlanState.STOPPED, plan.reason)
