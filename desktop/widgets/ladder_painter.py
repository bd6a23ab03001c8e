"""Draws the ladder's rows. Where things are, and how they look; no decisions."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter

from desktop.formatting import grouped
from desktop.models.chart_scale import compact
from desktop.models.ladder_model import LadderModel, OwnOrders
from desktop.models.order_certainty import Certainty, least_certain
from desktop.theme import palette
from desktop.widgets.chart_tags import STALE_OPACITY, paint_stripes
from desktop.widgets.inks import digit_px, hairline, ink, numbers_font, words_font
from engine.market.instruments import Instrument
from engine.trading_types import Side
from engine.utils.decimals import plain

ROW_PX = 18
_SMALLEST_ROW_PX = 15
_ROWS_WANTED = 23  # ten levels a side, the spread, and a row of air at both ends
HEADER_PX = 20
_LOCK_PX = 4
_CENTRE = int(Qt.AlignmentFlag.AlignCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
_LEFT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)


class LadderFrame(msgspec.Struct, frozen=True):
    """Column edges, and where the rows begin, in pixels."""

    bids: int  # left edges; my bids begin at 0
    price: int
    asks: int
    my_asks: int
    right: int
    top: int
    row_px: int
    rows: int

    def row_rect(self, row: int) -> QRect:
        return QRect(0, self.top + row * self.row_px, self.right, self.row_px)

    def header_rect(self) -> QRect:
        return QRect(0, self.top - HEADER_PX, self.right, HEADER_PX)

    def row_at(self, y: float) -> int | None:
        row = int((y - self.top) // self.row_px)
        return row if 0 <= row < self.rows and y >= self.top else None

    def side_at(self, x: float) -> Side | None:
        """None over the prices."""
        if self.price <= x < self.asks:
            return None
        return Side.BUY if x < self.price else Side.SELL

    def own_column(self, side: Side) -> tuple[int, int]:
        return (0, self.bids) if side is Side.BUY else (self.my_asks, self.right)

    def side_columns(self, side: Side) -> tuple[int, int]:
        return (0, self.price) if side is Side.BUY else (self.asks, self.right)


def frame_for(width: int, height: int, top: int, price_text: str) -> LadderFrame:
    """Five columns; rows get lower before fewer than ten levels a side are left."""
    price_px = round(digit_px(12) * len(price_text)) + 26
    beside = max(width - price_px, 0) // 2
    mine = round(beside * 0.48)
    space = max(height - top, 0)
    row_px = min(ROW_PX, max(_SMALLEST_ROW_PX, space // _ROWS_WANTED))
    return LadderFrame(
        bids=mine,
        price=beside,
        asks=width - beside,
        my_asks=width - mine,
        right=width,
        top=top,
        row_px=row_px,
        rows=space // row_px,
    )


class LadderLook(msgspec.Struct):
    """What is drawn beside the model: mouse, ghosts, greyness."""

    instrument: Instrument | None = None
    is_grey: bool = False
    are_orders_stale: bool = False
    is_locked: bool = False  # no new risk leaves: prices are true, a click opens nothing
    hover_row: int | None = None
    hover_side: Side | None = None
    cursor_bucket: int | None = None  # chosen by keys
    cursor_side: Side = Side.BUY
    ghosts: tuple[tuple[Side, int, Decimal], ...] = ()  # side, bucket, quantity
    hint: str = ""


class LadderPainter:
    def __init__(self, model: LadderModel, look: LadderLook) -> None:
        self._model = model
        self._look = look
        self._price_texts: dict[int, str] = {}
        self._texts_of: tuple[object, ...] = ()

    def paint(self, painter: QPainter, frame: LadderFrame, dirty: QRect) -> None:
        """Repaint the rows that touch `dirty`."""
        painter.fillRect(dirty, ink(palette.BACKGROUND))
        if dirty.top() < frame.top:
            _paint_header(painter, frame, self._look.hint)
        if self._model.middle() is None:
            self._paint_waiting(painter, frame)
            return
        self._forget_old_texts()
        first = max(0, (dirty.top() - frame.top) // frame.row_px)
        last = min(frame.rows - 1, (dirty.bottom() - frame.top) // frame.row_px)
        painter.setFont(numbers_font(12))
        for row in range(first, last + 1):
            if self._model.bucket_at(row) > 0:
                self._paint_row(painter, frame, row)
        self._paint_chips(painter, frame, first, last)
        _paint_rules(painter, frame)
        if self._look.is_locked:
            _paint_lock(painter, frame)

    # --- rows ---------------------------------------------------------------

    def _paint_row(self, painter: QPainter, frame: LadderFrame, row: int) -> None:
        model, grey = self._model, self._look.is_grey
        bucket = model.bucket_at(row)
        y, height = frame.top + row * frame.row_px, frame.row_px
        if row == self._look.hover_row:
            painter.fillRect(0, y, frame.right, height, ink(palette.ROW_HOVER))
        bid, ask = model.bids.get(bucket), model.asks.get(bucket)
        if bid is not None:
            share = min(bid / model.largest, 1.0)
            width = max(round((frame.price - frame.bids - 2) * share), 1)
            colour = palette.RAISED if grey else palette.BUY_BAR
            painter.fillRect(frame.price - width, y + 1, width, height - 2, ink(colour))
            painter.setPen(ink(palette.STALE if grey else palette.BUY))
            room = QRect(frame.bids, y, frame.price - frame.bids - 6, height)
            painter.drawText(room, _RIGHT, self._size_text(bid, room.width()))
        if ask is not None:
            share = min(ask / model.largest, 1.0)
            width = max(round((frame.my_asks - frame.asks - 2) * share), 1)
            colour = palette.RAISED if grey else palette.SELL_BAR
            painter.fillRect(frame.asks, y + 1, width, height - 2, ink(colour))
            painter.setPen(ink(palette.STALE if grey else palette.SELL))
            room = QRect(frame.asks + 6, y, frame.my_asks - frame.asks - 6, height)
            painter.drawText(room, _LEFT, self._size_text(ask, room.width()))
        self._paint_price(painter, frame, bucket, y)
        if bucket == self._look.cursor_bucket:
            self._paint_cursor(painter, frame, y)
        if row == self._look.hover_row and self._look.hover_side is not None and not grey:
            left, right = frame.side_columns(self._look.hover_side)
            if self._look.is_locked:
                painter.setPen(hairline(palette.WARNING, Qt.PenStyle.DashLine))
            else:
                painter.setPen(hairline(palette.SIDE_COLOUR[self._look.hover_side]))
            painter.drawRect(left, y, right - left - 1, height - 1)

    def _paint_cursor(self, painter: QPainter, frame: LadderFrame, y: int) -> None:
        """A rim around the price, a stronger one around the side where Enter would place."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(hairline(palette.ACCENT))
        painter.drawRect(0, y, frame.right - 1, frame.row_px - 1)
        side = self._look.cursor_side
        left, right = frame.side_columns(side)
        is_off = self._look.is_grey or self._look.is_locked
        painter.setPen(hairline(palette.STALE if is_off else palette.SIDE_COLOUR[side], width=2))
        painter.drawRect(left + 1, y + 1, right - left - 3, frame.row_px - 3)

    def _paint_price(self, painter: QPainter, frame: LadderFrame, bucket: int, y: int) -> None:
        cell = QRect(frame.price, y, frame.asks - frame.price, frame.row_px)
        ground, colour, arrow = self._price_look(bucket)
        if ground is not None:
            painter.fillRect(cell, ink(ground))
        painter.setPen(ink(colour))
        painter.drawText(cell, _CENTRE, self._price_text(bucket))
        if arrow:
            painter.drawText(cell.adjusted(3, 0, 0, 0), _LEFT, arrow)

    def _price_look(self, bucket: int) -> tuple[str | None, str, str]:
        """Ground, text colour and arrow: last trade over best price over spread."""
        model = self._model
        if self._look.is_grey:
            return None, palette.STALE, ""
        trade = model.last_trade
        if trade is not None and trade.bucket == bucket:
            arrow = "▼" if trade.is_buyer_maker else "▲"
            ground = palette.SELL if trade.is_buyer_maker else palette.BUY
            return ground, palette.BACKGROUND, arrow
        if bucket == model.best_bid:
            return palette.BUY_BAR, palette.TEXT, ""
        if bucket == model.best_ask:
            return palette.SELL_BAR, palette.TEXT, ""
        bid, ask = model.best_bid, model.best_ask
        if bid is not None and ask is not None and bid < bucket < ask:
            return palette.RAISED, palette.TEXT_FAINT, ""
        return None, palette.TEXT_DIM, ""

    # --- own orders ---------------------------------------------------------

    def _paint_chips(self, painter: QPainter, frame: LadderFrame, first: int, last: int) -> None:
        painter.setFont(numbers_font())
        painter.setOpacity(STALE_OPACITY if self._look.are_orders_stale else 1.0)
        for (side, bucket), own in self._model.own.items():
            if first <= self._model.row_of(bucket) <= last:
                self._paint_chip(painter, own, self.chip_rect(frame, side, bucket))
        for side, bucket, quantity in self._look.ghosts:
            if first <= self._model.row_of(bucket) <= last:
                rect = QRectF(self.chip_rect(frame, side, bucket))
                painter.fillRect(rect, ink(palette.BACKGROUND))
                _paint_outline(painter, rect, palette.SIDE_COLOUR[side])
                painter.drawText(rect, _CENTRE, _short(quantity))
        painter.setOpacity(1.0)

    def chip_rect(self, frame: LadderFrame, side: Side, bucket: int) -> QRect:
        left, right = frame.own_column(side)
        row = frame.row_rect(self._model.row_of(bucket))
        return QRect(left + 2, row.top() + 1, right - left - 4, frame.row_px - 2)

    def _paint_chip(self, painter: QPainter, own: OwnOrders, chip: QRect) -> None:
        certainty = least_certain(order.certainty for order in own.orders)
        colour = palette.SIDE_COLOUR[own.side]
        rect = QRectF(chip)
        if certainty is Certainty.CONFIRMED and own.is_conditional:
            # dim with a rim, as on the chart: it waits for its trigger, in no book
            painter.fillRect(
                rect, ink(palette.BUY_BAR if own.side is Side.BUY else palette.SELL_BAR)
            )
            _paint_outline(painter, rect, colour, Qt.PenStyle.SolidLine)
        elif certainty is Certainty.CONFIRMED:
            painter.fillRect(rect, ink(colour))
            painter.setPen(ink(palette.BACKGROUND))
        elif certainty is Certainty.UNKNOWN:
            paint_stripes(painter, rect)
            _paint_outline(painter, rect, palette.UNKNOWN)
        else:
            painter.fillRect(rect, ink(palette.BACKGROUND))
            _paint_outline(painter, rect, colour)
        ahead = self._model.queue.ahead(own.orders[0].key) if len(own.orders) == 1 else None
        painter.drawText(rect, _CENTRE, _chip_text(own, chip.width(), ahead))

    # --- words --------------------------------------------------------------

    def _paint_waiting(self, painter: QPainter, frame: LadderFrame) -> None:
        painter.setFont(words_font(13))
        painter.setPen(ink(palette.TEXT_DIM))
        room = QRect(0, frame.top, frame.right, frame.rows * frame.row_px)
        painter.drawText(room, _CENTRE, "Waiting for the order book…")

    def _price_text(self, bucket: int) -> str:
        text = self._price_texts.get(bucket)
        if text is None:
            decimals = self._look.instrument.price_decimals if self._look.instrument else 2
            text = grouped(self._model.price_of(bucket), decimals)
            self._price_texts[bucket] = text
        return text

    def _size_text(self, quantity: float, room_px: int) -> str:
        decimals = self._look.instrument.quantity_decimals if self._look.instrument else 3
        text = f"{quantity:.{decimals}f}"
        return text if len(text) * digit_px(12) <= room_px else compact(quantity)

    def _forget_old_texts(self) -> None:
        texts_of = (self._look.instrument, self._model.grouping)
        if texts_of != self._texts_of or len(self._price_texts) > 4000:
            self._price_texts.clear()
            self._texts_of = texts_of


def _paint_header(painter: QPainter, frame: LadderFrame, hint: str) -> None:
    """The names of the columns; a hint takes their place, never that of a row."""
    header = frame.header_rect()
    painter.fillRect(header, ink(palette.UNKNOWN_SOFT if hint else palette.HEADER))
    painter.setFont(words_font())
    if hint:
        painter.setPen(ink(palette.WARNING))
        painter.drawText(header, _CENTRE, hint)
    else:
        painter.setPen(ink(palette.TEXT_FAINT))
        edges = (0, frame.bids, frame.price, frame.asks, frame.my_asks, frame.right)
        names = ("Mine", "Bids", "Price", "Asks", "Mine")
        for name, left, right in zip(names, edges[:-1], edges[1:], strict=True):
            cell = QRect(left, header.top(), right - left, HEADER_PX)
            painter.drawText(cell, _CENTRE, name)
    painter.setPen(hairline(palette.LINE))
    painter.drawLine(0, frame.top - 1, frame.right, frame.top - 1)


def _paint_rules(painter: QPainter, frame: LadderFrame) -> None:
    painter.setPen(hairline(palette.LINE))
    bottom = frame.top + frame.rows * frame.row_px
    for x in (frame.bids, frame.price, frame.asks, frame.my_asks):
        painter.drawLine(x, frame.top, x, bottom)


def _paint_lock(painter: QPainter, frame: LadderFrame) -> None:
    """A striped bar down both sides of the prices, which stay readable: closed."""
    height = frame.rows * frame.row_px
    for x in (frame.price - _LOCK_PX, frame.asks + 1):
        bar = QRectF(x, frame.top, _LOCK_PX, height)
        painter.fillRect(bar, ink(palette.UNKNOWN_SOFT))
        painter.fillRect(bar, QBrush(ink(palette.WARNING), Qt.BrushStyle.BDiagPattern))


def _paint_outline(
    painter: QPainter, rect: QRectF, colour: str, style: Qt.PenStyle = Qt.PenStyle.DashLine
) -> None:
    painter.setPen(hairline(colour, style))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(rect.adjusted(0, 0, -1, -1))


def _chip_text(own: OwnOrders, width: int, ahead: float | None) -> str:
    """Kind, quantity, and number of orders or the guess of the queue, as far as they fit."""
    only = own.orders[0] if len(own.orders) == 1 else None
    text = _short(own.quantity) if own.quantity else "all"
    if only is None:
        count = f"×{len(own.orders)}"
        words = [f"{text} {count}", f"{text}{count}", count]
    elif ahead is not None:
        guess = f"~{_short_float(ahead)}"
        words = [f"{text} {guess}", f"{text}{guess}", text]
    else:
        words = [f"{only.short_type} {text}".strip(), f"{only.short_type}{text}", text]
    room = int((width - 2) / digit_px())
    return next((whole for whole in words if len(whole) <= room), words[-1])


def _short_float(quantity: float) -> str:
    """Three digits at the most: it is a guess."""
    return compact(quantity) if quantity >= 1000 else f"{quantity:.3g}"


def _short(quantity: Decimal) -> str:
    text = plain(quantity)
    return text if len(text) <= 6 else compact(float(quantity))
