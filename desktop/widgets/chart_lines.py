"""Lines across the chart: own orders with their tags, position, last and mark price."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPen, QPixmap

from desktop.models.chart_scale import PriceScale, TagSpan, place_tags
from desktop.models.order_certainty import (
    Certainty,
    can_cancel,
    certainty_of,
    is_at_a_price,
    tag_text,
)
from desktop.theme import palette
from desktop.widgets.chart_axes import ChartFrame, PriceLabels
from desktop.widgets.inks import hairline, ink, words_font, words_px
from engine.views import OrderView

TAG_PX = 18
_CLOSE_PX = 18
_PAD_PX = 7
_GRAB_PX = 3
_PICTURES_KEPT = 256
TAGS_LEFT_PX = 8
_TAGS_SHARE = 0.85  # the newest candles stay free of tags
_LEFT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)


class Part(Enum):
    LINE = "line"
    TAG = "tag"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """One line. An order being moved has two: where it is, and where it wants to go."""

    order: OrderView
    price: Decimal
    certainty: Certainty
    y: float
    text: str
    tag: QRectF | None = None

    @property
    def close(self) -> QRectF | None:
        if self.tag is None or not can_cancel(self.order):
            return None
        return QRectF(self.tag.right() - _CLOSE_PX, self.tag.top(), _CLOSE_PX, TAG_PX)

    @property
    def colour(self) -> str:
        if self.certainty is Certainty.UNKNOWN:
            return palette.UNKNOWN
        return palette.SIDE_COLOUR[self.order.side]


class OrderLines:
    """Which lines are where, what is under the mouse, and how they look."""

    def __init__(self) -> None:
        self._placed: list[PlacedOrder] = []
        self._lines: list[tuple[str, Qt.PenStyle, list[QLineF]]] = []
        self._labelled: list[PlacedOrder] = []
        self._layout_of: object = None
        self._pictures: dict[tuple[object, ...], QPixmap] = {}
        self._picture: QPixmap | None = None
        self._picture_of: object = None
        self.above = 0
        self.below = 0

    def forget(self) -> None:
        """The orders changed: lay them out again at the next `place`."""
        self._layout_of = None

    def place(
        self,
        orders: Sequence[OrderView],
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

    def at(self, point: QPointF) -> tuple[OrderView, Part] | None:
        """The order under the mouse; a tag wins over a line, the top one over others."""
        for placed in reversed(self._placed):
            if placed.close is not None and placed.close.contains(point):
                return placed.order, Part.CLOSE
            if placed.tag is not None and placed.tag.contains(point):
                return placed.order, Part.TAG
        near = [p for p in self._placed if abs(p.y - point.y()) <= _GRAB_PX]
        if not near:
            return None
        return min(near, key=lambda p: abs(p.y - point.y())).order, Part.LINE

    def line_of(self, client_order_id: str) -> PlacedOrder | None:
        for placed in self._placed:
            if placed.order.client_order_id == client_order_id:
                return placed
        return None

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
        own = [p for p in self._placed if p.order.client_order_id == hovered]
        for batches, width in ((self._lines, 1), (_by_pen(own, frame), 2)):
            for colour, style, lines in batches:
                painter.setPen(hairline(colour, style, width))
                painter.drawLines(lines)
        for placed in self._placed:
            if placed.tag is not None:
                painter.drawPixmap(placed.tag.topLeft(), self._tag_picture(placed, ratio))
        painter.end()
        return picture

    def _tag_picture(self, placed: PlacedOrder, ratio: float) -> QPixmap:
        """Tags are kept as pictures: most orders have the same few texts."""
        key = (placed.text, placed.colour, placed.certainty, placed.close is None, ratio)
        picture = self._pictures.get(key)
        if picture is None or placed.tag is None:
            if len(self._pictures) > _PICTURES_KEPT:
                self._pictures.clear()
            picture = self._pictures[key] = _draw_tag(placed, ratio)
        return picture

    def paint_labels(self, labels: PriceLabels, text: Callable[[Decimal], str]) -> None:
        for placed in self._labelled:
            if labels.has_room(placed.y):
                style = _line_style(placed.certainty)
                labels.outlined(placed.y, text(placed.price), placed.colour, style)


def _lines_of(
    order: OrderView, ghosts: Mapping[str, Decimal], scale: PriceScale
) -> list[PlacedOrder]:
    if not is_at_a_price(order):
        return []
    lines = [
        PlacedOrder(
            order=order,
            price=order.price,
            certainty=certainty_of(order),
            y=scale.y(float(order.price)),
            text=tag_text(order),
        )
    ]
    wanted = ghosts.get(order.client_order_id)
    if wanted is None and order.amend is not None:
        wanted = order.amend.price
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
    widths = []
    for line in lines:
        close = _CLOSE_PX if can_cancel(line.order) else 0
        widths.append(words_width(line.text) + close)
    wanted = [(line.y, float(width)) for line, width in zip(lines, widths, strict=True)]
    right = frame.plot.width() * _TAGS_SHARE
    edges = place_tags(wanted, taken, TAGS_LEFT_PX, right, TAG_PX + 1)
    placed = []
    for line, width, edge in zip(lines, widths, edges, strict=True):
        tag = (
            None if edge is None else QRectF(round(edge), round(line.y - TAG_PX / 2), width, TAG_PX)
        )
        placed.append(
            PlacedOrder(
                order=line.order,
                price=line.price,
                certainty=line.certainty,
                y=line.y,
                text=line.text,
                tag=tag,
            )
        )
    return placed


def _line_style(certainty: Certainty) -> Qt.PenStyle:
    return Qt.PenStyle.SolidLine if certainty is Certainty.CONFIRMED else Qt.PenStyle.DashLine


def _by_pen(
    placed: Sequence[PlacedOrder], frame: ChartFrame
) -> list[tuple[str, Qt.PenStyle, list[QLineF]]]:
    """Hundreds of orders share few pixel rows and pens: one call for each pen."""
    rows: dict[tuple[str, Qt.PenStyle], set[int]] = {}
    for line in placed:
        rows.setdefault((line.colour, _line_style(line.certainty)), set()).add(round(line.y))
    right = frame.plot.width()
    return [
        (colour, style, [QLineF(0, y, right, y) for y in sorted(ys)])
        for (colour, style), ys in rows.items()
    ]


def _labelled(placed: Sequence[PlacedOrder]) -> list[PlacedOrder]:
    """One of each pixel row for the price axis, the confirmed ones first."""
    rows: dict[int, PlacedOrder] = {}
    for line in sorted(placed, key=lambda p: p.certainty is not Certainty.CONFIRMED):
        rows.setdefault(round(line.y), line)
    return list(rows.values())


def _draw_tag(placed: PlacedOrder, ratio: float) -> QPixmap:
    width = words_width(placed.text) + (0 if placed.close is None else _CLOSE_PX)
    picture = QPixmap(round(width * ratio), round(TAG_PX * ratio))
    picture.setDevicePixelRatio(ratio)
    tag = QRectF(0, 0, width, TAG_PX)
    painter = QPainter(picture)
    painter.setFont(words_font())
    solid = placed.certainty is Certainty.CONFIRMED
    painter.fillRect(tag, ink(placed.colour if solid else palette.BACKGROUND))
    if placed.certainty is Certainty.UNKNOWN:
        paint_stripes(painter, tag)
    if not solid:
        painter.setPen(hairline(placed.colour, _line_style(placed.certainty)))
        painter.drawRect(tag.adjusted(0, 0, -1, -1))
    text_colour = palette.BACKGROUND if solid else placed.colour
    painter.setPen(ink(text_colour))
    painter.drawText(tag.adjusted(_PAD_PX, 0, 0, 0), _LEFT, placed.text)
    if placed.close is not None:
        paint_cross(painter, QPointF(width - _CLOSE_PX / 2, TAG_PX / 2), text_colour)
    painter.end()
    return picture


def paint_stripes(painter: QPainter, rect: QRectF) -> None:
    """The amber stripes that mean: nobody knows yet."""
    painter.fillRect(rect, ink(palette.UNKNOWN_SOFT))
    painter.fillRect(rect, QBrush(ink(palette.UNKNOWN, 90), Qt.BrushStyle.BDiagPattern))


def paint_cross(painter: QPainter, centre: QPointF, colour: str) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(ink(colour), 1.4))
    x, y, r = centre.x(), centre.y(), 3.2
    painter.drawLine(QLineF(x - r, y - r, x + r, y + r))
    painter.drawLine(QLineF(x - r, y + r, x + r, y - r))
    painter.restore()


def words_width(text: str) -> int:
    return words_px(text) + 2 * _PAD_PX


def paint_words(
    painter: QPainter, at: QPointF, text: str, colour: str, ground: str, border: str | None = None
) -> QRectF:
    """A small filled tag with its left edge and middle at `at`; returns its rectangle."""
    painter.setFont(words_font())
    width = words_width(text)
    rect = QRectF(round(at.x()), round(at.y() - TAG_PX / 2), width, TAG_PX)
    painter.fillRect(rect, ink(ground))
    if border is not None:
        painter.setPen(hairline(border))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect.adjusted(0, 0, -1, -1))
    painter.setPen(ink(colour))
    painter.drawText(rect.adjusted(_PAD_PX, 0, 0, 0), _LEFT, text)
    return rect
