"""Plans on a real paper exchange: chase, scaled orders and TWAP over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from engine.commands import CancelAllOrders
from engine.events import CommandRefused, Event
from engine.events.protection import PlanChanged
from engine.protection_commands import StartChase, StartScaled, StartTwap, StopPlan
from engine.trading_engine import TradingEngine
from engine.trading_types import PlanState, Side
from engine.utils.mailbox import Mailbox
from tests.helpers.waiting import wait_until
from tests.integration.conftest import Stranger

D = Decimal


def best_bid(stranger):
    return D(stranger.public("/fapi/v1/depth", symbol="BTCUSDT", limit=5).body["bids"][0][0])


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("plans")


@pytest.fixture(scope="module")
def paper(folder, quiet_config) -> Iterator[TradingEngine]:
    """One engine for all of these."""
    with TradingEngine.open("paper", config=quiet_config, user_data=folder) as running:
        running.market.wait_for_price("BTCUSDT")
        yield running


@pytest.fixture
def engine(paper) -> TradingEngine:
    return paper


@pytest.fixture
def stranger(paper, folder) -> Stranger:
    return Stranger(folder / "paper")


def open_the_spread(stranger):
    """The makers stand a tick apart and do not come back: buy the best ask away."""
    price = str(best_bid(stranger) + D("0.1"))
    stranger.order(price=price, quantity="31.125", timeInForce="IOC")


def children(engine, plan_id):
    return [order for order in engine.oms.orders() if order.client_order_id.startswith(plan_id)]


def test_a_chase_follows_the_best_price_and_fills(engine, stranger):
    open_the_spread(stranger)
    before = best_bid(stranger)
    plan = engine.plans.start(StartChase(symbol="BTCUSDT", side=Side.BUY, quantity=D("0.01")))
    wait_until(lambda: children(engine, plan.plan_id))
    (order,) = children(engine, plan.plan_id)
    wait_until(lambda: order.status == "NEW")
    assert (order.price, order.time_in_force) == (before, "GTX")
    better = stranger.order(price=str(before + D("0.1")), quantity="0.001").body
    assert better["status"] == "NEW"
    wait_until(lambda: order.price == before + D("0.1"))
    stranger.signed("DELETE", "/fapi/v1/order", symbol="BTCUSDT", orderId=better["orderId"])
    stranger.market("SELL", "0.010")
    assert engine.plans.wait(plan.plan_id, 30)
    ended = engine.plans.plan(plan.plan_id)
    assert (ended.state, ended.executed_qty) == (PlanState.DONE, D("0.01"))
    assert ended.avg_price == before + D("0.1")


def test_a_ladder_rests_and_a_stop_cancels_it(engine):
    plan = engine.plans.start(
        StartScaled(
            symbol="BTCUSDT",
            side=Side.BUY,
            quantity=D("0.011"),
            first_price=D("62000"),
            last_price=D("61000"),
            count=4,
        )
    )
    wait_until(lambda: [o.status for o in children(engine, plan.plan_id)] == ["NEW"] * 4)
    orders = children(engine, plan.plan_id)
    assert sum(order.orig_qty for order in orders) == D("0.011")
    assert [order.price for order in orders] == [D("62000"), D("61666.7"), D("61333.3"), D("61000")]
    engine.plans.stop(plan.plan_id)
    assert engine.plans.wait(plan.plan_id, 30)
    assert {order.status for order in orders} == {"CANCELED"}
    assert engine.plans.plan(plan.plan_id).state is PlanState.STOPPED


def test_a_twap_buys_slice_by_slice(engine):
    plan = engine.plans.start(
        StartTwap(symbol="BTCUSDT", side=Side.BUY, quantity=D("0.005"), count=2, duration_s=2)
    )
    assert engine.plans.wait(plan.plan_id, 30)
    ended = engine.plans.plan(plan.plan_id)
    assert (ended.state, ended.executed_qty, len(ended.child_ids)) == (
        PlanState.DONE,
        D("0.005"),
        2,
    )
    assert all(order.status == "FILLED" for order in children(engine, plan.plan_id))


def test_commands_are_answered_by_events(engine):
    box: Mailbox[Event] = engine.hub.attach(Mailbox(), [PlanChanged, CommandRefused])
    heard: list[Event] = []

    def newest(kind):
        heard.extend(box.drain())
        return next((event for event in reversed(heard) if isinstance(event, kind)), None)

    engine.submit(
        StartTwap(symbol="BTCUSDT", side=Side.SELL, quantity=D("0.02"), count=2, duration_s=60)
    )
    wait_until(lambda: (seen := newest(PlanChanged)) and seen.plan.executed_qty == D("0.01"))
    plan_id = newest(PlanChanged).plan.plan_id
    engine.submit(CancelAllOrders(symbol="BTCUSDT"))
    wait_until(lambda: newest(PlanChanged).plan.state is PlanState.STOPPED)
    assert newest(PlanChanged).plan.reason == "Its orders were cancelled."
    engine.submit(StopPlan(plan_id=plan_id))
    wait_until(lambda: newest(CommandRefused))
    assert newest(CommandRefused).sentence == f"There is no running plan '{plan_id}'."
    engine.submit(
        StartTwap(symbol="BTCUSDT", side=Side.SELL, quantity=D("0.02"), count=1, duration_s=60)
    )
    wait_until(lambda: newest(CommandRefused).field == "count")
    engine.hub.detach(box)
