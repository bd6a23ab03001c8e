"""Brings the dialog for exchange keys up, and the engine's answers into it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from engine.events import Alert, CommandRefused, Event
from engine.events.keys import KeysChecked, KeysListed
from engine.key_commands import ListKeys

if TYPE_CHECKING:
    from desktop.widgets.keys_dialog import KeysDialog

KEYS_NEEDED = "KEYS_NEEDED"


class KeysDesk(QObject):
    """The dialog is made when first asked for. Its commands bypass gate and log: a key
    command makes no order, and the log is no place for a secret.
    """

    command_wanted = Signal(object)  # KeyCommand
    trade_wanted = Signal(object)  # environment's name

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._environment = ""
        self._dialog: KeysDialog | None = None

    def set_environment(self, name: str) -> None:
        self._environment = name

    def handlers(self) -> dict[type[Event], Callable[[Any], None]]:
        return {
            KeysListed: lambda event: self._tell(lambda dialog: dialog.set_listed(event)),
            KeysChecked: lambda event: self._tell(lambda dialog: dialog.set_checked(event)),
            CommandRefused: lambda event: self._tell(lambda dialog: dialog.set_refused(event)),
            Alert: self._on_alert,
        }

    @Slot()
    def open(self) -> None:
        if self._dialog is None:
            from desktop.widgets.keys_dialog import KeysDialog  # noqa: PLC0415 - the first frame needs none of it

            self._dialog = KeysDialog(self._window)
            self._dialog.command_wanted.connect(self.command_wanted)
            self._dialog.trade_wanted.connect(self._trade)
        was_visible = self._dialog.isVisible()
        self._dialog.open_for(self._environment)
        if was_visible:
            self.command_wanted.emit(ListKeys(request_id="keys-list"))

    def close(self) -> None:
        if self._dialog is not None:
            self._dialog.close()

    @Slot(object)
    def _trade(self, name: str) -> None:
        self.close()
        self.trade_wanted.emit(name)

    def _tell(self, say: Callable[[KeysDialog], None]) -> None:
        if self._dialog is not None:
            say(self._dialog)

    def _on_alert(self, alert: Alert) -> None:
        """The engine cannot start without keys: what is missing comes up by itself."""
        if alert.code == KEYS_NEEDED:
            self.open()
