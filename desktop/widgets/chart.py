"""The candle chart: look at the market, place, move and cancel at a price.

It shows what it is told and says what the person did; it never draws a move or
a cancel as done before new orders came in. GUI thread only.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QEnterEvent, QHelpEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QMenu, QToolTip, QWidget

from desktop.models.price_alerts import PriceAlert
from desktop.models.resting_orders import Resting, explained
from desktop.widgets.chart_hand import CancelWanted, Line, MoveWanted
from desktop.widgets.chart_menu import MenuActs, MenuNow, chart_menu
from desktop.widgets.chart_view import ChartView
from engine.clock import Clock

_KEY_PAN_SHARE = 0.1
_WHEEL_STRETCH = 0.9
_CTRL = Qt.KeyboardModifier.ControlModifier
_STOP_LOADING = "Older candles are on their way. A click stops it."
_LOAD = "Loading was stopped. A click loads older candles."
_STALE = "These prices are stale: nothing can be placed or moved here until new ones come."

_ORDERS_STALE = "The account's stream is silent: this may have changed unseen, and cannot be moved."


class CandleChart(ChartView):
    """Signals: ids are str, prices Decimal on the tick grid.

    `places_at_once` tells the menu whether a choice in it is an order already.
    """

    order_moved = Signal(object, object)  # id, price
    order_cancel = Signal(object)
    algo_moved = Signal(object, object)  # id, trigger price
    algo_cancel = Signal(object)
    alert_wanted = Signal(object)  # price
    alert_moved = Signal(object, object)  # PriceAlert, price
    alert_removed = Signal(object)  # PriceAlert
    price_clicked = Signal(object)
    place_wanted = Signal(object, object)  # Side, price

    def __init__(
        self,
        parent: QWidget | None = None,
        clock: Clock | None = None,
        places_at_once: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__(parent, clock)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._places_at_once = places_at_once
        self._wheel_rest = 0
        self.menu: QMenu | None = None

    # --- Qt's events --------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        # touchpads send many small turns; one notch of a wheel is 120
        self._wheel_rest += event.angleDelta().y()
        notches = int(self._wheel_rest / 120)
        if notches:
            self._wheel_rest -= notches * 120
            self._zoom(notches, event.position())
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
            case Qt.Key.Key_A:
                self._model.fit_prices()
            case Qt.Key.Key_Escape if self._hand.is_down:
                self._hand.let_go()
            case _:
                super().keyPressEvent(event)
                return
        self._moved()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at, hints = event.position(), self._scene.hints
        if not self._model.candles:
            return
        if event.button() is Qt.MouseButton.RightButton:
            self._open_menu(at)
        elif event.button() is not Qt.MouseButton.LeftButton:
            return
        elif hints.live_button.contains(at):
            self._go_live()
        elif hints.fit_button.contains(at):
            self._fit_prices()
        elif hints.history_button.contains(at):
            self.stop_or_load_older()
        elif hints.place_button.contains(at):
            self._open_menu(at)
        elif event.modifiers() & _CTRL:
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
            self._emit_move(wanted)
        elif isinstance(wanted, CancelWanted):
            self._emit_cancel(wanted.line)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # over an order a double click is a slip of the hand: it does nothing
        at = event.position()
        if event.button() is not Qt.MouseButton.LeftButton or event.modifiers() & _CTRL:
            return
        if self._scene.frame.price_axis.contains(at.toPoint()):
            self._fit_prices()
        elif self._hand.hit(at) is None and not self._hand.is_on_button(at):
            self._go_live()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._hover(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._state.cursor = self._state.hovered = None
        self.update()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.explanation(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def explanation(self, at: QPointF) -> str:
        """What hovering tells about the place; empty where there is nothing to tell."""
        if self._scene.hints.history_button.contains(at):
            return _LOAD if self._state.is_older_stopped else _STOP_LOADING
        hit = self._hand.hit(at)
        if hit is not None:
            line = hit[0]
            if isinstance(line, Resting):
                stale = f"{_ORDERS_STALE}\n" if self._state.are_orders_stale else ""
                return stale + explained(line)
            where = "rises" if line.from_below else "falls"
            return f"Tells you once when the price {where} to {self._state.text(line.price)}."
        if self._state.is_stale and self._is_in_plot(at):
            return _STALE
        mark = self._scene.overlays.mark_at(at, self._scene.scale)
        return f"{mark.text()} at {self._state.text(mark.price)}" if mark is not None else ""

    # --- what the hand wants --------------------------------------------------

    def _emit_move(self, wanted: MoveWanted) -> None:
        line = wanted.line
        if isinstance(line, PriceAlert):
            self.alert_moved.emit(line, wanted.price)
        elif line.is_conditional:
            self.algo_moved.emit(line.id, wanted.price)
        else:
            self.order_moved.emit(line.id, wanted.price)

    def _emit_cancel(self, line: Line) -> None:
        if isinstance(line, PriceAlert):
            self.alert_removed.emit(line)
        elif line.is_conditional:
            self.algo_cancel.emit(line.id)
        else:
            self.order_cancel.emit(line.id)

    def _open_menu(self, at: QPointF) -> None:
        if not self._is_in_plot(at):
            return
        self._hand.let_go()
        hit = self._hand.hit(at)
        price = self._hand.price_at(at.y())
        now = MenuNow(
            price=price,
            price_text=self._state.text(price),
            line=hit[0] if hit else None,
            is_stale=self._state.is_stale,
            places_at_once=self._places_at_once(),
            is_manual_scale=self._model.manual_range is not None,
            is_live=self._model.is_live,
        )
        self.menu = chart_menu(self, now, self._acts())
        self.menu.popup(self.mapToGlobal(QPoint(round(at.x()), round(at.y()))))

    def _acts(self) -> MenuActs:
        return MenuActs(
            place=self.place_wanted.emit,
            use_price=self.price_clicked.emit,
            add_alert=self.alert_wanted.emit,
            cancel=self._emit_cancel,
            fit_prices=self._fit_prices,
            go_live=self._go_live,
        )

    # --- looking around ---------------------------------------------------------

    def _zoom(self, notches: int, at: QPointF) -> None:
        """Over the price axis prices, elsewhere time."""
        if self._scene.frame.price_axis.contains(at.toPoint()):
            factor = float(_WHEEL_STRETCH**notches)
            self._model.stretch_prices(self._model.shown_range(), factor)
        else:
            self._model.zoom(notches, at.x())
        self._moved()

    def _go_live(self) -> None:
        self._model.go_live()
        self._moved()

    def _fit_prices(self) -> None:
        self._model.fit_prices()
        self._moved()

    def _hover(self, at: QPointF) -> None:
        shape = self._hand.hover(at)
        if shape is not self.cursor().shape():
            self.setCursor(shape)

    def _is_in_plot(self, at: QPointF) -> bool:
        return self._scene.frame.plot.contains(at.toPoint())
