"""The sign that tells what is known of an order: one shape, colour and word each.

In flight is a hollow ring, confirmed a solid dot, unknown an amber striped
disc: told apart without colour, and the same in every table, chart and ladder.
"""

from __future__ import annotations

from enum import StrEnum, unique
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen

from desktop.theme import palette
from desktop.theme.colours import per_palette
from engine.trading_types import OrderStatus
from engine.views import OrderView


@unique
class MarkShape(StrEnum):
    RING = "ring"
    DOT = "dot"
    HALF = "half"
    STRIPED = "striped"
    CHECK = "check"
    DASH = "dash"
    CROSS = "cross"


class OrderMark(NamedTuple):
    shape: MarkShape
    colour: str
    words: str


@per_palette
def _marks() -> dict[OrderStatus, OrderMark]:
    faint = palette.TEXT_FAINT
    return {
        OrderStatus.PENDING_NEW: OrderMark(MarkShape.RING, palette.IN_FLIGHT, "Sending"),
        OrderStatus.NEW: OrderMark(MarkShape.DOT, palette.ACCENT, "Working"),
        OrderStatus.PARTIALLY_FILLED: OrderMark(MarkShape.HALF, palette.ACCENT, "Part filled"),
        OrderStatus.PENDING_CANCEL: OrderMark(MarkShape.RING, palette.IN_FLIGHT, "Cancelling"),
        OrderStatus.UNKNOWN: OrderMark(MarkShape.STRIPED, palette.UNKNOWN, "Unknown"),
        OrderStatus.FILLED: OrderMark(MarkShape.CHECK, palette.OK, "Filled"),
        OrderStatus.CANCELED: OrderMark(MarkShape.DASH, faint, "Cancelled"),
        OrderStatus.REJECTED: OrderMark(MarkShape.CROSS, palette.ERROR, "Refused"),
        OrderStatus.EXPIRED: OrderMark(MarkShape.DASH, faint, "Expired"),
        OrderStatus.EXPIRED_IN_MATCH: OrderMark(MarkShape.DASH, faint, "Expired in match"),
    }


def order_mark(order: OrderView) -> OrderMark:
    """An amend in flight shows only on an order whose own state is settled."""
    if order.amend is not None and order.status.is_resting:
        return amending_mark()
    return _marks()[order.status]


def amending_mark() -> OrderMark:
    return OrderMark(MarkShape.RING, palette.IN_FLIGHT, "Amending")


def paint_mark(painter: QPainter, rect: QRectF, shape: MarkShape, colour: str) -> None:
    """Draw the sign centred in `rect`, about 9 px wide."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ink = QColor(colour)
    centre = rect.center()
    disc = QRectF(centre.x() - 4, centre.y() - 4, 8, 8)
    pen = QPen(ink, 1.6, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin)
    _PAINTERS[shape](painter, disc, centre, pen)
    painter.restore()


def _paint_ring(painter: QPainter, disc: QRectF, _centre: QPointF, pen: QPen) -> None:
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(disc.adjusted(0.6, 0.6, -0.6, -0.6))


def _paint_dot(painter: QPainter, disc: QRectF, _centre: QPointF, pen: QPen) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(pen.color())
    painter.drawEllipse(disc)


def _paint_half(painter: QPainter, disc: QRectF, centre: QPointF, pen: QPen) -> None:
    _paint_ring(painter, disc, centre, pen)
    painter.setBrush(pen.color())
    painter.drawPie(disc.adjusted(0.6, 0.6, -0.6, -0.6), 90 * 16, 180 * 16)


def _paint_striped(painter: QPainter, disc: QRectF, centre: QPointF, pen: QPen) -> None:
    outline = QPainterPath()
    outline.addEllipse(disc)
    painter.setClipPath(outline)
    painter.setPen(QPen(pen.color(), 1.5))
    for offset in (-6.0, -3.0, 0.0, 3.0, 6.0):
        painter.drawLine(
            QPointF(centre.x() + offset - 5, centre.y() + 5),
            QPointF(centre.x() + offset + 5, centre.y() - 5),
        )
    painter.setClipping(False)
    painter.setPen(QPen(pen.color(), 1.0))
    painter.setBrush(QBrush(Qt.BrushStyle.NoBrush))
    painter.drawEllipse(disc)


def _paint_check(painter: QPainter, _disc: QRectF, centre: QPointF, pen: QPen) -> None:
    painter.setPen(pen)
    corner = QPointF(centre.x() - 1.2, centre.y() + 3)
    painter.drawLine(QPointF(centre.x() - 4, centre.y() + 0.2), corner)
    painter.drawLine(corner, QPointF(centre.x() + 4, centre.y() - 3.2))


def _paint_dash(painter: QPainter, _disc: QRectF, centre: QPointF, pen: QPen) -> None:
    painter.setPen(pen)
    painter.drawLine(QPointF(centre.x() - 3, centre.y()), QPointF(centre.x() + 3, centre.y()))


def _paint_cross(painter: QPainter, _disc: QRectF, centre: QPointF, pen: QPen) -> None:
    painter.setPen(pen)
    x, y, r = centre.x(), centre.y(), 3.0
    painter.drawLine(QPointF(x - r, y - r), QPointF(x + r, y + r))
    painter.drawLine(QPointF(x - r, y + r), QPointF(x + r, y - r))


_PAINTERS = {
    MarkShape.RING: _paint_ring,
    MarkShape.DOT: _paint_dot,
    MarkShape.HALF: _paint_half,
    MarkShape.STRIPED: _paint_striped,
    MarkShape.CHECK: _paint_check,
    MarkShape.DASH: _paint_dash,
    MarkShape.CROSS: _paint_cross,
}
