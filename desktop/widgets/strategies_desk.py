"""The strategies' place in the window: their panel, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QDockWidget

from desktop.models.preferences import Preferences
from desktop.widgets.strategies_panel import StrategiesPanel
from engine.events import Alert, CommandRefused, Event
from engine.events.strategies import StrategyChanged
from engine.strategy_commands import StartStrategy, StrategyCommand
from engine.trading_types import EnvironmentKind

_LAST = "strategies.last"
_OURS = "strategy."


class StrategiesDesk(QObject):
    command_wanted = Signal(object)  # StrategyCommand

    def __init__(self, preferences: Preferences, parent: QObject) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self.panel = StrategiesPanel()
        self.panel.command_wanted.connect(self._on_command)
        self.panel.shown.connect(self._show_last)

    def handlers(self) -> dict[type[Event], Callable[[Any], None]]:
        return {
            StrategyChanged: lambda change: self.panel.strategies.put_strategy(change.strategy),
            Alert: self._on_alert,
            CommandRefused: self._on_refused,
        }

    def set_environment(self, dock: QDockWidget, kind: EnvironmentKind) -> None:
        """A recording runs nothing."""
        is_played = kind is EnvironmentKind.RECORDING
        dock.toggleViewAction().setVisible(not is_played)
        if is_played:
            dock.hide()

    @Slot(object)
    def _on_command(self, command: StrategyCommand) -> None:
        if isinstance(command, StartStrategy):
            self._preferences.put(_LAST, command.file)
        self.command_wanted.emit(command)

    @Slot()
    def _show_last(self) -> None:
        self.panel.set_last(self._preferences.get(_LAST, ""))

    def _on_alert(self, alert: Alert) -> None:
        if alert.code.startswith(_OURS):
            self.panel.said.add(alert)

    def _on_refused(self, refused: CommandRefused) -> None:
        if isinstance(refused.command, StrategyCommand):
            self.panel.set_problem(refused.sentence)
