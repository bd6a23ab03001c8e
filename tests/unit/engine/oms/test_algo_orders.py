"""Conditional orders on a fake venue: placed, cancelled, moved, triggered, lost."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest

from engine.errors import (
    BadInput,
    JournalError,
    NotConnected,
    OrderNotAllowed,
    OrderRefused,
    TemporarilyRefused,
)
from engine.events import Alert, CommandRefused
from engine.events.protection import AlgoChanged
from engine.oms.algo_models import AlgoOrder
from engine.protection_commands import CancelAlgo, PlaceAlgo
from engine.trading_types import AlertLevel, OrderOrigin, OrderType, Side, StreamState
from tests.helpers.fake_gateway import Loses
from tests.helpers.oms_bench import OmsBench
from tests.helpers.waiting import wait_until

D = Decimal
BUSY = TemporarilyRefused(-1008, "Request throttled.", 503)
IMMEDIATE = OrderRefused(-2021, "Order would immediately trigger.", 400)


@pytest.fixture
def bench() -> OmsBench:
    return OmsBench()


def closer(bench: OmsBench, trigger: str = "59000") -> Any:
    return bench.oms.algos.place_algo(
        "BTCUSDT", "SELL", "STOP_MARKET", trigger_price=trigger, close_position=True
    )


# --- placing --------------------------------------------------------------------------


def test_a_placed_stop_is_live_and_exact(bench: OmsBench) -> None:
    algo = bench.stop("59000.5", "0.123")
    view = algo.view
    assert algo.status == "NEW"
    assert (view.trigger_price, view.quantity, view.reduce_only) == (D("59000.5"), D("0.123"), True)
    assert algo.algo_id is not None
    assert bench.oms.algos.open("BTCUSDT") == [algo]
    assert bench.oms.algos.get(algo.client_algo_id) is algo
    assert bench.oms.algos.tracker.get_by_algo_id(algo.algo_id) is algo


def test_the_intent_is_on_disk_before_it_is_shown_or_sent(bench: OmsBench) -> None:
    seen: list[tuple[int, int]] = []
    bench.gateway.plan(
        "place_algo",
        lambda: seen.append((len(bench.journal.intents), len(bench.log.of(AlgoChanged)))),
    )
    algo = bench.stop()
    assert seen == [(1, 1)]
    (intent,) = bench.journal.intents
    assert isinstance(intent, PlaceAlgo)
    assert intent.client_algo_id == algo.client_algo_id
    shown = [event.algo.status for event in bench.log.of(AlgoChanged)]
    assert shown[:2] == ["PENDING_NEW", "NEW"]


def test_a_full_disk_stops_a_new_one_and_not_a_cancel(bench: OmsBench) -> None:
    algo = bench.stop()
    bench.journal.breaks = True
    with pytest.raises(JournalError):
        bench.stop("58000")
    assert bench.gateway.count("place_algo") == 1
    assert bench.oms.algos.cancel(algo).status == "CANCELED"


def test_a_refusal_comes_back_as_rejected_with_the_reason(bench: OmsBench) -> None:
    bench.gateway.plan("place_algo", IMMEDIATE)
    algo = bench.stop(request_id="click-1")
    assert algo.status == "REJECTED"
    assert "immediately trigger" in algo.reason
    (refused,) = bench.log.of(CommandRefused)
    assert (refused.command.request_id, refused.code) == ("click-1", -2021)


def test_a_double_click_places_once(bench: OmsBench) -> None:
    assert bench.stop(request_id="click-1") is bench.stop(request_id="click-1")
    assert bench.gateway.count("place_algo") == 1


def test_a_temporary_refusal_is_tried_again_with_the_same_id(bench: OmsBench) -> None:
    bench.gateway.plan("place_algo", BUSY)
    algos: list[AlgoOrder] = []
    thread = threading.Thread(target=lambda: algos.append(bench.stop()))
    thread.start()
    wait_until(lambda: bench.gateway.count("place_algo") == 1)
    while thread.is_alive():
        bench.clock.advance(0.5)
        thread.join(0.01)
    (algo,) = algos
    assert algo.status == "NEW"
    assert [what for call, what in bench.gateway.calls if call == "place_algo"] == [
        algo.client_algo_id
    ] * 2


def test_a_cancel_during_the_pause_ends_it_without_a_request(bench: OmsBench) -> None:
    bench.gateway.plan("place_algo", BUSY)
    thread = threading.Thread(target=bench.stop)
    thread.start()
    wait_until(lambda: bench.gateway.count("place_algo") == 1 and bool(bench.oms.algos.open()))
    (algo,) = bench.oms.algos.open()
    bench.oms.algos.cancel(algo)
    thread.join(30)
    assert not thread.is_alive()
    assert algo.status == "REJECTED"
    assert bench.gateway.count("place_algo") == 1
    assert bench.gateway.count("cancel_algo") == 0


def test_an_event_before_the_answer_counts_and_a_late_copy_does_not(bench: OmsBench) -> None:
    bench.gateway.holds_events = True
    algo = bench.stop()
    assert algo.algo_id is not None
    bench.gateway.turn_algo(algo.algo_id, "TRIGGERING", emits=False)
    bench.oms.on_event(bench.gateway.algos[algo.algo_id])
    bench.gateway.release()
    assert algo.status == "TRIGGERING"


def test_an_unknown_id_is_said(bench: OmsBench) -> None:
    with pytest.raises(BadInput, match="no conditional order"):
        bench.oms.algos.cancel("pd-none")


def test_an_id_is_used_once(bench: OmsBench) -> None:
    command = PlaceAlgo(
        symbol="BTCUSDT",
        side=Side.SELL,
        type=OrderType.STOP_MARKET,
        quantity=D("0.1"),
        trigger_price=D(59000),
        reduce_only=True,
        client_algo_id="mine-1",
    )
    assert bench.oms.algos.place(command).client_algo_id == "mine-1"
    with pytest.raises(OrderNotAllowed, match="used already"):
        bench.oms.algos.place(command)


# --- answers that are lost ----------------------------------------------------------------


def test_a_lost_answer_makes_it_unknown_and_blocks_its_twin(bench: OmsBench) -> None:
    bench.gateway.plan("place_algo", Loses.BEFORE)
    algo = bench.stop()
    assert algo.status == "UNKNOWN"
    assert "algo.unknown" in bench.log.alert_codes()
    with pytest.raises(OrderNotAllowed, match="nobody knows"):
        bench.stop()
    assert bench.stop("58000").status == "NEW"


def test_a_lost_answer_to_a_carried_out_order_is_settled_by_its_event(bench: OmsBench) -> None:
    bench.gateway.plan("place_algo", Loses.AFTER)
    assert bench.stop().status == "NEW"


def test_asking_again_settles_it(bench: OmsBench) -> None:
    bench.gateway.holds_events = True
    bench.gateway.plan("place_algo", Loses.AFTER)
    algo = bench.stop()
    assert algo.status == "UNKNOWN"
    assert bench.oms.algos.ask_again(algo).status == "NEW"
    assert bench.oms.algos.tracker.get_by_algo_id(algo.algo_id or 0) is algo


# --- cancelling -----------------------------------------------------------------------------


def test_a_cancel_ends_it_once(bench: OmsBench) -> None:
    algo = bench.stop()
    assert bench.oms.algos.cancel(algo).status == "CANCELED"
    assert bench.oms.algos.cancel(algo).status == "CANCELED"
    assert bench.gateway.count("cancel_algo") == 1
    assert isinstance(bench.journal.intents[-1], CancelAlgo)
    assert bench.oms.algos.open() == []
    assert bench.oms.algos.all() == [algo]


def test_a_late_copy_of_new_does_not_reopen_a_cancelled_one(bench: OmsBench) -> None:
    bench.gateway.holds_events = True
    algo = bench.stop()
    bench.oms.algos.cancel(algo)
    assert algo.status == "CANCELED"
    bench.gateway.release()
    assert algo.status == "CANCELED"


def test_a_cancel_that_the_exchange_refuses_leaves_it_standing(bench: OmsBench) -> None:
    algo = bench.stop()
    bench.gateway.plan("cancel_algo", NotConnected("The exchange cannot be reached."))
    with pytest.raises(NotConnected):
        bench.oms.algos.cancel(algo)
    assert algo.status == "NEW"


def test_a_cancel_that_loses_against_the_trigger_ends_in_the_exchanges_state(
    bench: OmsBench,
) -> None:
    algo = bench.stop()
    bench.gateway.trigger_algo(algo.algo_id or 0, emits=False)
    bench.oms.algos.cancel(algo)
    assert algo.status == "FINISHED"


def test_a_lost_cancel_is_pending_until_its_event_tells(bench: OmsBench) -> None:
    algo = bench.stop()
    bench.gateway.holds_events = True
    bench.gateway.plan("cancel_algo", Loses.AFTER)
    bench.oms.algos.cancel(algo)
    assert algo.status == "PENDING_CANCEL"
    assert algo.needs_asking
    bench.gateway.release()
    assert algo.status == "CANCELED"
    assert not algo.needs_asking


def test_what_has_become_an_order_is_cancelled_as_that(bench: OmsBench) -> None:
    algo = bench.stop()
    bench.gateway.turn_algo(algo.algo_id or 0, "TRIGGERED", order_id=77)
    with pytest.raises(OrderNotAllowed, match="has become order 77"):
        bench.oms.algos.cancel(algo)


def test_cancel_all_takes_those_of_one_symbol(bench: OmsBench) -> None:
    first, second = bench.stop(), bench.stop("58000")
    other = bench.oms.algos.place_algo("ETHUSDT", "SELL", "STOP_MARKET", "1", "3000")
    assert bench.oms.algos.cancel_all("BTCUSDT") == [first, second]
    assert [first.status, second.status, other.status] == ["CANCELED", "CANCELED", "NEW"]


def test_a_refused_cancel_all_leaves_all_standing(bench: OmsBench) -> None:
    algo = bench.stop()
    bench.gateway.plan("cancel_all_algo", OrderRefused(-1100, "Illegal characters.", 400))
    with pytest.raises(OrderRefused):
        bench.oms.algos.cancel_all("BTCUSDT")
    assert algo.status == "NEW"


def test_cancelling_all_orders_leaves_the_stops(bench: OmsBench) -> None:
    algo, order = bench.stop(), bench.buy()
    bench.oms.cancel_all("BTCUSDT")
    assert (algo.status, order.status) == ("NEW", "CANCELED")


# --- triggering -----------------------------------------------------------------------------


def test_a_triggered_one_is_linked_to_its_order(bench: OmsBench) -> None:
    algo = bench.stop()
    order_id = bench.gateway.trigger_algo(algo.algo_id or 0)
    assert (algo.status, algo.order_id) == ("FINISHED", order_id)
    order = bench.oms.tracker.get_by_order_id("BTCUSDT", order_id)
    assert order is not None
    assert order.view.client_algo_id == algo.client_algo_id
    assert order.origin is OrderOrigin.OURS
    assert bench.oms.algos.tracker.get_by_order_id("BTCUSDT", order_id) is algo
    assert "algo.triggered" in bench.log.alert_codes()


def test_an_order_that_comes_after_its_parent_is_linked_too(bench: OmsBench) -> None:
    algo = bench.stop()
    order_id = bench.gateway.trigger_algo(algo.algo_id or 0, emits=False)
    bench.oms.on_event(bench.gateway.algos[algo.algo_id or 0])
    bench.oms.on_event(bench.gateway.orders[order_id])
    order = bench.oms.tracker.get_by_order_id("BTCUSDT", order_id)
    assert order is not None
    assert order.view.client_algo_id == algo.client_algo_id


def test_a_rejection_at_the_trigger_is_an_error_with_the_reason(bench: OmsBench) -> None:
    algo = bench.stop()
    bench.gateway.turn_algo(algo.algo_id or 0, "REJECTED", reject_reason="Margin is insufficient.")
    assert algo.status == "REJECTED"
    (alert,) = [a for a in bench.log.of(Alert) if a.code == "algo.rejected"]
    assert alert.level is AlertLevel.ERROR
    assert "Margin is insufficient" in alert.sentence


def test_one_that_ends_with_its_position_is_told(bench: OmsBench) -> None:
    algo = closer(bench)
    bench.gateway.turn_algo(algo.algo_id or 0, "EXPIRED")
    assert algo.status == "EXPIRED"
    assert "algo.expired" in bench.log.alert_codes()


def test_one_placed_elsewhere_is_adopted_and_labelled(bench: OmsBench) -> None:
    bench.gateway.place_algo_order(
        "BTCUSDT", "SELL", "STOP_MARKET", "0.1", trigger_price="58000", price_protect=True
    )
    (algo,) = bench.oms.algos.open()
    assert algo.view.origin is OrderOrigin.ELSEWHERE
    assert algo.view.price_protect
    assert bench.oms.algos.cancel(algo).status == "CANCELED"


# --- moving ----------------------------------------------------------------------------------


def test_a_move_places_the_new_one_before_the_old_one_goes(bench: OmsBench) -> None:
    old = bench.stop()
    bench.gateway.calls.clear()
    new = bench.oms.algos.move(old, "59500")
    assert (old.status, new.status) == ("CANCELED", "NEW")
    assert (new.view.trigger_price, new.view.quantity) == (D(59500), D("0.1"))
    assert new.view.replaces == old.client_algo_id
    assert [call for call, _ in bench.gateway.calls] == ["place_algo", "cancel_algo"]


def test_a_double_click_moves_once(bench: OmsBench) -> None:
    old = bench.stop()
    new = bench.oms.algos.move(old, "59500", request_id="click")
    assert bench.oms.algos.move(old, "59500", request_id="click") is new
    assert len(bench.oms.algos.open()) == 1


def test_a_move_to_where_it_is_sends_nothing(bench: OmsBench) -> None:
    old = bench.stop()
    assert bench.oms.algos.move(old, "59000") is old
    assert bench.gateway.count("place_algo") == 1


def test_a_refused_new_one_leaves_the_old_one(bench: OmsBench) -> None:
    old = bench.stop()
    bench.gateway.plan("place_algo", IMMEDIATE)
    new = bench.oms.algos.move(old, "59500")
    assert (old.status, new.status) == ("NEW", "REJECTED")
    assert bench.gateway.count("cancel_algo") == 0


def test_a_move_whose_answer_is_lost_is_finished_once_it_is_known(bench: OmsBench) -> None:
    old = bench.stop()
    bench.gateway.holds_events = True
    bench.gateway.plan("place_algo", Loses.AFTER)
    new = bench.oms.algos.move(old, "59500")
    assert (old.status, new.status) == ("NEW", "UNKNOWN")
    bench.gateway.release()
    bench.tick(2)
    assert (old.status, new.status) == ("CANCELED", "NEW")


def test_a_cancel_that_fails_in_a_move_is_tried_again(bench: OmsBench) -> None:
    old = bench.stop()
    bench.gateway.plan("cancel_algo", NotConnected("The exchange cannot be reached."))
    with pytest.raises(NotConnected):
        bench.oms.algos.move(old, "59500")
    assert len(bench.oms.algos.open()) == 2
    bench.tick(2)
    assert old.status == "CANCELED"
    assert len(bench.oms.algos.open()) == 1


def test_when_the_old_one_triggers_meanwhile_the_new_one_is_withdrawn(bench: OmsBench) -> None:
    old = bench.stop()
    bench.gateway.plan("cancel_algo", lambda: bench.gateway.trigger_algo(old.algo_id or 0) and None)
    new = bench.oms.algos.move(old, "59500")
    bench.tick(2)
    assert (old.status, new.status) == ("FINISHED", "CANCELED")
    assert "algo.withdrawn" in bench.log.alert_codes()


def test_two_closing_orders_are_never_side_by_side(bench: OmsBench) -> None:
    old = closer(bench)
    bench.gateway.calls.clear()
    new = bench.oms.algos.move(old, "59500")
    assert (old.status, new.status) == ("CANCELED", "NEW")
    assert [call for call, _ in bench.gateway.calls] == ["cancel_algo", "place_algo"]


def test_a_closing_order_that_cannot_be_moved_is_put_back(bench: OmsBench) -> None:
    old = closer(bench)
    bench.gateway.plan("place_algo", IMMEDIATE)
    new = bench.oms.algos.move(old, "59500")
    assert (old.status, new.status) == ("CANCELED", "REJECTED")
    (back,) = bench.oms.algos.open()
    assert (back.status, back.view.trigger_price) == ("NEW", D(59000))
    assert "algo.move_failed" in bench.log.alert_codes()
    bench.tick(2)
    assert "order.unprotected" not in bench.log.alert_codes()


def test_when_nothing_can_be_put_back_the_person_is_told(bench: OmsBench) -> None:
    old = closer(bench)
    bench.gateway.plan("place_algo", IMMEDIATE, IMMEDIATE)
    bench.oms.algos.move(old, "59500")
    (alert,) = [a for a in bench.log.of(Alert) if a.code == "order.unprotected"]
    assert alert.level is AlertLevel.ERROR
    assert bench.oms.algos.open() == []


def test_a_closing_order_whose_cancel_fails_stands(bench: OmsBench) -> None:
    old = closer(bench)
    bench.gateway.plan("cancel_algo", NotConnected("The exchange cannot be reached."))
    with pytest.raises(NotConnected):
        bench.oms.algos.move(old, "59500")
    assert bench.oms.algos.open() == [old]
    assert bench.gateway.count("place_algo") == 1


def test_a_closing_order_that_triggers_meanwhile_is_not_moved(bench: OmsBench) -> None:
    old = closer(bench)
    bench.gateway.plan(
        "cancel_algo", lambda: bench.gateway.turn_algo(old.algo_id or 0, "TRIGGERED") and None
    )
    new = bench.oms.algos.move(old, "59500")
    assert (old.status, new.status) == ("TRIGGERED", "REJECTED")
    assert bench.gateway.count("place_algo") == 1


@pytest.mark.parametrize("status", ["TRIGGERED", "CANCELED"])
def test_only_a_waiting_one_is_moved(bench: OmsBench, status: str) -> None:
    algo = bench.stop()
    bench.gateway.turn_algo(algo.algo_id or 0, status)
    with pytest.raises(OrderNotAllowed, match="cannot be moved"):
        bench.oms.algos.move(algo, "59500")


def test_a_trailing_stop_is_not_moved_by_hand(bench: OmsBench) -> None:
    algo = bench.oms.algos.place_algo(
        "BTCUSDT", "SELL", "TRAILING_STOP_MARKET", "0.1", callback_pct="1.5"
    )
    assert algo.view.callback_pct == D("1.5")
    with pytest.raises(OrderNotAllowed, match="moves by itself"):
        bench.oms.algos.move(algo, "59500")
    assert bench.oms.algos.move(algo, quantity="0.2").view.quantity == D("0.2")


def test_waiting_ends_with_the_status_that_is_waited_for(bench: OmsBench) -> None:
    algo = bench.stop()
    assert bench.oms.algos.wait(algo, "NEW", timeout_s=0)
    assert bench.oms.algos.wait(algo, lambda a: a.waits, timeout_s=0)
    assert not bench.oms.algos.wait(algo, timeout_s=0)


# --- a stream that is down ------------------------------------------------------------------


def test_without_a_stream_only_what_reduces_is_placed(bench: OmsBench) -> None:
    bench.gateway.say(StreamState.DISCONNECTED)
    with pytest.raises(OrderNotAllowed, match="not live"):
        bench.oms.algos.place_algo("BTCUSDT", "BUY", "STOP_MARKET", "0.1", "61000")
    assert bench.stop().status == "NEW"


def test_a_reading_finds_what_happened_unseen(bench: OmsBench) -> None:
    gone, triggered = bench.stop(), bench.stop("58000")
    bench.gateway.turn_algo(gone.algo_id or 0, "CANCELED", emits=False)
    order_id = bench.gateway.trigger_algo(triggered.algo_id or 0, emits=False)
    bench.gateway.holds_events = True
    bench.gateway.place_algo_order("BTCUSDT", "SELL", "STOP_MARKET", "0.2", trigger_price="57000")
    bench.gateway.held.clear()
    differences = " ".join(bench.oms.reconciler.run().differences)
    assert (gone.status, triggered.status) == ("CANCELED", "FINISHED")
    assert triggered.order_id == order_id
    assert "found, NEW" in differences
    assert "NEW -> CANCELED" in differences
    order = bench.oms.tracker.get_by_order_id("BTCUSDT", order_id)
    assert order is not None
    assert order.view.client_algo_id == triggered.client_algo_id


def test_without_a_stream_what_reduces_goes_out_in_hedge_mode_too(bench: OmsBench) -> None:
    bench.gateway.is_hedge = True
    bench.oms.reconciler.run()  # reads the mode
    bench.gateway.say(StreamState.STALE)
    stop = {"quantity": "0.1", "trigger_price": "59000", "position_side": "LONG"}
    assert bench.oms.algos.place_algo("BTCUSDT", "SELL", "STOP_MARKET", **stop).status == "NEW"
    stop["trigger_price"] = "61000"
    with pytest.raises(OrderNotAllowed):
        bench.oms.algos.place_algo("BTCUSDT", "BUY", "STOP_MARKET", **stop)
