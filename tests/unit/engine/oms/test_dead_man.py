"""The dead-man switch is renewed in time, and says so when it is not."""

from __future__ import annotations

import pytest

from engine.clock import FakeClock
from engine.errors import BadInput, NotConnected, ShuttingDown
from engine.events import Alert
from engine.events.protection import DeadManChanged
from engine.oms.dead_man import DeadMan
from tests.helpers.fake_gateway import FakeGateway
from tests.helpers.oms_bench import EventLog

DOWN = NotConnected("The exchange cannot be reached.")


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.gateway = FakeGateway(self.clock)
        self.log = EventLog()
        self.dead_man = DeadMan(self.gateway, self.clock, self.log.publish)

    def after(self, seconds: float) -> int:
        """Let time pass; how often the exchange has been told in all."""
        self.clock.advance(seconds)
        self.dead_man.tick(self.clock.monotonic())
        return self.gateway.count("countdown")


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_it_is_renewed_every_quarter(bench):
    view = bench.dead_man.set("BTCUSDT", 120)
    assert "for 120 s" in view.sentence
    assert "also those placed elsewhere" in view.sentence
    assert "Positions stay" in view.sentence
    assert bench.after(29) == 1
    assert bench.after(1) == 2
    assert bench.after(30) == 3
    assert len(bench.log.of(DeadManChanged)) == 3
    assert [view.symbol for view in bench.dead_man.views()] == ["BTCUSDT"]


def test_each_symbol_has_its_own(bench):
    bench.dead_man.set("BTCUSDT", 120)
    bench.dead_man.set("ETHUSDT", 8)
    bench.after(2)
    assert bench.gateway.calls[-1] == ("countdown", "ETHUSDT")
    assert bench.gateway.count("countdown") == 3


def test_off_is_told_to_the_exchange_and_is_renewed_no_more(bench):
    bench.dead_man.set("BTCUSDT", 120)
    assert "is off" in bench.dead_man.set("BTCUSDT", 0).sentence
    assert bench.after(100) == 2
    assert bench.dead_man.views() == []
    assert bench.log.of(DeadManChanged)[-1].dead_man.countdown_s == 0


def test_a_failed_renewal_alerts_with_the_time_left_and_is_tried_again(bench):
    bench.dead_man.set("BTCUSDT", 120)
    bench.gateway.plan("countdown", DOWN, DOWN)
    bench.after(30)
    (alert,) = bench.log.of(Alert)
    assert alert.code == "dead_man.not_renewed"
    assert "in 90 s" in alert.sentence
    bench.after(14)
    assert len(bench.log.of(Alert)) == 1
    bench.after(1)
    assert "in 75 s" in bench.log.of(Alert)[-1].sentence
    assert bench.after(15) == 4
    assert len(bench.log.of(Alert)) == 2


def test_too_late_is_said_too(bench):
    bench.dead_man.set("BTCUSDT", 10)
    bench.gateway.plan("countdown", DOWN)
    bench.after(11)
    assert "now, or has done so" in bench.log.of(Alert)[-1].sentence


def test_a_refusal_changes_nothing(bench):
    bench.gateway.plan("countdown", DOWN)
    with pytest.raises(NotConnected):
        bench.dead_man.set("BTCUSDT", 120)
    assert bench.dead_man.views() == []
    assert bench.after(100) == 1


def test_closing_is_no_failure(bench):
    bench.dead_man.set("BTCUSDT", 120)
    bench.gateway.plan("countdown", ShuttingDown("Closing."))
    bench.after(30)
    assert bench.log.of(Alert) == []


@pytest.mark.parametrize(("countdown_s", "fix"), [(4, "5"), (-1, "5"), (90_000, "86400")])
def test_a_countdown_out_of_range_is_refused_with_one_that_passes(bench, countdown_s, fix):
    with pytest.raises(BadInput) as refused:
        bench.dead_man.set("BTCUSDT", countdown_s)
    assert refused.value.fix == fix
    assert bench.gateway.calls == []
