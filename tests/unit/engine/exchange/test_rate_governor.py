"""Requests that wait for the limits: who goes first, and how the pause is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from engine.clock import FakeClock
from engine.errors import PerpdeskError, RateLimited, ShuttingDown
from engine.events import RateBrake
from engine.exchange.rate_governor import RateGovernor, priority_of
from engine.exchange.rate_limiter import Cost, Limits, Priority, RateLimiter
from engine.wire.endpoints import ENDPOINTS
from tests.helpers.waiting import wait_until

START = 1_790_000_040_000  # on a full minute
ORDER = Cost(0, 1, 1)
FULL = Cost(100)


class Bench:
    """A governor on a clock moved by hand, and threads that ask it."""

    def __init__(self) -> None:
        self.clock = FakeClock(START)
        self.brakes: list[RateBrake] = []
        self.governor = RateGovernor(
            RateLimiter(Limits(weight_1m=100, orders_10s=5, orders_1m=20)),
            self.clock,
            self.clock.now_ms,
            self.brakes.append,
        )
        self.through: list[str] = []
        self.errors: dict[str, PerpdeskError] = {}
        self._threads: list[threading.Thread] = []

    def spend(self, cost: Cost, priority: Priority = Priority.CANCEL) -> None:
        self.governor.acquire(cost, priority, 0.0)
        self.governor.settle(cost, {})

    def ask(self, name: str, cost: Cost, priority: Priority, longest_s: float = 300.0) -> None:
        """On a thread of its own; returns when it waits, is through or has failed."""

        def run() -> None:
            try:
                self.governor.acquire(cost, priority, longest_s)
                self.through.append(name)
                self.governor.settle(cost, {})
            except PerpdeskError as error:
                self.errors[name] = error

        waiting = self.waiting
        thread = threading.Thread(target=run, name=name)
        self._threads.append(thread)
        thread.start()
        wait_until(lambda: self.waiting > waiting or name in self.through or name in self.errors)

    @property
    def waiting(self) -> int:
        return len(self.governor._waiting)

    def close(self) -> None:
        self.governor.close()
        for thread in self._threads:
            thread.join(30)


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


def test_a_waiting_cancel_overtakes_a_waiting_query(bench: Bench) -> None:
    bench.spend(FULL)
    bench.ask("market data", Cost(60), Priority.MARKET)
    bench.ask("query", Cost(60), Priority.QUERY)
    bench.ask("cancel", Cost(60), Priority.CANCEL)
    bench.clock.advance(60)
    wait_until(lambda: bench.through)
    bench.clock.advance(60)
    wait_until(lambda: len(bench.through) == 2)
    bench.clock.advance(60)
    wait_until(lambda: len(bench.through) == 3)
    assert bench.through == ["cancel", "query", "market data"]


def test_of_two_alike_the_first_goes_first(bench: Bench) -> None:
    bench.spend(FULL)
    for name in ("first", "second"):
        bench.ask(name, Cost(60), Priority.QUERY)
    bench.clock.advance(60)
    wait_until(lambda: bench.through)
    assert bench.through == ["first"]


def test_a_newcomer_does_not_take_what_a_more_urgent_one_waits_for(bench: Bench) -> None:
    bench.spend(Cost(50))
    bench.ask("cancel", Cost(60), Priority.CANCEL)
    bench.ask("query", Cost(1), Priority.QUERY)
    assert bench.through == []


def test_a_cancel_that_fits_passes_a_query_that_waits(bench: Bench) -> None:
    bench.spend(Cost(80))
    bench.ask("query", Cost(5), Priority.QUERY)
    bench.ask("cancel", Cost(5), Priority.CANCEL)
    assert bench.through == ["cancel"]


def test_an_order_that_waits_for_the_order_pool_holds_back_no_query(bench: Bench) -> None:
    for _ in range(4):
        bench.spend(ORDER, Priority.PLACE)
    bench.ask("order", ORDER, Priority.PLACE)
    bench.ask("query", Cost(5), Priority.QUERY)
    bench.ask("reduce", ORDER, Priority.CANCEL)
    assert bench.through == ["query", "reduce"]


def test_a_header_that_says_less_lets_the_waiting_go(bench: Bench) -> None:
    bench.spend(Cost(79))
    bench.governor.acquire(Cost(1), Priority.QUERY, 0.0)
    bench.ask("query", Cost(5), Priority.QUERY)
    assert bench.through == []
    bench.governor.settle(Cost(1), {"x-mbx-used-weight-1m": "3"})
    wait_until(lambda: bench.through == ["query"])


def test_who_cannot_go_in_time_is_told_at_once_and_how_long_it_would_take(bench: Bench) -> None:
    bench.spend(FULL)
    with pytest.raises(RateLimited, match="Nothing was sent") as caught:
        bench.governor.acquire(Cost(1), Priority.CANCEL, 2.0)
    assert caught.value.retry_after_s == 60.0


def test_who_waits_behind_others_gives_up_in_time(bench: Bench) -> None:
    bench.spend(FULL)
    bench.ask("cancel", Cost(1), Priority.CANCEL)
    bench.ask("query", Cost(1), Priority.QUERY, longest_s=10.0)
    bench.clock.advance(11)
    wait_until(lambda: "query" in bench.errors)
    assert isinstance(bench.errors["query"], RateLimited)
    assert bench.waiting == 1


def test_a_brake_is_counted_down_and_its_end_is_told(bench: Bench) -> None:
    bench.governor.brake(3.0, "The exchange asked for a pause.")
    for _ in range(8):
        bench.clock.advance(0.5)
        bench.governor.tell_brake()
    assert [brake.seconds_left for brake in bench.brakes] == [3, 2, 1, 0]
    assert bench.brakes[0].sentence.startswith("The exchange asked for a pause.")
    assert "sent again" in bench.brakes[-1].sentence
    assert {brake.latest_key() for brake in bench.brakes} == {"brake"}


def test_a_brake_stops_cancels_too_and_lets_them_go_first(bench: Bench) -> None:
    bench.governor.brake(5.0, "pause")
    bench.ask("query", Cost(90), Priority.QUERY)
    bench.ask("cancel", Cost(90), Priority.CANCEL)
    assert bench.through == []
    bench.clock.advance(5)
    wait_until(lambda: bench.through)
    assert bench.through == ["cancel"]


def test_close_ends_every_wait(bench: Bench) -> None:
    bench.spend(FULL)
    bench.ask("query", Cost(5), Priority.QUERY)
    bench.governor.close()
    wait_until(lambda: bench.errors)
    assert isinstance(bench.errors["query"], ShuttingDown)
    with pytest.raises(ShuttingDown):
        bench.governor.acquire(Cost(1), Priority.CANCEL, 1.0)


@pytest.mark.parametrize(
    ("name", "priority"),
    [
        ("cancel_order", Priority.CANCEL),
        ("cancel_all_algo", Priority.CANCEL),
        ("time", Priority.CANCEL),
        ("place_order", Priority.PLACE),
        ("place_algo", Priority.PLACE),
        ("query_order", Priority.QUERY),
        ("create_listen_key", Priority.QUERY),
        ("klines", Priority.MARKET),
        ("exchange_info", Priority.MARKET),
    ],
)
def test_every_call_has_its_rank(name: str, priority: Priority) -> None:
    assert priority_of(ENDPOINTS[name]) is priority
