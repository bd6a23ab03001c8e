"""Plans at the end: what they say of themselves against their orders at the exchange. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from engine.drill.drill_judge import Row, Verdict
from engine.oms.order_transitions import OUR_PREFIX
from engine.plan_records import Plan
from engine.protection_views import PlanView
from engine.trading_types import PlanKind
from engine.views import ZERO

_OPEN = ("NEW", "PARTIALLY_FILLED")


def judge_plans(views: Sequence[PlanView], rows: Sequence[Row]) -> Verdict:
    """What the person sees once every plan was told to stop. `rows`: every order."""
    hung: list[str] = []
    wrong: list[str] = []
    for view in views:
        if not view.state.is_over:
            hung.append(f"plan {view.plan_id} is still {view.state}: {view.reason}")
        own = _orders_of(view.plan_id, rows)
        executed = _executed(own)
        if executed != view.executed_qty:
            wrong.append(
                f"plan {view.plan_id} says {view.executed_qty}, its orders have {executed}"
            )
        wrong += [
            f"plan {view.plan_id} does not know its order {row['clientOrderId']}"
            for row in own
            if row["clientOrderId"] not in view.child_ids
        ]
    return Verdict(wrong_state=tuple(wrong), hung=tuple(hung))


def judge_kept_plans(
    kept: Sequence[Plan], rows: Sequence[Row], before: Sequence[Plan] = ()
) -> Verdict:
    """What is on disk. `before`: what was there when the trading process had been killed."""
    by_id = {plan.plan_id: plan for plan in kept}
    lost = [
        f"order {row['clientOrderId']} is of a plan that is not in the journal"
        for row in rows
        if (plan_id := _plan_id_of(row)) and plan_id not in by_id
    ]
    lost += [f"plan {plan.plan_id} is not in the journal any more" for plan in before
             if plan.plan_id not in by_id]  # fmt: skip
    verdict = Verdict(lost=tuple(lost), wrong_state=tuple(_changed(by_id, before)))
    for plan in kept:
        verdict = verdict.with_more(_judge_kept(plan, _orders_of(plan.plan_id, rows)))
    return verdict


def _judge_kept(plan: Plan, rows: Sequence[Row]) -> Verdict:
    name = f"plan {plan.plan_id} is {plan.state}"
    wrong = [
        f"{name} and {row['clientOrderId']} was sent before its number was written down"
        for row in rows
        if (plan.index_of(row["clientOrderId"]) or 0) >= plan.next_index
    ]
    standing = [row for row in rows if row["status"] in _OPEN]
    # a ladder that stopped by itself leaves its orders where the person wanted them
    if plan.is_over and standing and (plan.cancels_rest or plan.kind is not PlanKind.SCALED):
        wrong.append(f"{name} and {len(standing)} of its orders still work: {plan.reason}")
    holds = _executed(rows) + sum(
        (Decimal(row["origQty"]) - Decimal(row["executedQty"]) for row in standing), ZERO
    )
    doubled = f"{name} over {plan.terms.quantity}, its orders have {holds}"
    return Verdict(
        duplicated=(doubled,) if holds > plan.terms.quantity else (),
        wrong_state=tuple(wrong),
        hung=() if plan.is_over else (f"{name} in the journal",),
    )


def _changed(by_id: Mapping[str, Plan], before: Sequence[Plan]) -> list[str]:
    found = []
    for old in before:
        new = by_id.get(old.plan_id)
        if new is None:
            continue
        if new.terms != old.terms or new.next_index < old.next_index:
            found.append(f"plan {old.plan_id} came back from the kill as another one")
        if old.is_over and new.state is not old.state:
            found.append(f"plan {old.plan_id} was {old.state} before the kill, now {new.state}")
    return found


def _plan_id_of(row: Row) -> str:
    head, dash, number = str(row["clientOrderId"]).rpartition("-")
    is_plan = bool(dash) and number.isdecimal() and head.startswith(OUR_PREFIX)
    return head if is_plan else ""


def _orders_of(plan_id: str, rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if _plan_id_of(row) == plan_id]


def _executed(rows: Sequence[Row]) -> Decimal:
    return sum((Decimal(row["executedQty"]) for row in rows), ZERO)
