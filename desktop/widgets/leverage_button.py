"""The leverage in force, and a menu to ask for another."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from desktop.formatting import DASH
from desktop.theme.fonts import mono_font

_OFFERED = (1, 2, 3, 5, 10, 20, 25, 50, 75, 100, 125)


class LeverageButton(QToolButton):
    """Shows only what the venue confirmed; 0 means not known yet."""

    leverage_wanted = Signal(object)  # int

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("orderTicket.leverage")
        self.setAccessibleName("Leverage")
        self.setToolTip("Leverage of this symbol")
        self.setFont(mono_font(12, bold=True))
        self.setProperty("role", "chip")
        self.setFixedSize(44, 24)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._leverage = 0
        menu = QMenu(self)
        for offered in _OFFERED:
            action = QAction(f"{offered}x", menu)
            action.setObjectName(f"orderTicket.leverage.{offered}")
            action.triggered.connect(lambda _=False, n=offered: self.leverage_wanted.emit(n))
            menu.addAction(action)
        self.setMenu(menu)
        self.set_leverage(0)

    def leverage(self) -> int:
        return self._leverage

    def set_leverage(self, leverage: int) -> None:
        self._leverage = leverage
        self.setText(f"{leverage or DASH}x")
