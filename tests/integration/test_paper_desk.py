"""What a person does to the paper exchange itself, and how the engine takes it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import pytest

from engine.config import Config
from engine.events import (
    Alert,
    CommandDone,
    CommandRefused,
    EngineStateChanged,
    Event,
    StreamStateChanged,
)
from engine.events.paper import FaultPlayed, PaperChanged, PaperWasReset, ReplayFileRead
from engine.paper_commands import (
    CancelReplayFile,
    EndFaults,
    KillPaper,
    PaperCommand,
    PlayFault,
    ResetPaper,
    RestartPaper,
    SetPaperMarket,
    SetReplay,
    WatchPaper,
)
from engine.trading_engine import TradingEngine
from engine.trading_types import EngineState, OrderStatus, PaperMarketKind, Route, StreamState
from engine.utils.mailbox import Mailbox
from tests.helpers.trade_files import FIRST_MS, STEP_MS, write_trades
from tests.helpers.waiting import wait_until

D = Decimal
LOST = StreamState.DISCONNECTED
E = TypeVar("E", bound=Event)
_PATIENCE_S = 40.0  # a busy machine starts an exchange slowly


class Ears:
    def __init__(self, engine: TradingEngine) -> None:
        self._box: Mailbox[Event] = engine.hub.attach(Mailbox())
        self._heard: list[Event] = []

    def of(self, kind: type[E]) -> list[E]:
        self._heard += self._box.drain()
        return [event for event in self._heard if isinstance(event, kind)]

    def wait(self, kind: type[E], condition: Callable[[E], object] = lambda _: True) -> E:
        wait_until(lambda: any(condition(e) for e in self.of(kind)), _PATIENCE_S, kind.__name__)
        return next(e for e in self.of(kind) if condition(e))

    def done(self, command: PaperCommand) -> CommandDone:
        return self.wait(CommandDone, lambda done: done.command is command)

    def refused(self, command: PaperCommand) -> CommandRefused:
        return self.wait(CommandRefused, lambda refused: refused.command is command)


@pytest.fixture
def ears(engine: TradingEngine) -> Ears:
    return Ears(engine)


def wait_until_live(engine: TradingEngine) -> None:
    wait_until(lambda: engine.state is EngineState.LIVE, _PATIENCE_S)


def test_a_lost_answer_is_played_once_told_and_resolved(engine: TradingEngine, ears: Ears) -> None:
    engine.submit(WatchPaper(is_on=True))
    ears.wait(PaperChanged, lambda change: change.paper.is_ours and change.paper.is_running)
    placing: dict[str, int | float | str] = {"method": "POST", "path": "/fapi/v1/order"}
    lost = PlayFault(fault="reply_lost", values={"acted": True}, when=placing)
    engine.submit(lost)
    ears.done(lost)
    order = engine.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.1", "60000")
    wait_until(lambda: order.status is OrderStatus.NEW, _PATIENCE_S)
    played = ears.wait(FaultPlayed)
    assert played.fault == "reply_lost"
    assert "reply_lost" in played.sentence


def test_a_cut_line_loses_the_streams_and_they_come_back(engine: TradingEngine, ears: Ears) -> None:
    cut = PlayFault(fault="line_cut", when={"for_s": 2})
    engine.submit(cut)
    ears.done(cut)
    ears.wait(StreamStateChanged, lambda c: (c.route, c.state) == (Route.PRIVATE, LOST))
    ears.wait(EngineStateChanged, lambda change: change.gap_s is not None)
    wait_until_live(engine)


def test_faults_in_force_are_shown_and_end_on_demand(engine: TradingEngine, ears: Ears) -> None:
    late = PlayFault(fault="reply_late", values={"ms": 1}, when={"path": "/fapi/v1/order"})
    engine.submit(late)
    shown = ears.wait(PaperChanged, lambda change: change.paper.faults)
    assert [fault.fault for fault in shown.paper.faults] == ["reply_late"]
    ending = EndFaults()
    engine.submit(ending)
    ears.done(ending)
    ears.wait(PaperChanged, lambda change: not change.paper.faults)


def test_a_fault_that_does_not_exist_is_refused_in_words(engine: TradingEngine, ears: Ears) -> None:
    wrong = PlayFault(fault="earthquake")
    engine.submit(wrong)
    assert "earthquake" in ears.refused(wrong).sentence


def test_a_killed_exchange_stays_away_without_alarm_and_comes_back_with_its_orders(
    engine: TradingEngine, ears: Ears
) -> None:
    order = engine.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.1", "60000")
    killing = KillPaper()
    engine.submit(killing)
    ears.done(killing)
    wait_until(lambda: engine.state is not EngineState.LIVE, _PATIENCE_S)
    ears.wait(PaperChanged, lambda change: not change.paper.is_running)
    restart = RestartPaper()
    engine.submit(restart)
    ears.done(restart)
    wait_until_live(engine)
    assert order.status is OrderStatus.NEW
    assert not [alert for alert in ears.of(Alert) if alert.code == "PAPER_EXCHANGE_LOST"]


def test_an_exchange_that_died_by_itself_is_started_again(
    engine: TradingEngine, ears: Ears
) -> None:
    engine._built.venue.paper._process.kill()
    ears.wait(Alert, lambda alert: alert.code == "PAPER_EXCHANGE_LOST")
    engine.submit(RestartPaper())
    wait_until_live(engine)
    wait_until(lambda: engine.failure is None, _PATIENCE_S)


def test_a_trade_file_is_read_played_paused_and_hurried(
    engine: TradingEngine, ears: Ears, tmp_path: Path
) -> None:
    file = write_trades(tmp_path, 45_000)
    play = SetPaperMarket(kind=PaperMarketKind.REPLAY, file=str(file), speed=50)
    engine.submit(play)
    ears.done(play)
    shares = [read.share for read in ears.of(ReplayFileRead)]
    assert shares == sorted(shares)
    wait_until_live(engine)
    engine.submit(WatchPaper(is_on=True))
    begun = ears.wait(
        PaperChanged, lambda c: c.paper.replay and c.paper.replay.position_ms > FIRST_MS
    )
    assert begun.paper.replay.last_ms == FIRST_MS + STEP_MS * 44_999  # type: ignore[union-attr]
    wait_until(lambda: (engine.market.best_bid("BTCUSDT") or 0) < 51_000, _PATIENCE_S)
    engine.submit(SetReplay(paused=True, speed=2))
    still = ears.wait(PaperChanged, lambda c: c.paper.replay and c.paper.replay.is_paused)
    assert still.paper.replay.speed == 2  # type: ignore[union-attr]


def test_a_file_that_is_no_trade_file_changes_nothing(
    engine: TradingEngine, ears: Ears, tmp_path: Path
) -> None:
    file = write_trades(tmp_path, 3)
    file.write_text(file.read_text(encoding="utf-8") + "rubbish\n", encoding="utf-8")
    pid = engine.paper_pid
    play = SetPaperMarket(kind=PaperMarketKind.REPLAY, file=str(file))
    engine.submit(play)
    assert "Line 5" in ears.refused(play).sentence
    mirror = SetPaperMarket(kind=PaperMarketKind.MIRROR, url="http://no")
    engine.submit(mirror)
    assert ears.refused(mirror).field == "url"
    assert engine.paper_pid == pid


def test_reading_a_file_can_be_given_up(engine: TradingEngine, ears: Ears, tmp_path: Path) -> None:
    file = write_trades(tmp_path, 200_000)
    play = SetPaperMarket(kind=PaperMarketKind.REPLAY, file=str(file))
    pid = engine.paper_pid
    engine.submit(play)
    ears.wait(ReplayFileRead)
    engine.submit(CancelReplayFile())
    assert "stays as it is" in ears.done(play).sentence
    assert engine.paper_pid == pid


def test_a_market_that_does_not_start_leaves_the_exchange_as_it_was(
    engine: TradingEngine, ears: Ears, tmp_path: Path
) -> None:
    file = write_trades(tmp_path, 3)
    play = SetPaperMarket(kind=PaperMarketKind.REPLAY, file=str(file), speed=1000)
    engine.submit(play)
    assert "at 1 to 100 times" in ears.refused(play).sentence
    wait_until_live(engine)


def test_a_reset_makes_a_new_account_with_a_journal_of_its_own(
    tmp_path: Path, quiet_config: Config
) -> None:
    with TradingEngine.open("paper", config=quiet_config, user_data=tmp_path) as engine:
        ears = Ears(engine)
        wrong = ResetPaper(balance=D(0))
        engine.submit(wrong)
        assert ears.refused(wrong).field == "balance"
        engine.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.1", "60000")
        engine.submit(ResetPaper(balance=D(2500)))
        ears.wait(PaperWasReset)
    with TradingEngine.open("paper", config=quiet_config, user_data=tmp_path) as engine:
        assert engine.gateway.get_account_balance()[0].wallet_balance == 2500
        assert not engine.oms.open_orders()
    assert len(list(tmp_path.glob("journal-paper-*.db"))) == 2
