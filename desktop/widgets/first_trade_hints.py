"""The guided first trade on paper: hints that point at the real controls.

Each goes on when the thing was really done. They hold nothing up, can be skipped,
and are dismissed for good by one click; that choice is among the preferences.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRect, QTimer, Slot
from PySide6.QtWidgets import QTabBar, QWidget

from desktop.models.first_trade import STEPS, FirstTrade, Step
from desktop.models.open_orders_model import ACTION, PRICE
from desktop.models.preferences import Preferences
from desktop.widgets.blotter import Blotter
from desktop.widgets.data_table import DataTable
from desktop.widgets.hint_bubble import HintBubble
from desktop.widgets.order_ticket import OrderTicket
from desktop.widgets.ticket_controls import TABS
from engine.events import EngineStateChanged, Event, OrderChanged, PositionChanged
from engine.trading_types import EngineState, EnvironmentKind, Side

_KEY = "firstTradeDone"
_FOLLOW_MS = 150
_MARKET_TAB = TABS.index("Market")

_WORDS = {
    "price": "Welcome! This is PAPER: a market on your computer, without real money. Buy a"
    " little: type a price below the market, or press Bid.",
    "quantity": "Now how much: type 0.01.",
    "buy": "Press BUY / LONG. The order goes to the paper exchange.",
    "change": "This row is your order; the solid dot says that the exchange has confirmed it."
    " Double-click its price and type a lower one: the order is changed, not replaced.",
    "cancel": "Cancel takes the order back. So do the x on its line in the chart and a right click"
    " on it in the ladder.",
    "market": "Choose Market: such an order trades at once, at the best price there is.",
    "buy now": "Press BUY / LONG to open a position.",
    "tab": "It stands behind this tab.",
    "close": "This is your position, with its profit in uPnL. Close ends it at market; with a"
    " click on the dots beside it you protect it with a stop.",
    "done": "That was a whole trade. KILL cancels and closes everything, F1 opens the guide,"
    " and this badge leads to the testnet and to LIVE.",
}


Target = tuple[QRect, QRect]  # what the ring is around, and what must not be covered


class FirstTradeHints(QObject):
    def __init__(
        self,
        window: QWidget,
        ticket: OrderTicket,
        blotter: Blotter,
        badge: QWidget,
        preferences: Preferences,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._ticket = ticket
        self._blotter = blotter
        self._badge = badge
        self._preferences = preferences
        self._kind = EnvironmentKind.LIVE
        self._trade = FirstTrade()
        self._position: object = None
        self._has_alarm = False
        self._bubble: HintBubble | None = None
        self._follow = QTimer(self, interval=_FOLLOW_MS)
        self._follow.timeout.connect(self._show)

    def set_kind(self, kind: EnvironmentKind) -> None:
        self._kind = kind

    @Slot(object)
    def give_way(self, alarm_height: int) -> None:
        """An alarm stands over the chart: no hint may cover it."""
        self._has_alarm = alarm_height > 0
        self._show()

    def handlers(self) -> dict[type[Event], Callable[[Any], None]]:
        return {
            EngineStateChanged: self._on_engine,
            OrderChanged: lambda event: self._trade.note_order(event.order),
            PositionChanged: self._on_position,
        }

    @property
    def step(self) -> Step | None:
        """None while no hint is shown."""
        return self._trade.step if self._bubble is not None else None

    @property
    def can_begin(self) -> bool:
        """They are about paper alone, and are not on show."""
        return self._kind is EnvironmentKind.PAPER and self._bubble is None

    @Slot()
    def begin(self) -> None:
        """From the first one on, also for who has dismissed them."""
        if self.can_begin:
            self._preferences.forget(_KEY)
            self._begin()

    def _on_engine(self, change: EngineStateChanged) -> None:
        is_due = self._kind is EnvironmentKind.PAPER and not self._preferences.get(_KEY, False)
        if change.state is EngineState.LIVE and is_due and self._bubble is None:
            self._begin()

    def _begin(self) -> None:
        self._bubble = HintBubble(self._window)
        self._bubble.skipped.connect(self._skip)
        self._bubble.dismissed.connect(self._end)
        self._trade = FirstTrade()
        if self._position is not None:
            self._trade.step = Step.CLOSE  # the last run ended in the middle of it
        self._follow.start()
        self._show()

    def _on_position(self, event: PositionChanged) -> None:
        position = event.position
        key = (position.symbol, position.position_side)
        if position.quantity:
            self._position = key
        elif self._position == key:
            self._position = None
        self._trade.note_position(position)

    @Slot()
    def _skip(self) -> None:
        if self._trade.step is Step.DONE:
            self._end()
        else:
            self._trade.skip()
            self._show()

    @Slot()
    def _end(self) -> None:
        self._preferences.put(_KEY, True)
        self._follow.stop()
        if self._bubble is not None:
            self._bubble.leave()
            self._bubble.deleteLater()
            self._bubble = None

    @Slot()
    def _show(self) -> None:
        """Again and again: panels move, rows come and go."""
        if self._bubble is None:
            return
        self._trade.note_ticket(is_complete=self._ticket.side_buttons[Side.BUY].isEnabled())
        words, target = self._due()
        step = self._trade.step
        place = f"{STEPS.index(step) + 1} of {len(STEPS)}"
        self._bubble.say(_WORDS[words], place, is_last=step is Step.DONE)
        if target is None or self._has_alarm:
            self._bubble.leave()  # also when its panel is hidden
        else:
            self._bubble.point_at(*target, self._window.rect().adjusted(8, 8, -8, -8))

    def _due(self) -> tuple[str, Target | None]:
        step, ticket = self._trade.step, self._ticket
        if step is Step.PRICE:
            is_priced = bool(ticket.price.text())
            words, field = ("quantity", ticket.quantity) if is_priced else ("price", ticket.price)
            return words, self._of(field)
        if step is Step.BUY:
            return "buy", self._of(ticket.side_buttons[Side.BUY])
        if step is Step.MARKET:
            return self._of_market()
        if step is Step.DONE:
            return "done", self._of(self._badge)
        table, key, column = self._row()
        if self._blotter.currentWidget() is not table:
            return "tab", self._of_tab(self._blotter.tabBar(), self._blotter.indexOf(table))
        return step.value, self._of_cell(table, key, column)

    def _row(self) -> tuple[DataTable, object, str]:
        if self._trade.step is Step.CLOSE:
            return self._blotter.positions, self._position, ACTION
        column = PRICE if self._trade.step is Step.CHANGE else ACTION
        return self._blotter.orders, self._trade.order_id, column

    def _of_market(self) -> tuple[str, Target | None]:
        ticket = self._ticket
        if ticket.type.currentIndex() != _MARKET_TAB:
            return "market", self._of_tab(ticket.type, _MARKET_TAB)
        if not ticket.quantity.text():
            return "quantity", self._of(ticket.quantity)
        return "buy now", self._of(ticket.side_buttons[Side.BUY])

    # --- where things stand, in the window's coordinates ----------------------------------

    def _of(self, widget: QWidget) -> Target | None:
        return self._inside(widget, widget.rect())

    def _of_tab(self, bar: QTabBar, index: int) -> Target | None:
        return self._inside(bar, bar.tabRect(index))

    def _of_cell(self, table: DataTable, key: object, column: str) -> Target | None:
        if key is None or table.source().row_of(key) is None:
            return self._of(table)
        view, cell = table.viewport(), table.visualRect(table.index_of(key, column))
        row = QRect(0, cell.top(), view.width(), cell.height())
        return self._inside(view, cell, row)

    def _inside(self, widget: QWidget, place: QRect, clear: QRect | None = None) -> Target | None:
        """A tab's bar and a cell's row stay readable: `clear` is all of the widget if None."""
        if not widget.isVisible():
            return None
        kept = clear if clear is not None else widget.rect()
        return (
            QRect(widget.mapTo(self._window, place.topLeft()), place.size()),
            QRect(widget.mapTo(self._window, kept.topLeft()), kept.size()),
        )
