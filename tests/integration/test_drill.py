"""The drill itself: honest sessions come out clean, and builds broken on purpose are caught."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from engine.__main__ import main
from engine.drill.drill_brackets import EnterBracket
from engine.drill.drill_command import run_drill
from engine.drill.drill_faults import KINDS, TRADER, PlannedFault
from engine.drill.drill_floor import DrillFloor
from engine.drill.drill_judge import Verdict
from engine.drill.drill_plans import StartPlan
from engine.drill.drill_run import SessionResult, run_session
from engine.drill.drill_session import (
    Counter,
    Fault,
    KillAll,
    Place,
    Session,
    Step,
    plan_session,
)
from engine.drill.drill_stops import PlaceStop
from engine.errors import OutcomeUnknown
from engine.events import AlgoUpdate, Event, StreamStateChanged
from engine.journal.journal_writer import JournalWriter
from engine.oms.algo_placing import AlgoPlacing
from engine.oms.kill_plan import Standing
from engine.oms.kill_switch import KillSwitch
from engine.oms.order_fills import OrderFills
from engine.oms.order_manager import OrderManager
from engine.oms.order_sender import OrderSender
from engine.paper.fault_kinds import KINDS as PLAYABLE
from engine.paper.fault_script import rule_from
from engine.plans.plan_models import End
from engine.protection_commands import PlaceAlgo
from engine.trading_types import OrderType, PlanKind, PlanState, Side
from engine.utils.child_program import ChildProgram
from engine.views import FillView

pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
def _untraced_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """A coverage run's tracer would slow the exchange and the victims down threefold."""
    for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def floor() -> Iterator[DrillFloor]:
    floor = DrillFloor()
    yield floor
    floor.close()


def first_failure(floor: DrillFloor, seeds: Sequence[int]) -> Verdict:
    """Of the first of `seeds` that fails; a clean verdict when none does."""
    for seed in seeds:
        verdict = run_session(seed, floor).verdict
        if not verdict.is_clean:
            return verdict
    return Verdict()


def living(count: int) -> list[int]:
    """Seeds without a kill: a broken build is patched into this process only."""
    seeds = (seed for seed in itertools.count() if plan_session(seed).killed_after_s is None)
    return list(itertools.islice(seeds, count))


_LINGER_S = 1.0  # plans of a script have so long to place what they place


def played(
    steps: tuple[Step, ...], floor: DrillFloor, monkeypatch: pytest.MonkeyPatch
) -> SessionResult:
    """A session that is written here instead of drawn from a seed."""
    session = Session(seed=0, steps=steps, lingers_s=_LINGER_S)
    monkeypatch.setattr("engine.drill.drill_run.plan_session", lambda _seed: session)
    return run_session(0, floor)


def lost_answer(path: str) -> Fault:
    """The next request to place something is carried out, and its answer lost."""
    when = {"path": path, "method": "POST", "account": TRADER}
    return Fault(PlannedFault({"fault": "reply_lost", "acted": True, "when": when}))


# --- the plan -----------------------------------------------------------------------------


def test_a_seed_makes_the_same_session_again() -> None:
    assert plan_session(7) == plan_session(7)
    assert plan_session(7) != plan_session(8)


def test_every_planned_fault_is_one_that_the_exchange_can_play() -> None:
    planned = [fault for seed in range(400) for fault in plan_session(seed).faults]
    for fault in planned:
        rule_from(fault.rule)
    assert {fault.kind for fault in planned} == set(KINDS)
    # limits and crash are told in drill_faults; the book is no business of an account, and an
    # order that is cancelled and placed anew is another one than the session planned; a cut
    # line keeps the session's other hands away, too; a refusal for no reason and an order's
    # event that nobody can know are nothing that a venue does
    spared = {"limits_nearly_full", "crash", "depth_gap", "amend_limit", "line_cut"}
    spared |= {"refused", "event_renamed"}
    assert set(PLAYABLE) - set(KINDS) == spared


def test_every_tenth_session_is_killed_and_all_of_them_trade() -> None:
    sessions = [plan_session(seed) for seed in range(100)]
    assert sum(session.killed_after_s is not None for session in sessions) == 10
    assert all(any(isinstance(s, Place) for s in session.steps) for session in sessions)


# --- honest builds ------------------------------------------------------------------------


def test_forty_sessions_with_faults_and_kills_lose_and_double_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(["drill", "--seeds", "40", "--seed", "200", "--json"])
    lines = capsys.readouterr().out.splitlines()
    report = msgspec.json.decode(lines[-1])
    assert lines[:-1] == []
    assert list(report) == [
        *("seeds", "orders", "faults", "kills"),
        *("lost", "duplicated", "wrong_state", "hung"),
        "longest_unprotected_ms",
    ]
    assert (report["seeds"], report["kills"]) == (40, 4)
    assert report["orders"] > 150
    assert report["faults"] > 20
    assert code == 0


def test_a_process_that_ended_before_it_traded_is_no_kill(
    floor: DrillFloor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.drill.drill_run.DRILL_VICTIM", ChildProgram("--none", "this"))
    seed = next(seed for seed in itertools.count() if plan_session(seed).killed_after_s is not None)
    assert run_session(seed, floor).verdict.hung == (
        "the process that was to be killed did not trade",
    )


def test_what_ends_a_worker_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_seed: int, _floor: DrillFloor) -> Any:
        raise OutcomeUnknown("for the test")

    monkeypatch.setattr("engine.drill.drill_command.run_session", fails)
    with pytest.raises(OutcomeUnknown):
        run_drill([1], 1, lambda _: None)


# --- builds broken on purpose ------------------------------------------------------------


def test_a_build_that_skips_the_journal_is_caught(
    floor: DrillFloor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JournalWriter, "record_intent", lambda *_: None)
    verdict = first_failure(floor, living(2))
    assert any("is not in the journal" in what for what in verdict.lost)


def test_a_build_that_sends_again_after_a_time_out_is_caught(
    floor: DrillFloor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # at market: only an order that has ended leaves its id free, so that a second one is taken
    market = Place(slot=0, symbol="BTCUSDT", side=Side.BUY, type=OrderType.MARKET, lots=1)
    script = (lost_answer("/fapi/v1/order"), market)
    result = played(script, floor, monkeypatch)
    assert result.verdict.is_clean
    assert result.faults == ("reply_lost",)
    honest = OrderSender._send_with_retries

    def sends_again(self: OrderSender, symbol: str, request: Any, _is_wanted: Any) -> Any:
        try:
            return honest(self, symbol, request, lambda: True)
        except OutcomeUnknown:
            return honest(self, symbol, request, lambda: True)

    monkeypatch.setattr(OrderSender, "_send_with_retries", sends_again)
    verdict = played(script, floor, monkeypatch).verdict
    assert any("2 orders at the exchange" in what for what in verdict.duplicated)


def test_a_build_that_places_a_stop_again_after_a_time_out_is_caught(
    floor: DrillFloor, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = PlaceStop(
        slot=0, symbol="BTCUSDT", side=Side.SELL, type=OrderType.STOP_MARKET, lots=1, offset=400
    )
    script = (lost_answer("/fapi/v1/algoOrder"), far)
    result = played(script, floor, monkeypatch)
    assert result.verdict.is_clean
    assert result.faults == ("reply_lost",)
    honest = AlgoPlacing._request

    def asks_again(self: AlgoPlacing, command: PlaceAlgo) -> AlgoUpdate:
        try:
            return honest(self, command)
        except OutcomeUnknown:  # under another id: the first one might be taken
            return honest(self, replace(command, client_algo_id=f"{command.client_algo_id}2"))

    monkeypatch.setattr(AlgoPlacing, "_request", asks_again)
    monkeypatch.setattr("engine.drill.drill_run._QUIET_S", 2.0)  # it would never come to rest
    verdict = played(script, floor, monkeypatch).verdict
    assert any("was sent and is not in the journal" in what for what in verdict.lost)


def test_a_build_whose_stopped_plan_leaves_its_orders_is_caught(
    floor: DrillFloor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ladder = StartPlan(
        slot=0,
        kind=PlanKind.SCALED,
        symbol="BTCUSDT",
        side=Side.BUY,
        lots_each=1,
        count=3,
        offset=40,
        gap=2,
    )
    assert played((ladder,), floor, monkeypatch).verdict.is_clean
    monkeypatch.setattr(
        "engine.plans.plan_steps._stopping_step",
        lambda plan, _sight: End(PlanState.STOPPED, plan.reason),
    )
    verdict = played((ladder,), floor, monkeypatch).verdict
    assert any("of its orders still work" in what for what in verdict.wrong_state)


def test_a_build_whose_refused_stop_leaves_a_position_open_is_caught(
    floor: DrillFloor, monkeypatch: pytest.MonkeyPatch
) -> None:
    bracket = EnterBracket(
        slot=0, symbol="BTCUSDT", side=Side.BUY, lots=2, offset=None, stop=1, target=None
    )
    refused = Fault(
        PlannedFault(
            {
                "fault": "trigger_refused",
                "account": TRADER,
                "when": {"trigger": "time", "after_s": 0.0},
            }
        )
    )
    script = (refused, bracket, Counter("BTCUSDT", Side.SELL, 1))
    result = played(script, floor, monkeypatch)
    assert result.verdict.is_clean
    assert result.faults == ("trigger_refused",)
    monkeypatch.setattr("engine.oms.bracket_outcomes._closing", lambda bracket, _why: bracket)
    monkeypatch.setattr("engine.drill.drill_run._QUIET_S", 2.0)  # it would never come to rest
    verdict = played(script, floor, monkeypatch).verdict
    assert any("is unprotected" in what for what in verdict.hung)


def test_a_build_that_drops_one_event_in_a_thousand_is_caught(
    floor: DrillFloor, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = OrderManager.on_event
    numbers = itertools.count(800)  # the first is dropped soon: the suite is in a hurry

    def drops(self: OrderManager, event: Event) -> None:
        if isinstance(event, StreamStateChanged) or next(numbers) % 1000:
            honest(self, event)

    monkeypatch.setattr(OrderManager, "on_event", drops)
    verdict = first_failure(floor, living(60))
    # what is seen first depends on which event it was: its absence, or a state that differs
    assert verdict.wrong_state or verdict.lost


def test_a_build_that_applies_a_fill_twice_is_caught(
    floor: DrillFloor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take(self: OrderFills, fill: FillView) -> bool:
        self._ids.add(fill.trade_id)
        self.quantity += fill.quantity
        self.quote += fill.quantity * fill.price
        return True

    def take_from(honest: Callable[..., Any]) -> Callable[..., Any]:
        def forgets(self: OrderFills, update: Any, client_order_id: str) -> Any:
            self._ids.discard(update.trade_id)
            return honest(self, update, client_order_id)

        return forgets

    monkeypatch.setattr(OrderFills, "take", take)
    monkeypatch.setattr(OrderFills, "take_from", take_from(OrderFills.take_from))
    verdict = first_failure(floor, living(60))
    assert verdict.duplicated or verdict.wrong_state


def test_a_kill_switch_that_only_claims_to_be_flat_is_caught(
    floor: DrillFloor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KillSwitch, "_act", lambda _self, _standing, _pool: "")
    monkeypatch.setattr(KillSwitch, "_read", lambda _self, _scope: (Standing(is_proven=True), ""))
    pulled = [
        seed
        for seed in living(120)
        if any(isinstance(step, KillAll) for step in plan_session(seed).steps)
    ]
    verdict = first_failure(floor, pulled)
    assert any("after the kill switch" in sentence for sentence in verdict.wrong_state)
