"""Whose turn it is: matches, counts, times, draws and the log, on a clock moved by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.clock import FakeClock
from engine.paper.fault_events import EventTamper
from engine.paper.fault_kinds import Trigger
from engine.paper.fault_script import Target, script_from
from engine.paper.faults import FaultBook, FaultLog, Play
from engine.paper.paper_events import UserEvent
from engine.paper.paper_streams import StreamConnection, StreamHub

ORDER = Target(door="rest", method="POST", path="/fapi/v1/order", account="first")
TIME = Target(door="rest", method="GET", path="/fapi/v1/time")


class Bench:
    def __init__(self, path: Path | None = None) -> None:
        self.clock = FakeClock()
        self.book = FaultBook(self.clock, FaultLog(path), seed=1)

    def add(self, *rules: dict[str, Any], seed: int | None = None) -> list[int]:
        return self.book.add(script_from({"rules": list(rules), "seed": seed}))

    def ask(self, target: Target = ORDER) -> list[str]:
        return [play.fault for play in self.book.on(Trigger.REQUEST, target)]

    def asked(self, times: int) -> list[bool]:
        return [bool(self.ask()) for _ in range(times)]


def when(fault: str, **fields: Any) -> dict[str, Any]:
    return {"fault": fault, "when": fields}


def test_nth_match_is_the_first_and_count_the_number_of_plays() -> None:
    bench = Bench()
    bench.add(when("reply_lost", method="POST", nth=2, count=2))
    assert bench.ask(TIME) == []
    assert bench.asked(5) == [False, True, True, False, False]
    assert not bench.book.watches_requests


def test_count_nought_has_no_end() -> None:
    bench = Bench()
    bench.add(when("reply_lost", count=0))
    assert all(bench.asked(100))
    assert bench.book.watches_requests


def test_rule_begins_after_its_time_and_ends_for_good() -> None:
    bench = Bench()
    bench.add(when("reply_lost", count=0, after_s=1, for_s=2))
    assert bench.asked(1) == [False]
    bench.clock.advance(1)
    assert bench.asked(1) == [True]
    bench.clock.advance(2)
    assert bench.asked(1) == [False]
    assert bench.book.due() == []
    assert not bench.book.watches_requests


def test_wall_clock_that_jumps_does_not_move_rules() -> None:
    bench = Bench()
    bench.add(when("reply_lost", after_s=10))
    bench.clock.jump_wall_clock(3600)
    assert bench.asked(1) == [False]


def test_draws_repeat_with_the_seed_and_differ_without() -> None:
    rule = when("reply_lost", count=0, probability=0.5)
    drawn = []
    for seed in (3, 3, 4):
        bench = Bench()
        bench.add(rule, seed=seed)
        drawn.append(bench.asked(64))
    assert drawn[0] == drawn[1] != drawn[2]
    assert 10 < sum(drawn[0]) < 54


def test_same_script_after_clearing_plays_the_same_again() -> None:
    bench = Bench()
    rule = when("reply_lost", count=0, probability=0.5)
    numbers = bench.add(rule, seed=3)
    first = bench.asked(64)
    bench.book.clear()
    assert bench.add(rule, seed=3) != numbers
    assert bench.asked(64) == first


def test_one_fault_takes_the_reply_and_others_may_join_it() -> None:
    bench = Bench()
    bench.add(
        when("reply_lost"),
        when("reply_late"),
        when("order_hidden"),
        when("disconnect", trigger="request"),
    )
    assert bench.ask() == ["reply_lost", "order_hidden", "disconnect"]
    assert bench.ask() == ["reply_late"]


@pytest.mark.parametrize(
    ("fields", "plays"),
    [
        ({"door": "orders"}, False),
        ({"door": "rest"}, True),
        ({"path": "/fapi/v1/ord*"}, True),
        ({"path": "/fapi/v1/listenKey"}, False),
        ({"account": "second"}, False),
        ({"symbol": "BTCUSDT"}, True),
        ({"symbol": "ETHUSDT"}, False),
        ({"client_order_id": "pd-*"}, True),
        ({"client_order_id": "pd-2"}, False),
    ],
)
def test_every_field_of_a_rule_must_match(fields: dict[str, str], plays: bool) -> None:
    bench = Bench()
    bench.add(when("reply_lost", **fields))
    target = Target(
        door="rest",
        method="POST",
        path="/fapi/v1/order",
        account="first",
        symbol="BTCUSDT",
        client_order_id="pd-1",
    )
    assert bool(bench.ask(target)) is plays


def test_depth_gap_leaves_other_events_alone() -> None:
    bench = Bench()
    bench.add({"fault": "depth_gap"})
    trade = Target(route="public", stream="btcusdt@trade", event="trade")
    depth = Target(route="public", stream="btcusdt@depth", event="depthUpdate")
    assert bench.book.on(Trigger.EVENT, trade) == []
    assert len(bench.book.on(Trigger.EVENT, depth)) == 1


def test_fault_at_a_time_is_played_once_when_due() -> None:
    bench = Bench()
    bench.add(when("day_over", after_s=5))
    assert bench.book.due() == []
    bench.clock.advance(5)
    assert [play.fault for play in bench.book.due()] == ["day_over"]
    assert bench.book.due() == []
    assert bench.book.rules == []


def test_wrong_clock_lasts_as_long_as_its_rule() -> None:
    bench = Bench()
    bench.add({"fault": "clock_skew", "ms": -1500, "when": {"for_s": 10}})
    assert bench.book.skew_ms() == 0
    bench.book.due()
    assert bench.book.skew_ms() == -1500
    bench.clock.advance(10)
    bench.book.due()
    assert bench.book.skew_ms() == 0


def test_log_says_when_which_rule_and_to_whom_and_is_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    bench = Bench(path)
    (number,) = bench.add(when("reply_lost", path="/fapi/v1/order"))
    bench.ask()
    (entry,) = bench.book.log.entries
    assert (entry.number, entry.rule, entry.fault) == (1, number, "reply_lost")
    assert entry.at_ms == bench.clock.now_ms()
    assert entry.target == ORDER
    assert json.loads(path.read_bytes())["target"]["path"] == "/fapi/v1/order"


def test_log_that_cannot_be_written_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(tmp_path)  # a folder
    bench.add(when("reply_lost"))
    assert bench.ask() == ["reply_lost"]
    assert "cannot be written" in caplog.text


# events, without sockets


class Ear:
    """One listener of the first account's events."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.book = FaultBook(self.clock, FaultLog())
        self.hub = StreamHub()
        self.done: list[str] = []
        self.frames: list[bytes] = []
        self.tamper = EventTamper(self.book, self.hub, self.clock, self._do, lambda *_: None)
        connection = StreamConnection(self.hub, "private", combined=False, send=self.frames.append)
        connection.listen("key")
        self.hub.tamper = self.tamper.on_publication

    def _do(self, play: Play) -> None:
        self.done.append(play.fault)

    def tell(self, *numbers: int) -> None:
        for number in numbers:
            payload: dict[str, object] = {"e": "TRADE_LITE", "s": "BTCUSDT", "t": number}
            self.hub.publish_user("key", UserEvent("first", "TRADE_LITE", payload))

    def heard(self) -> list[int]:
        return [json.loads(frame[2:])["t"] for frame in self.frames]


def test_delayed_event_waits_for_the_clock_and_keeps_its_order() -> None:
    ear = Ear()
    ear.book.add(
        script_from({"rules": [{"fault": "event_delayed", "ms": 100, "when": {"count": 2}}]})
    )
    ear.tell(1, 2, 3)
    ear.tamper.flush()
    assert ear.heard() == [3]
    assert ear.tamper.holds
    ear.clock.advance(0.1)
    ear.tamper.flush()
    assert ear.heard() == [3, 1, 2]
    assert not ear.tamper.holds


def test_reordered_event_lets_exactly_one_pass() -> None:
    ear = Ear()
    ear.book.add(script_from({"rules": [{"fault": "event_reordered"}]}))
    ear.tell(1, 2, 3)
    assert ear.heard() == [2, 1, 3]


def test_reordered_event_is_not_lost_when_its_follower_is() -> None:
    ear = Ear()
    rules = [{"fault": "event_reordered"}, {"fault": "event_dropped", "when": {"nth": 1}}]
    ear.book.add(script_from({"rules": rules}))
    ear.tell(1, 2, 3)
    assert ear.heard() == [1, 3]


def test_event_may_set_off_what_is_no_matter_of_one_event() -> None:
    ear = Ear()
    rule = {"fault": "disconnect", "when": {"trigger": "event", "event": "TRADE_LITE"}}
    ear.book.add(script_from({"rules": [rule]}))
    ear.tell(1)
    assert (ear.heard(), ear.done) == ([1], ["disconnect"])
