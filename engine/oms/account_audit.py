"""Looking again now and then: what a stream loses in silence is found by nobody else.

A connection may be up and answer pings, and an event still be missing. So the
open orders, positions and balances are read every half a minute and compared with
ours; mostly of the symbols in use alone, since all of them at once cost forty times
as much of the request limit. An event that is merely on its way is no difference:
only what two looks, some seconds apart, find in the same words counts. Nothing is
mended here: the private connection is made anew, and the recovery that follows
reads all.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import msgspec

from engine.errors import PerpdeskError
from engine.events import AlgoUpdate, OrderUpdate
from engine.oms.algo_models import AlgoOrder
from engine.oms.algo_tracker import AlgoTracker
from engine.oms.order_desk import OrderDesk
from engine.oms.order_models import Order
from engine.oms.order_transitions import settled
from engine.oms.position_tracker import PositionTracker
from engine.protection_views import AlgoView
from engine.trading_types import AlertLevel, AlgoStatus, OrderStatus
from engine.utils.decimals import plain
from engine.views import BalanceView, OrderView, PositionView

logger = logging.getLogger(__name__)

_FEW_SYMBOLS = 20  # of more, all at once are cheaper


class AuditSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A look weighs 10, and 2 for each symbol in use; a whole one 90, of 2400 a minute."""

    every_s: float = 30.0
    confirm_s: float = 2.0
    whole_every: int = 10  # looks: then orders in symbols that we know nothing of are found, too


class AccountAudit:
    """`tick` belongs to one thread. `why_closed` says why there is nothing to compare now."""

    def __init__(
        self,
        desk: OrderDesk,
        algos: AlgoTracker,
        positions: PositionTracker,
        why_closed: Callable[[], str],
        settings: AuditSettings | None = None,
    ) -> None:
        self._desk = desk
        self._algos = algos
        self._positions = positions
        self._why_closed = why_closed
        self._settings = settings or AuditSettings()
        self._suspected: frozenset[str] = frozenset()
        self._looks = 0
        self._is_whole = True
        self._due_s = desk.clock.monotonic() + self._settings.every_s

    def tick(self, now_s: float) -> None:
        """Compare when it is time. Blocks on the network then; errors are logged."""
        if now_s < self._due_s:
            return
        self._due_s = now_s + self._settings.every_s
        if self._why_closed():  # a recovery will read all anyway
            self._suspected = frozenset()
            return
        try:
            found = self._look()
        except PerpdeskError as error:
            logger.info("the account was not compared: %s", error)
            return
        certain = found & self._suspected
        self._suspected = frozenset() if certain else found
        if certain:
            self._tell(sorted(certain))
        elif found:
            self._due_s = now_s + self._settings.confirm_s

    def _look(self) -> frozenset[str]:
        before = {order: order.view for order in self._desk.tracker.open_orders()}
        algos_before = {algo: algo.view for algo in self._algos.open_algos()}
        with_orders = {view.symbol for view in before.values()}
        scope = self._scope(with_orders | {view.symbol for view in algos_before.values()})
        updates = [u for symbol in scope for u in self._desk.gateway.get_book_orders(symbol)]
        algo_updates = [
            u for symbol in scope for u in self._desk.gateway.get_open_algo_orders(symbol)
        ]
        positions = self._desk.gateway.get_positions()
        balances = self._desk.gateway.get_account_balance()
        found = [*self._in_orders(before, updates), *self._in_positions(positions)]
        found += self._in_algos(algos_before, algo_updates)
        return frozenset([*found, *self._in_balances(balances)])

    def _scope(self, with_orders: set[str]) -> list[str | None]:
        """The symbols to ask for; [None]: all at once. A second look asks as the first did."""
        if not self._suspected:
            self._is_whole = self._looks % self._settings.whole_every == 0
            self._looks += 1
        used = with_orders | {view.symbol for view in self._positions.positions()}
        if self._is_whole or len(used) > _FEW_SYMBOLS:
            return [None]
        return [*sorted(used)]

    def _in_orders(
        self, before: dict[Order, OrderView], updates: list[OrderUpdate]
    ) -> Iterable[str]:
        listed = {(update.symbol, update.order_id) for update in updates}
        for order, view in before.items():
            is_on_its_way = view.status is OrderStatus.PENDING_NEW or order.needs_asking
            is_unchanged = order.view is view
            is_absent = (view.symbol, view.order_id) not in listed
            if is_absent and is_unchanged and not is_on_its_way:
                yield f"order {view.client_order_id} is no longer open"
        for update in updates:
            known = self._desk.tracker.get_by_order_id(update.symbol, update.order_id)
            if known is None:
                yield f"order {update.client_order_id} is open and not known here"
            elif known.lost_write is None and _state_of(known.view) != _said(update):
                yield f"order {update.client_order_id} is {' '.join(_said(update))}"

    def _in_algos(
        self, before: dict[AlgoOrder, AlgoView], updates: list[AlgoUpdate]
    ) -> Iterable[str]:
        listed = {update.algo_id for update in updates}
        for algo, view in before.items():
            is_on_its_way = view.status is AlgoStatus.PENDING_NEW or algo.needs_asking
            if view.algo_id not in listed and algo.view is view and not is_on_its_way:
                yield f"conditional order {view.client_algo_id} is no longer open"
        for update in updates:
            known = self._algos.get_by_algo_id(update.algo_id)
            if known is None:
                yield f"conditional order {update.client_algo_id} is open and not known here"
            elif not known.needs_asking and known.said_status != update.status:
                yield f"conditional order {update.client_algo_id} is {update.status}"

    def _in_positions(self, read: list[PositionView]) -> Iterable[str]:
        theirs = {(view.symbol, view.position_side): view.quantity for view in read}
        ours = {(v.symbol, v.position_side): v.quantity for v in self._positions.positions()}
        for key in theirs.keys() | ours.keys():
            mine, said = ours.get(key), theirs.get(key)
            if (mine or 0) != (said or 0):
                yield f"position {key[0]} is {plain(said) if said is not None else 0}"

    def _in_balances(self, read: list[BalanceView]) -> Iterable[str]:
        for view in read:
            ours = self._positions.balance(view.asset)
            if ours is not None and ours.wallet_balance != view.wallet_balance:
                yield f"the {view.asset} wallet holds {plain(view.wallet_balance)}"

    def _tell(self, found: list[str]) -> None:
        sentence = (
            "The account stream has lost events; the exchange says:"
            f" {'; '.join(found[:8])}. Everything is read again."
        )
        logger.warning("%s", sentence)
        self._desk.alert(AlertLevel.WARNING, "stream.lost_events", sentence)
        self._desk.gateway.renew_user_stream("The account stream has lost events.")


def _state_of(view: OrderView) -> tuple[str, ...]:
    """A cancel on its way is ours alone: the venue's word before it is NEW or traded."""
    is_open = not view.status.is_terminal
    has_traded = OrderStatus.PARTIALLY_FILLED if view.executed_qty else OrderStatus.NEW
    word = has_traded if is_open else view.status
    amounts = (view.executed_qty, view.orig_qty, view.price)
    return (word.value, *(plain(amount) for amount in amounts))


def _said(update: OrderUpdate) -> tuple[str, ...]:
    word = settled(update.status, update.executed_qty, update.orig_qty) or OrderStatus.UNKNOWN
    amounts = (update.executed_qty, update.orig_qty, update.price)
    return (word.value, *(plain(amount) for amount in amounts))
