"""LIVE starts disarmed: one deliberate act lets new orders out, until it lapses.

Cancelling and closing never need it.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QPushButton, QWidget

from desktop.models.risk_direction import is_new_risk
from desktop.theme.fonts import ui_font
from engine.commands import Command
from engine.trading_types import EnvironmentKind

IDLE_MS = 15 * 60 * 1000


class ArmSwitch(QPushButton):
    """Seen in the LIVE environment alone. Disarms after 15 min without an order."""

    held_changed = Signal(object)  # bool: new orders are held back

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("environment.arm")
        self.setProperty("role", "arm")
        self.setCheckable(True)
        self.setFixedHeight(30)
        self.setFont(ui_font(12, QFont.Weight.DemiBold))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._is_live = False
        self._idle = QTimer(self, singleShot=True, interval=IDLE_MS)
        self._idle.timeout.connect(self.disarm)
        self.toggled.connect(self._show_state)
        self._show_state()

    def set_kind(self, kind: EnvironmentKind) -> None:
        self._is_live = kind is EnvironmentKind.LIVE
        self.setVisible(self._is_live)
        self.disarm()
        self.held_changed.emit(self._is_live)

    def lets_out(self, command: Command) -> bool:
        """True for whatever makes risk smaller, and for all else while armed."""
        if not self._is_live or not is_new_risk(command):
            return True
        if self.isChecked():
            self._idle.start()
        return self.isChecked()

    @Slot()
    def arm(self) -> None:
        self.setChecked(True)

    @Slot()
    def disarm(self) -> None:
        self.setChecked(False)

    @Slot()
    def _show_state(self) -> None:
        is_armed = self.isChecked()
        self.setText("ARMED" if is_armed else "Arm")
        self.setAccessibleName("Live orders armed" if is_armed else "Arm live orders")
        self.setToolTip(
            "New orders go out; click to disarm" if is_armed else "New orders are held back"
        )
        if is_armed:
            self._idle.start()
        else:
            self._idle.stop()
        self.held_changed.emit(self._is_live and not is_armed)
