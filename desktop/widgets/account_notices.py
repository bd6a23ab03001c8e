"""What a person is told in passing: fills, refusals, orders whose fate is not known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec.structs import replace

from desktop.formatting import price_text, quantity_text, short_symbol
from desktop.models.conditional_rules import type_words
from desktop.models.order_edits import EditRefused
from desktop.models.plan_orders import is_asked_by_a_plan
from desktop.models.plans_model import KIND_WORDS
from desktop.theme import palette
from desktop.widgets.toast_stack import ToastStack
from engine.commands import AmendOrder, AskAgain, Command
from engine.events import Alert, CommandDone, CommandRefused
from engine.market.instruments import Instrument
from engine.protection_commands import MoveAlgo
from engine.protection_views import AlgoView, PlanView
from engine.trading_types import AlertLevel, AlgoStatus, OrderStatus, PlanState, Side
from engine.views import ZERO, FillView, OrderView

_TOLD_BY_THE_ORDER = frozenset({"order.unknown"})  # its own notice offers to ask again


class AccountNotices:
    """What happened before `opened_ms` is history and told by the tables alone."""

    def __init__(
        self,
        toasts: ToastStack,
        instruments: Mapping[str, Instrument],
        submit: Callable[[Command], None],
        *,
        opened_ms: int,
    ) -> None:
        self._toasts = toasts
        self._instruments = instruments
        self._submit = submit
        self._opened_ms = opened_ms
        self._fill_totals: dict[str, tuple[Decimal, Decimal]] = {}

    def order_changed(self, order: OrderView, *, is_of_a_plan: bool = False) -> None:
        """Call when the status became another. A plan tells itself what was refused of it."""
        key = f"order {order.client_order_id}"
        self._toasts.drop(key)  # whatever was not known of it is settled
        if order.status is OrderStatus.UNKNOWN:
            sentence = order.reason or "It is not known whether the exchange has the order."
            ask = AskAgain(symbol=order.symbol, client_order_id=order.client_order_id)
            self._toasts.show(
                f"{order.symbol} {order.side}: {sentence}",
                AlertLevel.WARNING,
                key=key,
                action="Ask again",
                act=lambda: self._submit(ask),
            )
        is_news = (order.updated_at or order.created_at) >= self._opened_ms
        if order.status is OrderStatus.REJECTED and is_news and not is_of_a_plan:
            reason = order.reason or "The exchange gave no reason."
            self._toasts.show(reason, AlertLevel.WARNING, key=key)

    def algo_changed(self, algo: AlgoView) -> None:
        """A conditional order that was refused or whose fate is not known; call on a change."""
        key = f"algo {algo.client_algo_id}"
        self._toasts.drop(key)
        is_news = (algo.updated_at or algo.created_at) >= self._opened_ms
        if algo.status is AlgoStatus.UNKNOWN:
            sentence = algo.reason or "It is not known whether the exchange has the order."
            what = f"{algo.symbol} {type_words(algo.type).lower()}"
            self._toasts.show(f"{what}: {sentence}", AlertLevel.WARNING, key=key)
        elif algo.status is AlgoStatus.REJECTED and is_news:
            reason = algo.reason or "The exchange gave no reason."
            self._toasts.show(reason, AlertLevel.WARNING, key=key)

    def fill_recorded(self, fill: FillView) -> None:
        """One notice per order, growing with its fills."""
        if fill.time_ms < self._opened_ms:
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

    def refused(self, refused: CommandRefused) -> None:
        if is_asked_by_a_plan(refused.command):
            return
        fixed = _with_fix(refused)
        self._warn(refused.sentence, fixed, f"Use {refused.fix}")

    def edit_refused(self, refused: EditRefused) -> None:
        self._warn(refused.sentence, refused.fixed, refused.fix_text)

    def plan_ended(self, plan: PlanView) -> None:
        """Its orders' own refusals are not told one by one: the plan's last word is."""
        if plan.updated_at < self._opened_ms:
            return
        what = f"{KIND_WORDS[plan.kind]} {plan.side} {plan.symbol}"
        instrument = self._instruments.get(plan.symbol)
        filled = f"{quantity_text(plan.executed_qty, instrument)} filled"
        if plan.state is PlanState.DONE:
            self._toasts.show(f"{what} is done: {filled}.")
        else:
            self._toasts.show(f"{what} ended, {filled}. {plan.reason}".strip(), AlertLevel.WARNING)

    def done(self, done: CommandDone) -> None:
        self._toasts.show(done.sentence)

    def alert(self, alert: Alert) -> None:
        if alert.level is not AlertLevel.INFO and alert.code not in _TOLD_BY_THE_ORDER:
            self._toasts.show(alert.sentence, alert.level)

    def _warn(self, sentence: str, fixed: Command | None, fix_text: str) -> None:
        if fixed is None:
            self._toasts.show(sentence, AlertLevel.WARNING)
            return
        self._toasts.show(
            sentence, AlertLevel.WARNING, action=fix_text, act=lambda: self._submit(fixed)
        )


def _with_fix(refused: CommandRefused) -> Command | None:
    """The same amend or move with the value that would be accepted.

    A refused new order is mended in the ticket: one click must not send an
    order that the person has not seen whole.
    """
    old = refused.command
    if refused.fix is None or not isinstance(old, AmendOrder | MoveAlgo):
        return None
    fix = Decimal(refused.fix)
    if isinstance(old, MoveAlgo):
        return replace(old, **{"price" if refused.field == "price" else "trigger_price": fix})
    is_price = refused.field == "price"
    return AmendOrder(
        symbol=old.symbol,
        client_order_id=old.client_order_id,
        price=fix if is_price else old.price,
        quantity=old.quantity if is_price else fix,
    )
