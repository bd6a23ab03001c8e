"""The candle chart: look at the market, move and cancel own orders at their price.

It shows what it is told and says what the person did; it never draws a move or
a cancel as done before new orders came in. GUI thread only.
"""

from __future__ import annotations

from collections.abc import Sequence
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
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.models.chart_model import ChartModel
from desktop.widgets.chart_hand import CancelWanted, ChartHand, MoveWanted
from desktop.widgets.chart_scene import ChartScene, ChartState
from engine.clock import Clock, SystemClock
from engine.market.instruments import Instrument
from engine.views import Candle, OrderView, PositionView

GHOST_MS = 3000  # a move nobody answered is drawn for so long
_KEY_PAN_SHARE = 0.1


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
        self._hand = ChartHand(self._model, self._state, self._scene)
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
        self._hand.let_go()
        self._drop_ghosts()

    def set_candles(self, candles: Sequence[Candle], interval: str) -> None:
        """The whole history, oldest first; the view goes to its live end."""
        self._state.interval = interval
        self._model.set_candles(candles, interval)
        self._note_data()
        self._moved()

    def prepend_candles(self, candles: Sequence[Candle]) -> None:
        """The answer to `older_wanted`; nothing new in it ends the asking."""
        self._hand.shift(self._model.prepend(candles))
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
        self._hand.check_orders()
        self._drop_ghosts()

    def set_position(self, position: PositionView | None) -> None:
        self._state.position = position
        self.update()

    def set_stale(self, stale: bool) -> None:
        """Grey, with the time of the last data; nothing can be placed or moved."""
        if stale == self._state.is_stale:
            return
        self._state.stale_since_ms = self._last_data_ms if stale else None
        if stale:
            self._hand.let_go()
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
            case Qt.Key.Key_Escape if self._hand.is_down:
                self._hand.let_go()
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
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if self._is_in_plot(at) and not self._state.is_stale:
                self.price_clicked.emit(self._hand.price_at(at.y()))
        else:
            self._hand.press(at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        self._state.cursor = at if self._is_in_plot(at) else None
        if not self._hand.is_down:
            self._hover(at)
        elif self._hand.move(at):
            self._moved()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self._hand.is_down or event.button() is not Qt.MouseButton.LeftButton:
            return
        wanted = self._hand.release(event.position())
        self._hover(event.position())
        self.update()
        if isinstance(wanted, MoveWanted):
            self._ghost_timer.start()
            self.order_moved.emit(wanted.client_order_id, wanted.price)
        elif isinstance(wanted, CancelWanted):
            self.order_cancel.emit(wanted.client_order_id)

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

    # --- inside -------------------------------------------------------------

    def _hover(self, at: QPointF) -> None:
        shape = self._hand.hover(at)
        if shape is not self.cursor().shape():
            self.setCursor(shape)

    @Slot()
    def _drop_ghosts(self) -> None:
        """Back to what the orders say, but for the one in the hand."""
        self._ghost_timer.stop()
        dragged = self._state.dragged
        for client_order_id in [c for c in self._state.ghosts if c != dragged]:
            del self._state.ghosts[client_order_id]
        self.update()

    def _is_in_plot(self, at: QPointF) -> bool:
        return self._scene.frame.plot.contains(at.toPoint())

    def _note_data(self) -> None:
        self._last_data_ms = self._clock.now_ms()

    def _moved(self) -> None:
        """The view changed: lay out, and ask for history when its start came into sight."""
        self._scene.lay_out(self.size())
        self.update()
        end_ms = self._model.older_wanted_ms() if self.isVisible() else None
        if end_ms is not None:
            self.older_wanted.emit(end_ms)
