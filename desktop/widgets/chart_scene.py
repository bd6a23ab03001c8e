"""One picture of the chart, from the back to the front."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter

from desktop.formatting import grouped, signed, utc_time_text
from desktop.models.chart_model import ChartModel
from desktop.models.chart_scale import PriceScale, TagSpan, moment_text, price_ticks
from desktop.theme import palette
from desktop.widgets.chart_alert_lines import AlertLines
from desktop.widgets.chart_axes import (
    TITLE_PX,
    ChartFrame,
    LabelPictures,
    PriceLabels,
    frame_for,
    paint_crosshair,
    paint_time_label,
    price_axis_px,
)
from desktop.widgets.chart_hints import ChartHints
from desktop.widgets.chart_lines import OrderLines
from desktop.widgets.chart_overlays import ChartOverlays
from desktop.widgets.chart_painter import ChartPainter
from desktop.widgets.chart_state import ChartState
from desktop.widgets.chart_tags import STALE_OPACITY, TAG_PX, TAGS_LEFT_PX, paint_words, words_width
from desktop.widgets.chart_title import paint_legend, paint_title, title_px
from desktop.widgets.inks import hairline, ink, words_font, words_px
from engine.views import PositionView

_CENTRE = int(Qt.AlignmentFlag.AlignCenter)
_VEIL_ALPHA = 165


class ChartScene:
    def __init__(self, model: ChartModel, state: ChartState) -> None:
        self._model = model
        self._state = state
        self.overlays = ChartOverlays(model)
        self.candles = ChartPainter(model, self.overlays)
        self.lines = OrderLines()
        self.alerts = AlertLines()
        self.hints = ChartHints(model, state)
        self.frame: ChartFrame = frame_for(1, 1, 1)
        self.scale: PriceScale = PriceScale(low=0.0, high=1.0, top=0.0, height=1.0)
        self._labels = LabelPictures()

    def lay_out(self, size: QSize) -> None:
        """Frame, price scale and order lines for the present model. Cheap when nothing moved."""
        newest = self._model.candles[-1].close if self._model.candles else 0.0
        widest = grouped(newest * 1.5, self._state.decimals)
        self.frame = frame_for(size.width(), size.height(), price_axis_px(widest))
        self._model.set_width(self.frame.plot.width())
        fitted = self._model.price_scale(self.frame.candle_top, self.frame.candle_height)
        self.scale = fitted.stretched(float(self.frame.plot.height()))
        state = self._state
        taken = [TagSpan(TITLE_PX / 2, 0, title_px(state))]
        if state.position is not None and state.position.quantity:
            y = self.scale.y(float(state.position.entry_price))
            # the PnL beside it breathes: leave room for a long one
            right = TAGS_LEFT_PX + words_width(self._position_text(state.position)) + 90
            taken.append(TagSpan(y, 0, right))
        self.lines.place(state.orders, state.ghosts, self.scale, self.frame, taken)
        self.alerts.place(state.alerts, state.ghosts, self.scale, self.frame, state.decimals)

    def redress(self) -> None:
        """Fonts and colours were exchanged."""
        self.candles.forget()
        self.lines.redress()
        self._labels.forget()

    def paint(self, painter: QPainter, size: QSize) -> None:
        self.lay_out(size)
        state = self._state
        if not self._model.candles:
            self._paint_loading(painter, size)
            return
        self.candles.paint(painter, self.frame, self.scale, state.tick_size)
        painter.save()
        painter.setClipRect(self.frame.plot)
        self._paint_prices(painter)
        if state.stale_since_ms is not None:
            # orders stay bright: they are the exchange's word, and can be cancelled
            painter.fillRect(self.frame.plot, ink(palette.BACKGROUND, _VEIL_ALPHA))
        if state.cursor is not None and state.dragged is None:
            paint_crosshair(painter, self.frame, state.cursor)
        painter.setOpacity(STALE_OPACITY if state.are_orders_stale else 1.0)
        self.lines.paint(painter, self.frame, state.dragged or state.hovered)
        painter.setOpacity(1.0)
        self.alerts.paint(painter, self.frame, state.dragged or state.hovered)
        self._paint_position(painter)
        self._paint_refusals(painter)
        self.hints.paint(painter, self.frame, self.lines.above, self.lines.below)
        painter.restore()
        self._paint_labels(painter)
        pointed = self._model.candle_at(state.cursor.x()) if state.cursor is not None else None
        paint_title(painter, self.frame, state, pointed or self._model.candles[-1])
        paint_legend(painter, state, self.overlays.values())
        if state.stale_since_ms is not None:
            self._paint_stale(painter, state.stale_since_ms)

    # --- parts --------------------------------------------------------------

    def _paint_loading(self, painter: QPainter, size: QSize) -> None:
        painter.fillRect(0, 0, size.width(), size.height(), ink(palette.BACKGROUND))
        painter.setFont(words_font(13))
        painter.setPen(ink(palette.TEXT_DIM))
        text = self._state.problem or " ".join(f"Loading {self._state.interval} candles…".split())
        painter.drawText(QRectF(0, 0, size.width(), size.height()), _CENTRE, text)

    def _paint_prices(self, painter: QPainter) -> None:
        state = self._state
        if state.mark_price is not None:
            self._across(painter, state.mark_price, palette.TEXT_FAINT, Qt.PenStyle.DotLine)
        self._across(painter, self._last(), self._last_colour(), Qt.PenStyle.DotLine)

    def _across(self, painter: QPainter, price: float, colour: str, style: Qt.PenStyle) -> None:
        y = round(self.scale.y(price))
        painter.setPen(hairline(colour, style))
        painter.drawLine(QLineF(0, y, self.frame.plot.width(), y))

    def _paint_position(self, painter: QPainter) -> None:
        position = self._state.position
        if position is None or not position.quantity:
            return
        entry = float(position.entry_price)
        self._across(painter, entry, palette.ACCENT, Qt.PenStyle.SolidLine)
        at = QPointF(TAGS_LEFT_PX, self.scale.y(entry))
        text = self._position_text(position)
        rect = paint_words(painter, at, text, palette.TEXT, palette.ACCENT_SOFT, palette.ACCENT)
        pnl = live_pnl(position, self._state.mark_price)
        beside = QPointF(rect.right() - 1, at.y())
        paint_words(
            painter,
            beside,
            signed(pnl, 2),
            palette.STALE if self._state.is_stale else palette.signed_colour(pnl),
            palette.BACKGROUND,
            palette.ACCENT,
        )

    def _paint_refusals(self, painter: QPainter) -> None:
        """Why a line is where it was, beside it."""
        for key, sentence in self._state.refusals.items():
            line = self.lines.line_of(key) or self.alerts.line_of(key)
            if line is None:
                continue
            left = line.tag.right() + 6 if line.tag is not None else TAGS_LEFT_PX
            left = max(min(left, self.frame.plot.width() - words_width(sentence) - 6), 0)
            at = QPointF(left, line.y)
            if left < TAGS_LEFT_PX or (line.tag is not None and left < line.tag.right()):
                at = QPointF(TAGS_LEFT_PX, line.y + TAG_PX + 2)
            paint_words(painter, at, sentence, palette.WARNING, palette.UNKNOWN_SOFT)

    def _paint_labels(self, painter: QPainter) -> None:
        state, scale = self._state, self.scale
        labels = PriceLabels(painter, self.frame, self._labels)
        cursor = state.cursor
        dragged = self._dragged_price()
        if dragged is not None:
            labels.filled(
                scale.y(float(dragged)), state.text(dragged), palette.TEXT, palette.BACKGROUND
            )
        elif cursor is not None:
            text = grouped(scale.price(cursor.y()), state.decimals)
            labels.filled(cursor.y(), text, palette.LINE_STRONG, palette.TEXT)
        last = self._last()
        labels.filled(scale.y(last), state.text(last), self._last_colour(), palette.BACKGROUND)
        if state.position is not None and state.position.quantity:
            entry = state.position.entry_price
            labels.outlined(scale.y(float(entry)), state.text(entry), palette.ACCENT)
        self.lines.paint_labels(labels, state.text)
        for placed in self.alerts.placed:
            wanted = state.ghosts.get(placed.alert.key, placed.alert.price)
            labels.outlined(placed.y, state.text(wanted), palette.ALERT_LINE, Qt.PenStyle.DotLine)
        if state.mark_price is not None:
            y = scale.y(state.mark_price)
            labels.outlined(y, state.text(state.mark_price), palette.TEXT_DIM, Qt.PenStyle.DotLine)
        for price in price_ticks(scale, state.tick_size):
            labels.plain(scale.y(price), grouped(price, state.decimals))
        if cursor is not None and dragged is None:
            self._paint_cursor_time(painter, cursor)

    def _paint_cursor_time(self, painter: QPainter, cursor: QPointF) -> None:
        at_ms = self._model.time_at(cursor.x())
        if at_ms is not None:
            text = moment_text(at_ms, self._model.candle_ms)
            paint_time_label(painter, self.frame, cursor.x(), text)

    def _paint_stale(self, painter: QPainter, since_ms: int) -> None:
        text = f"No data since {utc_time_text(since_ms)} UTC"
        width = words_px(text, 13) + 36
        top = 36 + max(0, self._state.covered_px - TITLE_PX)
        banner = QRectF((self.frame.plot.width() - width) // 2, top, width, 30)
        painter.fillRect(banner, ink(palette.UNKNOWN_SOFT))
        painter.setFont(words_font(13))
        painter.setPen(hairline(palette.WARNING))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(banner.adjusted(0, 0, -1, -1))
        painter.drawText(banner, _CENTRE, text)

    # --- values -------------------------------------------------------------

    def _position_text(self, position: PositionView) -> str:
        words = "LONG" if position.quantity > 0 else "SHORT"
        return f"{words} {abs(position.quantity)} @ {self._state.text(position.entry_price)}"

    def _last(self) -> float:
        price = self._state.last_price
        return self._model.candles[-1].close if price is None else price

    def _last_colour(self) -> str:
        if self._state.is_stale:
            return palette.STALE
        return palette.BUY if self._last() >= self._model.candles[-1].open else palette.SELL

    def _dragged_price(self) -> Decimal | None:
        dragged = self._state.dragged
        return None if dragged is None else self._state.ghosts.get(dragged)


def live_pnl(position: PositionView, mark_price: float | None) -> float:
    """For looking: from the mark price on the screen, else the venue's last word."""
    if mark_price is None:
        return float(position.unrealized_pnl)
    return (mark_price - float(position.entry_price)) * float(position.quantity)
