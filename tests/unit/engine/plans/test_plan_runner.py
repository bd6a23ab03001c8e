"""Plans on a fake venue: what they place, follow and stop at, step by step."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.errors import (
    BadInput,
    JournalError,
    NotConnected,
    OrderNotAllowed,
    OrderRefused,
    ShuttingDown,
    UnknownSymbol,
)
from engine.events import Alert
from engine.events.protection import GuardChanged, KillChanged, PlanChanged
from engine.oms.risk_rules import RiskLimits
from engine.plan_records import Plan
from engine.protection_views import GuardView, KillView
from engine.trading_types import KillState, OrderStatus, PlanState, Side, StreamState
from tests.helpers.fake_gateway import Loses
from tests.helpers.plan_bench import PlanBench, chase, depth, scaled, twap

D = Decimal
POST_ONLY = OrderRefused(-5022, "Post only", 400)


@pytest.fixture
def bench(tmp_path):
    made = PlanBench(tmp_path)
    yield made
    made.plans.close(1)


def ended(bench, plan_id):
    view = bench.view(plan_id)
    return view.state, view.reason


# --- chase ---------------------------------------------------------------------------------


def test_a_chase_rests_at_the_best_bid_and_moves_up_with_it(bench):
    plan_id = bench.start(chase())
    order = bench.child(plan_id)
    assert (order.price, order.time_in_force, order.status) == (D(60000), "GTX", "NEW")
    bench.quote(60000.5, 60000.6)
    assert order.price == D("60000.5")
    bench.quote(59999.0, 60000.6)  # the market goes away from it: it stays first in the queue
    assert order.price == D("60000.5")


def test_a_sell_follows_the_ask_down_but_never_below_its_limit(bench):
    plan_id = bench.start(chase(side=Side.SELL, limit_price=D(59999)))
    assert bench.child(plan_id).price == D("60000.1")
    bench.quote(59990.0, 59990.1)
    assert bench.child(plan_id).price == D(59999)


def test_a_chase_amends_so_often_a_second_and_no_oftener(bench):
    plan_id = bench.start(chase())
    for i in range(1, 10):
        bench.quote(60000.0 + i, 60010.0)
    assert bench.gateway.count("modify") == 1  # the placing was the other request
    bench.later(1.1)
    assert bench.gateway.count("modify") == 2
    assert bench.child(plan_id).price == D(60009)


def test_a_chase_leaves_the_rest_of_the_order_limit_alone(bench):
    bench.orders_left_pct = 39.0
    plan_id = bench.start(chase())
    assert bench.gateway.count("submit") == 0
    bench.orders_left_pct = 41.0
    bench.later(0.1)
    assert bench.child(plan_id).status == "NEW"


def test_a_filled_chase_is_done_with_its_average(bench):
    plan_id = bench.start(chase())
    bench.fill(plan_id, "0.04")
    bench.quote(60001.0, 60002.0)
    bench.fill(plan_id, "0.06")
    view = bench.view(plan_id)
    assert (view.state, view.executed_qty, view.avg_price) == (
        PlanState.DONE,
        D("0.1"),
        D("60000.6"),
    )
    assert [e.plan.state for e in bench.log.of(PlanChanged)][-1] is PlanState.DONE
    assert bench.plans.wait(plan_id, 0)


def test_a_post_only_refusal_is_tried_again_at_the_new_price(bench):
    def fall():
        bench.depth = depth("59990", "59991")
        raise POST_ONLY

    bench.gateway.plan("submit", fall)
    plan_id = bench.start(chase())
    assert bench.child(plan_id, 0).status == "REJECTED"
    assert (bench.child(plan_id, 1).status, bench.child(plan_id, 1).price) == ("NEW", D(59990))
    assert bench.view(plan_id).state is PlanState.RUNNING


def test_a_chase_gives_up_after_so_many_post_only_refusals(bench, monkeypatch):
    monkeypatch.setattr("engine.plans.chase.MOST_ORDERS", 6)
    bench.gateway.plan("submit", *[POST_ONLY] * 6)
    plan_id = bench.start(chase(longest_s=3600))
    for _ in range(6):
        bench.later(1.1)
    assert ended(bench, plan_id)[0] is PlanState.STOPPED
    assert "refused 6 orders as not post-only" in ended(bench, plan_id)[1]
    assert bench.gateway.count("submit") == 6


def test_an_order_that_an_amend_ended_is_replaced_for_the_rest(bench):
    plan_id = bench.start(chase())
    order = bench.child(plan_id)
    bench.fill(plan_id, "0.04")
    # what the venue does with an amend that would make a post-only order trade
    bench.gateway.modify_order = lambda *_, **__: bench.gateway.end(order.order_id)
    bench.quote(60001.0, 60001.1)
    bench.later(1.1)
    assert order.status == "CANCELED"
    assert (bench.child(plan_id, 1).orig_qty, bench.child(plan_id, 1).price) == (
        D("0.06"),
        D(60001),
    )


def test_a_chase_whose_order_somebody_cancels_ends(bench):
    plan_id = bench.start(chase())
    bench.gateway.end(bench.child(plan_id).order_id)
    bench.look()
    assert ended(bench, plan_id) == (PlanState.STOPPED, "Its order was ended by somebody else.")
    (alert,) = bench.log.of(Alert)
    assert alert.sentence == (
        "The plan chase BUY 0.1 BTCUSDT stops by itself. Its order was ended by somebody else."
    )
    assert bench.gateway.count("submit") == 1


def test_a_chase_ends_with_its_time_and_cancels(bench):
    plan_id = bench.start(chase(longest_s=5))
    bench.later(5)
    assert ended(bench, plan_id) == (PlanState.STOPPED, "Its 5 s are over.")
    assert bench.child(plan_id).status == "CANCELED"


def test_a_price_from_before_the_stream_was_lost_is_not_followed(bench):
    plan_id = bench.start(chase())
    bench.quote(60001.0, 60002.0)
    bench.lose_prices()
    bench.depth = depth("60005", "60006")
    bench.later(1.1)
    assert bench.child(plan_id).price == D(60005)
    asked = bench.depths_asked
    bench.later(0.2)
    assert bench.depths_asked == asked  # by REST once a second at the most
    bench.depth = NotConnected("down")
    bench.later(1.1)
    bench.later(9)
    bench.later(1.1)
    assert ended(bench, plan_id) == (PlanState.STOPPED, "There has been no price for 10 s.")


def test_a_chase_without_a_price_waits_for_one(bench):
    bench.depth = replace(depth("1", "2"), bids=())
    with pytest.raises(OrderNotAllowed, match="no price of BTCUSDT"):
        bench.plans.start(chase())
    plan_id = bench.start(chase(limit_price=D(60000)))
    assert bench.gateway.count("submit") == 0
    bench.quote(59000.0, 59000.1)
    assert bench.child(plan_id).price == D(59000)


def test_an_amend_that_is_refused_stops_the_chase(bench):
    plan_id = bench.start(chase())
    bench.gateway.plan("modify", OrderRefused(-4014, "Not a tick", 400))
    bench.quote(60001.0, 60002.0)
    assert ended(bench, plan_id)[0] is PlanState.STOPPED
    assert "Not a tick" in ended(bench, plan_id)[1]
    assert bench.child(plan_id).status == "CANCELED"


def test_a_fill_that_overtakes_an_amend_is_no_trouble(bench):
    plan_id = bench.start(chase())
    order_id = bench.child(plan_id).order_id
    bench.gateway.plan("modify", lambda: bench.gateway.fill(order_id, "0.1"))
    bench.quote(60001.0, 60002.0)
    assert ended(bench, plan_id) == (PlanState.DONE, "Filled.")


# --- scaled --------------------------------------------------------------------------------


def test_a_ladder_is_placed_at_once_and_done_when_its_orders_have_ended(bench):
    plan_id = bench.start(scaled())
    assert [
        (bench.child(plan_id, i).price, bench.child(plan_id, i).orig_qty) for i in range(3)
    ] == [
        (D(60000), D("0.034")),
        (D(59500), D("0.033")),
        (D(59000), D("0.033")),
    ]
    assert bench.view(plan_id).state is PlanState.RUNNING
    for index, quantity in enumerate(("0.034", "0.033", "0.033")):
        bench.fill(plan_id, quantity, index)
    assert ended(bench, plan_id) == (PlanState.DONE, "Filled.")


def test_a_ladder_is_checked_whole_before_its_first_order(bench):
    bench.marks["BTCUSDT"] = D(60000)
    with pytest.raises(OrderNotAllowed, match="at least 50"):  # the last, of 0.1 USDT
        bench.plans.start(scaled(quantity=D("0.003"), last_price=D(100)))
    with pytest.raises(OrderNotAllowed, match="the exchange allows 10"):
        bench.plans.start(scaled(count=11))
    assert bench.gateway.calls == []
    assert bench.plans.plans() == []
    assert bench.memory.plans == {}


@pytest.mark.parametrize(
    ("terms", "risk"),
    [
        (scaled(), RiskLimits(max_position_qty={"BTCUSDT": D("0.08")})),
        (scaled(), RiskLimits(max_open_orders=2)),
        (twap(), RiskLimits(max_position_qty={"BTCUSDT": D("0.08")})),
        (chase(), RiskLimits(max_order_qty={"BTCUSDT": D("0.08")})),
        (scaled(), RiskLimits(max_daily_loss_usdt=D(1))),  # the day has not been read
    ],
)
def test_the_guard_refuses_a_plan_whole_before_its_first_order(tmp_path, terms, risk):
    bench = PlanBench(tmp_path, risk=risk)
    with pytest.raises(OrderNotAllowed) as refused:
        bench.plans.start(terms)
    assert "limit" in str(refused.value) or "daily loss" in str(refused.value)
    assert bench.journal.intents == []
    assert bench.plans.plans() == []
    assert bench.start(replace(terms, reduce_only=True))  # what reduces passes
    bench.plans.close(1)


def test_a_ladder_that_is_refused_names_its_order(tmp_path):
    bench = PlanBench(tmp_path, risk=RiskLimits(max_open_orders=2))
    with pytest.raises(OrderNotAllowed, match=r"Order 3 of 3: .* Nothing was sent"):
        bench.plans.start(scaled())
    bench.plans.close(1)


def test_a_ladder_goes_no_faster_than_the_guard_allows(tmp_path):
    bench = PlanBench(tmp_path, risk=RiskLimits(orders_per_second=2))
    plan_id = bench.start(scaled(count=5))
    assert len(bench.view(plan_id).child_ids) == 2
    bench.later(1)
    assert len(bench.view(plan_id).child_ids) == 4
    bench.later(1)
    assert len(bench.view(plan_id).child_ids) == 5
    assert bench.view(plan_id).state is PlanState.RUNNING
    reducing = bench.start(scaled(count=5, side=Side.SELL, reduce_only=True))
    assert len(bench.view(reducing).child_ids) == 5  # what reduces is never held up
    bench.plans.close(1)


def test_a_refused_order_stops_a_ladder_and_the_others_stay(bench):
    bench.gateway.plan("submit", lambda: None, OrderRefused(-2019, "Margin is insufficient", 400))
    plan_id = bench.start(scaled())
    state, reason = ended(bench, plan_id)
    assert (state, bench.gateway.count("submit")) == (PlanState.STOPPED, 2)
    assert "Margin is insufficient" in reason
    assert bench.child(plan_id, 0).status == "NEW"
    bench.plans.stop(plan_id)  # and can be cleared away by the person
    bench.look()
    assert bench.child(plan_id, 0).status == "CANCELED"
    assert ended(bench, plan_id) == (PlanState.STOPPED, "Stopped by hand.")


def test_a_complete_ladder_survives_a_lost_stream_and_its_own_cancels(bench):
    plan_id = bench.start(scaled())
    bench.gateway.say(StreamState.DISCONNECTED)
    bench.look()
    assert bench.view(plan_id).state is PlanState.RUNNING
    for index in range(3):
        bench.oms.cancel_order(bench.child(plan_id, index))
    bench.look()
    assert ended(bench, plan_id) == (PlanState.STOPPED, "Its orders were cancelled.")


def test_a_ladder_filled_in_part_says_so(bench):
    plan_id = bench.start(scaled())
    bench.fill(plan_id, "0.034")
    for index in (1, 2):
        bench.oms.cancel_order(bench.child(plan_id, index))
    bench.look()
    assert ended(bench, plan_id) == (PlanState.DONE, "Filled in part; the rest has ended.")


# --- TWAP ----------------------------------------------------------------------------------


def test_slices_come_one_by_one_and_the_last_completes_it(bench):
    plan_id = bench.start(twap(quantity=D("0.101")))
    for _ in range(3):
        bench.later(12)
    sizes = [bench.child(plan_id, i).orig_qty for i in range(4)]
    assert sizes == [D("0.026"), D("0.025"), D("0.025"), D("0.025")]
    assert ended(bench, plan_id) == (PlanState.DONE, "Filled.")
    assert bench.view(plan_id).avg_price == D(60000)


def test_a_slice_whose_time_has_passed_is_left_out(bench):
    plan_id = bench.start(twap())
    bench.later(25)  # two of four would be due
    bench.later(10)
    assert bench.view(plan_id).executed_qty == D("0.075")
    assert ended(bench, plan_id) == (
        PlanState.STOPPED,
        "Its time is over; 1 of 4 were left out.",
    )


def test_what_the_market_could_not_fill_is_taken_by_the_last_slice(bench):
    fill = bench.gateway.fill

    def fill_in_part(order_id, _quantity, price):
        fill(order_id, "0.02", price)
        bench.gateway.end(order_id, OrderStatus.EXPIRED)

    bench.gateway.fill = fill_in_part
    plan_id = bench.start(twap(count=2, duration_s=10))
    bench.later(7)
    assert bench.child(plan_id, 1).orig_qty == D("0.08")
    bench.look()
    assert ended(bench, plan_id) == (
        PlanState.DONE,
        "Its time is over; the market did not have enough for all of it.",
    )


# --- what stops all of them ------------------------------------------------------------------


@pytest.mark.parametrize("terms", [chase(), twap()])
def test_a_lost_answer_stops_a_plan_and_nothing_more_is_placed(bench, terms):
    bench.gateway.plan("submit", Loses.BEFORE)
    plan_id = bench.start(terms)
    bench.later(15)
    view = bench.view(plan_id)
    assert (view.state, bench.gateway.count("submit")) == (PlanState.STOPPING, 1)
    assert "not known what became" in view.reason
    for _ in range(20):
        bench.tick(1)
    bench.look()
    assert bench.child(plan_id).status == "REJECTED"
    assert ended(bench, plan_id)[0] is PlanState.STOPPED
    assert bench.gateway.count("submit") == 1


def test_an_order_that_was_thought_lost_is_cancelled_once_it_is_found(bench):
    bench.gateway.holds_events = True
    bench.gateway.plan("submit", Loses.AFTER)
    plan_id = bench.start(chase())
    assert bench.view(plan_id).state is PlanState.STOPPING
    bench.gateway.release()
    bench.look()
    assert bench.child(plan_id).status == "CANCELED"
    assert ended(bench, plan_id)[0] is PlanState.STOPPED


@pytest.mark.parametrize("terms", [chase(), twap(), scaled()])
def test_a_refusal_stops_a_plan(bench, terms):
    bench.gateway.plan("submit", OrderRefused(-2019, "Margin is insufficient", 400))
    plan_id = bench.start(terms)
    bench.later(15)
    state, reason = ended(bench, plan_id)
    assert (state, bench.gateway.count("submit")) == (PlanState.STOPPED, 1)
    assert "Margin is insufficient" in reason


@pytest.mark.parametrize("terms", [chase(), twap()])
def test_a_lost_account_stream_stops_a_plan(bench, terms):
    plan_id = bench.start(terms)
    bench.gateway.say(StreamState.DISCONNECTED)
    bench.look()
    state, reason = ended(bench, plan_id)
    assert state is PlanState.STOPPED
    assert "account stream is not live" in reason
    assert not bench.oms.open_orders()


def test_while_the_account_is_not_known_no_plan_begins(tmp_path):
    bench = PlanBench(tmp_path, live=False)
    with pytest.raises(OrderNotAllowed, match="account stream is not live"):
        bench.plans.start(chase())
    bench.plans.close(1)
    with pytest.raises(ShuttingDown):
        bench.plans.start(chase())


def test_the_kill_switch_stops_all_and_a_lock_out_all_that_do_not_reduce(bench):
    plan_id = bench.start(twap())
    reducing = bench.start(twap(reduce_only=True, side=Side.SELL))
    locked = GuardView(locked_until_ms=1, sentence="The daily loss is reached.")
    bench.log.publish(GuardChanged(guard=GuardView()))
    bench.log.publish(KillChanged(kill=KillView(state=KillState.IDLE, sentence="")))
    bench.look()
    assert bench.view(plan_id).state is PlanState.RUNNING
    bench.log.publish(GuardChanged(guard=locked))
    bench.look()
    assert ended(bench, plan_id) == (PlanState.STOPPED, "The daily loss is reached.")
    assert bench.view(reducing).state is PlanState.RUNNING
    flatten = KillView(state=KillState.WORKING, sentence="", symbols=("ETHUSDT",))
    bench.log.publish(KillChanged(kill=flatten))
    bench.look()
    assert bench.view(reducing).state is PlanState.RUNNING
    bench.log.publish(KillChanged(kill=KillView(state=KillState.WORKING, sentence="")))
    bench.look()
    assert ended(bench, reducing) == (PlanState.STOPPED, "The kill switch was used.")


def test_stopping_fits_symbol_and_side(bench):
    plan_id = bench.start(twap())
    bench.plans.stop_all("No.", symbol="ETHUSDT")
    bench.plans.stop_all("No.", side=Side.SELL)
    bench.look()
    assert bench.view(plan_id).state is PlanState.RUNNING
    bench.plans.stop_all("Yes.", symbol="BTCUSDT", side=Side.BUY)
    assert bench.view(plan_id).state is PlanState.RUNNING  # until the thread has looked
    bench.look()
    assert ended(bench, plan_id) == (PlanState.STOPPED, "Yes.")


def test_a_cancel_that_fails_is_tried_again(bench):
    plan_id = bench.start(chase())
    bench.gateway.plan("cancel", OrderRefused(-1000, "No", 400))
    bench.plans.stop(plan_id)
    bench.look()
    assert bench.view(plan_id).state is PlanState.STOPPING
    bench.later(1.1)
    assert ended(bench, plan_id) == (PlanState.STOPPED, "Stopped by hand.")
    with pytest.raises(BadInput, match="no running plan"):
        bench.plans.stop(plan_id)


def test_a_plan_that_cannot_be_written_down_does_not_begin(bench):
    bench.memory.breaks = True
    with pytest.raises(JournalError, match="disk is full"):
        bench.plans.start(twap())
    bench.look()
    assert bench.gateway.calls == []
    bench.memory.breaks = False
    plan_id = bench.start(twap())
    bench.memory.breaks = True
    bench.plans.stop(plan_id)
    bench.look()
    assert bench.memory.plans[plan_id].state is PlanState.RUNNING
    bench.memory.breaks = False
    bench.later(1)  # and is written as soon as it can be: it would go on after a restart
    assert bench.memory.plans[plan_id].state is PlanState.STOPPED


def test_an_unknown_symbol_is_named(bench):
    with pytest.raises(UnknownSymbol):
        bench.plans.start(twap(symbol="NOSUCH"))


# --- after a restart -------------------------------------------------------------------------


def restarted(bench, tmp_path, seconds=0.0):
    """The process has been killed; what the journal knew is read again."""
    for plan_id in bench.memory.plans:
        bench.memory.orders[plan_id] = tuple(
            order.view for order in bench.oms.orders() if order.client_order_id.startswith(plan_id)
        )
    bench.plans.close(1)
    bench.clock.advance(seconds)
    again = PlanBench(tmp_path, live=False, gateway=bench.gateway, memory=bench.memory)
    views = [view for views in bench.memory.orders.values() for view in views]
    unknown = [
        replace(view, status=OrderStatus.UNKNOWN) for view in views if not view.status.is_terminal
    ]
    again.oms.restore(unknown, [], {})
    again.plans.resume()
    again.look()
    assert again.gateway.count("modify") == bench.gateway.count("modify")  # not before it knows
    again.gateway.go_live()
    again.oms.reconciler.run()
    again.look()
    return again


def test_a_chase_takes_its_order_up_again(bench, tmp_path):
    plan_id = bench.start(chase())
    again = restarted(bench, tmp_path)
    assert again.view(plan_id).child_ids == (f"{plan_id}-000",)
    assert "plan.resumed" in again.log.alert_codes()
    again.quote(60003.0, 60004.0)
    assert again.child(plan_id).price == D(60003)
    assert again.gateway.count("submit") == 1
    again.plans.close(1)


def test_a_chase_whose_time_passed_meanwhile_cancels_its_order(bench, tmp_path):
    plan_id = bench.start(chase(longest_s=60))
    again = restarted(bench, tmp_path, seconds=61)
    assert ended(again, plan_id) == (PlanState.STOPPED, "Its 60 s are over.")
    assert again.child(plan_id).status == "CANCELED"
    again.plans.close(1)


def test_a_chase_without_an_order_is_not_begun_anew(bench, tmp_path):
    bench.orders_left_pct = 0.0
    plan_id = bench.start(chase())
    again = restarted(bench, tmp_path)
    assert ended(again, plan_id)[1] == "Perpdesk was closed while it had no order at the exchange."
    assert again.gateway.count("submit") == 0
    again.plans.close(1)


def test_a_twap_goes_on_with_its_next_slice_and_repeats_none(bench, tmp_path):
    plan_id = bench.start(twap())
    bench.later(12)
    again = restarted(bench, tmp_path, seconds=10)
    again.later(12)
    assert again.view(plan_id).child_ids == tuple(f"{plan_id}-{i:03d}" for i in range(4))
    assert again.view(plan_id).executed_qty == D("0.1")
    assert again.gateway.count("submit") == 4
    again.plans.close(1)


def test_a_ladder_that_was_not_complete_is_not_completed_later(bench, tmp_path):
    plan_id = bench.plans.start(scaled()).plan_id
    bench.plans.look()
    again = restarted(bench, tmp_path)
    assert ended(again, plan_id)[1].endswith("1 of 3 orders were.")
    assert again.child(plan_id).status == "NEW"
    again.plans.close(1)


def test_a_plan_in_a_contract_that_is_gone_ends(bench, tmp_path):
    plan = Plan(plan_id="pd-gone", terms=twap(symbol="GONEUSDT"))
    bench.memory.record_plan(plan)
    again = restarted(bench, tmp_path)
    assert ended(again, "pd-gone")[1] == "The exchange has no GONEUSDT any more."
    again.plans.close(1)


# --- two programs on one journal ---------------------------------------------------------------


def test_a_plan_belongs_to_one_program_which_another_may_ask_to_stop(bench, tmp_path):
    plan_id = bench.start(twap())
    other = PlanBench(tmp_path, gateway=bench.gateway, memory=bench.memory)
    other.plans.resume()
    other.later(12)
    assert other.plans.plans() == []
    assert [view.plan_id for view in other.plans.history()] == [plan_id]
    other.plans.stop(plan_id)
    bench.look()
    assert ended(bench, plan_id) == (
        PlanState.STOPPED,
        "Stopped by hand, from another program.",
    )
    with pytest.raises(BadInput, match="no running plan"):
        other.plans.stop(plan_id)
    other.plans.close(1)


def test_a_plan_that_nobody_carries_out_is_taken_over_to_be_stopped(bench, tmp_path):
    plan_id = bench.start(twap())
    bench.plans.close(1)
    other = PlanBench(tmp_path, gateway=bench.gateway, memory=bench.memory)
    other.plans.stop(plan_id)
    other.look()
    assert ended(other, plan_id) == (PlanState.STOPPED, "Stopped by hand.")
    other.plans.close(1)


# --- its thread --------------------------------------------------------------------------------


def test_a_crash_of_the_thread_ends_every_plan_for_good(bench):
    plan_id = bench.plans.start(twap()).plan_id
    bench.oms.place = lambda _: 1 / 0  # type: ignore[method-assign,assignment]
    bench.plans.begin()
    assert bench.plans.wait(plan_id, 30)
    assert bench.view(plan_id).reason.startswith("Perpdesk failed while carrying it out")
    assert isinstance(bench.crashes[0], ZeroDivisionError)
    assert bench.memory.plans[plan_id].is_over


def test_closing_in_the_middle_leaves_the_plan_for_the_next_start(bench):
    plan_id = bench.plans.start(twap()).plan_id
    bench.oms.close()
    bench.plans.begin()
    assert bench.plans.close(5)
    assert bench.memory.plans[plan_id].state is PlanState.RUNNING


# --- what must be on disk first ----------------------------------------------------------------


def test_without_its_number_on_disk_no_order_is_sent(bench):
    plan_id = bench.start(twap(reduce_only=True))
    assert bench.memory.plans[plan_id].next_index == 1
    bench.memory.breaks = True
    bench.later(12)
    assert bench.gateway.count("submit") == 1
    bench.memory.breaks = False
    bench.look()
    assert "disk is full" in ended(bench, plan_id)[1]


def test_a_number_whose_order_nobody_knows_is_not_used_again(bench, tmp_path):
    plan_id = bench.start(twap())
    bench.memory.plans[plan_id] = replace(bench.memory.plans[plan_id], next_index=2)
    again = restarted(bench, tmp_path, seconds=12)
    again.later(10)
    assert again.view(plan_id).child_ids == (f"{plan_id}-000", f"{plan_id}-002")
    again.plans.close(1)


def test_an_amend_whose_answer_is_lost_stops_the_chase(bench):
    plan_id = bench.start(chase())
    bench.gateway.holds_events = True
    bench.gateway.plan("modify", Loses.AFTER)
    bench.quote(60001.0, 60002.0)
    assert "not known what became" in bench.view(plan_id).reason
    bench.gateway.release()
    bench.look()
    assert bench.child(plan_id).status == "CANCELED"
    assert ended(bench, plan_id)[0] is PlanState.STOPPED


def test_what_a_person_stops_meanwhile_is_not_placed(bench):
    plan_id = bench.plans.start(chase()).plan_id
    ask = bench.prices.best
    bench.prices.best = lambda symbol: (bench.plans.stop(plan_id), ask(symbol))[1]
    bench.look()
    assert bench.gateway.count("submit") == 0
    assert ended(bench, plan_id) == (PlanState.STOPPED, "Stopped by hand.")


def test_an_order_that_was_replaced_as_amended_too_often_ends_the_chase(bench):
    plan_id = bench.start(chase())
    bench.gateway.plan("modify", OrderRefused(-5026, "Too many amendments", 400))
    bench.quote(60001.0, 60002.0)
    assert ended(bench, plan_id) == (
        PlanState.STOPPED,
        "The exchange does not amend its order any more.",
    )
    assert bench.oms.open_orders() == []
