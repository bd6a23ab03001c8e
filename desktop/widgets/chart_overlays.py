"""What lies over the candles: averages that are switched on, and marks of own fills."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from desktop.models.chart_model import ChartModel
from desktop.models.chart_scale import PriceScale
from desktop.models.fill_marks import FillMark, FillMarks
from desktop.models.overlays import Overlay, OverlayLine, needs_older
from desktop.theme import palette
from desktop.theme.colours import per_palette
from desktop.widgets.inks import ink
from engine.trading_types import Side
from engine.views import FillView


@per_palette
def overlay_colours() -> dict[Overlay, str]:
    return {
        Overlay.EMA_20: palette.OVERLAY_1,
        Overlay.EMA_50: palette.OVERLAY_2,
        Overlay.VWAP: palette.OVERLAY_3,
    }


_MARK_PX = 5.0
_LINE_PX = 1.4


class ChartOverlays:
    """`version` grows whenever the kept picture of the closed candles must be made again."""

    def __init__(self, model: ChartModel) -> None:
        self._model = model
        self._lines: list[OverlayLine] = []
        self._fills = FillMarks()
        self._changes = 0

    @property
    def version(self) -> tuple[int, int]:
        return self._changes, self._fills.version

    def switch(self, overlays: Sequence[Overlay]) -> None:
        self._lines = [OverlayLine(overlay) for overlay in Overlay if overlay in overlays]
        self._changes += 1

    def set_fills(self, fills: Sequence[FillView]) -> None:
        self._fills.set_fills(fills)

    def needs_older(self) -> bool:
        """A day's average wants candles from the day's start."""
        wants = any(line.overlay is Overlay.VWAP for line in self._lines)
        return wants and needs_older(self._model.candles, self._model.candle_ms)

    def values(self) -> list[tuple[Overlay, float | None]]:
        """Of the newest candle, for the legend."""
        model = self._model
        if not model.candles:
            return []
        for line in self._lines:
            line.closed(model.candles, model.candle_ms, model.version)
        return [(line.overlay, line.newest(model.candles, model.candle_ms)) for line in self._lines]

    def paint_closed(self, painter: QPainter, scale: PriceScale) -> None:
        model = self._model
        first, last = model.visible()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for line in self._lines:
            closed = line.closed(model.candles, model.candle_ms, model.version)
            painter.setPen(_pen(line.overlay))
            for run in _runs(closed, max(first - 1, 0), last + 1):
                points = [QPointF(model.x(i), scale.y(value)) for i, value in run]
                painter.drawPolyline(QPolygonF(points))
        painter.restore()
        newest = len(model.candles) - 1
        self._paint_marks(painter, scale, [m for m in self._marks() if m.index != newest])

    def paint_newest(self, painter: QPainter, scale: PriceScale) -> None:
        model = self._model
        newest = len(model.candles) - 1
        if self._lines:
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for line in self._lines:
                closed = line.closed(model.candles, model.candle_ms, model.version)
                value = line.newest(model.candles, model.candle_ms)
                if closed and closed[-1] is not None and value is not None:
                    painter.setPen(_pen(line.overlay))
                    painter.drawLine(
                        QLineF(
                            QPointF(model.x(newest - 1), scale.y(closed[-1])),
                            QPointF(model.x(newest), scale.y(value)),
                        )
                    )
            painter.restore()
        marks = [m for m in self._marks() if m.index == newest]
        if marks:
            self._paint_marks(painter, scale, marks)

    def mark_at(self, point: QPointF, scale: PriceScale) -> FillMark | None:
        """The fill under the mouse."""
        for mark in self._marks():
            at = QPointF(self._model.x(mark.index), scale.y(float(mark.price)))
            if (at - point).manhattanLength() <= 2 * _MARK_PX:
                return mark
        return None

    def _marks(self) -> list[FillMark]:
        return self._fills.on(self._model.candles, self._model.version)

    def _paint_marks(self, painter: QPainter, scale: PriceScale, marks: list[FillMark]) -> None:
        """A triangle at the price: up for bought, down for sold, with a dark rim."""
        first, last = self._model.visible()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for mark in marks:
            if not first <= mark.index < last:
                continue
            x, y = self._model.x(mark.index) + 0.5, scale.y(float(mark.price))
            tip = -_MARK_PX if mark.side is Side.BUY else _MARK_PX
            painter.setPen(QPen(ink(palette.BACKGROUND), 3))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            shape = QPolygonF(
                [
                    QPointF(x, y + tip),
                    QPointF(x - _MARK_PX, y - tip * 0.7),
                    QPointF(x + _MARK_PX, y - tip * 0.7),
                ]
            )
            painter.drawPolygon(shape)
            painter.setPen(QPen(ink(palette.TEXT), 1))
            painter.setBrush(ink(palette.SIDE_COLOUR[mark.side]))
            painter.drawPolygon(shape)
        painter.restore()


def _pen(overlay: Overlay) -> QPen:
    return QPen(ink(overlay_colours()[overlay]), _LINE_PX)


def _runs(values: list[float | None], first: int, last: int) -> list[list[tuple[int, float]]]:
    """Stretches without a hole, as (index, value)."""
    runs: list[list[tuple[int, float]]] = [[]]
    for index in range(first, min(last, len(values))):
        value = values[index]
        if value is not None:
            runs[-1].append((index, value))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if len(run) > 1]
