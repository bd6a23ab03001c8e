"""The question before another environment: what stays behind is said first."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from desktop.widgets.confirmation import Confirmation
from desktop.widgets.environment_badge import EnvironmentBadge


class EnvironmentSwitch(QObject):
    confirmed = Signal(object)  # name

    def __init__(self, window: QWidget, badge: EnvironmentBadge) -> None:
        super().__init__(window)
        self._window = window
        badge.environment_wanted.connect(self.ask)

    @Slot(object)
    def ask(self, name: str) -> None:
        question = Confirmation(
            self._window,
            name="environment.switch",
            question=f"Trade on {name}?",
            sentences=[
                "The connection to where you trade now is closed. Open orders and positions"
                " there stay as they are."
            ],
            confirm=f"Go to {name}",
            keep="Stay here",
            role="primary",
        )
        question.accepted.connect(lambda: self.confirmed.emit(name))
        question.open()
