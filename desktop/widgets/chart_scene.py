"""One picture of the chart, from the back to the front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter

from desktop.formatting import grouped, pct_text, price_text, signed, utc_time_text
from desktop.models.chart_model import ChartModel
from desktop.models.chart_scale import PriceScale, TagSpan, compact, moment_text, price_ticks
from desktop.theme import palette
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
from desktop.widgets.chart_lines import TAGS_LEFT_PX, OrderLines, paint_words, words_width
from desktop.widgets.chart_painter import ChartPainter
from desktop.widgets.inks import digit_px, hairline, ink, numbers_font, words_font, words_px
from engine.market.instruments import Instrument
from engine.views import Candle, OrderView, PositionView

_CENTRE = int(Qt.AlignmentFlag.AlignCenter)
_BASELINE = 17
_VEIL_ALPHA = 165


@dataclass(slots=True)
class ChartState:
    """Everything but the candles. The widget writes it, the scene reads it."""

    instrument: Instrument | None = None
    interval: str = ""
    orders: Sequence[OrderView] = ()
    ghosts: dict[str, Decimal] = field(default_factory=dict)  # moves asked for, by order
    dragged: str | None = None
    hovered: str | None = None
    cursor: QPointF | None = None
    position: PositionView | None = None
    last_price: float | None = None
    mark_price: float | None = None
    stale_since_ms: int | None = None

    @property
    def decimals(self) -> int:
        return self.instrument.price_decimals if self.instrument else 2

    @property
    def tick_size(self) -> float:
        return float(self.instrument.tick_size) if self.instrument else 0.01

    @property
    def is_stale(self) -> bool:
        return self.stale_since_ms is not None

    def text(self, price: Decimal | float) -> str:
        return price_text(price, self.instrument)


class ChartScene:
    def __init__(self, model: ChartModel, state: ChartState) -> None:
        self._model = model
        self._state = state
        self.candles = ChartPainter(model)
        self.lines = OrderLines()
        self.frame: ChartFrame = frame_for(1, 1, 1)
        self.scale: PriceScale = PriceScale(low=0.0, high=1.0, top=0.0, height=1.0)
        self.live_button = QRectF()
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
        taken = [TagSpan(TITLE_PX / 2, 0, words_px(self._title(), 12) + digit_px() * 78 + 24)]
        if state.position is not None and state.position.quantity:
            y = self.scale.y(float(state.position.entry_price))
            # the PnL beside it breathes: leave room for a long one
            right = TAGS_LEFT_PX + words_width(self._position_text(state.position)) + 90
            taken.append(TagSpan(y, 0, right))
        self.lines.place(state.orders, state.ghosts, self.scale, self.frame, taken)

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
        self.lines.paint(painter, self.frame, state.dragged or state.hovered)
        self._paint_position(painter)
        self._paint_hints(painter)
        painter.restore()
        self._paint_labels(painter)
        self._paint_title(painter)
        if state.stale_since_ms is not None:
            self._paint_stale(painter, state.stale_since_ms)

    # --- parts --------------------------------------------------------------

    def _paint_loading(self, painter: QPainter, size: QSize) -> None:
        painter.fillRect(0, 0, size.width(), size.height(), ink(palette.BACKGROUND))
        painter.setFont(words_font(13))
        painter.setPen(ink(palette.TEXT_DIM))
        painter.drawText(QRectF(0, 0, size.width(), size.height()), _CENTRE, "Loading candles…")

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

    def _paint_hints(self, painter: QPainter) -> None:
        """Orders out of sight, and the way back to the newest candle."""
        plot = self.frame.plot
        right = plot.width() - 10.0
        if self.lines.above:
            self._right_words(painter, right, 38, f"▲ {_orders(self.lines.above)} above")
        if self.lines.below:
            self._right_words(
                painter, right, plot.height() - 14, f"▼ {_orders(self.lines.below)} below"
            )
        self.live_button = QRectF()
        if not self._model.is_live:
            y = plot.height() - (38 if self.lines.below else 14)
            self.live_button = self._right_words(painter, right, y, "Back to live  »", palette.TEXT)

    def _right_words(
        self, painter: QPainter, right: float, y: float, text: str, ink: str = palette.TEXT_DIM
    ) -> QRectF:
        return paint_words(
            painter,
            QPointF(right - words_width(text), y),
            text,
            ink,
            palette.RAISED,
            palette.LINE_STRONG,
        )

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

    def _paint_title(self, painter: QPainter) -> None:
        """Symbol, interval, and the numbers of the candle under the cursor."""
        state = self._state
        shown = self._model.candle_at(state.cursor.x()) if state.cursor is not None else None
        candle = shown or self._model.candles[-1]
        title = self._title()
        painter.save()
        painter.setClipRect(self.frame.plot)
        painter.setFont(words_font(12))
        painter.setPen(ink(palette.TEXT))
        painter.drawText(QPointF(10, _BASELINE), title)
        at = QPointF(10 + words_px(title, 12) + 14, _BASELINE)
        painter.setFont(numbers_font())
        room = int((self.frame.plot.width() - at.x()) / digit_px())
        names, prices, volume = title_texts(candle, state.decimals, room)
        colour = palette.BUY if candle.close >= candle.open else palette.SELL
        for text, name in (
            (names, palette.TEXT_FAINT),
            (prices, colour),
            (volume, palette.TEXT_DIM),
        ):
            painter.setPen(ink(palette.STALE if self._state.is_stale else name))
            painter.drawText(at, text)
        painter.restore()

    def _paint_stale(self, painter: QPainter, since_ms: int) -> None:
        text = f"No data since {utc_time_text(since_ms)} UTC"
        width = words_px(text, 13) + 36
        banner = QRectF((self.frame.plot.width() - width) // 2, 36, width, 30)
        painter.fillRect(banner, ink(palette.UNKNOWN_SOFT))
        painter.setFont(words_font(13))
        painter.setPen(hairline(palette.WARNING))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(banner.adjusted(0, 0, -1, -1))
        painter.drawText(banner, _CENTRE, text)

    # --- values -------------------------------------------------------------

    def _title(self) -> str:
        instrument = self._state.instrument
        return f"{instrument.symbol if instrument else ''}  {self._state.interval}"

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


def title_texts(candle: Candle, decimals: int, room: int) -> tuple[str, str, str]:
    """Names, prices and volume, to be drawn over each other in their own colours.

    All characters are equally wide, so blanks keep the place of the others:
    three calls of the painter instead of thirteen. What would not fit into `room`
    characters as a whole is left out, the least important first.
    """
    prices = [grouped(p, decimals) for p in (candle.open, candle.high, candle.low, candle.close)]
    change_pct = (candle.close / candle.open - 1) * 100 if candle.open else 0.0
    parts = [*zip("OHLC", prices, strict=True), ("", pct_text(change_pct))]
    volume = compact(candle.volume)
    while len(parts) > 1 and _length(parts) > room:
        parts.pop()
    names = "".join(f"{name} {' ' * len(text)}  " for name, text in parts)
    values = "".join(f"{' ' * len(name)} {text}  " for name, text in parts)
    if len(names) + 4 + len(volume) > room:
        return names, values, ""
    return f"{names}Vol", values, " " * (len(names) + 4) + volume


def _length(parts: list[tuple[str, str]]) -> int:
    return sum(len(name) + len(text) + 3 for name, text in parts)


def live_pnl(position: PositionView, mark_price: float | None) -> float:
    """For looking: from the mark price on the screen, else the venue's last word."""
    if mark_price is None:
        return float(position.unrealized_pnl)
    return (mark_price - float(position.entry_price)) * float(position.quantity)


def _orders(count: int) -> str:
    return "1 order" if count == 1 else f"{count} orders"
