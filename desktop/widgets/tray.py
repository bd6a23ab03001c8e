"""An icon in the system's tray with messages, where the system has one."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QSystemTrayIcon

from desktop.theme.icons import program_icon
from engine.trading_types import AlertLevel

_SHOWN_MS = 8_000
_ICONS = {
    AlertLevel.INFO: QSystemTrayIcon.MessageIcon.Information,
    AlertLevel.WARNING: QSystemTrayIcon.MessageIcon.Warning,
    AlertLevel.ERROR: QSystemTrayIcon.MessageIcon.Critical,
}


class Tray(QObject):
    """Does nothing where there is no tray. GUI thread."""

    clicked = Signal()  # the icon, or a message

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._icon: QSystemTrayIcon | None = None
        if QSystemTrayIcon.isSystemTrayAvailable():
            self._icon = QSystemTrayIcon(program_icon(), self)
            self._icon.setToolTip("Perpdesk")
            self._icon.messageClicked.connect(self.clicked)
            self._icon.activated.connect(self._on_activated)
            self._icon.show()

    def tell(self, sentence: str, level: AlertLevel) -> None:
        if self._icon is not None:
            self._icon.showMessage("Perpdesk", sentence, _ICONS[level], _SHOWN_MS)

    def close(self) -> None:
        if self._icon is not None:
            self._icon.hide()

    @Slot(QSystemTrayIcon.ActivationReason)
    def _on_activated(self, _reason: QSystemTrayIcon.ActivationReason) -> None:
        self.clicked.emit()
