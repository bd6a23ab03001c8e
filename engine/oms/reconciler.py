"""Reading the account anew: the one way to the truth, at start and after every gap.

Open orders of both services, each local one that is missing among them, trades since the last
known one, positions, balances. All of it is read first and applied in one step
with the events that came meanwhile. The exchange's word always wins.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from decimal import Decimal
from functools import partial

import msgspec

from engine.errors import OrderRefused, PerpdeskError
from engine.events import AlgoUpdate, EngineStateChanged, OrderUpdate
from engine.oms.algo_desk import AlgoDesk
from engine.oms.algo_models import AlgoOrder
from engine.oms.order_changes import Doubted
from engine.oms.order_desk import NO_SUCH_ORDER, OrderDesk, ids_of
from engine.oms.order_models import Order
from engine.oms.position_tracker import PositionTracker
from engine.oms.private_events import PrivateEvents
from engine.protection_views import AlgoView
from engine.trading_types import AlertLevel, AlgoStatus, EngineState, OrderStatus
from engine.utils.decimals import plain
from engine.views import ZERO, BalanceView, FillView, OrderView, PositionView

logger = logging.getLogger(__name__)

_PAGE = 1000
_LONGEST_LOOK_BACK_MS = 6 * 24 * 3_600_000  # by time, the venue looks back seven days
_CLOCK_MARGIN_MS = 300_000  # our clock may be off, and trades read twice count once
PAUSES_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # between tries to read the account


class Recovery(msgspec.Struct, frozen=True):
    """`differences`: what had happened unseen, as phrases."""

    gap_s: float
    differences: tuple[str, ...]


class _Reading(msgspec.Struct):
    updates: list[OrderUpdate]
    absent: list[Order]
    algo_updates: list[AlgoUpdate]
    absent_algos: list[AlgoOrder]
    trades: list[FillView]
    positions: list[PositionView]
    balances: list[BalanceView]
    stamp: int
    is_hedge_mode: bool
    heard_until_ms: int  # account updates up to then are in the positions already


class Reconciler:
    """Blocks on the network: never on the GUI's or a reading thread."""

    def __init__(
        self,
        desk: OrderDesk,
        algos: AlgoDesk,
        positions: PositionTracker,
        events: PrivateEvents,
        pauses_s: tuple[float, ...] = PAUSES_S,
    ) -> None:
        self._desk = desk
        self._algos = algos
        self._positions = positions
        self._events = events
        self._pauses_s = pauses_s
        self._one_at_a_time = threading.Lock()
        # up to where trades have been READ: an event that was lost may lie below the
        # newest trade that the stream has told of
        self._read_ids: dict[str, int] | None = None
        self._read_at_ms: int | None = None
        self._has_run = False

    def recover(self, stop: threading.Event) -> Recovery | None:
        """`run` until it succeeds, with growing pauses. None: `stop` was set first."""
        attempt = 0
        while not stop.is_set():
            try:
                return self.run()
            except PerpdeskError as error:
                logger.warning("could not read the account: %s", error)
            self._desk.clock.wait(stop, self._pauses_s[min(attempt, len(self._pauses_s) - 1)])
            attempt += 1
        return None

    def run(self) -> Recovery:
        """Read everything once and go LIVE (DEGRADED while the stream is not live).

        Raises what the gateway raises; then the state is DEGRADED, events flow on,
        and new orders stay closed until a later run succeeds.
        """
        with self._one_at_a_time:
            while True:
                gap, began_ms = self._events.begin(), self._desk.clock.now_ms()
                self._tell(EngineState.RECOVERING, "Reading the account from the exchange.")
                try:
                    reading = self._read()
                except PerpdeskError as error:
                    self._events.give_up()
                    self._tell(EngineState.DEGRADED, f"The account could not be read: {error}")
                    raise
                finished = self._events.finish(gap, partial(self._apply, reading))
                if finished is not None:
                    break
                logger.info("the stream was lost while reading; reading once more")
            differences, gap_s = finished
            self._read_at_ms = began_ms
            self._report(differences, gap_s)
            self._has_run = True
            return Recovery(gap_s, tuple(differences))

    def refresh_account(self) -> None:
        """Positions and balances alone: margins and liquidation prices are not streamed."""
        stamp = self._positions.stamp()
        positions = self._desk.gateway.get_positions()
        balances = self._desk.gateway.get_account_balance()
        self._positions.apply_positions(positions, stamp)
        self._positions.apply_balances(balances, stamp)

    # --- reading ---------------------------------------------------------------------

    def _read(self) -> _Reading:
        gateway = self._desk.gateway
        # the conditional ones first: what triggers meanwhile is then among the orders
        algo_updates, absent_algos = self._read_algos()
        known = self._desk.tracker.open_orders()
        updates, absent = self._read_orders(known)
        stamp, heard_until_ms = self._positions.stamp(), self._events.buffered_until_ms()
        positions = gateway.get_positions()
        symbols = {u.symbol for u in updates} | {p.symbol for p in positions}
        symbols |= {order.symbol for order in known} | {algo.symbol for algo in algo_updates}
        trades = self._read_trades(symbols)
        updates += self._orders_of_unknown_trades(trades, updates)
        trades += self._missing_trades(updates, trades)
        balances = gateway.get_account_balance()
        return _Reading(
            updates,
            absent,
            algo_updates,
            absent_algos,
            trades,
            positions,
            balances,
            stamp,
            gateway.is_hedge_mode(),
            heard_until_ms,
        )

    def _read_orders(self, known: list[Order]) -> tuple[list[OrderUpdate], list[Order]]:
        """Open orders, and each of the known ones that is missing among them."""
        updates = self._desk.gateway.get_book_orders()
        listed = {(update.symbol, update.order_id) for update in updates}
        listed_ids = {update.client_order_id for update in updates}
        absent = []
        for order in known:
            is_listed = (
                (order.symbol, order.order_id) in listed
                if order.order_id is not None
                else order.client_order_id in listed_ids
            )
            # PENDING_NEW: its own request is on the wire and will be answered
            if is_listed or order.status is OrderStatus.PENDING_NEW:
                continue
            update = self._query(order)
            if update is None:
                absent.append(order)
            else:
                updates.append(update)
        return updates, absent

    def _read_algos(self) -> tuple[list[AlgoUpdate], list[AlgoOrder]]:
        """Open conditional orders, and each local one that is missing among them."""
        known = self._algos.tracker.open_algos()
        updates = self._desk.gateway.get_open_algo_orders()
        listed = {update.algo_id for update in updates}
        listed_ids = {update.client_algo_id for update in updates}
        absent = []
        for algo in known:
            view = algo.view
            by_client_id = view.algo_id is None and view.client_algo_id in listed_ids
            # PENDING_NEW: its own request is on the wire and will be answered
            if view.algo_id in listed or by_client_id or view.status is AlgoStatus.PENDING_NEW:
                continue
            update = self._algos.query(view)
            if update is None:
                absent.append(algo)
            else:
                updates.append(update)
        return updates, absent

    def _query(self, order: Order) -> OrderUpdate | None:
        return self._query_id(order.symbol, **ids_of(order))

    def _query_id(
        self, symbol: str, *, order_id: int | None = None, client_order_id: str | None = None
    ) -> OrderUpdate | None:
        try:
            return self._desk.gateway.query_order(
                symbol, order_id=order_id, client_order_id=client_order_id
            )
        except OrderRefused as error:
            if error.code != NO_SUCH_ORDER:
                raise
            return None

    def _read_trades(self, symbols: set[str]) -> list[FillView]:
        newest_ids = self._desk.tracker.last_trade_ids()
        read_ids = newest_ids if self._read_ids is None else self._read_ids
        trades: list[FillView] = []
        for symbol in sorted(symbols | set(newest_ids)):
            if symbol in read_ids:
                trades += self._trades_from(symbol, read_ids[symbol] + 1)
            elif self._read_at_ms is not None:
                oldest_ms = self._desk.clock.now_ms() - _LONGEST_LOOK_BACK_MS
                start_ms = max(self._read_at_ms - _CLOCK_MARGIN_MS, oldest_ms)
                page = self._desk.gateway.get_user_trades(symbol, start_ms=start_ms, limit=_PAGE)
                trades += page
                if len(page) == _PAGE:
                    trades += self._trades_from(symbol, page[-1].trade_id + 1)
        return trades

    def _trades_from(self, symbol: str, from_id: int) -> list[FillView]:
        trades: list[FillView] = []
        while True:
            page = self._desk.gateway.get_user_trades(symbol, from_id=from_id, limit=_PAGE)
            trades += page
            if len(page) < _PAGE:
                return trades
            from_id = page[-1].trade_id + 1

    def _orders_of_unknown_trades(
        self, trades: list[FillView], updates: list[OrderUpdate]
    ) -> list[OrderUpdate]:
        """Orders placed elsewhere that came and went unseen."""
        known = {(update.symbol, update.order_id) for update in updates}
        found = []
        for trade in trades:
            key = (trade.symbol, trade.order_id)
            if key in known or self._desk.tracker.get_by_order_id(*key) is not None:
                continue
            known.add(key)
            update = self._query_id(trade.symbol, order_id=trade.order_id)
            if update is not None:
                found.append(update)
        return found

    def _missing_trades(self, updates: list[OrderUpdate], trades: list[FillView]) -> list[FillView]:
        """For orders that executed more than the trades seen: ask order by order."""
        read: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
        for trade in trades:
            read[trade.symbol, trade.order_id] += trade.quantity
        missing: list[FillView] = []
        for update in updates:
            order = self._desk.tracker.get_by_order_id(update.symbol, update.order_id)
            seen = order.filled_qty if order is not None else ZERO
            if update.executed_qty > seen + read[update.symbol, update.order_id]:
                missing += self._desk.gateway.get_user_trades(
                    update.symbol, order_id=update.order_id, limit=_PAGE
                )
        return missing

    # --- applying: dictionary work only, under the locks ---------------------------------

    def _apply(self, reading: _Reading) -> list[str]:
        self._desk.mode.learn(reading.is_hedge_mode)
        before = {order: order.view for order in self._desk.tracker.orders()}
        algos_before = {algo: algo.view for algo in self._algos.tracker.algos()}
        self._apply_orders(reading)
        changed, found = self._differences(before, algos_before)
        found += self._positions.apply_positions(
            reading.positions, reading.stamp, reading.heard_until_ms
        )
        self._positions.apply_balances(reading.balances, reading.stamp)
        # at the very first reading all of the account is new, and no surprise
        return changed + found if self._has_run else changed

    def _apply_orders(self, reading: _Reading) -> None:
        tracker, algos = self._desk.tracker, self._algos.tracker
        for update in reading.updates:
            tracker.apply_update(update)
        for trade in reading.trades:
            if tracker.apply_fill(trade) is None:
                tracker.record_orphan(trade)
        read_ids = tracker.last_trade_ids() if self._read_ids is None else self._read_ids
        self._read_ids = _newest(reading.trades, read_ids)
        reason = "The exchange does not list this order; it is being asked again."
        for algo_update in reading.algo_updates:
            algos.apply_update(algo_update)
        for order in reading.absent:
            # one "no such order" is no proof: the resolver repeats the question
            tracker.apply(order, Doubted(reason, self._desk.clock.now_ms()))
        for algo in reading.absent_algos:
            algos.apply(algo, Doubted(reason, self._desk.clock.now_ms()))

    def _differences(
        self, before: dict[Order, OrderView], algos_before: dict[AlgoOrder, AlgoView]
    ) -> tuple[list[str], list[str]]:
        """Of orders of both services: what has changed, and what was not known."""
        changed = [
            f"order {order.client_order_id} {_state(old)} -> {_state(order.view)}"
            for order, old in before.items()
            if _has_changed(old, order.view)
        ]
        found = [
            f"order {order.client_order_id} found, {order.status}"
            for order in self._desk.tracker.orders()
            if order not in before
        ]
        changed += [
            f"conditional order {algo.client_algo_id} {old.status} -> {algo.status}"
            for algo, old in algos_before.items()
            if _has_algo_changed(old, algo.view)
        ]
        found += [
            f"conditional order {algo.client_algo_id} found, {algo.status}"
            for algo in self._algos.tracker.algos()
            if algo not in algos_before
        ]
        return changed, found

    def _report(self, differences: list[str], gap_s: float) -> None:
        if differences:
            shown = "; ".join(differences[:8])
            more = f"; and {len(differences) - 8} more" if len(differences) > 8 else ""
            sentence = f"Happened while Perpdesk was not watching: {shown}{more}."
            self._desk.alert(AlertLevel.WARNING, "recovery.differences", sentence)
        logger.info("account read gap_s=%.3f differences=%d", gap_s, len(differences))
        if self._events.is_stream_live:
            self._tell(EngineState.LIVE, f"Live; the gap took {gap_s:.1f} s to close.", gap_s)
        else:
            self._tell(EngineState.DEGRADED, self._events.why_closed)

    def _tell(self, state: EngineState, sentence: str, gap_s: float | None = None) -> None:
        self._desk.publish(EngineStateChanged(state=state, sentence=sentence, gap_s=gap_s))


def _newest(trades: list[FillView], before: dict[str, int]) -> dict[str, int]:
    newest = dict(before)
    for trade in trades:
        newest[trade.symbol] = max(trade.trade_id, newest.get(trade.symbol, 0))
    return newest


def _has_changed(old: OrderView, new: OrderView) -> bool:
    if old.status is OrderStatus.UNKNOWN and not new.status.is_terminal:
        return old.executed_qty != new.executed_qty  # only what we know of it has changed
    return _state(old) != _state(new)


def _has_algo_changed(old: AlgoView, new: AlgoView) -> bool:
    if old.status is AlgoStatus.UNKNOWN and new.status is AlgoStatus.NEW:
        return False  # only what we know of it has changed
    return old.status is not new.status


def _state(view: OrderView) -> str:
    return f"{view.status} {plain(view.executed_qty)}/{plain(view.orig_qty)}"
