"""A caption with a live number, painted by hand.

A QLabel asks for a new layout with every text; at sixty updates a second that
is the window's largest cost. This one has a fixed width and only repaints.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.formatting import DASH
from desktop.theme import palette
from desktop.theme.fonts import mono_font, ui_font


class StatCell(QWidget):
    """`sample` is the widest text it must hold. Two lines, or one when `inline`."""

    def __init__(
        self,
        name: str,
        caption: str,
        sample: str,
        *,
        size: int = 12,
        bold: bool = False,
        inline: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(caption or name)
        self._caption = caption
        self._text = DASH
        self._colour = ""
        self._is_stale = False
        self._inline = inline
        self._size, self._is_bold, self._sample = size, bold, sample
        self.redress()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def redress(self) -> None:
        """Fonts and colours were exchanged."""
        self._colour = palette.renewed(self._colour)
        self._caption_font = ui_font(11 if self._inline else 10)
        self._value_font = mono_font(self._size, bold=self._is_bold)
        self._set_width(self._sample)
        self.updateGeometry()
        self.update()

    def set_value(self, text: str, colour: str = "") -> None:
        """ "" is the plain text colour."""
        if (text, colour) != (self._text, self._colour):
            self._text, self._colour = text, colour
            self.update()

    def set_stale(self, is_stale: bool) -> None:
        """Grey: the number was true once and may not be now."""
        if is_stale != self._is_stale:
            self._is_stale = is_stale
            self.update()

    def text(self) -> str:
        return self._text

    def colour(self) -> str:
        return palette.STALE if self._is_stale else self._colour or palette.TEXT

    def sizeHint(self) -> QSize:
        height = QFontMetrics(self._value_font).height()
        if self._caption and not self._inline:
            height += QFontMetrics(self._caption_font).height() + 1
        return QSize(self._width, height)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _set_width(self, sample: str) -> None:
        caption = QFontMetrics(self._caption_font).horizontalAdvance(self._caption)
        value = QFontMetrics(self._value_font).horizontalAdvance(sample)
        self._caption_width = caption + 6 if self._inline and caption else 0
        self._width = (self._caption_width + value if self._inline else max(caption, value)) + 2

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        area = self.rect()
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setFont(self._caption_font)
        painter.setPen(QColor(palette.TEXT_FAINT))
        if self._inline:
            painter.drawText(area, middle, self._caption)
            area.setLeft(area.left() + self._caption_width)
        elif self._caption:
            height = QFontMetrics(self._caption_font).height()
            block = self.sizeHint().height()
            top = (area.height() - block) // 2
            painter.drawText(area.adjusted(0, top, 0, 0), Qt.AlignmentFlag.AlignTop, self._caption)
            area.setTop(top + height + 1)
            middle = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
        painter.setFont(self._value_font)
        painter.setPen(QColor(self.colour()))
        painter.drawText(area, middle, self._text)
        painter.end()
