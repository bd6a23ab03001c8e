"""Orders, fills, positions, balances and alerts: tables, notices and totals.

Shows only what the engine reported. Whatever a table asks for goes out as a
command and changes nothing here until the answer comes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from desktop.formatting import price_text, quantity_text, short_symbol
from desktop.models.alerts_model import AlertsModel
from desktop.models.balances_model import BalancesModel
from desktop.models.fills_model import FillsModel
from desktop.models.open_orders_model import EditRefused, OpenOrdersModel
from desktop.models.order_history_model import OrderHistoryModel
from desktop.models.positions_model import PositionsModel
from desktop.theme import palette
from desktop.widgets.blotter import AccountModels, Blotter
from desktop.widgets.confirmation import Confirmation
from desktop.widgets.kill_switch import KillPlan
from desktop.widgets.toasts import ToastStack
from engine.commands import (
    AmendOrder,
    AskAgain,
    CancelAllOrders,
    CancelOrder,
    ClosePosition,
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
    LeverageChanged,
    MarkPrice,
    OrderChanged,
    PositionChanged,
    ThreadCrashed,
)
from engine.market.instruments import Instrument
from engine.trading_types import AlertLevel, OrderStatus, PositionSide, Route, Side, StreamState
from engine.views import ZERO, OrderView, PositionView

_DOLLARS = frozenset({"USDT", "USDC", "FDUSD", "BNFCR"})  # counted at one each in the equity


_TOLD_BY_THE_ORDER = frozenset({"order.unknown"})  # its own notice offers to ask again


@dataclass(slots=True)
class Changes:
    """What other panels must show anew."""

    order_symbols: set[str] = field(default_factory=set)
    position_symbols: set[str] = field(default_factory=set)
    has_totals: bool = False


class AccountDesk(QObject):
    command_wanted = Signal(object)  # Command
    leverage_changed = Signal(object, object)  # symbol, int
    place_refused = Signal(object)  # CommandRefused of a PlaceOrder

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        toasts: ToastStack,
        now_ms: Callable[[], int],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._instruments = instruments
        self._toasts = toasts
        self._now_ms = now_ms
        self._opened_ms = now_ms()  # what happened before is history, not news
        self.is_stale = True
        self._changed = Changes()
        self.mark_prices: dict[str, Decimal] = {}
        self._leverage: dict[str, int] = {}
        self._fill_totals: dict[str, tuple[Decimal, Decimal]] = {}
        self.models = AccountModels(
            positions=PositionsModel(instruments, self),
            orders=OpenOrdersModel(instruments, self),
            history=OrderHistoryModel(instruments, self),
            fills=FillsModel(instruments, self),
            balances=BalancesModel(self),
            alerts=AlertsModel(self),
        )
        self.blotter = Blotter(self.models)
        self.blotter.set_stale(self.is_stale)
        self._connect()

    def handlers(self) -> dict[type[Event], Callable[[Any], None]]:
        return {
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
        return [order for order in self.models.orders.rows() if order.symbol == symbol]

    def position_of(self, symbol: str) -> PositionView | None:
        return self.models.positions.position_of(symbol)

    def leverage_of(self, symbol: str) -> int:
        """0 until the venue said it."""
        return self._leverage.get(symbol, 0)

    def equity(self) -> Decimal:
        wallets = [b.wallet_balance for b in self.models.balances.rows() if b.asset in _DOLLARS]
        return sum(wallets, ZERO) + self.models.positions.unrealized_pnl()

    def available(self, asset: str) -> Decimal:
        balance = self.models.balances.row_of(asset)
        return balance.available_balance if balance else ZERO

    def kill_plan(self) -> KillPlan:
        orders = self.models.orders
        return KillPlan(
            order_count=orders.rowCount(),
            order_symbols=tuple(orders.symbols()),
            closes=tuple(_close(position) for position in self.models.positions.rows()),
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
        if isinstance(command, AmendOrder):
            self.models.orders.amend_asked(command)

    # --- events -----------------------------------------------------------------

    def _on_order(self, event: OrderChanged) -> None:
        order = event.order
        key = order.client_order_id
        before = self.models.orders.row_of(key) or self.models.history.row_of(key)
        self.models.orders.put_order(order)
        self.models.history.put_order(order)
        self._changed.order_symbols.add(order.symbol)
        if before is None or before.status is not order.status:
            self._tell_order(order)

    def _tell_order(self, order: OrderView) -> None:
        """A notice where a person must know more than the tables show."""
        key = f"order {order.client_order_id}"
        self._toasts.drop(key)  # whatever was not known of it is settled
        if order.status is OrderStatus.UNKNOWN:
            sentence = order.reason or "It is not known whether the exchange has the order."
            self._toasts.show(
                f"{order.symbol} {order.side}: {sentence}",
                AlertLevel.WARNING,
                key=key,
                action="Ask again",
                act=lambda: self._ask_again(order),
            )
        is_news = (order.updated_at or order.created_at) >= self._opened_ms
        if order.status is OrderStatus.REJECTED and is_news:
            reason = order.reason or "The exchange gave no reason."
            self._toasts.show(reason, AlertLevel.WARNING, key=key)

    def _on_fill(self, event: FillRecorded) -> None:
        fill = event.fill
        is_known = self.models.fills.row_of((fill.symbol, fill.trade_id)) is not None
        self.models.fills.put_fill(fill)
        if is_known or fill.time_ms < self._opened_ms:
            return
        quantity, value = self._fill_totals.get(fill.client_order_id, (ZERO, ZERO))
        quantity, value = quantity + fill.quantity, value + fill.quote_quantity
        self._fill_totals[fill.client_order_id] = (quantity, value)
        instrument = self._instruments.get(fill.symbol)
        word = "Bought" if fill.side is Side.BUY else "Sold"
        self._toasts.show(
            f"{word} {quantity_text(quantity, instrument)} {short_symbol(fill.symbol, instrument)}"
            f" at {price_text(value / quantity, instrument)}",
            key=f"fill {fill.client_order_id}",
            icon_name="fill",
            colour=palette.SIDE_COLOUR[fill.side],
        )

    def _on_position(self, event: PositionChanged) -> None:
        position = event.position
        self.models.positions.put_position(position)
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
        if isinstance(command, PlaceOrder):
            self.place_refused.emit(refused)
        fixed = _with_fix(refused)
        self._toasts.show(
            refused.sentence,
            AlertLevel.WARNING,
            action=f"Use {refused.fix}" if fixed is not None else "",
            act=None if fixed is None else lambda: self.command_wanted.emit(fixed),
        )

    def _on_done(self, done: CommandDone) -> None:
        if isinstance(done.command, SetLeverage):
            self._set_leverage(done.command.symbol, done.command.leverage)
        self._toasts.show(done.sentence)

    def _on_alert(self, alert: Alert) -> None:
        self.models.alerts.add(alert)
        if alert.level is not AlertLevel.INFO and alert.code not in _TOLD_BY_THE_ORDER:
            self._toasts.show(alert.sentence, alert.level)

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

    # --- acts -------------------------------------------------------------------

    def _ask_again(self, order: OrderView) -> None:
        self.command_wanted.emit(
            AskAgain(symbol=order.symbol, client_order_id=order.client_order_id)
        )

    @Slot(object)
    def _act_on_order(self, client_order_id: str) -> None:
        """The row's button: cancel, or ask again while the fate is unknown."""
        order = self.models.orders.row_of(client_order_id)
        if order is None or order.status is OrderStatus.PENDING_CANCEL:
            return
        if order.status is OrderStatus.UNKNOWN:
            self._ask_again(order)
            return
        self.command_wanted.emit(
            CancelOrder(symbol=order.symbol, client_order_id=order.client_order_id)
        )

    @Slot(object)
    def _close_position(self, key: tuple[str, PositionSide]) -> None:
        position = self.models.positions.row_of(key)
        if position is not None:
            self.command_wanted.emit(_close(position))

    @Slot()
    def _cancel_all(self) -> None:
        for symbol in self.models.orders.symbols():
            self.command_wanted.emit(CancelAllOrders(symbol=symbol))

    @Slot()
    def _ask_close_all(self) -> None:
        names = ", ".join(position.symbol for position in self.models.positions.rows())
        dialog = Confirmation(
            self.blotter.window(),
            name="positions.closeAll",
            question="Close all positions?",
            sentences=[f"Close at market, reduce-only: {names}. Open orders stay."],
            confirm="Close all positions",
        )
        dialog.accepted.connect(self._close_all)
        dialog.open()

    @Slot()
    def _close_all(self) -> None:
        for position in self.models.positions.rows():
            self.command_wanted.emit(_close(position))

    @Slot(object)
    def _show_edit_refused(self, refused: EditRefused) -> None:
        fixed = refused.fixed
        self._toasts.show(
            refused.sentence,
            AlertLevel.WARNING,
            action=refused.fix_text,
            act=None if fixed is None else lambda: self.command_wanted.emit(fixed),
        )

    def _connect(self) -> None:
        self.models.orders.amend_wanted.connect(self.command_wanted)
        self.models.orders.edit_refused.connect(self._show_edit_refused)
        self.blotter.order_action_wanted.connect(self._act_on_order)
        self.blotter.position_close_wanted.connect(self._close_position)
        self.blotter.cancel_all_wanted.connect(self._cancel_all)
        self.blotter.close_all_wanted.connect(self._ask_close_all)


def _close(position: PositionView) -> ClosePosition:
    return ClosePosition(symbol=position.symbol, position_side=position.position_side)


def _with_fix(refused: CommandRefused) -> Command | None:
    """The same amend with the value that would be accepted.

    A refused new order is mended in the ticket: one click must not send an
    order that the person has not seen whole.
    """
    if refused.fix is None or not isinstance(refused.command, AmendOrder):
        return None
    fix = Decimal(refused.fix)
    changes = {"price": fix} if refused.field == "price" else {"quantity": fix}
    old = refused.command
    return AmendOrder(
        symbol=old.symbol,
        client_order_id=old.client_order_id,
        price=changes.get("price", old.price),
        quantity=changes.get("quantity", old.quantity),
    )
