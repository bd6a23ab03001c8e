"""Splitting, scheduling and the checks before a plan begins: pure, in exact numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import BadInput, OrderNotAllowed
from engine.plan_records import Plan
from engine.plans.plan_checks import orders_of, read_terms
from engine.plans.scaled import rungs, split_evenly
from engine.plans.twap import due_times_ms
from engine.trading_types import OrderType, PlanKind, Side, TimeInForce
from tests.helpers.fake_gateway import BTC
from tests.helpers.plan_bench import chase, scaled, twap

D = Decimal


@settings(max_examples=50)
@given(steps=st.integers(1, 10**9), count=st.integers(1, 200))
def test_parts_add_up_exactly_and_differ_by_a_step_at_most(steps, count):
    step = D("0.001")
    parts = split_evenly(steps * step, count, step)
    assert len(parts) == count
    assert sum(parts) == steps * step
    assert max(parts) - min(parts) <= step
    assert all(part % step == 0 for part in parts)


def test_rungs_go_from_the_first_price_to_the_last_on_the_tick():
    ladder = rungs(scaled(quantity=D("0.1"), count=4), BTC)
    assert [rung.price for rung in ladder] == [D(60000), D("59666.7"), D("59333.3"), D(59000)]
    assert [rung.quantity for rung in ladder] == [D("0.025")] * 4


def test_slices_are_spread_over_the_time_and_the_same_after_a_restart():
    plan = Plan(plan_id="pd-1", terms=twap(), created_ms=1_000_000)
    times = due_times_ms(twap(), plan)
    assert times == due_times_ms(twap(), plan)
    assert (times[0], times[-1], len(times)) == (1_000_000, 1_040_000, 5)
    for i, at_ms in enumerate(times[1:-1], start=1):
        assert 10_000 * i <= at_ms - 1_000_000 <= 12_000 * i or at_ms <= 10_000 * i + 1_002_000
    assert times != due_times_ms(twap(), Plan(plan_id="pd-2", terms=twap(), created_ms=1_000_000))


def test_a_childs_id_tells_its_plan_and_number():
    plan = Plan(plan_id="pd-abc", terms=chase())
    assert plan.child_id(7) == "pd-abc-007"
    assert plan.index_of("pd-abc-007") == 7
    assert [plan.index_of(other) for other in ("pd-abc", "pd-ab-007", "pd-abc-x")] == [None] * 3
    assert [Plan(plan_id="p", terms=t).kind for t in (chase(), scaled(), twap())] == list(PlanKind)


def test_the_orders_to_be_checked_are_the_ones_to_be_placed():
    (order,) = orders_of(chase(reduce_only=True), BTC, D(60000))
    assert (order.price, order.time_in_force, order.reduce_only) == (D(60000), "GTX", True)
    (order,) = orders_of(chase(limit_price=D(59000)), BTC, None)
    assert (order.price, order.time_in_force) == (D(59000), TimeInForce.GTX)
    assert [o.price for o in orders_of(scaled(), BTC, None)] == [D(60000), D(59500), D(59000)]
    slices = orders_of(twap(), BTC, None)
    assert {(o.type, o.quantity) for o in slices} == {(OrderType.MARKET, D("0.025"))}


@pytest.mark.parametrize(
    ("terms", "field", "said"),
    [
        (chase(quantity=D(0)), "quantity", "above zero"),
        (chase(quantity=D("NaN")), "quantity", "above zero"),
        (chase(quantity=D("0.1005")), "quantity", "multiple of 0.001"),
        (chase(longest_s=0), "longest_s", "from 1 to 86400"),
        (chase(), "", "no price of BTCUSDT to follow"),
        (scaled(count=1), "count", "from 2 to 100"),
        (scaled(first_price=D(0)), "first_price", "above zero"),
        (scaled(last_price=D("60000.1"), count=3), "count", "no room for 3 different prices"),
        (twap(count=1000), "count", "from 2 to 900"),
        (twap(count=60, duration_s=59), "duration_s", "from 60 to 604800"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(terms, field, said):
    with pytest.raises(OrderNotAllowed, match=said) as refused:
        orders_of(terms, BTC, None)
    assert refused.value.field == field


def test_plain_words_are_read_and_nonsense_is_refused():
    assert read_terms(chase(side="BUY", quantity="0.1")) == chase(side=Side.BUY)
    with pytest.raises(BadInput, match=r"cannot be read.*UP"):
        read_terms(chase(side="UP"))
