"""What the ladder shows: depth, own orders and the last trade. No mouse here.

GUI thread only.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from PySide6.QtCore import QPoint, QRect, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.formatting import grouped
from desktop.models.ladder_changes import LadderRows, changed_buckets
from desktop.models.ladder_model import LadderModel
from desktop.widgets.ladder_cursor import LadderCursor
from desktop.widgets.ladder_hand import LadderHand
from desktop.widgets.ladder_hints import hint_text
from desktop.widgets.ladder_painter import (
    HEADER_PX,
    ROW_PX,
    LadderLook,
    LadderPainter,
    frame_for,
)
from desktop.widgets.ladder_strip import STRIP_PX, LadderStrip
from engine.clock import Clock, SystemClock
from engine.events import BookView
from engine.market.instruments import Instrument
from engine.protection_views import AlgoView
from engine.trading_types import Side
from engine.views import OrderView

GHOST_MS = 3000  # a move nobody answered is drawn for so long
_HINT_MS = 1500
_REFUSAL_MS = 5000


class LadderView(QWidget):
    def __init__(self, parent: QWidget | None = None, clock: Clock | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("ladder")
        self.setAccessibleName("Price ladder")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(260, STRIP_PX + HEADER_PX + 8 * ROW_PX)
        self._model = LadderModel(clock or SystemClock())
        self._look = LadderLook()
        self._painter = LadderPainter(self._model, self._look)
        self._frame = frame_for(1, 1, STRIP_PX + HEADER_PX, "")
        self._price_chars = 0
        self._is_stale = False
        self._is_synced = True
        self._is_over = False
        self._hand = LadderHand(self._model)
        self._cursor = LadderCursor(self._model)
        self._passing_hint = ""
        self._lock = ""
        self._strip = LadderStrip(self)
        self._strip.grouping_chosen.connect(self._choose_grouping)
        self._strip.recentre_clicked.connect(self.recentre)
        self._hint_timer = QTimer(self, singleShot=True, interval=_HINT_MS)
        self._hint_timer.timeout.connect(self._end_hint)
        self._ghost_timer = QTimer(self, singleShot=True, interval=GHOST_MS)
        self._ghost_timer.timeout.connect(self._drop_ghosts)

    # --- what to show -------------------------------------------------------

    def set_instrument(self, instrument: Instrument) -> None:
        """Start empty with another contract."""
        self._look.instrument = instrument
        self._hand.let_go()
        self._hand.forget_asked()
        self._cursor.drop()
        self._model.set_tick(instrument.tick_size)
        self._strip.show_steps(instrument.tick_size)
        self._show_all()

    def set_book(self, book: BookView) -> None:
        """The newest levels. Rows move by themselves only while no mouse or key points at one."""
        instrument = self._look.instrument
        if instrument is not None and book.symbol != instrument.symbol:
            return  # a late one of the contract shown before
        before = self._model.rows()
        was_synced, self._is_synced = self._is_synced, book.is_synced
        was_empty = self._model.middle() is None
        moved = self._model.set_book(book, hold=self._is_held())
        self._strip.show_spread(self._model.spread, self._decimals())
        renewed = was_empty or was_synced != book.is_synced
        if moved or renewed or self._needs_wider_prices():
            self._show_all()
            return
        self._show_hint()
        self._update_changed(before)

    def set_last_trade(self, price: float, is_buyer_maker: bool, quantity: float = 0.0) -> None:
        before = self._model.last_trade
        self._model.set_last_trade(price, is_buyer_maker, quantity)
        if self._model.last_trade != before:
            for trade in (before, self._model.last_trade):
                if trade is not None:
                    self._update_row(self._model.row_of(trade.bucket))

    def set_orders(self, orders: Sequence[OrderView]) -> None:
        """All own orders of this symbol. They decide whether a move happened."""
        symbol = self._look.instrument.symbol if self._look.instrument else None
        self._model.set_orders([o for o in orders if symbol is None or o.symbol == symbol])
        self._hand.check_orders()
        self._drop_ghosts()

    def set_algos(self, algos: Sequence[AlgoView]) -> None:
        """All own conditional orders of this symbol, at their triggers."""
        symbol = self._look.instrument.symbol if self._look.instrument else None
        self._model.set_algos([a for a in algos if symbol is None or a.symbol == symbol])
        self._hand.check_orders()
        self._drop_ghosts()

    def show_refusal(self, sentence: str) -> None:
        """The order is where it was; the reason stands above the rows for a while."""
        self._hand.forget_asked()
        self._show_all()
        self._tell(sentence, _REFUSAL_MS)

    def set_orders_stale(self, stale: bool) -> None:
        """Own orders may have changed unseen: dim, and not to be moved; cancels go."""
        if stale != self._look.are_orders_stale:
            self._look.are_orders_stale = stale
            if stale:
                self._hand.let_go()
            self._show_all()

    def set_lock(self, sentence: str) -> None:
        """Why no new risk leaves, told above the rows and on hover; "": it does."""
        if sentence != self._lock:
            self._lock = sentence
            self._show_all()

    def set_stale(self, stale: bool) -> None:
        """Grey; nothing can be placed or moved, but own orders can be cancelled."""
        if stale != self._is_stale:
            self._is_stale = stale
            if stale:
                self._hand.let_go()
            self._show_all()

    def set_grouping(self, ticks: int | None) -> None:
        """Ticks in a row: 1, 5, 10, 50 or 100; None chooses by the book."""
        self._model.set_grouping(ticks)
        self._show_all()

    @Slot()
    def recentre(self) -> None:
        self._cursor.drop()
        self._model.recentre()
        self._show_all()

    def sizeHint(self) -> QSize:
        return QSize(330, STRIP_PX + HEADER_PX + 25 * ROW_PX)

    # --- for tests and the self-test ----------------------------------------

    def point_of_price(self, side: Side, price: Decimal) -> QPoint | None:
        """Where a click means `side` at `price`; None while that row is out of view."""
        bucket = self._model.bucket_of(side, price)
        if not self._model.is_in_view(bucket):
            return None
        frame = self._frame
        left, right = (frame.bids, frame.price) if side is Side.BUY else (frame.asks, frame.my_asks)
        return QPoint((left + right) // 2, self._row_rect(bucket).center().y())

    def point_of_order(self, key: str) -> QPoint | None:
        for (side, bucket), own in self._model.own.items():
            keys = [order.key for order in own.orders]
            if key in keys and self._model.is_in_view(bucket):
                return self._painter.chip_rect(self._frame, side, bucket).center()
        return None

    # --- Qt's events --------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for dirty in event.region():  # type: ignore[attr-defined] # missing in the stubs
            painter.setClipRect(dirty)
            self._painter.paint(painter, self._frame, dirty)
        painter.end()

    def redress(self) -> None:
        self._show_all()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._strip.setGeometry(0, 0, self.width(), STRIP_PX)
        self._show_all()

    # --- repainting ---------------------------------------------------------

    @Slot(object)
    def _choose_grouping(self, ticks: int | None) -> None:
        self.set_grouping(ticks)

    @Slot()
    def _drop_ghosts(self) -> None:
        self._ghost_timer.stop()
        self._hand.forget_asked()
        self._show_all()

    def _show_all(self) -> None:
        """Lay out and repaint everything."""
        self._lay_out()
        model = self._model
        self._strip.show_grouping(model.grouping, model.tick_size, is_automatic=model.is_automatic)
        self._strip.show_spread(model.spread, self._decimals())
        self._look.ghosts = self._hand.ghosts()
        self._look.is_grey = self._is_grey()
        self._look.is_locked = bool(self._lock)
        self._look.cursor_bucket, self._look.cursor_side = self._cursor.bucket, self._cursor.side
        self._look.hint = self._hint()
        self.setAccessibleDescription(self._cursor_words())
        self.update()

    def _lay_out(self) -> None:
        text = self._widest_price()
        self._price_chars = len(text)
        self._frame = frame_for(self.width(), self.height(), STRIP_PX + HEADER_PX, text)
        self._model.set_row_count(self._frame.rows)

    def _update_changed(self, before: LadderRows) -> None:
        changed = changed_buckets(before, self._model.rows())
        if changed is None:
            self.update()
            return
        for bucket in changed:
            self._update_row(self._model.row_of(bucket))

    def _update_row(self, row: int) -> None:
        if 0 <= row < self._frame.rows:
            self.update(self._frame.row_rect(row))

    # --- hints --------------------------------------------------------------

    def _tell(self, hint: str, for_ms: int = _HINT_MS) -> None:
        """A sentence that goes away by itself."""
        self._passing_hint = hint
        self._hint_timer.start(for_ms)
        self._show_hint()

    @Slot()
    def _end_hint(self) -> None:
        self._passing_hint = ""
        self._show_hint()

    def _show_hint(self) -> None:
        hint = self._hint()
        if hint != self._look.hint:
            self._look.hint = hint
            self.update(self._frame.header_rect())

    def _hint(self) -> str:
        if self._model.middle() is None:
            return ""
        return hint_text(
            is_stale=self._is_stale,
            is_synced=self._is_synced,
            is_locked=bool(self._lock),
            passing=self._passing_hint,
            out_of_view=self._model.out_of_view(),
        )

    # --- small answers ------------------------------------------------------

    def _is_held(self) -> bool:
        return self._is_over or self._hand.is_down or self._cursor.bucket is not None

    def _cursor_words(self) -> str:
        """For who cannot see it."""
        bucket = self._cursor.bucket
        if bucket is None:
            return ""
        return f"{self._cursor.side} at {grouped(self._model.price_of(bucket), self._decimals())}"

    def _is_grey(self) -> bool:
        return self._is_stale or not self._is_synced

    def _row_rect(self, bucket: int) -> QRect:
        return self._frame.row_rect(self._model.row_of(bucket))

    def _decimals(self) -> int:
        return self._look.instrument.price_decimals if self._look.instrument else 2

    def _widest_price(self) -> str:
        return grouped(self._model.price_of(max(self._model.top, 1)), self._decimals())

    def _needs_wider_prices(self) -> bool:
        return len(self._widest_price()) != self._price_chars
