"""The paper panel's place in the window: there on PAPER only; a reset is asked about once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QDockWidget, QWidget

from desktop.formatting import money_text
from desktop.widgets.confirmation import Confirmation
from desktop.widgets.paper_panel import PaperPanel
from desktop.widgets.toast_stack import ToastStack
from engine.events import CommandDone, CommandRefused, Event
from engine.events.paper import FaultPlayed, PaperChanged, PaperWasReset, ReplayFileRead
from engine.paper_commands import ResetPaper
from engine.trading_types import EnvironmentKind


class PaperDesk(QObject):
    command_wanted = Signal(object)  # PaperCommand
    was_reset = Signal()

    def __init__(self, window: QWidget, toasts: ToastStack) -> None:
        super().__init__(window)
        self._window = window
        self._toasts = toasts
        self._is_paper = False
        self.panel = PaperPanel()
        self.panel.command_wanted.connect(self.command_wanted)
        self.panel.reset_wanted.connect(self._ask_reset)

    def handlers(self) -> dict[type[Event], Callable[[Any], None]]:
        return {
            PaperChanged: lambda change: self.panel.set_view(change.paper),
            ReplayFileRead: self.panel.set_file_read,
            CommandDone: lambda done: self.panel.note_answer(done.command),
            CommandRefused: lambda refused: self.panel.note_answer(refused.command),
            FaultPlayed: lambda played: self._toasts.show(played.sentence, key="paper.fault"),
            PaperWasReset: self._on_reset,
        }

    def set_environment(self, dock: QDockWidget, kind: EnvironmentKind) -> None:
        is_paper = self._is_paper = kind is EnvironmentKind.PAPER
        dock.toggleViewAction().setVisible(is_paper)
        if not is_paper:
            dock.hide()

    def _on_reset(self, _event: PaperWasReset) -> None:
        if self._is_paper:  # in a recording it was another window that opened anew
            self.was_reset.emit()

    @Slot(object)
    def _ask_reset(self, balance: Decimal) -> None:
        question = Confirmation(
            self._window,
            name="paper.reset",
            question=f"Start a new paper account with {money_text(balance)} USDT?",
            sentences=[
                "Orders, positions and history of the present paper account are given up for good."
                " The window closes and opens again on the new one."
            ],
            confirm="Reset",
            keep="Keep the account",
        )
        question.accepted.connect(lambda: self.command_wanted.emit(ResetPaper(balance=balance)))
        question.open()
