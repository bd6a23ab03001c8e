"""The candle chart: look at the market, move and cancel own orders at their price.

It shows what it is told and says what the person did; it never draws a move or
a cancel as done before new orders came in. GUI thread only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QEnterEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from desktop.models.chart_model import ChartModel
from desktop.models.order_certainty import can_cancel, can_move
from desktop.widgets.chart_lines import Part
from desktop.widgets.chart_scene import ChartScene, ChartState
from engine.clock import Clock, SystemClock
from engine.market.instruments import Instrument
from engine.views import Candle, OrderView, PositionView

GHOST_MS = 3000  # a move nobody answered is drawn for so long
_KEY_PAN_SHARE = 0.1


@dataclass(slots=True)
class _Press:
    """The left button is down: on an order, or on the plot."""

    at: QPointF
    right: float  # the model's view when it went down
    order: OrderView | None = None
    part: Part | None = None
    is_panning: bool = False


class CandleChart(QWidget):
    """Signals: ids are str, prices Decimal on the tick grid, `older_wanted` ms."""

    order_moved = Signal(object, object)
    order_cancel = Signal(object)
    price_clicked = Signal(object)
    older_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None, clock: Clock | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chart")
        self.setAccessibleName("Price chart")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(280, 180)
        self._clock = clock or SystemClock()
        self._last_data_ms = self._clock.now_ms()
        self._state = ChartState()
        self._model = ChartModel()
        self._scene = ChartScene(self._model, self._state)
        self._press: _Press | None = None
        self._wheel_rest = 0
        self._ghost_timer = QTimer(self)
        self._ghost_timer.setSingleShot(True)
        self._ghost_timer.setInterval(GHOST_MS)
        self._ghost_timer.timeout.connect(self._drop_ghosts)

    # --- what to show -------------------------------------------------------

    def set_instrument(self, instrument: Instrument) -> None:
        """Start empty with another contract."""
        state = self._state
        state.instrument = instrument
        state.orders = ()
        state.position = state.last_price = state.mark_price = None
        self._scene.candles.forget()
        self._model.set_candles((), state.interval or "1m")
        self._drop_press()
        self._drop_ghosts()

    def set_candles(self, candles: Sequence[Candle], interval: str) -> None:
        """The whole history, oldest first; the view goes to its live end."""
        self._state.interval = interval
        self._model.set_candles(candles, interval)
        self._note_data()
        self._moved()

    def prepend_candles(self, candles: Sequence[Candle]) -> None:
        """The answer to `older_wanted`; nothing new in it ends the asking."""
        added = self._model.prepend(candles)
        if self._press is not None:
            self._press.right += added
        self._moved()

    def update_candle(self, candle: Candle) -> None:
        """The newest candle's present state, or the first of a new one."""
        if self._model.update_candle(candle):
            self._state.last_price = self._model.candles[-1].close
            self._note_data()
            self.update()

    def set_last_price(self, price: float) -> None:
        self._state.last_price = price
        self._model.trade_at(price)
        self._note_data()
        self.update()

    def set_mark_price(self, price: float) -> None:
        if price != self._state.mark_price:
            self._state.mark_price = price
            self.update()

    def set_orders(self, orders: Sequence[OrderView]) -> None:
        """All own orders of this symbol. They decide whether a move happened."""
        symbol = self._state.instrument.symbol if self._state.instrument else None
        self._state.orders = tuple(o for o in orders if symbol is None or o.symbol == symbol)
        self._scene.lines.forget()
        self._keep_dragged_order()
        self._drop_ghosts()

    def set_position(self, position: PositionView | None) -> None:
        self._state.position = position
        self.update()

    def set_stale(self, stale: bool) -> None:
        """Grey, with the time of the last data; nothing can be placed or moved."""
        if stale == (self._state.stale_since_ms is not None):
            return
        self._state.stale_since_ms = self._last_data_ms if stale else None
        if stale:
            self._drop_press()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(760, 460)

    # --- for tests and the self-test ----------------------------------------

    def point_of_order(self, client_order_id: str) -> QPointF | None:
        """Where its tag can be grabbed; None while it is out of sight."""
        self._scene.lay_out(self.size())
        placed = self._scene.lines.line_of(client_order_id)
        if placed is None:
            return None
        if placed.tag is None:
            return QPointF(self._scene.frame.plot.width() / 2, placed.y)
        return QPointF(placed.tag.left() + 8, placed.tag.center().y())

    def point_of_cancel(self, client_order_id: str) -> QPointF | None:
        self._scene.lay_out(self.size())
        placed = self._scene.lines.line_of(client_order_id)
        return None if placed is None or placed.close is None else placed.close.center()

    def y_of_price(self, price: Decimal) -> float:
        self._scene.lay_out(self.size())
        return self._scene.scale.y(float(price))

    def price_at(self, y: float) -> Decimal:
        """On the tick grid, and at least one tick."""
        tick = self._state.instrument.tick_size if self._state.instrument else Decimal("0.01")
        ticks = round(self._scene.scale.price(y) / float(tick))
        return max(ticks, 1) * tick

    # --- Qt's events --------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._scene.paint(painter, self.size())
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._moved()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._moved()

    def wheelEvent(self, event: QWheelEvent) -> None:
        # touchpads send many small turns; one notch of a wheel is 120
        self._wheel_rest += event.angleDelta().y()
        notches = int(self._wheel_rest / 120)
        if notches:
            self._wheel_rest -= notches * 120
            self._model.zoom(notches, event.position().x())
            self._moved()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        page = self._scene.frame.plot.width() / self._model.pitch * _KEY_PAN_SHARE
        match event.key():
            case Qt.Key.Key_Left:
                self._model.pan(page)
            case Qt.Key.Key_Right:
                self._model.pan(-page)
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self._model.zoom(1)
            case Qt.Key.Key_Minus:
                self._model.zoom(-1)
            case Qt.Key.Key_Home:
                self._model.go_live()
            case Qt.Key.Key_Escape if self._press is not None:
                self._drop_press()
            case _:
                super().keyPressEvent(event)
                return
        self._moved()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if event.button() is not Qt.MouseButton.LeftButton or not self._model.candles:
            return
        if self._scene.live_button.contains(at):
            self._model.go_live()
            self._moved()
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._click_price(at)
            return
        self._press = _Press(at=at, right=self._model.right)
        hit = self._scene.lines.at(at) if self._is_in_plot(at) else None
        if hit is not None:
            self._press.order, self._press.part = hit

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        self._state.cursor = at if self._is_in_plot(at) else None
        if self._press is None:
            self._hover(at)
        else:
            self._drag(self._press, at)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        press = self._press
        if press is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        self._press = None
        dragged, self._state.dragged = self._state.dragged, None
        if dragged is not None:
            self._drop_order(dragged)
        elif press.part is Part.CLOSE and press.order is not None:
            self._click_close(press.order, event.position())
        self._hover(event.position())
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # over an order a double click is a slip of the hand: it does nothing
        on_order = self._scene.lines.at(event.position()) is not None
        ctrl = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if event.button() is Qt.MouseButton.LeftButton and not on_order and not ctrl:
            self._model.go_live()
            self._moved()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._hover(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._state.cursor = self._state.hovered = None
        self.update()

    # --- the hand -----------------------------------------------------------

    def _hover(self, at: QPointF) -> None:
        hit = self._scene.lines.at(at) if self._is_in_plot(at) else None
        self._state.hovered = hit[0].client_order_id if hit else None
        shape = Qt.CursorShape.CrossCursor
        if hit is not None and hit[1] is Part.CLOSE:
            shape = Qt.CursorShape.PointingHandCursor
        elif hit is not None and can_move(hit[0]) and not self._is_stale():
            shape = Qt.CursorShape.SizeVerCursor
        elif self._scene.live_button.contains(at):
            shape = Qt.CursorShape.PointingHandCursor
        elif not self._is_in_plot(at):
            shape = Qt.CursorShape.ArrowCursor
        if shape is not self.cursor().shape():
            self.setCursor(shape)

    def _drag(self, press: _Press, at: QPointF) -> None:
        dx, dy = at.x() - press.at.x(), at.y() - press.at.y()
        if not press.is_panning and self._state.dragged is None:
            if max(abs(dx), abs(dy)) < QApplication.startDragDistance() / 2:
                return
            self._begin_drag(press, sideways=abs(dx) > abs(dy))
        if self._state.dragged is not None:
            self._state.ghosts[self._state.dragged] = self.price_at(at.y())
        elif press.is_panning:
            self._model.pan(self._model.right - press.right + dx / self._model.pitch)
            self._moved()

    def _begin_drag(self, press: _Press, *, sideways: bool) -> None:
        """Up and down moves an order; sideways along its line moves the view.

        Otherwise a hand that only wants to scroll would amend an order.
        """
        order = press.order
        if order is None or (press.part is Part.LINE and sideways):
            press.is_panning = True
        elif press.part is not Part.CLOSE and can_move(order) and not self._is_stale():
            self._state.dragged = order.client_order_id

    def _drop_order(self, client_order_id: str) -> None:
        price = self._state.ghosts.get(client_order_id)
        order = self._order(client_order_id)
        if price is None or order is None or price == order.price:
            self._state.ghosts.pop(client_order_id, None)
            return
        self._ghost_timer.start()
        self.order_moved.emit(client_order_id, price)

    def _click_close(self, order: OrderView, at: QPointF) -> None:
        hit = self._scene.lines.at(at)
        same = hit is not None and hit[1] is Part.CLOSE
        if same and hit is not None and hit[0].client_order_id == order.client_order_id:
            current = self._order(order.client_order_id)
            if current is not None and can_cancel(current):
                self.order_cancel.emit(order.client_order_id)

    def _click_price(self, at: QPointF) -> None:
        if self._is_in_plot(at) and not self._is_stale():
            self.price_clicked.emit(self.price_at(at.y()))

    def _drop_press(self) -> None:
        if self._state.dragged is not None:
            self._state.ghosts.pop(self._state.dragged, None)
        self._state.dragged = self._press = None

    def _keep_dragged_order(self) -> None:
        dragged = self._state.dragged
        if dragged is not None:
            order = self._order(dragged)
            if order is None or not can_move(order):
                self._drop_press()

    @Slot()
    def _drop_ghosts(self) -> None:
        """Back to what the orders say, but for the one in the hand."""
        self._ghost_timer.stop()
        dragged = self._state.dragged
        for client_order_id in [c for c in self._state.ghosts if c != dragged]:
            del self._state.ghosts[client_order_id]
        self.update()

    # --- small answers ------------------------------------------------------

    def _order(self, client_order_id: str) -> OrderView | None:
        for order in self._state.orders:
            if order.client_order_id == client_order_id:
                return order
        return None

    def _is_in_plot(self, at: QPointF) -> bool:
        return self._scene.frame.plot.contains(at.toPoint())

    def _is_stale(self) -> bool:
        return self._state.stale_since_ms is not None

    def _note_data(self) -> None:
        self._last_data_ms = self._clock.now_ms()

    def _moved(self) -> None:
        """The view changed: lay out, and ask for history when its start came into sight."""
        self._scene.lay_out(self.size())
        self.update()
        end_ms = self._model.older_wanted_ms() if self.isVisible() else None
        if end_ms is not None:
            self.older_wanted.emit(end_ms)
