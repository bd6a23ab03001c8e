"""Four lines of the ticket: value, margin, what is available, the largest size."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.formatting import DASH
from desktop.theme import palette
from desktop.theme.fonts import mono_font, ui_font

_ROW = 18


class TicketSummary(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("orderTicket.summary")
        self.setAccessibleName("Cost of the order")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._lines: dict[str, tuple[str, str]] = {}
        self.set_values(value=DASH, margin=DASH, available=DASH, largest=DASH, is_too_dear=False)

    def set_values(
        self, *, value: str, margin: str, available: str, largest: str, is_too_dear: bool
    ) -> None:
        lines = {
            "Value": (value, palette.TEXT),
            "Margin": (margin, palette.UNKNOWN if is_too_dear else palette.TEXT),
            "Available": (available, palette.TEXT),
            "Max": (largest, palette.TEXT_DIM),
        }
        if lines != self._lines:
            self._lines = lines
            self.update()

    def text(self, caption: str) -> str:
        return self._lines[caption][0]

    def sizeHint(self) -> QSize:
        return QSize(200, _ROW * len(self._lines))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        middle = Qt.AlignmentFlag.AlignVCenter
        for number, (caption, (text, colour)) in enumerate(self._lines.items()):
            area = self.rect()
            area.setTop(number * _ROW)
            area.setHeight(_ROW)
            painter.setFont(ui_font(11))
            painter.setPen(QColor(palette.TEXT_FAINT))
            painter.drawText(area, middle | Qt.AlignmentFlag.AlignLeft, caption)
            painter.setFont(mono_font(11))
            painter.setPen(QColor(colour))
            painter.drawText(area, middle | Qt.AlignmentFlag.AlignRight, text)
        painter.end()
