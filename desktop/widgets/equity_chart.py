"""The equity curve and, below it, how far it lies under its highest. Painted by hand."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QWidget

from desktop.formatting import local_date_time_text, signed
from desktop.models.curve_shape import CurveShape, money_ticks
from desktop.theme import palette
from desktop.widgets.inks import digit_px, hairline, ink, numbers_font, words_font
from engine.review_views import CurvePoint

_LEFT, _TOP, _BOTTOM = 10, 12, 22
_NOTHING = "No booking in this time: nothing was closed, and no funding was paid."
_PIECE = 20  # points of the line that are filled at once
_FILL_ALPHA = 46


class EquityChart(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("review.curve")
        self.setAccessibleName("Equity curve and drawdown")
        self.setMouseTracking(True)
        self.setMinimumSize(QSize(360, 200))
        self._points: tuple[CurvePoint, ...] = ()
        self._hovered_x: float | None = None

    def show_points(self, points: Sequence[CurvePoint]) -> None:
        self._points = tuple(points)
        self._hovered_x = None
        self._speak()
        self.update()

    def hovered(self) -> CurvePoint | None:
        """The booking under the pointer."""
        if self._hovered_x is None or not self._points:
            return None
        return self._shape().nearest(self._hovered_x)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hovered_x = event.position().x() - _LEFT
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered_x = None
        self.update()
        super().leaveEvent(event)

    # --- painting -------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), ink(palette.BACKGROUND))
        if not self._points:
            painter.setFont(words_font(12))
            painter.setPen(ink(palette.TEXT_FAINT))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, _NOTHING)
            painter.end()
            return
        shape = self._shape()
        self._paint_scale(painter, shape)
        painter.translate(_LEFT, _TOP)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_curve(painter, shape)
        self._paint_drawdown(painter, shape)
        painter.resetTransform()
        self._paint_words(painter, shape)
        painter.end()

    def _shape(self) -> CurveShape:
        width = max(1, self.width() - _LEFT - self._axis_px())
        return CurveShape(self._points, width, max(1, self.height() - _TOP - _BOTTOM))

    def _axis_px(self) -> int:
        return round(digit_px() * 12) + 12

    def _paint_scale(self, painter: QPainter, shape: CurveShape) -> None:
        right = self.width() - self._axis_px()
        painter.setFont(numbers_font())
        ticks = money_ticks(shape.lowest, shape.highest)
        for value in ticks.values:
            y = _TOP + shape.y(value)
            painter.setPen(hairline(palette.LINE_STRONG if not value else palette.GRID))
            painter.drawLine(QPointF(_LEFT, y), QPointF(right, y))
            painter.setPen(ink(palette.TEXT_FAINT))
            area = QRectF(right + 6, y - 8, self._axis_px() - 8, 16)
            text = signed(value, ticks.decimals)
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        if shape.deepest:
            painter.setPen(ink(palette.SELL))
            bottom = _TOP + shape.drawdown_y(shape.deepest)
            area = QRectF(right + 6, bottom - 14, self._axis_px() - 8, 16)
            text = signed(-shape.deepest, 2)
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def _paint_curve(self, painter: QPainter, shape: CurveShape) -> None:
        line = [QPointF(x, y) for x, y in shape.curve()]
        _fill(painter, line, shape.y(0.0), ink(palette.ACCENT, _FILL_ALPHA))
        painter.setPen(hairline(palette.ACCENT, width=2))
        painter.drawPolyline(QPolygonF(line))

    def _paint_drawdown(self, painter: QPainter, shape: CurveShape) -> None:
        line = [QPointF(x, y) for x, y in shape.drawdown()]
        _fill(painter, line, shape.drawdown_y(0.0), ink(palette.SELL, _FILL_ALPHA * 2))
        painter.setPen(hairline(palette.SELL))
        painter.drawPolyline(QPolygonF(line))

    def _paint_words(self, painter: QPainter, shape: CurveShape) -> None:
        painter.setFont(words_font())
        painter.setPen(ink(palette.TEXT_FAINT))
        strip = QRectF(_LEFT, self.height() - _BOTTOM, self.width() - _LEFT - self._axis_px(), 20)
        first, last = (
            local_date_time_text(p.at_ms)[:16] for p in (shape.points[0], shape.points[-1])
        )
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(strip, middle | Qt.AlignmentFlag.AlignLeft, first)
        painter.drawText(strip, middle | Qt.AlignmentFlag.AlignRight, last)
        caption = QRectF(_LEFT + 4, self.height() - _BOTTOM - 18, 200, 16)
        painter.drawText(caption, middle | Qt.AlignmentFlag.AlignLeft, "Drawdown")
        point = self.hovered()
        if point is not None:
            self._paint_hovered(painter, shape, point)

    def _paint_hovered(self, painter: QPainter, shape: CurveShape, point: CurvePoint) -> None:
        x = _LEFT + shape.x(point.at_ms)
        painter.setPen(hairline(palette.LINE_STRONG))
        painter.drawLine(QPointF(x, _TOP), QPointF(x, self.height() - _BOTTOM))
        text = (
            f"{local_date_time_text(point.at_ms)}   {signed(point.net, 2)}"
            f"   drawdown {signed(-point.drawdown, 2)}"
        )
        painter.setPen(ink(palette.TEXT))
        painter.setFont(numbers_font())
        area = QRectF(_LEFT + 4, 0, self.width() - _LEFT, 20)
        painter.fillRect(QRectF(_LEFT, 0, digit_px() * len(text) + 8, 18), ink(palette.RAISED))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def _speak(self) -> None:
        if not self._points:
            self.setAccessibleDescription(_NOTHING)
            return
        deepest = max(point.drawdown for point in self._points)
        self.setAccessibleDescription(
            f"Ends at {signed(self._points[-1].net, 2)}, deepest drawdown {signed(-deepest, 2)}."
        )


def _fill(painter: QPainter, line: list[QPointF], base: float, colour: QColor) -> None:
    """Between the line and the level `base`. The line's own edge is drawn over it.

    In short pieces: the time of one polygon grows with the square of its corners, and
    a thousand of them would hold the window for a third of a second.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # else seams would be seen
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    for at in range(0, len(line) - 1, _PIECE):
        piece = line[at : at + _PIECE + 1]
        first, last = QPointF(piece[0].x(), base), QPointF(piece[-1].x(), base)
        painter.drawPolygon(QPolygonF([first, *piece, last]))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
