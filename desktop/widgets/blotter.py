"""The tabs below the chart: positions, orders, history, fills, balances, alerts."""

from __future__ import annotations

from typing import Any

import msgspec
from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QTabWidget, QWidget

from desktop.models.activity import ActivityModel
from desktop.models.alerts_model import AlertsModel
from desktop.models.balances_model import BalancesModel
from desktop.models.fills_model import FillsModel
from desktop.models.open_orders_model import OpenOrdersModel
from desktop.models.order_history_model import OrderHistoryModel
from desktop.models.plans_model import PlansModel
from desktop.models.positions_model import PositionsModel
from desktop.models.table_model import TableModel
from desktop.theme import palette
from desktop.theme.fonts import ui_font
from desktop.widgets.buttons import make_button
from desktop.widgets.data_table import DataTable
from desktop.widgets.search_field import SearchField
from engine.trading_types import AlertLevel, Side

_UNCOUNTED = "Log"
_FILTER_MS = 150  # after the last key: thousands of rows are looked through
_LOUD = (AlertLevel.WARNING, AlertLevel.ERROR)


class AccountModels(msgspec.Struct, frozen=True):
    """Everything the tabs show; made and fed by the window."""

    positions: PositionsModel
    orders: OpenOrdersModel
    plans: PlansModel
    history: OrderHistoryModel
    fills: FillsModel
    balances: BalancesModel
    alerts: AlertsModel
    log: ActivityModel


class Blotter(QTabWidget):
    cancel_wanted = Signal(object)  # Side of the shown symbol; None: every order
    close_all_wanted = Signal()
    export_wanted = Signal(object)  # DataTable
    symbol_chosen = Signal(object)  # str

    def __init__(self, models: AccountModels, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("blotter")
        self.setAccessibleName("Positions, orders and account")
        self.setDocumentMode(True)
        self.tabBar().setFont(ui_font(12))
        self.tabBar().setObjectName("blotter.tabs")
        self.tabBar().setAccessibleName("Tables")
        self.symbol = ""
        self._alerts = models.alerts
        self._plans = models.plans
        self._titles: dict[int, tuple[str, TableModel[Any]]] = {}
        self._counted: object = None  # what the titles tell now
        self._is_closed = False
        self.positions = self._add("positions", "Positions", models.positions, "No open position.")
        self.orders = self._add(
            "orders", "Open orders", models.orders, "No open order. Click the ladder or the ticket."
        )
        self.plans = self._add(
            "plans",
            "Plans",
            models.plans,
            "No plan. Start one by ⋯ in the ticket, or type it: Ctrl+K, chase buy 0.1 btc.",
        )
        self.history = self._add(
            "history", "Order history", models.history, "No order has ended yet."
        )
        self.fills = self._add("fills", "Fills", models.fills, "No fill yet.")
        self.balances = self._add(
            "balances", "Balances", models.balances, "No balance was reported yet."
        )
        self.alerts = self._add("alerts", "Alerts", models.alerts, "Nothing to report.")
        self.log = self._add("log", "Log", models.log, "Nothing was asked and nothing happened.")
        self._add_corner()
        self._connect()
        self.show_counts()

    def set_stale(self, is_stale: bool) -> None:
        """The account stream is not live: what stands here may no longer be true."""
        for table in (self.positions, self.orders, self.balances):
            table.set_stale(is_stale)

    def set_closed(self, is_closed: bool) -> None:
        """Nothing can be sent from this window: a recording is played in it."""
        self._is_closed = is_closed
        for table in (self.positions, self.orders, self.plans):
            table.set_closed(is_closed)
        self._counted = None
        self.show_counts()

    def _add(self, name: str, title: str, model: TableModel[Any], empty: str) -> DataTable:
        table = DataTable(f"{name}.table", title, model, empty, self)
        index = self.addTab(table, title)
        self._titles[index] = (title, model)
        return table

    def _add_corner(self) -> None:
        corner = QWidget(self)
        row = QHBoxLayout(corner)
        row.setContentsMargins(0, 2, 8, 2)
        row.setSpacing(2)
        spoken = "Show only rows with these words"
        self.filter = SearchField("blotter.filter", "Filter", spoken, corner)
        self.filter.setFixedSize(124, 22)
        self._filter_soon = QTimer(self, singleShot=True, interval=_FILTER_MS)
        self._cancel_bids = make_button("orders.cancelBids", "Cancel bids", "quiet", height=22)
        self._cancel_asks = make_button("orders.cancelAsks", "Cancel asks", "quiet", height=22)
        self._cancel_all = make_button("orders.cancelAll", "Cancel all", "quiet", height=22)
        self._close_all = make_button("positions.closeAll", "Close all", "quiet", height=22)
        self._cancel_all.setToolTip("Cancel every open order of every symbol")
        self._close_all.setToolTip("Close every position at market, after one question")
        buttons = (self._cancel_bids, self._cancel_asks, self._cancel_all, self._close_all)
        for widget in (self.filter, *buttons):
            row.addWidget(widget)
        self.setCornerWidget(corner)

    def set_symbol(self, symbol: str) -> None:
        """The shown one: what the bids and asks to cancel are of."""
        self.symbol = symbol
        self._cancel_bids.setToolTip(f"Cancel all buy orders of {symbol}")
        self._cancel_asks.setToolTip(f"Cancel all sell orders of {symbol}")

    def tables(self) -> list[DataTable]:
        return [
            table for n in range(self.count()) if isinstance(table := self.widget(n), DataTable)
        ]

    def _connect(self) -> None:
        self.positions.row_chosen.connect(lambda key: self.symbol_chosen.emit(key[0]))
        self.orders.row_chosen.connect(self._choose_symbol_of_order)
        self._cancel_bids.clicked.connect(lambda: self.cancel_wanted.emit(Side.BUY))
        self._cancel_asks.clicked.connect(lambda: self.cancel_wanted.emit(Side.SELL))
        self._cancel_all.clicked.connect(lambda: self.cancel_wanted.emit(None))
        self._close_all.clicked.connect(self.close_all_wanted)
        self.filter.textChanged.connect(self._filter_soon.start)
        self._filter_soon.timeout.connect(self._apply_filter)
        for table in self.tables():
            table.export_wanted.connect(lambda table=table: self.export_wanted.emit(table))

    @Slot()
    def _apply_filter(self) -> None:
        for table in self.tables():
            table.set_filter(self.filter.text())

    @Slot(object)
    def _choose_symbol_of_order(self, key: object) -> None:
        order = self.orders.source().row_of(key)
        if order is not None:
            self.symbol_chosen.emit(order.symbol)

    def show_counts(self) -> None:
        """Counts stand in the titles; the common buttons need something to act on.

        Called once per batch: a title of another length lays the whole bar out anew.
        """
        counts = [
            self._plans.running_count() if model is self._plans else model.rowCount()
            for _, model in self._titles.values()
        ]
        worst = self._alerts.worst_level()
        if (counts, worst, palette.TEXT) == self._counted:
            return
        self._counted = (counts, worst, palette.TEXT)
        for (index, (title, _)), rows in zip(self._titles.items(), counts, strict=True):
            text = f"{title} ({rows})" if rows and title != _UNCOUNTED else title
            if text != self.tabText(index):
                self.setTabText(index, text)
        colour = QColor(palette.ALERT_COLOUR[worst]) if worst in _LOUD else QColor()
        self.tabBar().setTabTextColor(self.indexOf(self.alerts), colour)
        has_orders = bool(self.orders.source().rowCount()) and not self._is_closed
        for button in (self._cancel_bids, self._cancel_asks, self._cancel_all):
            button.setEnabled(has_orders)
        has_positions = bool(self.positions.source().rowCount()) and not self._is_closed
        self._close_all.setEnabled(has_positions)
