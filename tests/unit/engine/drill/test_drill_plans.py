"""The drill's judge of plans and its witness: each thing that may be wrong is seen."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.drill import drill_plan_witness
from engine.drill.drill_plan_judge import judge_kept_plans, judge_plans
from engine.drill.drill_plan_witness import PlanWitness
from engine.drill.drill_plans import EndPlan, PlanPlanner, StartPlan
from engine.event_hub import EventHub
from engine.events import OrderChanged
from engine.events.protection import PlanChanged
from engine.plan_records import Plan
from engine.plans.plan_models import view_of
from engine.protection_commands import StartChase, StartScaled
from engine.protection_views import PlanView
from engine.trading_types import OrderStatus, OrderType, PlanKind, PlanState, Side
from engine.views import OrderView

D = Decimal
ID = "pd-018bcfe568000123456789"
LADDER = StartScaled(
    symbol="BTCUSDT",
    side=Side.BUY,
    quantity=D(2),
    first_price=D(100),
    last_price=D(99),
    count=2,
)
CHASE = StartChase(symbol="BTCUSDT", side=Side.BUY, quantity=D(2))


def a_plan(state: PlanState = PlanState.DONE, **changes: Any) -> Plan:
    return Plan(**{"plan_id": ID, "terms": LADDER, "state": state, "next_index": 2, **changes})


def a_view(state: PlanState = PlanState.DONE, executed: str = "2") -> PlanView:
    view = view_of(a_plan(state), [])
    return replace(view, executed_qty=D(executed), child_ids=(f"{ID}-000", f"{ID}-001"))


def a_row(index: int, executed: str = "1", status: str = "FILLED") -> dict[str, Any]:
    return {
        "clientOrderId": f"{ID}-{index:03d}",
        "status": status,
        "origQty": "1",
        "executedQty": executed,
    }


BOTH = [a_row(0), a_row(1)]
OTHERS = [
    {"clientOrderId": name, "status": "NEW", "origQty": "9", "executedQty": "0"}
    for name in ("pd-018bcfe5680001234567890123456", "pd-b018bcfe5680001234567890-e", "web_1")
]


def test_a_plan_with_its_orders_is_clean() -> None:
    assert judge_plans([a_view()], BOTH + OTHERS).is_clean
    assert judge_kept_plans([a_plan()], BOTH + OTHERS, [a_plan(PlanState.RUNNING)]).is_clean
    stopped = a_plan(PlanState.STOPPED)
    assert judge_kept_plans([stopped], [a_row(0, "0", "CANCELED")]).is_clean


def test_a_ladder_that_stopped_by_itself_may_leave_its_orders() -> None:
    resting = [a_row(0, "0", "NEW")]
    by_itself = a_plan(PlanState.STOPPED, cancels_rest=False)
    assert judge_kept_plans([by_itself], resting).is_clean
    assert judge_kept_plans([a_plan(PlanState.STOPPED)], resting).wrong_state
    chase = a_plan(PlanState.STOPPED, terms=CHASE, cancels_rest=False)
    assert judge_kept_plans([chase], resting).wrong_state


@pytest.mark.parametrize("rows", [BOTH[:1], [a_row(0, "0.5"), a_row(1)], [*BOTH, a_row(2, "0")]])
def test_orders_that_a_plan_does_not_tell_of_are_seen(rows: list[dict[str, Any]]) -> None:
    assert judge_plans([a_view()], rows).wrong_state


def test_a_plan_that_does_not_end_is_seen() -> None:
    assert judge_plans([a_view(PlanState.STOPPING)], BOTH).hung
    assert judge_kept_plans([a_plan(PlanState.RUNNING)], BOTH).hung


def test_more_than_was_asked_for_is_seen_also_while_it_rests() -> None:
    assert judge_kept_plans([a_plan(next_index=3)], [*BOTH, a_row(2)]).duplicated
    resting = a_plan(PlanState.STOPPED, cancels_rest=False, next_index=3)
    assert judge_kept_plans([resting], [*BOTH, a_row(2, "0", "NEW")]).duplicated


def test_an_order_without_a_number_on_disk_is_seen() -> None:
    assert judge_kept_plans([a_plan(next_index=1)], BOTH).wrong_state


def test_what_a_kill_has_lost_or_changed_is_seen() -> None:
    assert judge_kept_plans([], BOTH).lost
    assert judge_kept_plans([], [], [a_plan()]).lost
    assert judge_kept_plans([a_plan()], BOTH, [a_plan(next_index=3)]).wrong_state
    assert judge_kept_plans([a_plan(terms=CHASE)], BOTH, [a_plan()]).wrong_state
    assert judge_kept_plans([a_plan()], BOTH, [a_plan(PlanState.STOPPED)]).wrong_state


def an_order(index: int, status: OrderStatus) -> OrderChanged:
    return OrderChanged(
        order=OrderView(
            client_order_id=f"{ID}-{index:03d}",
            symbol="BTCUSDT",
            side=Side.BUY,
            type=OrderType.LIMIT,
            status=status,
            price=D(100),
            orig_qty=D(1),
        )
    )


def test_an_order_that_is_sent_in_doubt_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drill_plan_witness, "_GRACE_S", 0.0)
    hub = EventHub()
    witness = PlanWitness(hub)
    hub.publish(an_order(7, OrderStatus.UNKNOWN))  # of no plan that is known
    hub.publish(PlanChanged(plan=a_view(PlanState.RUNNING)))
    for index in (0, 1):
        hub.publish(an_order(index, OrderStatus.PENDING_NEW))
        hub.publish(an_order(index, OrderStatus.UNKNOWN))
        hub.publish(an_order(index, OrderStatus.NEW))
    hub.publish(an_order(2, OrderStatus.UNKNOWN))  # known from before a restart
    assert witness.mistakes == []
    hub.publish(an_order(3, OrderStatus.PENDING_NEW))
    assert [ID in mistake for mistake in witness.mistakes] == [True]


def test_a_planner_begins_with_a_plan_and_starts_every_kind() -> None:
    planner = PlanPlanner(random.Random(1))
    assert isinstance(planner.end(), StartPlan)
    steps = [planner.start() for _ in range(60)]
    assert {step.kind for step in steps} == set(PlanKind)
    assert isinstance(planner.end(), EndPlan)
    assert planner.against_newest() == (steps[-1].symbol, steps[-1].side.opposite)
    assert PlanPlanner(random.Random(2)).against_newest()[0]
