"""The one way out of the window: arming, and the question before an order where it is wanted.

Whatever makes risk smaller is never held up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from desktop.models.command_words import command_words
from desktop.models.preferences import Preferences
from desktop.models.risk_direction import is_new_risk
from desktop.widgets.arm_switch import ArmSwitch
from desktop.widgets.confirmation import Confirmation
from desktop.widgets.toast_stack import ToastStack
from engine.commands import AmendOrder, Command
from engine.market.instruments import Instrument
from engine.protection_commands import MoveAlgo, ReversePosition
from engine.strategy_commands import StartStrategy
from engine.trading_types import AlertLevel, EnvironmentKind


class OrderGate(QObject):
    """`ask_changed` tells how it stands in this environment; the choice is remembered."""

    ask_changed = Signal(object)  # bool
    held = Signal(object, object)  # Command that did not leave, and why

    def __init__(
        self,
        window: QWidget,
        arm_switch: ArmSwitch,
        toasts: ToastStack,
        preferences: Preferences,
        instruments: Mapping[str, Instrument],
        let_out: Callable[[Command], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._arm = arm_switch
        self._toasts = toasts
        self._preferences = preferences
        self._instruments = instruments
        self._let_out = let_out
        self._key = ""
        self._kind = EnvironmentKind.LIVE
        self._is_asking = False
        self._question: Confirmation | None = None

    def set_environment(self, name: str, kind: EnvironmentKind) -> None:
        """Until a person chooses, LIVE asks and the others do not."""
        self._key = f"askFirst.{name}"
        self._kind = kind
        self._read()

    def reread(self) -> None:
        """The choice was made elsewhere: in the settings, or imported."""
        self._read()

    def _read(self) -> None:
        self._is_asking = self._preferences.get(self._key, self._kind is EnvironmentKind.LIVE)
        self.ask_changed.emit(self._is_asking)

    @Slot(object)
    def set_ask(self, is_asked: bool) -> None:
        self._is_asking = is_asked
        self._preferences.put(self._key, is_asked)

    @Slot(object)
    def submit(self, command: Command) -> None:
        if not self._arm.lets_out(command):
            sentence = "LIVE is disarmed: nothing was sent."
            self._toasts.show(sentence, AlertLevel.WARNING, action="Arm", act=self._arm.arm)
            self.held.emit(command, sentence)
        elif self._is_asking and _is_asked_about(command):
            self._ask(command)
        else:
            self._let_out(command)

    def _ask(self, command: Command) -> None:
        if self._question is not None:
            return  # one question at a time: a second order is a slip
        is_program = isinstance(command, StartStrategy)
        question = Confirmation(
            self._window,
            name="orderGate",
            question="Start this strategy?" if is_program else "Send this order?",
            sentences=[command_words(command, self._instruments)],
            confirm="Start" if is_program else "Send",
            keep="Do not start" if is_program else "Do not send",
            role="primary",
        )
        question.accepted.connect(lambda: self._send(command))
        question.finished.connect(self._forget)
        self._question = question
        question.open()

    def _send(self, command: Command) -> None:
        """Asked again whether it may leave: the question may have stood for a while."""
        if self._arm.lets_out(command):
            self._let_out(command)
        else:
            self.held.emit(command, "LIVE was disarmed meanwhile: nothing was sent.")

    @Slot()
    def _forget(self) -> None:
        self._question = None


def _is_asked_about(command: Command) -> bool:
    """A drag or an edit is deliberate by itself; a reversal has a question of its own."""
    return is_new_risk(command) and not isinstance(command, AmendOrder | MoveAlgo | ReversePosition)
