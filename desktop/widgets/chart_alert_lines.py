"""Price alerts across the chart: a bell's line with its price, to drag and to remove."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from desktop.models.chart_scale import PriceScale
from desktop.models.price_alerts import PriceAlert
from desktop.theme import palette
from desktop.widgets.chart_axes import ChartFrame
from desktop.widgets.chart_lines import GRAB_PX, Part
from desktop.widgets.chart_tags import CLOSE_PX, TAG_PX, paint_cross, paint_words, words_width
from desktop.widgets.inks import hairline

_RIGHT_PX = 30  # the button to place here is at the edge


class PlacedAlert(msgspec.Struct, frozen=True):
    alert: PriceAlert
    y: float
    text: str
    tag: QRectF

    @property
    def close(self) -> QRectF:
        return QRectF(self.tag.right() - CLOSE_PX, self.tag.top(), CLOSE_PX, TAG_PX)


class AlertLines:
    """At the right, where no order has its tag."""

    def __init__(self) -> None:
        self.placed: list[PlacedAlert] = []

    def place(
        self,
        alerts: Sequence[PriceAlert],
        ghosts: Mapping[str, Decimal],
        scale: PriceScale,
        frame: ChartFrame,
        decimals: int,
    ) -> None:
        self.placed = []
        for alert in alerts:
            price = ghosts.get(alert.key, alert.price)
            y = scale.y(float(price))
            if not 0 <= y <= frame.plot.height():
                continue
            text = f"Alert {price:,.{decimals}f}"
            width = words_width(text) + CLOSE_PX
            left = frame.plot.width() - _RIGHT_PX - width
            tag = QRectF(round(left), round(y - TAG_PX / 2), width, TAG_PX)
            self.placed.append(PlacedAlert(alert, y, text, tag))

    def at(self, point: QPointF) -> tuple[PriceAlert, Part] | None:
        for placed in reversed(self.placed):
            if placed.close.contains(point):
                return placed.alert, Part.CLOSE
            if placed.tag.contains(point):
                return placed.alert, Part.TAG
        for placed in self.placed:
            if abs(placed.y - point.y()) <= GRAB_PX:
                return placed.alert, Part.LINE
        return None

    def line_of(self, key: str) -> PlacedAlert | None:
        return next((placed for placed in self.placed if placed.alert.key == key), None)

    def paint(self, painter: QPainter, frame: ChartFrame, hovered: str | None) -> None:
        for placed in self.placed:
            width = 2 if placed.alert.key == hovered else 1
            painter.setPen(hairline(palette.ALERT_LINE, Qt.PenStyle.DotLine, width))
            y = round(placed.y)
            painter.drawLine(QLineF(0, y, frame.plot.width(), y))
            rect = paint_words(
                painter,
                QPointF(placed.tag.left(), placed.y),
                placed.text,
                palette.ALERT_LINE,
                palette.BACKGROUND,
                palette.ALERT_LINE,
                extra_px=CLOSE_PX,
            )
            centre = QPointF(rect.right() - CLOSE_PX / 2, rect.center().y())
            paint_cross(painter, centre, palette.ALERT_LINE)
