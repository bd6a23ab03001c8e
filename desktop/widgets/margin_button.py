"""The margin mode in force, and a menu to ask for the other."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from desktop.formatting import DASH
from desktop.theme.fonts import ui_font
from engine.trading_types import MarginType

_WORDS = {MarginType.CROSSED: "Cross", MarginType.ISOLATED: "Isolated"}


class MarginButton(QToolButton):
    """Shows only what the venue confirmed; None means not known yet."""

    margin_type_wanted = Signal(object)  # MarginType

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("orderTicket.marginType")
        self.setAccessibleName("Margin mode")
        self.setToolTip("Margin mode; it can change only without a position and open orders")
        self.setFont(ui_font(11))
        self.setProperty("role", "chip")
        self.setFixedSize(56, 24)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        menu = QMenu(self)
        for margin_type, word in _WORDS.items():
            action = QAction(word, menu)
            action.setObjectName(f"orderTicket.marginType.{word.lower()}")
            action.triggered.connect(
                lambda _=False, wanted=margin_type: self.margin_type_wanted.emit(wanted)
            )
            menu.addAction(action)
        self.setMenu(menu)
        self.set_margin_type(None)

    def set_margin_type(self, margin_type: MarginType | None) -> None:
        self.setText(_WORDS[margin_type] if margin_type else DASH)
