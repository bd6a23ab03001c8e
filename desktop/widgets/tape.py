"""Time and sales: the latest trades of the chosen symbol, painted by hand."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.formatting import local_time_text, price_text, quantity_text
from desktop.theme import palette
from desktop.theme.fonts import mono_font, ui_font
from engine.market.instruments import Instrument

_KEPT = 200
_ROW = 17
_HEAD = 22


class Print(NamedTuple):
    at_ms: int
    price: float
    quantity: float
    is_buyer_maker: bool


class Tape(QWidget):
    """Prints fly by conflated to the newest per frame: for the feel, not for the books."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tape")
        self.setAccessibleName("Latest trades")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self._instrument: Instrument | None = None
        self._prints: deque[Print] = deque(maxlen=_KEPT)
        self._is_stale = False
        self._font = mono_font(11)
        self._head_font = ui_font(11)

    def set_instrument(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._prints.clear()
        self.update()

    def add(self, at_ms: int, price: float, quantity: float, *, is_buyer_maker: bool) -> None:
        self._prints.appendleft(Print(at_ms, price, quantity, is_buyer_maker))
        self.update()

    def set_stale(self, is_stale: bool) -> None:
        self._is_stale = is_stale
        self.update()

    def prints(self) -> list[Print]:
        """Newest first."""
        return list(self._prints)

    def sizeHint(self) -> QSize:
        return QSize(190, 240)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, _HEAD + 3 * _ROW)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(palette.PANEL))
        self._paint_row(painter, 2, ("Time", "Price", "Size"), [palette.TEXT_FAINT] * 3)
        painter.setFont(self._font)
        rows = (self.height() - _HEAD) // _ROW + 1
        for number, trade in enumerate(list(self._prints)[:rows]):
            ink = palette.SELL if trade.is_buyer_maker else palette.BUY
            colours = [palette.TEXT_FAINT, ink, palette.TEXT_DIM]
            if self._is_stale:
                colours = [palette.STALE] * 3
            self._paint_row(painter, _HEAD + number * _ROW, self._texts(trade), colours)
        painter.end()

    def _texts(self, trade: Print) -> tuple[str, str, str]:
        arrow = "▾" if trade.is_buyer_maker else "▴"
        price = price_text(trade.price, self._instrument)
        return (
            local_time_text(trade.at_ms),
            f"{arrow}{price}",
            quantity_text(trade.quantity, self._instrument),
        )

    def _paint_row(
        self, painter: QPainter, top: int, texts: tuple[str, str, str], colours: list[str]
    ) -> None:
        if texts[0] == "Time":
            painter.setFont(self._head_font)
        inside = QRect(8, top, self.width() - 16, _ROW)
        middle = Qt.AlignmentFlag.AlignVCenter
        places = (
            (inside, Qt.AlignmentFlag.AlignLeft),
            (inside.adjusted(0, 0, -round(inside.width() * 0.31), 0), Qt.AlignmentFlag.AlignRight),
            (inside, Qt.AlignmentFlag.AlignRight),
        )
        for text, colour, (place, alignment) in zip(texts, colours, places, strict=True):
            painter.setPen(QColor(colour))
            painter.drawText(place, middle | alignment, text)
