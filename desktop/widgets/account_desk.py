"""Orders, fills, positions, balances and alerts: tables, notices and totals.

Shows only what the engine reported. Whatever a table asks for goes out as a
command and changes nothing here until the answer comes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal

from desktop.models.activity import ActivityModel
from desktop.models.alerts_model import AlertsModel
from desktop.models.balances_model import BalancesModel
from desktop.models.fills_model import FillsModel
from desktop.models.open_orders_model import OpenOrdersModel, algo_key
from desktop.models.order_history_model import OrderHistoryModel
from desktop.models.plan_orders import is_asked_by_a_plan
from desktop.models.plans_model import PlansModel
from desktop.models.position_exits import exits_by_position, is_bare
from desktop.models.positions_model import PositionsModel
from desktop.widgets.account_notices import AccountNotices
from desktop.widgets.blotter import AccountModels, Blotter
from desktop.widgets.blotter_actions import BlotterActions
from desktop.widgets.csv_export import CsvExport
from desktop.widgets.kill_switch import KillPlan
from desktop.widgets.position_acts import PositionActs
from desktop.widgets.toast_stack import ToastStack
from engine.commands import (
    AmendOrder,
    Command,
    PlaceOrder,
    SetLeverage,
)
from engine.events import (
    Alert,
    BalanceChanged,
    CommandDone,
    CommandRefused,
    Event,
    FillRecorded,
    HistoryLoaded,
    LeverageChanged,
    MarkPrice,
    OrderChanged,
    PositionChanged,
    ThreadCrashed,
)
from engine.events.protection import AlgoChanged, BracketChanged, DeadManChanged, PlanChanged
from engine.market.instruments import Instrument
from engine.protection_commands import MoveAlgo, PlaceAlgo, PlaceBracket, SetMarginType
from engine.protection_views import BracketView
from engine.trading_types import AlertLevel, Route, StreamState
from engine.views import ZERO, OrderView, PositionView

_DOLLARS = frozenset({"USDT", "USDC", "FDUSD", "BNFCR"})  # counted at one each in the equity


class Changes(msgspec.Struct):
    """What other panels must show anew."""

    order_symbols: set[str] = msgspec.field(default_factory=set)
    position_symbols: set[str] = msgspec.field(default_factory=set)
    algo_symbols: set[str] = msgspec.field(default_factory=set)
    has_totals: bool = False


class AccountDesk(QObject):
    command_wanted = Signal(object)  # Command
    leverage_changed = Signal(object, object)  # symbol, int
    place_refused = Signal(object)  # CommandRefused of what the ticket sends
    margin_type_changed = Signal(object, object)  # symbol, MarginType
    refused = Signal(object)  # CommandRefused of anything

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        toasts: ToastStack,
        now_ms: Callable[[], int],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._now_ms = now_ms
        self.is_stale = True
        self._changed = Changes()
        self.mark_prices: dict[str, Decimal] = {}
        self._leverage: dict[str, int] = {}
        self._bare: dict[str, BracketView] = {}  # by bracket id
        self.models = AccountModels(
            positions=PositionsModel(instruments, self),
            orders=OpenOrdersModel(instruments, self),
            plans=PlansModel(instruments, self),
            history=OrderHistoryModel(instruments, self),
            fills=FillsModel(instruments, self),
            balances=BalancesModel(self),
            alerts=AlertsModel(self),
            log=ActivityModel(now_ms, self),
        )
        self.blotter = Blotter(self.models)
        self.blotter.set_stale(self.is_stale)
        submit = self.command_wanted.emit
        self.notices = AccountNotices(toasts, instruments, submit, opened_ms=now_ms())
        self.position_acts = PositionActs(
            toasts.window(), self.models.positions, instruments, submit
        )
        self.actions = BlotterActions(
            self.blotter, self.models, self.notices, submit, self.position_acts, self
        )
        self.export = CsvExport(toasts, self)
        self.blotter.export_wanted.connect(
            lambda table: self.export.ask(table, self.blotter.window())
        )

    def handlers(self) -> dict[type[Event], Callable[[Any], None]]:
        return {
            HistoryLoaded: self._on_history,
            AlgoChanged: self._on_algo,
            PlanChanged: self._on_plan,
            BracketChanged: self._on_bracket,
            DeadManChanged: lambda event: self.models.plans.put_dead_man(event.dead_man),
            OrderChanged: self._on_order,
            FillRecorded: self._on_fill,
            PositionChanged: self._on_position,
            BalanceChanged: self._on_balance,
            LeverageChanged: self._on_leverage,
            CommandRefused: self._on_refused,
            CommandDone: self._on_done,
            Alert: self._on_alert,
            ThreadCrashed: self._on_crash,
        }

    def take_changes(self) -> Changes:
        """What the events since the last call touched: chart and header follow once a frame."""
        taken, self._changed = self._changed, Changes()
        return taken

    # --- reading ----------------------------------------------------------------

    def orders_of(self, symbol: str) -> list[OrderView]:
        return [order for order in self.models.orders.orders() if order.symbol == symbol]

    def position_of(self, symbol: str) -> PositionView | None:
        return self.models.positions.position_of(symbol)

    def leverage_of(self, symbol: str) -> int:
        """0 until the venue said it."""
        return self._leverage.get(symbol, 0)

    def equity(self) -> Decimal:
        wallets = [b.wallet_balance for b in self.models.balances.rows() if b.asset in _DOLLARS]
        return sum(wallets, ZERO) + self.models.positions.unrealized_pnl()

    def wallet(self, asset: str, symbol: str) -> Decimal:
        """The cross wallet, with the profit of the other cross positions."""
        balance = self.models.balances.row_of(asset)
        cross = balance.cross_wallet_balance if balance else ZERO
        return cross + self.models.positions.cross_pnl_but(symbol)

    def available(self, asset: str) -> Decimal:
        balance = self.models.balances.row_of(asset)
        return balance.available_balance if balance else ZERO

    def kill_plan(self) -> KillPlan:
        orders = self.models.orders
        return KillPlan(
            order_count=orders.rowCount(),
            order_symbols=tuple(orders.symbols()),
            position_symbols=tuple(position.symbol for position in self.models.positions.rows()),
        )

    def set_mark_price(self, mark: MarkPrice) -> None:
        self.mark_prices[mark.symbol] = Decimal(repr(mark.mark_price))
        if self.position_of(mark.symbol) is not None:
            self.models.positions.set_mark_price(mark.symbol, mark.mark_price)
            self._changed.has_totals = True

    def set_stream(self, route: Route, state: StreamState) -> None:
        if route is Route.PRIVATE:
            self.is_stale = state is not StreamState.LIVE
            self.blotter.set_stale(self.is_stale)

    def note_sent(self, command: Command) -> None:
        """An amend leaves, from wherever: its row shows it in flight at once."""
        self.models.log.note_sent(command)
        if isinstance(command, AmendOrder):
            self.models.orders.amend_asked(command)
        if isinstance(command, MoveAlgo):
            self.models.orders.move_asked(command)

    # --- events -----------------------------------------------------------------

    def _on_history(self, history: HistoryLoaded) -> None:
        """Earlier days: for the tables alone, nobody is told of it."""
        self.models.history.put_history(history.orders)
        self.models.fills.put_history(history.fills)

    def _on_order(self, event: OrderChanged) -> None:
        order = event.order
        key = order.client_order_id
        before = self.models.orders.row_of(key) or self.models.history.row_of(key)
        self.models.orders.put_order(order)
        self.models.history.put_order(order)
        self._changed.order_symbols.add(order.symbol)
        if before is None or before.status is not order.status:
            is_of_a_plan = self.models.plans.has_child(key)
            self.notices.order_changed(order, is_of_a_plan=is_of_a_plan)

    def _on_algo(self, event: AlgoChanged) -> None:
        algo = event.algo
        key = algo_key(algo.client_algo_id)
        before = self.models.orders.row_of(key) or self.models.history.row_of(key)
        self.models.orders.put_algo(algo)
        self.models.history.put_algo(algo)
        self._changed.algo_symbols.add(algo.symbol)
        self._show_exits()
        if before is None or before.status is not algo.status:
            self.notices.algo_changed(algo)

    def _on_plan(self, event: PlanChanged) -> None:
        plan = event.plan
        was_over = self.models.plans.is_over(plan.plan_id)
        self.models.plans.put_plan(plan)
        if plan.state.is_over and not was_over:
            self.notices.plan_ended(plan)

    def _on_bracket(self, event: BracketChanged) -> None:
        bracket = event.bracket
        self._bare.pop(bracket.bracket_id, None)
        if is_bare(bracket):
            self._bare[bracket.bracket_id] = bracket
        self._show_exits()

    def _show_exits(self) -> None:
        positions = self.models.positions
        algos = self.models.orders.algos()
        positions.set_exits(exits_by_position(positions.rows(), algos, self._bare.values()))

    def _on_fill(self, event: FillRecorded) -> None:
        fill = event.fill
        is_known = self.models.fills.row_of((fill.symbol, fill.trade_id)) is not None
        self.models.fills.put_fill(fill)
        if not is_known:
            self.notices.fill_recorded(fill)

    def _on_position(self, event: PositionChanged) -> None:
        position = event.position
        self.models.positions.put_position(position)
        self._show_exits()
        if position.leverage:
            self._set_leverage(position.symbol, position.leverage)
        self._changed.position_symbols.add(position.symbol)
        self._changed.has_totals = True

    def _on_balance(self, event: BalanceChanged) -> None:
        self.models.balances.put_balance(event.balance)
        self._changed.has_totals = True

    def _on_leverage(self, event: LeverageChanged) -> None:
        self._set_leverage(event.symbol, event.leverage)

    def _on_refused(self, refused: CommandRefused) -> None:
        command = refused.command
        if isinstance(command, AmendOrder):
            self.models.orders.amend_refused(command.client_order_id)
            self._changed.order_symbols.add(command.symbol)
        if isinstance(command, MoveAlgo):
            self.models.orders.move_refused(command.client_algo_id)
            self._changed.algo_symbols.add(command.symbol)
        is_placing = isinstance(command, PlaceOrder | PlaceAlgo | PlaceBracket)
        if is_placing and not is_asked_by_a_plan(command):
            self.place_refused.emit(refused)
        self.refused.emit(refused)
        self.notices.refused(refused)

    def _on_done(self, done: CommandDone) -> None:
        if isinstance(done.command, SetLeverage):
            self._set_leverage(done.command.symbol, done.command.leverage)
        if isinstance(done.command, SetMarginType):
            self.margin_type_changed.emit(done.command.symbol, done.command.margin_type)
        self.notices.done(done)

    def _on_alert(self, alert: Alert) -> None:
        self.models.alerts.add(alert)
        self.notices.alert(alert)

    def _on_crash(self, crash: ThreadCrashed) -> None:
        sentence = f"A part of Perpdesk has failed ({crash.thread}): {crash.sentence}"
        self._on_alert(
            Alert(
                level=AlertLevel.ERROR,
                code="THREAD_CRASHED",
                sentence=sentence,
                at_ms=self._now_ms(),
            )
        )

    def _set_leverage(self, symbol: str, leverage: int) -> None:
        if self._leverage.get(symbol) != leverage:
            self._leverage[symbol] = leverage
            self.leverage_changed.emit(symbol, leverage)
