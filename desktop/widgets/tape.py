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
_WITH_TIME = 190
_MIDDLE = Qt.AlignmentFlag.AlignVCenter
_LEFT = _MIDDLE | Qt.AlignmentFlag.AlignLeft
_RIGHT = _MIDDLE | Qt.AlignmentFlag.AlignRight


class Print(NamedTuple):
    """One line, its texts made once: painting happens far more often."""

    price: float
    is_buyer_maker: bool
    time_text: str
    price_text: str
    quantity_text: str


class Tape(QWidget):
    """Prints fly by conflated to the newest per frame: for the feel, not for the books.

    A new print moves the picture down and paints one row, not all.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tape")
        self.setAccessibleName("Latest trades")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self._instrument: Instrument | None = None
        self._prints: deque[Print] = deque(maxlen=_KEPT)
        self._is_stale = False
        self.redress()

    def redress(self) -> None:
        self._font = mono_font(11)
        self._head_font = ui_font(11)

    def set_instrument(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._prints.clear()
        self.update()

    def add(self, at_ms: int, price: float, quantity: float, *, is_buyer_maker: bool) -> None:
        arrow = "▾" if is_buyer_maker else "▴"
        self._prints.appendleft(
            Print(
                price,
                is_buyer_maker,
                local_time_text(at_ms),
                f"{arrow}{price_text(price, self._instrument)}",
                quantity_text(quantity, self._instrument),
            )
        )
        self.scroll(0, _ROW, self._rows_area())

    def set_stale(self, is_stale: bool) -> None:
        if is_stale != self._is_stale:
            self._is_stale = is_stale
            self.update()

    def prints(self) -> list[Print]:
        """Newest first."""
        return list(self._prints)

    def sizeHint(self) -> QSize:
        return QSize(190, 240)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, _HEAD + 3 * _ROW)

    def paintEvent(self, event: QPaintEvent) -> None:
        dirty = event.rect()
        painter = QPainter(self)
        painter.fillRect(dirty, QColor(palette.PANEL))
        if dirty.top() < _HEAD:
            self._paint_head(painter)
        painter.setFont(self._font)
        first = max(0, (dirty.top() - _HEAD) // _ROW)
        last = min(len(self._prints) - 1, (dirty.bottom() - _HEAD) // _ROW)
        for number in range(first, last + 1):
            self._paint_print(painter, _HEAD + number * _ROW, self._prints[number])
        painter.end()

    def _paint_head(self, painter: QPainter) -> None:
        painter.setFont(self._head_font)
        painter.setPen(QColor(palette.TEXT_FAINT))
        whole, price = self._places(2)
        if self._has_room_for_time():
            painter.drawText(whole, _LEFT, "Time")
        painter.drawText(price, _RIGHT, "Price")
        painter.drawText(whole, _RIGHT, "Size")

    def _paint_print(self, painter: QPainter, top: int, trade: Print) -> None:
        whole, price = self._places(top)
        ink = palette.SELL if trade.is_buyer_maker else palette.BUY
        if self._has_room_for_time():
            painter.setPen(QColor(palette.STALE if self._is_stale else palette.TEXT_FAINT))
            painter.drawText(whole, _LEFT, trade.time_text)
        painter.setPen(QColor(palette.STALE if self._is_stale else ink))
        painter.drawText(price, _RIGHT, trade.price_text)
        painter.setPen(QColor(palette.STALE if self._is_stale else palette.TEXT_DIM))
        painter.drawText(whole, _RIGHT, trade.quantity_text)

    def _has_room_for_time(self) -> bool:
        """In a narrow panel price and size are what a tape is read for."""
        return self.width() >= _WITH_TIME

    def _places(self, top: int) -> tuple[QRect, QRect]:
        """The row, and its part that ends where prices end."""
        whole = QRect(8, top, self.width() - 16, _ROW)
        return whole, whole.adjusted(0, 0, -round(whole.width() * 0.31), 0)

    def _rows_area(self) -> QRect:
        return self.rect().adjusted(0, _HEAD, 0, 0)
