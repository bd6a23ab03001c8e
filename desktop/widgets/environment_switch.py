"""The question before another environment: what stays behind is said first.

The first way to real money asks for the word LIVE, once; the choice is remembered.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget

from desktop.models.preferences import Preferences
from desktop.theme.fonts import ui_font
from desktop.widgets.confirmation import Confirmation
from desktop.widgets.environment_badge import EnvironmentBadge
from engine.trading_types import EnvironmentKind

_WORD = "LIVE"
_STAYS = (
    "The connection to where you trade now is closed. Open orders and positions there stay"
    " as they are."
)
_REAL_MONEY = (
    "From there on it is REAL MONEY: every order can cost you all that stands behind it."
    " The frame is red, and nothing that takes risk leaves the window until you press Arm.\n"
    f"Type {_WORD} to show that you mean it. You are asked for this once."
)


class EnvironmentSwitch(QObject):
    confirmed = Signal(object)  # name

    def __init__(
        self,
        window: QWidget,
        badge: EnvironmentBadge,
        kinds: Mapping[str, EnvironmentKind],
        preferences: Preferences,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._kinds = kinds
        self._preferences = preferences
        badge.environment_wanted.connect(self.ask)

    @Slot(object)
    def ask(self, name: str) -> None:
        is_live = self._kinds.get(name) is EnvironmentKind.LIVE
        if is_live and not self._preferences.get(_key(name), False):
            question = self._question(name, [_STAYS, _REAL_MONEY], "kill")
            _ask_for_word(question)
        else:
            question = self._question(name, [_STAYS], "kill" if is_live else "primary")
        question.accepted.connect(lambda: self._confirm(name, is_live))
        question.open()

    def _question(self, name: str, sentences: list[str], role: str) -> Confirmation:
        return Confirmation(
            self._window,
            name="environment.switch",
            question=f"Trade on {name}?",
            sentences=sentences,
            confirm=f"Go to {name}",
            keep="Stay here",
            role=role,
        )

    def _confirm(self, name: str, is_live: bool) -> None:
        if is_live:
            self._preferences.put(_key(name), True)
        self.confirmed.emit(name)


def _key(name: str) -> str:
    return f"liveConfirmed.{name}"


def _ask_for_word(question: Confirmation) -> None:
    """The button stays off until the word stands there."""
    field = QLineEdit(question)
    field.setObjectName("environment.switch.word")
    field.setAccessibleName(f"Type {_WORD}")
    field.setPlaceholderText(_WORD)
    field.setToolTip("In capitals, as it stands in the sentence above")
    field.setFont(ui_font(14))
    field.setFixedHeight(32)
    question.insert(field)
    yes = question.findChild(QPushButton, "environment.switch.confirm")
    if yes is not None:
        yes.setEnabled(False)
        field.textChanged.connect(lambda text: yes.setEnabled(text.strip() == _WORD))
    field.setFocus()
