"""The paper panel: real clicks, first on the window alone, then on a real paper exchange."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtWidgets import QComboBox, QDockWidget, QLabel, QLineEdit, QProgressBar, QWidget

from desktop.models.paper_faults import FAULT_GROUPS
from engine.events import CommandDone
from engine.events.paper import (
    FaultPlayed,
    FaultView,
    PaperChanged,
    PaperView,
    PaperWasReset,
    ReplayFileRead,
    ReplayView,
)
from engine.paper.fault_kinds import KINDS
from engine.paper.fault_script import rule_from
from engine.paper_commands import (
    CancelReplayFile,
    EndFaults,
    PlayFault,
    ResetPaper,
    RestartPaper,
    SetPaperMarket,
    SetReplay,
    WatchPaper,
)
from engine.trading_types import EnvironmentKind, PaperMarketKind, Route, StreamState
from tests.gui.conftest import Desk
from tests.gui.hands import Hands
from tests.helpers.trade_files import write_trades

D = Decimal
CARDS = [card for group in FAULT_GROUPS for card in group.cards]


def show_panel(desk: Desk) -> None:
    desk.find(QDockWidget, "dock.paper").toggleViewAction().trigger()
    desk.find(QDockWidget, "dock.paper").raise_()
    desk.qtbot.waitUntil(lambda: desk.window.findChild(QLabel, "paper.state") is not None)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.key)
def test_every_fault_is_one_that_the_exchange_plays(card) -> None:
    command = card.command(card.amount.usual if card.amount else 0)
    if isinstance(command, PlayFault):
        rule = rule_from({"fault": command.fault, **command.values, "when": command.when})
        assert rule.fault in KINDS
    assert card.does.endswith(".")
    assert card.see.endswith(".")


def test_the_panel_asks_how_the_exchange_stands_only_while_it_is_shown(desk: Desk) -> None:
    show_panel(desk)
    desk.find(QDockWidget, "dock.paper").close()
    watches = [c.is_on for c in desk.all_commands if isinstance(c, WatchPaper)]
    assert watches == [True, False]


def test_a_fault_is_played_with_its_amount_and_ended(desk: Desk) -> None:
    show_panel(desk)
    desk.type_into("paper.fault.cut.amount", "7")
    desk.click("paper.fault.cut.play")
    assert desk.commands == [PlayFault(fault="line_cut", when={"for_s": 7})]
    desk.type_into("paper.fault.cut.amount", "0")
    assert not desk.find(QWidget, "paper.fault.cut.play").isEnabled()
    faults = (FaultView(number=3, fault="line_cut", played=1),)
    desk.feed(PaperChanged(paper=PaperView(is_ours=True, is_running=True, faults=faults)))
    assert "Cut the line (played 1x)" in desk.find(QLabel, "paper.faults.inForce").text()
    desk.click("paper.faults.end")
    assert desk.commands[-1] == EndFaults()
    desk.feed(FaultPlayed(number=3, fault="line_cut", at_ms=1, sentence="It played line_cut."))
    assert "It played line_cut." in desk.window.toasts.sentences()


def test_a_reset_is_asked_about_once_and_carries_the_amount(desk: Desk) -> None:
    show_panel(desk)
    desk.type_into("paper.balance", "2500")
    desk.click("paper.reset")
    desk.click("paper.reset.cancel")
    assert not desk.commands
    desk.click("paper.reset")
    desk.click("paper.reset.confirm")
    assert desk.commands == [ResetPaper(balance=D(2500))]


def test_a_trade_file_shows_progress_can_be_stopped_and_has_a_time_line(desk: Desk) -> None:
    show_panel(desk)
    kind = desk.find(QComboBox, "paper.market.kind")
    kind.setCurrentText("Replay of a trade file")
    desk.type_into("paper.market.source", "/tmp/BTCUSDT-aggTrades.zip")
    desk.click("paper.market.start")
    assert desk.commands[-1] == SetPaperMarket(
        kind=PaperMarketKind.REPLAY,
        file="/tmp/BTCUSDT-aggTrades.zip",
    )
    desk.feed(ReplayFileRead(share=0.4))
    assert desk.find(QProgressBar, "paper.market.reading").value() == 40
    desk.click("paper.market.cancel")
    assert desk.commands[-1] == CancelReplayFile()
    desk.feed(ReplayFileRead(share=1.0, is_over=True))
    assert not desk.find(QProgressBar, "paper.market.reading").isVisible()
    assert "is starting anew" in desk.find(QLabel, "paper.state").text()
    assert not desk.find(QWidget, "paper.market.start").isEnabled()
    replay = ReplayView(
        symbol="BTCUSDT",
        position_ms=1_500,
        speed=10,
        is_paused=False,
        is_finished=False,
        first_ms=1_000,
        last_ms=2_000,
    )
    view = PaperView(is_ours=True, is_running=True, market=PaperMarketKind.REPLAY, replay=replay)
    desk.feed(PaperChanged(paper=PaperView(is_ours=True, is_running=False)))  # asked before
    assert "is starting anew" in desk.find(QLabel, "paper.state").text()
    assert not desk.find(QWidget, "paper.market.start").isEnabled()
    asked = next(c for c in desk.commands if isinstance(c, SetPaperMarket))
    desk.feed(CommandDone(command=asked, sentence="It runs."), PaperChanged(paper=view))
    assert desk.find(QLabel, "paper.state").text().startswith("The exchange runs: replay")
    assert desk.find(QWidget, "paper.market.start").isEnabled()
    desk.click("paper.replay.pause")
    assert desk.commands[-1] == SetReplay(paused=True)
    speed = desk.find(QComboBox, "paper.replay.speed")
    assert speed.currentText() == "10x"
    speed.activated.emit(speed.findText("50x"))
    assert isinstance(desk.commands[-1], SetReplay)


def test_an_exchange_of_another_program_cannot_be_restarted_here(desk: Desk) -> None:
    show_panel(desk)
    desk.feed(PaperChanged(paper=PaperView(is_ours=False, is_running=True)))
    for name in ("paper.restart", "paper.reset", "paper.market.start"):
        assert not desk.find(QWidget, name).isEnabled()
    assert "another program" in desk.find(QLabel, "paper.state").text()
    desk.feed(PaperChanged(paper=PaperView(is_ours=True, is_running=False)))
    desk.click("paper.restart")
    assert desk.commands == [RestartPaper()]


def test_a_reset_opens_the_window_anew_but_not_that_of_a_recording(desk: Desk) -> None:
    with desk.qtbot.waitSignal(desk.window.environment_wanted) as wanted:
        desk.feed(PaperWasReset())
    assert wanted.args == ["paper"]
    desk.window.set_environment("recording", EnvironmentKind.RECORDING)
    with desk.qtbot.assertNotEmitted(desk.window.environment_wanted):
        desk.feed(PaperWasReset())


def test_the_panel_is_there_on_paper_only(desk: Desk) -> None:
    dock = desk.find(QDockWidget, "dock.paper")
    show_panel(desk)
    desk.window.set_environment("live", EnvironmentKind.LIVE)
    assert dock.isHidden()
    assert not dock.toggleViewAction().isVisible()


def test_on_a_real_exchange_a_cut_a_replay_and_a_reset(hands: Hands, tmp_path: Path) -> None:
    """One start of the program for the three of them: each start costs seconds."""
    hands.find(QDockWidget, "dock.paper").toggleViewAction().trigger()
    hands.find(QDockWidget, "dock.paper").raise_()
    hands.see(lambda: "runs" in hands.find(QLabel, "paper.state").text())
    hands.type_into("paper.fault.cut.amount", "1")
    hands.click("paper.fault.cut.play")
    engine = hands.desks.desk.engine
    private = hands.window.status.streams[Route.PRIVATE]
    hands.see(lambda: private.state is not StreamState.LIVE)
    hands.see(lambda: private.state is StreamState.LIVE)

    file = write_trades(tmp_path, 2_000)
    kind = hands.find(QComboBox, "paper.market.kind")
    kind.setCurrentText("Replay of a trade file")
    hands.find(QLineEdit, "paper.market.source").setText(str(file))
    hands.click("paper.market.start")
    hands.see(lambda: (engine.market.best_bid("BTCUSDT") or 1e9) < 51_000)
    hands.see(lambda: hands.find(QLabel, "paper.replay.time").text().startswith("2026-09-21"))
    hands.click("paper.replay.pause")
    hands.see(lambda: hands.find(QWidget, "paper.replay.pause").text() == "Play")

    first = hands.desks.desk
    hands.type_into("paper.balance", "2500")
    hands.click("paper.reset")
    hands.click("paper.reset.confirm")
    hands.see(lambda: hands.desks.desk is not first)
    hands.wait_until_live()
    balances = hands.desks.desk.engine.gateway.get_account_balance()
    assert balances[0].wallet_balance == 2500
