"""Unknown conditional orders leave that state only on the exchange's evidence."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.errors import NotConnected, OrderRefused
from engine.oms.algo_models import AlgoOrder
from engine.trading_types import StreamState
from tests.helpers.fake_gateway import Loses
from tests.helpers.oms_bench import OmsBench

D = Decimal


@pytest.fixture
def bench() -> OmsBench:
    return OmsBench()


def lost(bench: OmsBench, loses: Loses) -> AlgoOrder:
    bench.gateway.holds_events = True
    bench.gateway.plan("place_algo", loses)
    algo = bench.stop()
    assert algo.status == "UNKNOWN"
    return algo


def test_the_exchange_is_asked_and_its_answer_counts(bench: OmsBench) -> None:
    algo = lost(bench, Loses.AFTER)
    bench.tick(0)
    bench.tick(0.6)
    assert algo.status == "NEW"
    bench.tick(0)
    assert "algo.known" in bench.log.alert_codes()


def test_one_no_such_order_is_no_proof_and_repeated_late_ones_are(bench: OmsBench) -> None:
    algo = lost(bench, Loses.BEFORE)
    bench.tick(0)
    bench.tick(1)
    bench.tick(2)
    bench.tick(3)
    assert algo.status == "UNKNOWN"
    assert bench.gateway.count("query") == bench.gateway.count("query_algo") == 3
    for _ in range(4):
        bench.tick(5)
    assert algo.status == "REJECTED"
    assert "never reached" in algo.reason


def test_one_that_the_exchange_lists_is_not_given_up_though_no_query_finds_it(
    bench: OmsBench,
) -> None:
    algo = lost(bench, Loses.AFTER)
    hidden = VenueHides(bench)
    bench.tick(0)
    for _ in range(6):
        bench.tick(5)
    assert hidden.answers >= 3
    assert algo.status == "NEW"


class VenueHides:
    """Queries find nothing, as right after an order was taken; the lists are right."""

    def __init__(self, bench: OmsBench) -> None:
        self.answers = 0
        bench.gateway.query_algo_order = self._unknown  # type: ignore[method-assign]
        bench.gateway.query_order = self._unknown  # type: ignore[method-assign]

    def _unknown(self, *_: object, **__: object) -> None:
        self.answers += 1
        raise OrderRefused(-2013, "Order does not exist.")


def test_one_that_is_known_as_an_order_alone_has_triggered(bench: OmsBench) -> None:
    algo = lost(bench, Loses.BEFORE)
    order = bench.gateway.submit_order(
        "BTCUSDT", "SELL", "LIMIT", "0.1", "58000", client_order_id=algo.client_algo_id
    )
    bench.tick(0)
    bench.tick(1)
    assert (algo.status, algo.order_id) == ("TRIGGERED", order.order_id)
    known = bench.oms.tracker.get_by_order_id("BTCUSDT", order.order_id)
    assert known is not None
    assert known.view.client_algo_id == algo.client_algo_id


def test_that_it_could_not_be_asked_proves_nothing(bench: OmsBench) -> None:
    algo = lost(bench, Loses.BEFORE)
    offline = NotConnected("The exchange cannot be reached.")
    bench.gateway.plan("query_algo", *[offline] * 10)
    for _ in range(10):
        bench.tick(10)
    assert algo.status == "UNKNOWN"


def test_a_lost_cancel_that_was_not_carried_out_is_said(bench: OmsBench) -> None:
    algo = bench.stop()
    bench.gateway.plan("cancel_algo", Loses.BEFORE)
    bench.oms.algos.cancel(algo)
    assert algo.status == "PENDING_CANCEL"
    for _ in range(5):
        bench.tick(5)
    assert algo.status == "NEW"
    assert "algo.cancel_lost" in bench.log.alert_codes()


def test_one_that_the_exchange_has_forgotten_is_asked_about_until_it_is_certain(
    bench: OmsBench,
) -> None:
    algo = bench.stop()
    del bench.gateway.algos[algo.algo_id or 0]
    bench.oms.reconciler.run()
    assert algo.status == "UNKNOWN"
    for _ in range(6):
        bench.tick(5)
    assert algo.status == "CANCELED"


def test_a_conclusion_yields_to_any_word_of_the_exchange(bench: OmsBench) -> None:
    algo = lost(bench, Loses.BEFORE)
    for _ in range(8):
        bench.tick(5)
    assert algo.status == "REJECTED"
    bench.gateway.holds_events = False
    bench.gateway.place_algo_order(
        "BTCUSDT",
        "SELL",
        "STOP_MARKET",
        "0.1",
        trigger_price="59000",
        client_algo_id=algo.client_algo_id,
    )
    assert algo.status == "NEW"
    assert bench.oms.algos.open() == [algo]
    assert "algo.surprise" in bench.log.alert_codes()


def test_a_restarted_program_finds_out_and_finishes_a_move(bench: OmsBench) -> None:
    old = bench.stop()
    bench.gateway.holds_events = True
    bench.gateway.plan("place_algo", Loses.AFTER)
    new = bench.oms.algos.move(old, "59500")
    again = OmsBench(live=False, gateway=bench.gateway)
    again.gateway.held.clear()
    again.oms.restore([], [], {}, [old.view, new.view])
    again.gateway.holds_events = False
    again.gateway.go_live()
    again.oms.reconciler.run()
    again.tick(2)
    (left,) = again.oms.algos.open()
    assert (left.client_algo_id, left.status) == (new.client_algo_id, "NEW")
    assert left.view.trigger_price == D(59500)


def test_a_swap_that_a_kill_cut_in_two_is_told(bench: OmsBench) -> None:
    """The old one is cancelled, the new one never left."""
    algos = bench.oms.algos
    old = algos.place_algo(
        "BTCUSDT", "SELL", "STOP_MARKET", trigger_price=59000, close_position=True
    )
    bench.gateway.plan("place_algo", Loses.BEFORE)
    new = algos.move(old, "59500")
    assert (old.status, new.status) == ("CANCELED", "UNKNOWN")
    again = OmsBench(live=False, gateway=bench.gateway)
    again.oms.restore([], [], {}, [new.view])
    again.gateway.go_live()
    again.oms.reconciler.run()
    for _ in range(8):
        again.tick(5)
    assert "order.unprotected" in again.log.alert_codes()


# --- the audit -----------------------------------------------------------------------------


def look_twice(bench: OmsBench) -> list[str]:
    bench.log.events.clear()
    for seconds in (31, 3):
        bench.clock.advance(seconds)
        bench.oms.tick(bench.clock.monotonic())
    return bench.log.alert_codes()


def test_an_account_that_is_equal_is_left_alone(bench: OmsBench) -> None:
    bench.stop()
    triggered = bench.stop("58000")
    bench.gateway.turn_algo(triggered.algo_id or 0, "TRIGGERED", order_id=77)
    assert "stream.lost_events" not in look_twice(bench)


@pytest.mark.parametrize("status", ["CANCELED", "TRIGGERED"])
def test_a_conditional_order_whose_event_was_lost_is_found(bench: OmsBench, status: str) -> None:
    algo = bench.stop()
    bench.gateway.turn_algo(algo.algo_id or 0, status, emits=False)
    assert "stream.lost_events" in look_twice(bench)


def test_one_that_nobody_told_of_is_found(bench: OmsBench) -> None:
    bench.gateway.holds_events = True
    bench.gateway.place_algo_order("BTCUSDT", "SELL", "STOP_MARKET", "0.1", trigger_price="58000")
    assert "stream.lost_events" in look_twice(bench)


def test_without_a_stream_nothing_is_compared(bench: OmsBench) -> None:
    bench.gateway.say(StreamState.DISCONNECTED)
    assert "stream.lost_events" not in look_twice(bench)
