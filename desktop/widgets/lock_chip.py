"""LOCKED until 02:00: the risk guard lets no new risk out. Hidden while it does."""

from __future__ import annotations

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QLabel, QWidget

from desktop.formatting import clock_time_text
from desktop.theme.fonts import ui_font


class LockChip(QLabel):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header.lock")
        self.setProperty("role", "lock")
        self.setFont(ui_font(12, QFont.Weight.DemiBold))
        self.setFixedHeight(26)
        self.hide()

    def set_lock(self, until_ms: int | None, sentence: str) -> None:
        """None: not locked."""
        self.setVisible(until_ms is not None)
        if until_ms is None:
            return
        self.setText(f"LOCKED until {clock_time_text(until_ms)}")
        self.setAccessibleName(self.text())
        out = "Cancels, closes and reduce-only orders still go out."
        self.setToolTip(f"{sentence} {out}".strip())
