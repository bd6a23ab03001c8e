"""The chart's frame: where plot and axes lie, and the labels on the axes."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap

from desktop.models.chart_scale import TimeTick
from desktop.theme import palette
from desktop.widgets.inks import digit_px, hairline, ink, numbers_font

TIME_AXIS_PX = 24
LABEL_PX = 17
TITLE_PX = 26  # kept free above the candles for the line of words
_PICTURES_KEPT = 512
_VOLUME_SHARE = 0.16
_CANDLE_SHARE = 0.80
_CENTRE = int(Qt.AlignmentFlag.AlignCenter)
_LEFT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)


class ChartFrame(msgspec.Struct, frozen=True):
    """Pixel rectangles of a chart of a given size."""

    plot: QRect
    price_axis: QRect
    time_axis: QRect

    @property
    def candle_top(self) -> float:
        return float(TITLE_PX)

    @property
    def candle_height(self) -> float:
        return max(self.plot.height() * _CANDLE_SHARE - TITLE_PX, 1.0)

    @property
    def volume_height(self) -> float:
        return self.plot.height() * _VOLUME_SHARE


def frame_for(width: int, height: int, price_axis_px: int) -> ChartFrame:
    plot_width = max(width - price_axis_px, 1)
    plot_height = max(height - TIME_AXIS_PX, 1)
    return ChartFrame(
        plot=QRect(0, 0, plot_width, plot_height),
        price_axis=QRect(plot_width, 0, price_axis_px, plot_height),
        time_axis=QRect(0, plot_height, width, TIME_AXIS_PX),
    )


def price_axis_px(widest_text: str) -> int:
    return max(56, round(digit_px() * len(widest_text)) + 18)


def paint_grid(
    painter: QPainter, frame: ChartFrame, ys: Sequence[float], xs: Sequence[float]
) -> None:
    painter.setPen(hairline(palette.GRID))
    right, bottom = frame.plot.width(), frame.plot.height()
    painter.drawLines(
        [QLineF(0, round(y), right, round(y)) for y in ys]
        + [QLineF(round(x), 0, round(x), bottom) for x in xs]
    )


def paint_time_axis(
    painter: QPainter, frame: ChartFrame, ticks: list[tuple[float, TimeTick]]
) -> None:
    axis = frame.time_axis
    painter.setPen(hairline(palette.LINE))
    painter.drawLine(0, axis.top(), axis.width(), axis.top())
    painter.drawLine(frame.plot.width(), 0, frame.plot.width(), axis.top())
    painter.setFont(numbers_font())
    for x, tick in ticks:
        if 24 <= x <= frame.plot.width() - 24:
            painter.setPen(ink(palette.TEXT_DIM if tick.is_major else palette.TEXT_FAINT))
            painter.drawText(
                QRectF(x - 40, axis.top() + 1, 80, axis.height() - 1), _CENTRE, tick.text
            )
    painter.setPen(ink(palette.TEXT_FAINT))
    corner = QRect(frame.price_axis.left(), axis.top(), frame.price_axis.width(), axis.height())
    painter.drawText(corner, _CENTRE, "UTC")


class LabelPictures:
    """Labels as pictures, kept from frame to frame: most say the same again and again."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], QPixmap] = {}

    def forget(self) -> None:
        """Fonts and colours were exchanged."""
        self._kept.clear()

    def picture(
        self,
        text: str,
        colour: str,
        ground: str | None,
        border: Qt.PenStyle,
        width: int,
        ratio: float,
    ) -> QPixmap:
        key = (text, colour, ground, border, width, ratio)
        picture = self._kept.get(key)
        if picture is None:
            if len(self._kept) > _PICTURES_KEPT:
                self._kept.clear()
            picture = self._kept[key] = _draw_label(text, colour, ground, border, width, ratio)
        return picture


def _draw_label(
    text: str, colour: str, ground: str | None, border: Qt.PenStyle, width: int, ratio: float
) -> QPixmap:
    picture = QPixmap(round(width * ratio), round(LABEL_PX * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent if ground is None else ink(ground))
    rect = QRectF(0, 0, width, LABEL_PX)
    painter = QPainter(picture)
    if border is not Qt.PenStyle.NoPen:
        painter.setPen(hairline(colour, border))
        painter.drawRect(rect.adjusted(0, 0, -1, -1))
    painter.setFont(numbers_font())
    painter.setPen(ink(colour))
    painter.drawText(rect, _LEFT, f" {text}")
    painter.end()
    return picture


class PriceLabels:
    """Labels on the price axis for one picture; a less important one gives way.

    Call in the order of importance.
    """

    def __init__(self, painter: QPainter, frame: ChartFrame, pictures: LabelPictures) -> None:
        self._painter = painter
        self._frame = frame
        self._pictures = pictures
        self._ratio = painter.device().devicePixelRatio()
        self._height = frame.plot.height()
        self._blocked: set[int] = set()  # middles a further label cannot have

    def filled(self, y: float, text: str, colour: str, on_colour: str) -> None:
        if self._take(y):
            self._put(y, text, on_colour, colour)

    def outlined(
        self, y: float, text: str, colour: str, style: Qt.PenStyle = Qt.PenStyle.SolidLine
    ) -> None:
        if self._take(y):
            self._put(y, text, colour, palette.BACKGROUND, style)

    def plain(self, y: float, text: str) -> None:
        """A number of the scale; one that would be cut by the edge is left out."""
        margin = LABEL_PX / 2
        if margin <= y <= self._height - margin and self._take(y):
            self._put(y, text, palette.TEXT_FAINT, None)

    def has_room(self, y: float) -> bool:
        return 0 <= y <= self._height and round(y) not in self._blocked

    def _take(self, y: float) -> bool:
        if not self.has_room(y):
            return False
        self._blocked.update(range(round(y) - LABEL_PX + 1, round(y) + LABEL_PX))
        return True

    def _put(
        self,
        y: float,
        text: str,
        colour: str,
        ground: str | None,
        border: Qt.PenStyle = Qt.PenStyle.NoPen,
    ) -> None:
        axis = self._frame.price_axis
        top = min(max(round(y - LABEL_PX / 2), 0), axis.height() - LABEL_PX)
        width = axis.width() - 1
        picture = self._pictures.picture(text, colour, ground, border, width, self._ratio)
        self._painter.drawPixmap(axis.left() + 1, top, picture)


def paint_time_label(painter: QPainter, frame: ChartFrame, x: float, text: str) -> None:
    painter.setFont(numbers_font())
    width = digit_px() * len(text) + 14
    left = min(max(x - width / 2, 0), frame.plot.width() - width)
    rect = QRectF(left, frame.time_axis.top() + 3, width, LABEL_PX)
    painter.fillRect(rect, ink(palette.LINE_STRONG))
    painter.setPen(ink(palette.TEXT))
    painter.drawText(rect, _CENTRE, text)


def paint_crosshair(painter: QPainter, frame: ChartFrame, at: QPointF) -> None:
    painter.setPen(hairline(palette.TEXT_FAINT, Qt.PenStyle.DashLine))
    painter.drawLine(QLineF(at.x(), 0, at.x(), frame.plot.height()))
    painter.drawLine(QLineF(0, at.y(), frame.plot.width(), at.y()))
