"""Draws candles and volume: the closed ones into a kept picture, the last one live.

The kept picture is made again only when its CacheKey changes, so a tick costs
one copy of the picture and one candle.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap

from desktop.models.chart_model import CacheKey, ChartModel
from desktop.models.chart_scale import PriceScale, price_ticks, time_ticks
from desktop.theme import palette
from desktop.widgets.chart_axes import (
    ChartFrame,
    paint_grid,
    paint_time_axis,
)
from desktop.widgets.chart_overlays import ChartOverlays
from desktop.widgets.inks import ink
from engine.views import Candle

_BODY_SHARE = 0.7
_THIN_PITCH = 3  # narrower candles are one line each


class ChartPainter:
    """Owns the kept picture. `pictures_made` counts, for tests and profiles."""

    def __init__(self, model: ChartModel, overlays: ChartOverlays) -> None:
        self._model = model
        self._overlays = overlays
        self._picture: QPixmap | None = None
        self._key: CacheKey | None = None
        self.pictures_made = 0

    def forget(self) -> None:
        """The instrument or the colours changed: both are part of the picture."""
        self._key = None

    def paint(
        self,
        painter: QPainter,
        frame: ChartFrame,
        scale: PriceScale,
        tick_size: float,
    ) -> None:
        ratio = painter.device().devicePixelRatio()
        width = frame.time_axis.width()
        height = frame.plot.height() + frame.time_axis.height()
        volume_top = self._model.volume_top()
        size = (width, height, frame.plot.width())
        key = self._model.cache_key(scale, volume_top, size, ratio, self._overlays.version)
        if self._picture is None or key != self._key:
            self._picture = self._draw(width, height, ratio, frame, scale, tick_size)
            self._key = key
            self.pictures_made += 1
        painter.drawPixmap(0, 0, self._picture)
        self._paint_last(painter, frame, scale, volume_top)

    def _draw(
        self,
        width: int,
        height: int,
        ratio: float,
        frame: ChartFrame,
        scale: PriceScale,
        tick_size: float,
    ) -> QPixmap:
        picture = QPixmap(round(width * ratio), round(height * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(ink(palette.BACKGROUND))
        painter = QPainter(picture)
        self._paint_axes(painter, frame, scale, tick_size)
        first, last = self._model.visible()
        closed = range(first, min(last, len(self._model.candles) - 1))
        painter.setClipRect(frame.plot)
        self._paint_candles(painter, frame, scale, closed, self._model.volume_top())
        self._overlays.paint_closed(painter, scale)
        painter.end()
        return picture

    def _paint_axes(
        self,
        painter: QPainter,
        frame: ChartFrame,
        scale: PriceScale,
        tick_size: float,
    ) -> None:
        model = self._model
        first, last = model.visible()
        prices = price_ticks(scale, tick_size)
        # one candle more on the left: a label needs to know what came before
        start = max(first - 1, 0)
        times = [candle.open_ms for candle in model.candles[start:last]]
        ticks = time_ticks(times, start, model.candle_ms, model.pitch)
        placed = [(model.x(tick.index), tick) for tick in ticks]
        paint_grid(painter, frame, [scale.y(p) for p in prices], [x for x, _ in placed])
        paint_time_axis(painter, frame, placed)

    def _paint_last(
        self, painter: QPainter, frame: ChartFrame, scale: PriceScale, volume_top: float
    ) -> None:
        first, last = self._model.visible()
        newest = len(self._model.candles) - 1
        if first <= newest < last:
            painter.save()
            painter.setClipRect(frame.plot)
            self._paint_candles(painter, frame, scale, range(newest, newest + 1), volume_top)
            self._overlays.paint_newest(painter, scale)
            painter.restore()

    def _paint_candles(
        self,
        painter: QPainter,
        frame: ChartFrame,
        scale: PriceScale,
        indices: range,
        volume_top: float,
    ) -> None:
        batches = _Batches()
        for index in indices:
            self._add(batches, frame, scale, index, volume_top)
        painter.setPen(Qt.PenStyle.NoPen)
        for colour, rects in batches.by_colour():
            if rects:
                painter.setBrush(ink(colour))
                painter.drawRects(rects)

    def _add(
        self,
        batches: _Batches,
        frame: ChartFrame,
        scale: PriceScale,
        index: int,
        volume_top: float,
    ) -> None:
        model = self._model
        candle = model.candles[index]
        body = _body_px(model.pitch)
        middle = round(model.x(index))
        left = middle - body // 2
        rising = candle.close >= candle.open
        volume_px = max(candle.volume / volume_top * frame.volume_height, 1.0)
        volume = QRectF(left, frame.plot.height() - volume_px, body, volume_px)
        (batches.up_volume if rising else batches.down_volume).append(volume)
        (batches.up if rising else batches.down).extend(
            _candle_rects(candle, scale, middle, left, body)
        )
        if rising and body >= 5:
            batches.hollow.extend(_hollow(candle, scale, left, body))


class _Batches:
    """Rectangles by colour: five calls of the painter for any number of candles."""

    def __init__(self) -> None:
        self.up_volume: list[QRectF] = []
        self.down_volume: list[QRectF] = []
        self.up: list[QRectF] = []
        self.down: list[QRectF] = []
        self.hollow: list[QRectF] = []

    def by_colour(self) -> tuple[tuple[str, list[QRectF]], ...]:
        return (
            (palette.BUY_BAR, self.up_volume),
            (palette.SELL_BAR, self.down_volume),
            (palette.BUY, self.up),
            (palette.SELL, self.down),
            (palette.BUY_BAR, self.hollow),
        )


def _body_px(pitch: int) -> int:
    """Odd, so that the wick is in the middle."""
    if pitch <= _THIN_PITCH:
        return 1
    width = int(pitch * _BODY_SHARE)
    return width if width % 2 else width + 1


def _candle_rects(
    candle: Candle, scale: PriceScale, middle: int, left: int, body: int
) -> tuple[QRectF, ...]:
    high, low = round(scale.y(candle.high)), round(scale.y(candle.low))
    wick = QRectF(middle, high, 1, max(low - high, 1))
    if body == 1:
        return (wick,)
    top, bottom = _body_ys(candle, scale)
    return wick, QRectF(left, top, body, max(bottom - top, 1))


def _hollow(candle: Candle, scale: PriceScale, left: int, body: int) -> tuple[QRectF, ...]:
    """The dark inside of a rising body: up and down differ without their colours."""
    top, bottom = _body_ys(candle, scale)
    if bottom - top < 3:
        return ()
    return (QRectF(left + 1, top + 1, body - 2, bottom - top - 2),)


def _body_ys(candle: Candle, scale: PriceScale) -> tuple[int, int]:
    opened, closed = round(scale.y(candle.open)), round(scale.y(candle.close))
    return min(opened, closed), max(opened, closed)
