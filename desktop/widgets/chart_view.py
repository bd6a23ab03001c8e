"""What the chart shows: candles, lines and marks as it was told. No mouse here.

GUI thread only.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from PySide6.QtCore import QPointF, QRect, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.models.chart_model import ChartModel
from desktop.models.overlays import Overlay
from desktop.models.price_alerts import PriceAlert
from desktop.models.resting_orders import Resting, RestingOrders
from desktop.widgets.chart_hand import ChartHand
from desktop.widgets.chart_scene import ChartScene
from desktop.widgets.chart_state import ChartState
from engine.clock import Clock, SystemClock
from engine.market.instruments import Instrument
from engine.protection_views import AlgoView
from engine.views import Candle, FillView, OrderView, PositionView

GHOST_MS = 3000  # a move nobody answered is drawn for so long
REFUSAL_MS = 6000
_NEWEST = 6  # candles that a person is looking at
_AROUND_PX = 12  # half a tag


class ChartView(QWidget):
    older_wanted = Signal(object)  # ms: the end of the history to load

    def __init__(self, parent: QWidget | None = None, clock: Clock | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chart")
        self.setAccessibleName("Price chart")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(280, 180)
        self._clock = clock or SystemClock()
        self._last_data_ms = self._clock.now_ms()
        self._state = ChartState()
        self._model = ChartModel()
        self._scene = ChartScene(self._model, self._state)
        self._hand = ChartHand(self._model, self._state, self._scene)
        self._resting = RestingOrders()
        self._orders: tuple[Resting, ...] = ()
        self._algos: tuple[Resting, ...] = ()
        self._ghost_timer = QTimer(self, singleShot=True, interval=GHOST_MS)
        self._ghost_timer.timeout.connect(self._drop_ghosts)
        self._refusal_timer = QTimer(self, singleShot=True, interval=REFUSAL_MS)
        self._refusal_timer.timeout.connect(self._drop_refusals)

    # --- what to show -------------------------------------------------------

    def set_instrument(self, instrument: Instrument) -> None:
        """Start empty with another contract."""
        state = self._state
        state.instrument = instrument
        state.orders = state.alerts = self._orders = self._algos = ()
        state.position = state.last_price = state.mark_price = None
        state.refusals.clear()
        self._scene.candles.forget()
        self._scene.overlays.set_fills(())
        self.expect(state.interval or "1m")
        self._hand.let_go()
        self._drop_ghosts()

    def expect(self, interval: str) -> None:
        """Candles of `interval` were asked for: none of another length are shown until then."""
        self._state.interval = interval
        self._state.is_waiting = True
        self._state.older_asked = False
        self._state.problem = ""
        self._model.set_candles((), interval)
        self.update()

    def set_candles(self, candles: Sequence[Candle], interval: str) -> None:
        """The newest history, oldest first. After a gap the view stays where it is."""
        state = self._state
        is_same = interval == state.interval and not state.is_waiting
        state.interval, state.is_waiting, state.problem = interval, False, ""
        if not (is_same and self._model.renew(candles)):
            self._model.set_candles(candles, interval)
            state.older_asked = False
        self._note_data()
        self._moved()

    def prepend_candles(self, candles: Sequence[Candle], end_ms: int) -> None:
        """The answer to `older_wanted`; nothing new in it ends the asking.

        One to another question than the last, as from before a gap, is left out:
        it would leave a hole.
        """
        if not self._model.candles or end_ms != self._model.candles[0].open_ms - 1:
            return
        self._state.older_asked = False
        self._hand.shift(self._model.prepend(candles))
        self._moved()

    def candles_failed(self, sentence: str) -> None:
        """They did not come. Scrolling to the start, or choosing the interval, asks again."""
        self._state.problem = sentence
        self._state.older_asked = False
        self._model.forget_asking()
        self.update()

    @property
    def has_failed(self) -> bool:
        """No candle, and a reason: they must be asked for again."""
        return self._state.is_waiting and bool(self._state.problem)

    def update_candle(self, candle: Candle) -> None:
        """The newest candle's present state, or the first of a new one."""
        if not self._state.is_waiting and self._model.update_candle(candle):
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
        self._orders = self._resting.of_orders([o for o in orders if self._is_mine(o.symbol)])
        self._show_lines()

    def set_algos(self, algos: Sequence[AlgoView]) -> None:
        """All own conditional orders of this symbol."""
        self._algos = self._resting.of_algos([a for a in algos if self._is_mine(a.symbol)])
        self._show_lines()

    def set_alerts(self, alerts: Sequence[PriceAlert]) -> None:
        self._state.alerts = alerts
        self._show_lines()

    def set_fills(self, fills: Sequence[FillView]) -> None:
        """Own fills of this symbol, in any order."""
        self._scene.overlays.set_fills([f for f in fills if self._is_mine(f.symbol)])
        self.update()

    def set_overlays(self, overlays: Sequence[Overlay]) -> None:
        self._scene.overlays.switch(overlays)
        self._moved()

    def set_position(self, position: PositionView | None) -> None:
        self._state.position = position
        self.update()

    def show_refusal(self, key: str, sentence: str) -> None:
        """The line is where it was; the reason stands beside it for a while."""
        self._state.ghosts.pop(key, None)
        self._state.refusals[key] = sentence
        self._refusal_timer.start()
        self.update()

    def set_stale(self, stale: bool) -> None:
        """Grey, with the time of the last data; nothing can be placed or moved."""
        if stale == self._state.is_stale:
            return
        self._state.stale_since_ms = self._last_data_ms if stale else None
        if stale:
            self._hand.let_go()
        self.update()

    @Slot(object)
    def set_covered(self, height: int) -> None:
        """Alarms lie over so much of the top: words there go below them."""
        self._state.covered_px = height
        self.update()

    def newest_part(self) -> QRect:
        """Where the price is now: nothing may lie over it. Without height while out of sight."""
        self._scene.lay_out(self.size())
        candles = self._model.candles[-_NEWEST:] if self._model.is_live else ()
        prices = [price for candle in candles for price in (candle.low, candle.high)]
        prices += [self._state.last_price] if self._state.last_price is not None else []
        plot, scale = self._scene.frame.plot, self._scene.scale
        shown = [scale.y(price) for price in prices if scale.low <= price <= scale.high]
        if not shown:
            return QRect(plot.left(), 0, plot.width(), 0)
        top, bottom = round(min(shown)) - _AROUND_PX, round(max(shown)) + _AROUND_PX
        return QRect(plot.left(), top, plot.width(), bottom - top)

    def set_orders_stale(self, stale: bool) -> None:
        """Own orders may have changed unseen: dim, and not to be moved; cancels go."""
        if stale == self._state.are_orders_stale:
            return
        self._state.are_orders_stale = stale
        if stale:
            self._hand.let_go()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(760, 460)

    def redress(self) -> None:
        self._scene.redress()
        self._moved()

    # --- for tests and the self-test ----------------------------------------

    def point_of_order(self, key: str) -> QPointF | None:
        """Where its tag can be grabbed; None while it is out of sight."""
        self._scene.lay_out(self.size())
        placed = self._scene.lines.line_of(key) or self._scene.alerts.line_of(key)
        if placed is None:
            return None
        if placed.tag is None:
            return QPointF(self._scene.frame.plot.width() / 2, placed.y)
        return QPointF(placed.tag.left() + 8, placed.tag.center().y())

    def point_of_cancel(self, key: str) -> QPointF | None:
        self._scene.lay_out(self.size())
        placed = self._scene.lines.line_of(key) or self._scene.alerts.line_of(key)
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

    # --- inside -------------------------------------------------------------

    def _show_lines(self) -> None:
        self._state.orders = self._orders + self._algos
        self._scene.lines.forget()
        self._hand.check_lines()
        self._drop_ghosts()

    def _is_mine(self, symbol: str) -> bool:
        instrument = self._state.instrument
        return instrument is None or symbol == instrument.symbol

    @Slot()
    def _drop_ghosts(self) -> None:
        """Back to what the orders say, but for the one in the hand."""
        self._ghost_timer.stop()
        dragged = self._state.dragged
        for key in [k for k in self._state.ghosts if k != dragged]:
            del self._state.ghosts[key]
        self.update()

    @Slot()
    def _drop_refusals(self) -> None:
        self._state.refusals.clear()
        self.update()

    def _note_data(self) -> None:
        self._last_data_ms = self._clock.now_ms()

    def _moved(self) -> None:
        """The view changed: lay out, and ask for history when its start came into sight."""
        self._scene.lay_out(self.size())
        self.update()
        if self._state.is_waiting or not self.isVisible():
            return
        end_ms = self._model.older_wanted_ms(is_needed=self._scene.overlays.needs_older())
        if end_ms is not None:
            self._state.older_asked = True
            self._state.problem = ""
            self.older_wanted.emit(end_ms)
