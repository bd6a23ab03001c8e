from __future__ import annotations

import pytest

from engine.clock import FakeClock
from engine.errors import NotConnected
from engine.exchange.server_time import ServerClock


class Venue:
    """Its clock is `ahead_ms` of ours; each answer takes its share of the delays."""

    def __init__(self, clock: FakeClock, ahead_ms: int, delays: list[tuple[float, float]]) -> None:
        self.clock = clock
        self.ahead_ms = ahead_ms
        self.delays = delays

    def time(self) -> int:
        there, back = self.delays.pop(0)
        self.clock.advance(there)
        now = self.clock.now_ms() + self.ahead_ms
        self.clock.advance(back)
        return now


def test_the_quickest_answer_is_believed() -> None:
    clock = FakeClock()
    server_clock = ServerClock(clock)
    venue = Venue(clock, 2500, [(0.4, 0.0), (0.01, 0.01), (0.0, 0.3)])
    estimate = server_clock.sync(venue.time)
    assert estimate.offset_ms == pytest.approx(2500, abs=1)
    assert estimate.error_ms == pytest.approx(10)
    assert server_clock.now_ms() == clock.now_ms() + 2500


def test_the_truth_lies_within_the_stated_error() -> None:
    clock = FakeClock()
    venue = Venue(clock, -700, [(0.09, 0.01), (0.09, 0.01), (0.09, 0.01)])
    estimate = ServerClock(clock).sync(venue.time)
    assert abs(estimate.offset_ms - -700) <= estimate.error_ms


def test_venue_time_runs_on_when_the_wall_clock_is_set() -> None:
    clock = FakeClock()
    server_clock = ServerClock(clock)
    server_clock.sync(Venue(clock, 0, [(0, 0)] * 3).time)
    before = server_clock.now_ms()
    clock.jump_wall_clock(-3600)
    clock.advance(2)
    assert server_clock.now_ms() == before + 2000


def test_a_measurement_grows_old() -> None:
    clock = FakeClock()
    server_clock = ServerClock(clock)
    assert server_clock.is_stale()
    server_clock.sync(Venue(clock, 0, [(0, 0)] * 3).time)
    assert not server_clock.is_stale()
    clock.advance(1300)
    assert server_clock.is_stale()


def test_a_sleep_is_noticed_once_and_time_goes_on_from_the_wall_clock() -> None:
    clock = FakeClock()
    server_clock = ServerClock(clock)
    server_clock.sync(Venue(clock, 250, [(0, 0)] * 3).time)
    clock.advance(5)
    assert not server_clock.has_jumped()
    clock.jump_wall_clock(3600)
    assert server_clock.has_jumped()
    server_clock.accept_jump()
    assert not server_clock.has_jumped()
    assert server_clock.now_ms() == clock.now_ms() + 250


def test_one_good_probe_is_enough() -> None:
    clock = FakeClock()
    answers = iter([clock.now_ms() + 900])

    def fetch() -> int:
        for answer in answers:
            return answer
        raise NotConnected("down")

    assert ServerClock(clock).sync(fetch).offset_ms == 900


def test_no_probe_leaves_the_old_estimate_and_raises() -> None:
    clock = FakeClock()
    server_clock = ServerClock(clock)
    server_clock.sync(Venue(clock, 400, [(0, 0)] * 3).time)

    def fetch() -> int:
        raise NotConnected("down")

    with pytest.raises(NotConnected):
        server_clock.sync(fetch)
    assert server_clock.estimate is not None
    assert server_clock.estimate.offset_ms == 400
