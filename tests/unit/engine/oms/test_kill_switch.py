"""The kill switch against a venue that misbehaves: flat in the end, or it says what is left."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.errors import (
    NotConnected,
    OrderNotAllowed,
    OrderRefused,
    RateLimited,
    ShuttingDown,
    TemporarilyRefused,
)
from engine.events import OrderUpdate
from engine.events.protection import KillChanged
from engine.protection_commands import PlaceAlgo
from engine.trading_types import KillState, OrderStatus, OrderType, PositionSide, Side, StreamState
from engine.views import PositionView
from tests.helpers.fake_gateway import BTC, FakeGateway, Loses
from tests.helpers.oms_bench import OmsBench
from tests.helpers.waiting import wait_until

D = Decimal
DOWN = NotConnected("The exchange cannot be reached.")


class Holding(FakeGateway):
    """Reducing market orders make its positions smaller, and never turn them round."""

    def hold(self, quantity: str, side: PositionSide = PositionSide.BOTH) -> None:
        self.positions.append(
            PositionView(
                symbol="BTCUSDT", position_side=side, quantity=D(quantity), entry_price=D(60_000)
            )
        )

    def submit_order(self, symbol, side, order_type, quantity, price=None, **more) -> OrderUpdate:
        update = super().submit_order(symbol, side, order_type, quantity, price, **more)
        if OrderType(order_type) is OrderType.MARKET:
            with self.lock:
                self.positions = [
                    left
                    for old in self.positions
                    if (left := self._less(old, more["position_side"], D(str(quantity)))).quantity
                ]
        return update

    def _less(self, old: PositionView, side: PositionSide, quantity: D) -> PositionView:
        if old.position_side is not side:
            return old
        left = max(D(0), abs(old.quantity) - quantity)
        return replace(old, quantity=left if old.quantity > 0 else -left)


@pytest.fixture
def bench() -> Iterator[OmsBench]:
    from engine.clock import FakeClock

    made = OmsBench(gateway=Holding(FakeClock()))
    yield made
    made.oms.close()
    assert made.oms.join(30)


def ends(bench: OmsBench) -> KillState:
    """Let time pass until the kill switch has ended."""

    def has_ended() -> bool:
        bench.clock.advance(0.5)
        bench.oms.resolver.tick(bench.clock.monotonic())
        return bench.oms.kill_switch.view.state in (KillState.FLAT, KillState.LEFT_OVER)

    wait_until(has_ended, 10)
    return bench.oms.kill_switch.view.state


def busy(bench: OmsBench) -> None:
    """Two orders, a conditional one, and a position."""
    bench.buy("0.1")
    bench.buy("0.2")
    bench.gateway.place_algo_order("BTCUSDT", "SELL", "STOP_MARKET", "1", trigger_price="50000")
    bench.gateway.hold("1.5")


def is_flat(bench: OmsBench) -> bool:
    venue = bench.gateway
    return not (venue.get_book_orders() or venue.get_open_algo_orders() or venue.positions)


def test_everything_ends_and_is_verified(bench):
    busy(bench)
    bench.oms.kill_switch.start()
    assert ends(bench) is KillState.FLAT
    assert is_flat(bench)
    states = [event.kill.state for event in bench.log.of(KillChanged)]
    assert states[0] is KillState.WORKING
    assert states[-1] is KillState.FLAT
    assert bench.oms.kill_switch.view.left == ()
    assert "Flat" in bench.oms.kill_switch.view.sentence


def test_the_closing_order_is_known_here_and_in_the_journal(bench):
    bench.gateway.hold("1.5")
    bench.oms.kill_switch.start()
    assert ends(bench) is KillState.FLAT
    closing = [order for order in bench.oms.orders() if order.view.reduce_only]
    assert [order.status for order in closing] == [OrderStatus.FILLED]
    assert closing[0].client_order_id in [i.client_order_id for i in bench.journal.intents]


def test_a_hedge_is_closed_side_by_side(bench):
    bench.gateway.hold("1", PositionSide.LONG)
    bench.gateway.hold("-2", PositionSide.SHORT)
    bench.oms.kill_switch.start()
    assert ends(bench) is KillState.FLAT
    assert is_flat(bench)


@pytest.mark.parametrize("call", ["cancel_all", "cancel_all_algo", "open_orders", "open_algos",
                                  "positions", "submit"])  # fmt: skip
@pytest.mark.parametrize(
    "fault", [DOWN, RateLimited(-1003, "Too many requests."), Loses.BEFORE, Loses.AFTER]
)
def test_a_call_that_fails_is_made_again(bench, call, fault):
    busy(bench)
    bench.gateway.plan(call, fault, fault)
    bench.oms.kill_switch.start()
    assert ends(bench) is KillState.FLAT
    assert is_flat(bench)


def test_half_of_all_calls_failing_it_still_ends(bench):
    busy(bench)
    for call in ("cancel_all", "cancel_all_algo", "open_orders", "open_algos", "positions"):
        bench.gateway.plan(call, DOWN, lambda: None, DOWN, lambda: None, DOWN)
    bench.gateway.plan("submit", OrderRefused(-2022, "ReduceOnly Order is rejected.", 400))
    bench.oms.kill_switch.start()
    assert ends(bench) is KillState.FLAT
    assert is_flat(bench)
    assert any("Last trouble" in event.kill.sentence for event in bench.log.of(KillChanged))


def test_it_works_without_the_stream(bench):
    busy(bench)
    bench.gateway.hold("1", PositionSide.LONG)
    bench.gateway.say(StreamState.DISCONNECTED)
    bench.gateway.holds_events = True
    bench.oms.kill_switch.start()
    assert ends(bench) is KillState.FLAT
    assert is_flat(bench)


def test_it_works_with_a_broken_journal_and_says_so(bench):
    busy(bench)
    bench.journal.breaks = True
    bench.oms.kill_switch.start()
    assert ends(bench) is KillState.FLAT
    assert is_flat(bench)
    assert "journal.bypassed" in bench.log.alert_codes()


def test_an_order_in_flight_does_not_hold_it_up(bench):
    """Its symbol's turn is taken for as long as the venue does not answer."""
    busy(bench)
    stuck, released = threading.Event(), threading.Event()

    def hang() -> None:
        stuck.set()
        assert released.wait(30)

    bench.gateway.plan("submit", hang)
    slow = threading.Thread(target=lambda: bench.buy("0.3"), name="slow")
    slow.start()
    assert stuck.wait(30)
    bench.oms.kill_switch.start()
    wait_until(lambda: not bench.gateway.positions)
    wait_until(lambda: "not answered" in " ".join(bench.oms.kill_switch.view.left))
    assert bench.oms.kill_switch.view.state is KillState.WORKING
    released.set()
    slow.join(30)
    assert ends(bench) is KillState.FLAT
    assert is_flat(bench)


def test_an_order_that_waits_to_be_tried_again_is_given_up(bench):
    bench.gateway.hold("1")
    bench.gateway.plan("submit", TemporarilyRefused(-1008, "Overloaded.", 503))
    placed = []
    slow = threading.Thread(target=lambda: placed.append(bench.buy("0.3")), name="slow")
    slow.start()
    wait_until(lambda: bench.gateway.count("submit") == 1)
    bench.oms.kill_switch.start()
    assert ends(bench) is KillState.FLAT
    slow.join(30)
    assert placed[0].status is OrderStatus.REJECTED
    assert "kill switch" in placed[0].view.reason


def test_an_order_of_unknown_fate_is_waited_for(bench):
    bench.gateway.plan("submit", Loses.BEFORE)
    lost = bench.buy("0.3")
    assert lost.status is OrderStatus.UNKNOWN
    bench.oms.kill_switch.start()
    assert ends(bench) is KillState.FLAT
    assert lost.status is OrderStatus.REJECTED
    assert any("fate is unknown" in " ".join(e.kill.left) for e in bench.log.of(KillChanged))


def test_while_it_works_only_market_orders_that_reduce_go_out(bench):
    order = bench.buy()
    bench.gateway.is_offline = True
    bench.oms.kill_switch.start()
    wait_until(lambda: bench.oms.kill_switch.view.rounds > 1)
    bench.gateway.is_offline = False
    for wish in (
        bench.buy,
        lambda: bench.oms.submit_order("BTCUSDT", "SELL", "LIMIT", 1, 70000, reduce_only=True),
        lambda: bench.oms.guard.check_algo(
            PlaceAlgo(symbol="BTCUSDT", side=Side.SELL, type=OrderType.STOP_MARKET,
                      trigger_price=D(1), close_position=True), BTC),
    ):  # fmt: skip
        with pytest.raises(OrderNotAllowed, match="kill switch is working"):
            wish()
    bench.oms.submit_order("BTCUSDT", "SELL", "MARKET", "0.1", reduce_only=True)
    assert ends(bench) is KillState.FLAT
    assert order.status is OrderStatus.CANCELED
    bench.buy()


def test_flatten_ends_one_symbol_and_leaves_the_others(bench):
    bench.buy()
    other = bench.oms.submit_order("ETHUSDT", "BUY", "LIMIT", "1", "60000")
    bench.oms.kill_switch.start("BTCUSDT")
    assert bench.oms.kill_switch.why_halted("ETHUSDT") == ""
    assert ends(bench) is KillState.FLAT
    assert other.status is OrderStatus.NEW
    assert bench.oms.kill_switch.view.symbols == ("BTCUSDT",)


def test_kill_widens_a_flatten_that_runs(bench):
    bench.buy()
    other = bench.oms.submit_order("ETHUSDT", "BUY", "LIMIT", "1", "60000")
    bench.gateway.is_offline = True
    bench.oms.kill_switch.start("BTCUSDT")
    wait_until(lambda: bench.oms.kill_switch.view.rounds > 1)
    bench.oms.kill_switch.start("ETHUSDT")
    bench.oms.kill_switch.start()
    bench.gateway.is_offline = False
    assert ends(bench) is KillState.FLAT
    assert other.status is OrderStatus.CANCELED
    assert bench.oms.kill_switch.view.symbols == ()


def test_told_to_stop_it_says_what_is_left(bench):
    bench.buy()
    bench.gateway.hold("1.5")
    bench.gateway.plan("cancel_all", *[DOWN] * 50)
    bench.gateway.plan("submit", *[DOWN] * 50)
    bench.oms.kill_switch.start()
    wait_until(lambda: bench.oms.kill_switch.view.rounds > 1)
    bench.oms.kill_switch.stop()
    assert ends(bench) is KillState.LEFT_OVER
    view = bench.oms.kill_switch.view
    assert view.left == ("1 order of BTCUSDT", "1.5 BTCUSDT long")
    assert "1.5 BTCUSDT long" in view.sentence
    assert "kill.left_over" in bench.log.alert_codes()


def test_stopped_when_it_was_flat_already_it_says_flat(bench):
    bench.gateway.plan("open_orders", *[DOWN] * 2)
    bench.oms.kill_switch.start()
    wait_until(lambda: bench.oms.kill_switch.view.rounds > 1)
    bench.oms.kill_switch.stop()
    assert ends(bench) in (KillState.FLAT, KillState.LEFT_OVER)


def test_it_starts_again_after_it_has_ended(bench):
    bench.oms.kill_switch.start()
    assert ends(bench) is KillState.FLAT
    bench.buy()
    bench.oms.kill_switch.start()
    wait_until(lambda: not bench.gateway.get_book_orders())
    assert ends(bench) is KillState.FLAT


def test_started_again_while_it_gives_up_it_goes_on(bench):
    bench.buy()
    bench.gateway.plan("cancel_all", *[DOWN] * 3)
    bench.oms.kill_switch.start()
    wait_until(lambda: bench.gateway.count("cancel_all") == 2)
    bench.gateway.plan("open_algos", bench.oms.kill_switch.start)
    bench.oms.kill_switch.stop()
    wait_until(lambda: bench.gateway.count("cancel_all") == 3)
    assert ends(bench) is KillState.FLAT
    assert is_flat(bench)


def test_an_order_from_before_does_not_go_out_after_it(bench, monkeypatch):
    """It waited for its symbol's turn while the kill switch came and went."""
    sender, is_there = bench.oms._desk.sender, threading.Event()
    really_turn = sender.turn
    refusals: list[str] = []

    def turn(symbol: str) -> AbstractContextManager[None]:
        is_there.set()
        return really_turn(symbol)

    def place() -> None:
        refusals.append(bench.buy("0.3").view.reason)

    slow = threading.Thread(target=place, name="slow")
    with really_turn("BTCUSDT"):
        monkeypatch.setattr(sender, "turn", turn)
        slow.start()
        assert is_there.wait(30)
        bench.oms.kill_switch.start()
        assert ends(bench) is KillState.FLAT
    slow.join(30)
    assert len(refusals) == 1
    assert "started after this was asked for" in refusals[0]
    assert bench.gateway.orders == {}


def test_a_conditional_order_that_waits_to_be_tried_again_is_given_up(bench):
    bench.gateway.plan("place_algo", TemporarilyRefused(-1008, "Overloaded.", 503))
    placed = []

    def place() -> None:
        placed.append(bench.oms.algos.place_algo("BTCUSDT", "BUY", "STOP_MARKET", 1, 70_000))

    slow = threading.Thread(target=place, name="slow")
    slow.start()
    wait_until(lambda: bench.gateway.count("place_algo") == 1)
    bench.oms.kill_switch.start()
    assert ends(bench) is KillState.FLAT
    slow.join(30)
    assert "kill switch" in placed[0].view.reason


def test_a_failure_of_its_own_is_said_and_handed_on(bench):
    crashes: list[str] = []
    bench.oms.kill_switch._on_crash = lambda thread, _error: crashes.append(thread)

    def breaks() -> None:
        raise ValueError("for the test")

    bench.gateway.plan("open_algos", breaks)
    bench.oms.kill_switch.start()
    assert bench.oms.kill_switch.join(30)
    assert crashes == ["kill"]
    assert "Close your positions at the exchange" in bench.oms.kill_switch.view.sentence
    bench.oms.kill_switch._on_crash = None
    bench.gateway.plan("open_algos", breaks)
    bench.oms.kill_switch.start()
    assert bench.oms.kill_switch.join(30)


def test_stopping_what_never_ran_does_nothing():
    bench = OmsBench()
    bench.oms.kill_switch.stop()
    bench.oms.close()
    assert bench.oms.join(0)


def test_closing_ends_it_and_takes_no_more(bench):
    bench.buy()
    bench.gateway.is_offline = True
    bench.oms.kill_switch.start()
    wait_until(lambda: bench.oms.kill_switch.view.rounds > 1)
    bench.oms.close()
    assert bench.oms.join(30)
    assert bench.oms.kill_switch.view.state is KillState.LEFT_OVER
    with pytest.raises(ShuttingDown):
        bench.oms.kill_switch.start()
    bench.oms.kill_switch.stop()


def test_a_gateway_that_closes_ends_it(bench):
    bench.gateway.hold("1")
    bench.gateway.plan("open_algos", ShuttingDown("Closing."))
    bench.oms.kill_switch.start()
    assert ends(bench) is KillState.LEFT_OVER


def test_contracts_that_cannot_be_read_do_not_stop_it(bench):
    bench.gateway.hold("1.5")

    def unreadable():
        raise DOWN

    object.__setattr__(bench.oms._desk, "instruments", unreadable)
    bench.oms.kill_switch.start()
    assert ends(bench) is KillState.FLAT
