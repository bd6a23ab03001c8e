"""The price ladder: depth, own orders, and trading with the mouse at a price.

Rows stand still under a mouse, and while keys have chosen a place. A click that
would hit a price that was not there a moment ago is refused, and so is every
click on grey numbers. GUI thread only.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from desktop.models.ladder_model import OwnOrders
from desktop.models.resting_orders import Resting, explained
from desktop.widgets.ladder_hints import CURSOR_AWAY, JUST_MOVED, ORDERS_STALE
from desktop.widgets.ladder_view import LadderView
from engine.clock import Clock
from engine.trading_types import Side

_WHEEL_ROWS = 3
_STEPS: dict[int, int] = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
_PAGES: dict[int, int] = {Qt.Key.Key_PageUp: 1, Qt.Key.Key_PageDown: -1}
_SIDES: dict[int, Side] = {Qt.Key.Key_Left: Side.BUY, Qt.Key.Key_Right: Side.SELL}
_GROUPING_STEPS: dict[int, int] = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Equal: 1, Qt.Key.Key_Minus: -1}
_RECENTRE = (Qt.Key.Key_Space, Qt.Key.Key_C, Qt.Key.Key_Home)
_TOLD = 4  # orders of a row that a tip explains


class PriceLadder(LadderView):
    """`price_clicked(Side, Decimal)`; ids are str, prices Decimal on the tick grid."""

    price_clicked = Signal(object, object)
    order_moved = Signal(object, object)  # id, price
    order_cancel = Signal(object)
    algo_moved = Signal(object, object)  # id, trigger price
    algo_cancel = Signal(object)

    def __init__(self, parent: QWidget | None = None, clock: Clock | None = None) -> None:
        super().__init__(parent, clock)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._wheel_rest = 0

    # --- Qt's events --------------------------------------------------------

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._is_over = True

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._is_over = False
        self._hover(None, None)
        if not self._hand.is_down and self._model.follow():
            self._show_all()
        else:
            self._show_hint()

    def wheelEvent(self, event: QWheelEvent) -> None:
        # touchpads send many small turns; one notch of a wheel is 120
        self._wheel_rest += event.angleDelta().y() * _WHEEL_ROWS
        rows = int(self._wheel_rest / 120)
        self._wheel_rest -= rows * 120
        if rows:
            self._cursor.drop()
            self._scroll(rows)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in _STEPS:
            self._step(_STEPS[key])
        elif key in _PAGES:
            self._step(_PAGES[key] * self._page())
        elif key in _SIDES:
            self._choose(_SIDES[key])
        elif key in _GROUPING_STEPS:
            self.set_grouping(self._model.next_grouping(_GROUPING_STEPS[key]))
        elif key in _RECENTRE:
            self.recentre()
        elif not self._acted(event):
            super().keyPressEvent(event)

    def _acted(self, event: QKeyEvent) -> bool:
        """What changes orders, or gives up: never by a key that is held down."""
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                if not event.isAutoRepeat():
                    self._place_at_cursor()
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace:
                if not event.isAutoRepeat():
                    self._cancel_at_cursor()
            case Qt.Key.Key_Escape if self._hand.is_down:
                self._hand.let_go()
                self._show_all()
            case Qt.Key.Key_Escape if self._cursor.drop():
                self._show_all()
            case _:
                return False
        return True

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self._cursor.drop():
            self._show_all()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.explanation(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def explanation(self, at: QPointF) -> str:
        """What hovering tells about own orders in a row; elsewhere why no new risk leaves."""
        row, side = self._frame.row_at(at.y()), self._frame.side_at(at.x())
        if row is None or side is None:
            return self._lock
        own = self._chip_at(at, side, self._model.bucket_at(row))
        if own is None:
            return self._lock
        told = [self._told(order) for order in own.orders[:_TOLD]]
        if len(own.orders) > _TOLD:
            told.append(f"… and {len(own.orders) - _TOLD} more")
        return "\n\n".join(told)

    def _told(self, order: Resting) -> str:
        ahead = self._model.queue.ahead(order.key)
        if ahead is None:
            return explained(order)
        return f"{explained(order)}\nAbout {ahead:.3g} ahead of it at this price: a guess."

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._is_over = True
        at = event.position()
        row, side = self._frame.row_at(at.y()), self._frame.side_at(at.x())
        if row is None or side is None or self._model.middle() is None:
            return
        bucket = self._model.bucket_at(row)
        own = self._chip_at(at, side, bucket)
        if event.button() is Qt.MouseButton.RightButton:
            self._cancel(own)
        elif event.button() is Qt.MouseButton.LeftButton and bucket > 0:
            self._press(side, bucket, own, at)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The second press of a double click: a double click never makes two orders."""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._is_over = True
        at = event.position()
        row = self._frame.row_at(at.y())
        self._hover(row, self._frame.side_at(at.x()))
        inside = row is not None and 0 <= at.x() < self.width()
        bucket = self._model.bucket_at(row) if inside and row is not None else None
        if not self._is_grey() and self._hand.move(at, bucket):
            self._show_all()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton or not self._hand.is_down:
            return
        drop = self._hand.release()
        if drop is not None and self._may_click():
            self._hand.note_asked(drop)
            self._ghost_timer.start()
            for order in drop.orders:
                moved = self.algo_moved if order.is_conditional else self.order_moved
                moved.emit(order.id, drop.price)
        self._show_all()

    # --- the hand -----------------------------------------------------------

    def _press(self, side: Side, bucket: int, own: OwnOrders | None, at: QPointF) -> None:
        if own is not None:
            # a chip is for dragging; a click on it that places an order would surprise
            if self._look.are_orders_stale:
                self._tell(ORDERS_STALE)
            else:
                self._hand.take(own, bucket, at)
        elif self._may_click():
            self.price_clicked.emit(side, self._model.price_of(bucket))

    def _cancel(self, own: OwnOrders | None) -> None:
        """All that can be cancelled in the row. Also when grey: a cancel cannot cost money."""
        if own is not None and self._rows_stood_still():
            self._cancel_orders(own)

    def _cancel_orders(self, own: OwnOrders) -> None:
        for order in own.orders:
            if order.can_cancel:
                cancelled = self.algo_cancel if order.is_conditional else self.order_cancel
                cancelled.emit(order.id)

    def _may_click(self) -> bool:
        """The prices are true, and the one under the mouse was there a moment ago."""
        return not self._is_grey() and self._rows_stood_still()

    def _rows_stood_still(self) -> bool:
        if self._model.just_moved():
            self._tell(JUST_MOVED)
            return False
        return True

    def _chip_at(self, at: QPointF, side: Side, bucket: int) -> OwnOrders | None:
        own = self._model.own.get((side, bucket))
        if own is None:
            return None
        left, right = self._frame.own_column(side)
        return own if left <= at.x() < right else None

    def _hover(self, row: int | None, side: Side | None) -> None:
        look = self._look
        if (row, side) != (look.hover_row, look.hover_side):
            before, look.hover_row, look.hover_side = look.hover_row, row, side
            for changed in (before, row):
                if changed is not None:
                    self._update_row(changed)

    # --- keys ---------------------------------------------------------------

    def _step(self, rows: int) -> None:
        if self._model.middle() is not None:
            self._cursor.step(rows)
            self._show_all()

    def _choose(self, side: Side) -> None:
        if self._model.middle() is not None:
            self._cursor.choose(side)
            self._show_all()

    def _place_at_cursor(self) -> None:
        """As a click there. It names its price, so it does not matter whether rows moved."""
        bucket = self._cursor.bucket
        if bucket is None or self._is_grey():
            return
        if not self._cursor.is_in_view():
            self._tell(CURSOR_AWAY)
            return
        self.price_clicked.emit(self._cursor.side, self._model.price_of(bucket))

    def _cancel_at_cursor(self) -> None:
        """All own orders at that price, on both sides. Also when grey."""
        bucket = self._cursor.bucket
        if bucket is None:
            return
        if not self._cursor.is_in_view():
            self._tell(CURSOR_AWAY)
            return
        for side in Side:
            own = self._model.own.get((side, bucket))
            if own is not None:
                self._cancel_orders(own)

    def _page(self) -> int:
        return max(self._frame.rows - 2, 1)

    def _scroll(self, rows: int) -> None:
        self._model.scroll(rows)
        self._show_all()
