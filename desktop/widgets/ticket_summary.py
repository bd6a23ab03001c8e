"""What the order would cost and where it would end, two figures to a line."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.formatting import DASH
from desktop.theme import palette
from desktop.theme.fonts import mono_font, ui_font

_ROW = 17
_GAP = 14
CAPTIONS = ("Size", "Max", "Value", "Margin", "Fee ≈", "Available", "Liq. buy ≈", "Liq. sell ≈")


class TicketSummary(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("orderTicket.summary")
        self.setAccessibleName("Cost of the order")
        self.setToolTip(
            "≈ is an estimate: the fee as a taker; the liquidation price for this order filled"
            " at its price, other positions standing still"
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._texts = dict.fromkeys(CAPTIONS, DASH)
        self._is_too_dear = False

    def set_values(self, texts: dict[str, str], *, is_too_dear: bool) -> None:
        """By caption; what is not named has no value."""
        shown = {caption: texts.get(caption, DASH) for caption in CAPTIONS}
        if (shown, is_too_dear) != (self._texts, self._is_too_dear):
            self._texts, self._is_too_dear = shown, is_too_dear
            self.update()

    def text(self, caption: str) -> str:
        return self._texts[caption]

    def sizeHint(self) -> QSize:
        return QSize(200, _ROW * (len(CAPTIONS) // 2))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        width = (self.width() - _GAP) // 2
        for number, (caption, text) in enumerate(self._texts.items()):
            left = (width + _GAP) * (number % 2)
            area = QRect(left, number // 2 * _ROW, width, _ROW)
            self._paint_line(painter, area, caption, text)
        painter.end()

    def _paint_line(self, painter: QPainter, area: QRect, caption: str, text: str) -> None:
        middle = Qt.AlignmentFlag.AlignVCenter
        room = area.width() - QFontMetrics(mono_font(11)).horizontalAdvance(text) - 4
        painter.setFont(ui_font(11))
        painter.setPen(QColor(palette.TEXT_FAINT))
        shown = painter.fontMetrics().elidedText(caption, Qt.TextElideMode.ElideRight, room)
        painter.drawText(area, middle | Qt.AlignmentFlag.AlignLeft, shown)
        painter.setFont(mono_font(11))
        is_loud = caption == "Margin" and self._is_too_dear
        painter.setPen(QColor(palette.UNKNOWN if is_loud else palette.TEXT))
        painter.drawText(area, middle | Qt.AlignmentFlag.AlignRight, text)
