"""The book of all orders: one lock, dictionary work only, the same cost at any size.

Three lanes: active, recently closed (bounded) and lost (active ones whose fate
only the exchange can tell). Every change is published under the lock, so that
readers see the changes of an order in the order in which they happened.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from engine.clock import Clock
from engine.errors import BugError
from engine.events import Alert, Event, FillRecorded, OrderChanged, OrderUpdate
from engine.oms.order_changes import Applied, Change, Impossible, Outcome, ParentKnown, Stale
from engine.oms.order_models import Order, order_from
from engine.oms.order_transitions import origin_of
from engine.protection_views import AlgoView
from engine.trading_types import (
    TERMINAL_STATUSES,
    AlertLevel,
    OrderOrigin,
    PositionSide,
    Side,
)
from engine.utils.decimals import plain
from engine.views import ZERO, FillView, OrderView

logger = logging.getLogger(__name__)

CLOSED_KEPT = 10_000
_FORCED = {
    OrderOrigin.LIQUIDATION: "Liquidation",
    OrderOrigin.ADL: "Auto-deleveraging",
    OrderOrigin.SETTLEMENT: "Settlement",
}


class OrderTracker:
    """Thread-safe. `publish` is called under the lock and must not block.

    `strict` raises BugError where the venue contradicts itself, for tests and
    drills; in use it becomes an alert.
    """

    def __init__(
        self,
        publish: Callable[[Event], None],
        clock: Clock,
        *,
        closed_kept: int = CLOSED_KEPT,
        strict: bool = False,
    ) -> None:
        self._publish = publish
        self._clock = clock
        self._closed_kept = closed_kept
        self._strict = strict
        # re-entrant: a listener that reads the book while it is being told of a
        # change runs on the thread that holds the lock
        self.lock = threading.RLock()
        self._changed = threading.Condition(self.lock)
        self._waiting = 0
        self._by_client_id: dict[str, Order] = {}
        self._by_order_id: dict[tuple[str, int], Order] = {}
        # dictionaries without values: sets that keep their order
        self._active: dict[Order, None] = {}
        # an ordinary one would search for its oldest through all that it has given up
        self._closed: OrderedDict[Order, None] = OrderedDict()
        self._lost: dict[Order, None] = {}
        self._incomplete: dict[Order, None] = {}
        self._open_counts: Counter[str] = Counter()
        # what open orders may still add to a position, kept current: every order asks
        self._resting: defaultdict[tuple[str, Side, PositionSide], Decimal] = defaultdict(Decimal)
        self._rests: dict[Order, Decimal] = {}  # each one's part of it
        self._last_trade_ids: dict[str, int] = {}
        self._traded: defaultdict[tuple[str, PositionSide], Decimal] = defaultdict(Decimal)
        self._profits: defaultdict[str, Decimal] = defaultdict(Decimal)
        self._fees: defaultdict[str, Decimal] = defaultdict(Decimal)
        self._orphans: dict[tuple[str, int], FillView] = {}
        self.stale_count = 0
        self.impossible_count = 0
        # which conditional order became an order; the book of those sets it
        self.parent_of: Callable[[str, int], AlgoView | None] = lambda _symbol, _order_id: None

    # --- changes ---------------------------------------------------------------------

    def add(self, order: Order) -> None:
        """Follow an order of ours from now on. Its client id must be new."""
        with self.lock:
            if order.client_order_id in self._by_client_id:
                raise BugError(f"Client order id {order.client_order_id} is used twice.")
            self._index(order)
            self._open(order)
            self._note_doubts(order)
            self._publish(OrderChanged(order=order.view))

    def restore(
        self,
        views: Iterable[OrderView],
        fills: Iterable[FillView],
        last_trade_ids: Mapping[str, int],
    ) -> None:
        """What was open before a restart, with the trades that were counted already."""
        fills_by_order: dict[tuple[str, int], list[FillView]] = defaultdict(list)
        for fill in fills:
            fills_by_order[fill.symbol, fill.order_id].append(fill)
        with self.lock:
            self._last_trade_ids.update(last_trade_ids)
            for view in views:
                order = Order(view)
                if view.order_id is not None:
                    for fill in fills_by_order[view.symbol, view.order_id]:
                        order.remember_fill(fill)
                self.add(order)

    def apply(self, order: Order, change: Change) -> Outcome:
        with self.lock:
            return self._apply(order, change)

    def apply_update(self, update: OrderUpdate) -> Order:
        """The venue's word; adopts an order that is not known yet."""
        with self.lock:
            order = self._by_client_id.get(update.client_order_id)
            if order is not None:
                view = order.view
                if view.order_id == update.order_id and view.symbol == update.symbol:
                    self._apply(order, update)
                    return order
            order = self._find(update, order) or self._adopt(update)
            self._apply(order, update)
            self._index_order_id(order)
            return order

    def apply_fill(self, fill: FillView) -> Order | None:
        """A trade from the account's list. None: its order is not known here."""
        with self.lock:
            order = self._by_order_id.get((fill.symbol, fill.order_id))
            if order is not None:
                self._apply(order, fill)
            return order

    def note_parent(self, symbol: str, order_id: int, parent: AlgoView) -> None:
        """Told when a conditional order has triggered; an order not known yet asks later."""
        with self.lock:
            order = self._by_order_id.get((symbol, order_id))
            if order is not None:
                self._apply(order, ParentKnown(parent.client_algo_id, parent.origin))

    def record_orphan(self, fill: FillView) -> None:
        """A trade whose order the venue itself no longer knows: still our trade, told once."""
        with self.lock:
            if (fill.symbol, fill.trade_id) not in self._orphans:
                self._note_fill(fill)
                self._orphans[fill.symbol, fill.trade_id] = fill

    def _apply(self, order: Order, change: Change) -> Outcome:
        before = order.view.status
        outcome = order.apply(change)
        self._note_doubts(order)  # also a word without news may settle one
        if not isinstance(outcome, Applied):
            self._note_unapplied(outcome)
            return outcome
        if outcome.view.status is not before:
            self._change_lane(order, was_ended=before.is_terminal)
        self._note_resting(order)
        self._publish(OrderChanged(order=outcome.view))
        if outcome.fill is not None:
            self._note_fill(outcome.fill)
        if outcome.notice:
            self._alert(AlertLevel.WARNING, "order.surprise", outcome.notice)
        if self._waiting:
            self._changed.notify_all()
        return outcome

    def _note_fill(self, fill: FillView) -> None:
        if fill.trade_id > self._last_trade_ids.get(fill.symbol, 0):
            self._last_trade_ids[fill.symbol] = fill.trade_id
        if self._orphans and (fill.symbol, fill.trade_id) in self._orphans:
            return  # it was told already
        is_buy = fill.side is Side.BUY
        signed = fill.quantity if is_buy else -fill.quantity
        self._traded[fill.symbol, fill.position_side] += signed
        if fill.realized_pnl:
            self._profits[fill.symbol] += fill.realized_pnl
        if fill.commission:
            self._fees[fill.commission_asset] += fill.commission
        self._publish(FillRecorded(fill=fill))

    def _note_unapplied(self, outcome: Stale | Impossible) -> None:
        if isinstance(outcome, Stale):
            self.stale_count += 1
            return
        self.impossible_count += 1
        logger.error("impossible order update: %s", outcome.sentence)
        self._alert(AlertLevel.ERROR, "order.impossible", outcome.sentence)
        if self._strict:
            raise BugError(outcome.sentence)

    def _alert(self, level: AlertLevel, code: str, sentence: str) -> None:
        at_ms = self._clock.now_ms()
        self._publish(Alert(level=level, code=code, sentence=sentence, at_ms=at_ms))

    # --- lanes and indices -------------------------------------------------------------

    def _find(self, update: OrderUpdate, candidate: Order | None) -> Order | None:
        """The slow path: first answer, or a client id that the venue's owner used again."""
        known = self._by_order_id.get((update.symbol, update.order_id))
        if known is not None:
            return known
        if candidate is None or candidate.order_id is not None:
            return None
        return candidate if candidate.symbol == update.symbol else None

    def _adopt(self, update: OrderUpdate) -> Order:
        parent = self.parent_of(update.symbol, update.order_id)
        origin = origin_of(update.client_order_id) if parent is None else parent.origin
        order = order_from(update, origin)
        if parent is not None:
            order.apply(ParentKnown(parent.client_algo_id, origin))
        self._index(order)
        self._open(order)
        logger.info(
            "adopted order=%s id=%s origin=%s", update.client_order_id, update.order_id, origin
        )
        if origin in _FORCED:
            what = f"{update.side} {plain(update.orig_qty)} {update.symbol}"
            sentence = f"{_FORCED[origin]} by the exchange: {what}."
            self._alert(AlertLevel.ERROR, f"order.{origin}", sentence)
        return order

    def _index(self, order: Order) -> None:
        self._by_client_id[order.client_order_id] = order
        self._index_order_id(order)

    def _index_order_id(self, order: Order) -> None:
        if order.order_id is not None:
            self._by_order_id[order.symbol, order.order_id] = order

    def _change_lane(self, order: Order, *, was_ended: bool) -> None:
        if order.is_terminal is not was_ended:
            (self._open if was_ended else self._close)(order)

    def _open(self, order: Order) -> None:
        self._closed.pop(order, None)
        self._active[order] = None
        self._open_counts[order.symbol] += 1
        self._note_resting(order)

    def _close(self, order: Order) -> None:
        del self._active[order]
        self._open_counts[order.symbol] -= 1
        self._closed[order] = None
        self._forget_oldest()

    def _note_doubts(self, order: Order) -> None:
        if order.needs_asking:
            self._lost[order] = None
        elif order in self._lost:
            del self._lost[order]
        if order.misses_fills:
            self._incomplete[order] = None
        elif order in self._incomplete:
            del self._incomplete[order]

    def _note_resting(self, order: Order) -> None:
        view = order.view
        is_over = view.reduce_only or view.status in TERMINAL_STATUSES
        rests = ZERO if is_over else view.orig_qty - view.executed_qty
        counted = self._rests.get(order, ZERO)
        if rests == counted:
            return
        self._resting[view.symbol, view.side, view.position_side] += rests - counted
        if rests:
            self._rests[order] = rests
        else:
            del self._rests[order]

    def _forget_oldest(self) -> None:
        while len(self._closed) > self._closed_kept:
            oldest, _ = self._closed.popitem(last=False)
            self._incomplete.pop(oldest, None)
            if self._by_client_id.get(oldest.client_order_id) is oldest:
                del self._by_client_id[oldest.client_order_id]
            if oldest.order_id is not None:
                self._by_order_id.pop((oldest.symbol, oldest.order_id), None)

    # --- reading -----------------------------------------------------------------------

    def get(self, client_order_id: str) -> Order | None:
        return self._by_client_id.get(client_order_id)

    def get_by_order_id(self, symbol: str, order_id: int) -> Order | None:
        return self._by_order_id.get((symbol, order_id))

    def open_orders(self, symbol: str | None = None) -> list[Order]:
        """Everything that is not terminal, oldest first; also what is only on its way."""
        with self.lock:
            return [o for o in self._active if symbol is None or o.symbol == symbol]

    def orders(self) -> list[Order]:
        """Open ones, then the recently closed, oldest first."""
        with self.lock:
            return [*self._active, *self._closed]

    def lost(self) -> list[Order]:
        """Open ones of which only the exchange can say what became of them."""
        with self.lock:
            return list(self._lost)

    def with_missing_fills(self) -> list[Order]:
        """Orders that executed more than the trades seen so far."""
        with self.lock:
            return list(self._incomplete)

    def total_open(self) -> int:
        with self.lock:
            return len(self._active)

    def open_count(self, symbol: str) -> int:
        with self.lock:
            return self._open_counts[symbol]

    def resting_qty(
        self, symbol: str, side: Side, position_side: PositionSide, *, without: str = ""
    ) -> Decimal:
        """What open orders that may make this position larger have not filled yet.

        `without`: the client id of one that is not counted.
        """
        with self.lock:
            total = self._resting.get((symbol, side, position_side), ZERO)
            left_out = self._by_client_id.get(without) if without else None
            if left_out is None:
                return total
            view = left_out.view
            is_among = (view.symbol, view.side, view.position_side) == (symbol, side, position_side)
            return total - self._rests.get(left_out, ZERO) if is_among else total

    def unknown_order_ids(self) -> list[tuple[str, int]]:
        """Symbol and id of orders that are known by their trades alone."""
        if not self._orphans:
            return []
        with self.lock:
            ids = dict.fromkeys((fill.symbol, fill.order_id) for fill in self._orphans.values())
            return [key for key in ids if key not in self._by_order_id]

    def last_trade_ids(self) -> dict[str, int]:
        with self.lock:
            return dict(self._last_trade_ids)

    def traded(self) -> dict[tuple[str, PositionSide], Decimal]:
        """Bought minus sold since the start, by position."""
        with self.lock:
            return dict(self._traded)

    def booked(self) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
        """Of all trades since the start: profit realised by symbol, fees by their asset."""
        with self.lock:
            return dict(self._profits), dict(self._fees)

    def wait(self, is_met: Callable[[], bool], timeout_s: float) -> bool:
        """Block until `is_met()` after some change; False when `timeout_s` passed first."""
        until = self._clock.monotonic() + timeout_s
        with self._changed:
            self._waiting += 1
            try:
                while not is_met():
                    left = until - self._clock.monotonic()
                    if left <= 0:
                        return False
                    self._changed.wait(left)
            finally:
                self._waiting -= 1
        return True
