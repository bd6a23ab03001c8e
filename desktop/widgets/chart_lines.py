"""Lines across the chart: own orders with their tags, position, last and mark price."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import Enum

import msgspec
from msgspec.structs import replace
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap

from desktop.models.chart_scale import PriceScale, TagSpan, place_tags
from desktop.models.order_certainty import Certainty
from desktop.models.resting_orders import Resting
from desktop.theme import palette
from desktop.widgets.chart_axes import ChartFrame, PriceLabels
from desktop.widgets.chart_tags import CLOSE_PX, TAG_PX, TAGS_LEFT_PX, TagLook, TagPictures
from desktop.widgets.inks import hairline, ink

GRAB_PX = 3
_TAGS_SHARE = 0.85  # the newest candles stay free of tags


class Part(Enum):
    LINE = "line"
    TAG = "tag"
    CLOSE = "close"


class PlacedOrder(msgspec.Struct, frozen=True):
    """One line. An order being moved has two: where it is, and where it wants to go."""

    order: Resting
    price: Decimal
    certainty: Certainty
    y: float
    text: str
    tag: QRectF | None = None

    @property
    def close(self) -> QRectF | None:
        if self.tag is None or not self.order.can_cancel:
            return None
        return QRectF(self.tag.right() - CLOSE_PX, self.tag.top(), CLOSE_PX, TAG_PX)

    @property
    def colour(self) -> str:
        if self.certainty is Certainty.UNKNOWN:
            return palette.UNKNOWN
        return palette.SIDE_COLOUR[self.order.side]

    @property
    def look(self) -> TagLook:
        is_conditional = self.order.is_conditional
        cross = self.order.can_cancel
        return TagLook(self.text, self.colour, self.certainty, is_conditional, cross)


class OrderLines:
    """Which lines are where, what is under the mouse, and how they look."""

    def __init__(self) -> None:
        self._placed: list[PlacedOrder] = []
        self._lines: list[tuple[str, Qt.PenStyle, list[QLineF]]] = []
        self._labelled: list[PlacedOrder] = []
        self._layout_of: object = None
        self._tags = TagPictures()
        self._picture: QPixmap | None = None
        self._picture_of: object = None
        self.above = 0
        self.below = 0

    def forget(self) -> None:
        """The orders changed: lay them out again at the next `place`."""
        self._layout_of = None

    def redress(self) -> None:
        """Fonts and colours were exchanged."""
        self._tags.forget()
        self.forget()

    def place(
        self,
        orders: Sequence[Resting],
        ghosts: Mapping[str, Decimal],
        scale: PriceScale,
        frame: ChartFrame,
        taken: Sequence[TagSpan],
    ) -> None:
        """Lay the lines out; does nothing while nothing moved since `forget`."""
        layout_of = (dict(ghosts), scale, frame.plot, tuple(taken))
        if layout_of == self._layout_of:
            return
        self._layout_of = layout_of
        self._picture = None
        lines = [line for order in orders for line in _lines_of(order, ghosts, scale)]
        bottom = frame.plot.height()
        own = [line for line in lines if line.price == line.order.price]
        self.above = sum(1 for line in own if line.y < 0)
        self.below = sum(1 for line in own if line.y > bottom)
        self._placed = _tagged([li for li in lines if 0 <= li.y <= bottom], taken, frame)
        self._lines = _by_pen(self._placed, frame)
        self._labelled = _labelled(self._placed)

    def at(self, point: QPointF) -> tuple[Resting, Part] | None:
        """The order under the mouse; a tag wins over a line, the top one over others."""
        for placed in reversed(self._placed):
            if placed.close is not None and placed.close.contains(point):
                return placed.order, Part.CLOSE
            if placed.tag is not None and placed.tag.contains(point):
                return placed.order, Part.TAG
        near = [p for p in self._placed if abs(p.y - point.y()) <= GRAB_PX]
        if not near:
            return None
        return min(near, key=lambda p: abs(p.y - point.y())).order, Part.LINE

    def line_of(self, key: str) -> PlacedOrder | None:
        for placed in self._placed:
            if placed.order.key == key:
                return placed
        return None

    def tags(self) -> list[QRectF]:
        return [placed.tag for placed in self._placed if placed.tag is not None]

    def paint(self, painter: QPainter, frame: ChartFrame, hovered: str | None) -> None:
        """Lines and tags are one picture, made again when one of them moved or is pointed at."""
        if not self._placed:
            return
        ratio = painter.device().devicePixelRatio()
        picture_of = (hovered, ratio)
        if self._picture is None or picture_of != self._picture_of:
            self._picture = self._draw(frame, hovered, ratio)
            self._picture_of = picture_of
        painter.drawPixmap(0, 0, self._picture)

    def _draw(self, frame: ChartFrame, hovered: str | None, ratio: float) -> QPixmap:
        plot = frame.plot
        picture = QPixmap(round(plot.width() * ratio), round(plot.height() * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        own = [p for p in self._placed if p.order.key == hovered]
        for batches, width in ((self._lines, 1), (_by_pen(own, frame), 2)):
            for colour, style, lines in batches:
                _draw_across(painter, colour, style, lines, width)
        for placed in self._placed:
            if placed.tag is not None:
                painter.drawPixmap(placed.tag.topLeft(), self._tags.picture(placed.look, ratio))
        painter.end()
        return picture

    def paint_labels(self, labels: PriceLabels, text: Callable[[Decimal], str]) -> None:
        for placed in self._labelled:
            if labels.has_room(placed.y):
                style = _line_style(placed)
                labels.outlined(placed.y, text(placed.price), placed.colour, style)


def _lines_of(
    order: Resting, ghosts: Mapping[str, Decimal], scale: PriceScale
) -> list[PlacedOrder]:
    lines = [
        PlacedOrder(
            order=order,
            price=order.price,
            certainty=order.certainty,
            y=scale.y(float(order.price)),
            text=order.label,
        )
    ]
    wanted = ghosts.get(order.key)
    if wanted is None:
        wanted = order.wanted_price
    if wanted is not None and wanted != order.price:
        lines.append(
            PlacedOrder(
                order=order,
                price=wanted,
                certainty=Certainty.IN_FLIGHT,
                y=scale.y(float(wanted)),
                text=f"{order.side} to here",
            )
        )
    return lines


def _tagged(
    lines: list[PlacedOrder], taken: Sequence[TagSpan], frame: ChartFrame
) -> list[PlacedOrder]:
    widths = [line.look.width for line in lines]
    wanted = [(line.y, float(width)) for line, width in zip(lines, widths, strict=True)]
    right = frame.plot.width() * _TAGS_SHARE
    edges = place_tags(wanted, taken, TAGS_LEFT_PX, right, TAG_PX + 1)
    placed = []
    for line, width, edge in zip(lines, widths, edges, strict=True):
        if edge is not None:
            tag = QRectF(round(edge), round(line.y - TAG_PX / 2), width, TAG_PX)
            line = replace(line, tag=tag)  # noqa: PLW2901 - the same line, with its tag
        placed.append(line)
    return placed


def _line_style(placed: PlacedOrder) -> Qt.PenStyle:
    """Solid rests in the book; dash-dot waits for its trigger; dashed is not confirmed."""
    if placed.certainty is not Certainty.CONFIRMED:
        return Qt.PenStyle.DashLine
    return Qt.PenStyle.DashDotLine if placed.order.is_conditional else Qt.PenStyle.SolidLine


def _by_pen(
    placed: Sequence[PlacedOrder], frame: ChartFrame
) -> list[tuple[str, Qt.PenStyle, list[QLineF]]]:
    """Hundreds of orders share few pixel rows and pens: one call for each pen."""
    rows: dict[tuple[str, Qt.PenStyle], set[int]] = {}
    for line in placed:
        rows.setdefault((line.colour, _line_style(line)), set()).add(round(line.y))
    right = frame.plot.width()
    return [
        (colour, style, [QLineF(0, y, right, y) for y in sorted(ys)])
        for (colour, style), ys in rows.items()
    ]


def _draw_across(
    painter: QPainter, colour: str, style: Qt.PenStyle, lines: list[QLineF], width: int
) -> None:
    """`width` device pixels. Rectangles: of hundreds of lines a pen's cost more than all else."""
    if style is not Qt.PenStyle.SolidLine:
        painter.setPen(hairline(colour, style, width))
        painter.drawLines(lines)
        return
    px = width / painter.device().devicePixelRatio()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink(colour))
    painter.drawRects([QRectF(0, line.y1(), line.x2(), px) for line in lines])


def _labelled(placed: Sequence[PlacedOrder]) -> list[PlacedOrder]:
    """One of each pixel row for the price axis, the confirmed ones first."""
    rows: dict[int, PlacedOrder] = {}
    for line in sorted(placed, key=lambda p: p.certainty is not Certainty.CONFIRMED):
        rows.setdefault(round(line.y), line)
    return list(rows.values())
