"""The book of conditional orders, beside the book of orders and under its lock.

Found by client algo id, by the venue's algo id and by the order it has become;
active, recently closed (bounded) and lost ones. Every change is published under
the lock, so that readers see the changes in the order in which they happened.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from engine.clock import Clock
from engine.errors import BugError
from engine.events import Alert, AlgoUpdate, Event
from engine.events.protection import AlgoChanged
from engine.oms.algo_changes import AlgoApplied, AlgoChange, AlgoOutcome
from engine.oms.algo_models import AlgoOrder, algo_from
from engine.oms.order_changes import Impossible, Stale
from engine.oms.order_tracker import CLOSED_KEPT, OrderTracker
from engine.oms.order_transitions import origin_of
from engine.protection_views import AlgoView
from engine.trading_types import AlertLevel, AlgoStatus
from engine.utils.decimals import plain

logger = logging.getLogger(__name__)


class AlgoTracker:
    """Thread-safe. `publish` is called under the lock and must not block.

    `strict` raises BugError where the venue contradicts itself, for tests and
    drills; in use it becomes an alert.
    """

    def __init__(
        self,
        orders: OrderTracker,
        publish: Callable[[Event], None],
        clock: Clock,
        *,
        closed_kept: int = CLOSED_KEPT,
        strict: bool = False,
    ) -> None:
        self._orders = orders
        self._publish = publish
        self._clock = clock
        self._closed_kept = closed_kept
        self._strict = strict
        self.lock = orders.lock
        self._changed = threading.Condition(self.lock)
        self._by_client_id: dict[str, AlgoOrder] = {}
        self._by_algo_id: dict[int, AlgoOrder] = {}
        self._by_order_id: dict[tuple[str, int], AlgoOrder] = {}
        # dictionaries without values: sets that keep their order
        self._active: dict[AlgoOrder, None] = {}
        self._closed: dict[AlgoOrder, None] = {}
        self._lost: dict[AlgoOrder, None] = {}
        self.stale_count = 0
        self.impossible_count = 0
        orders.parent_of = self._parent_of

    # --- changes ---------------------------------------------------------------------

    def add(self, algo: AlgoOrder) -> None:
        """Follow one of ours from now on. Its client id must be new."""
        with self.lock:
            if algo.client_algo_id in self._by_client_id:
                raise BugError(f"Client algo id {algo.client_algo_id} is used twice.")
            self._index(algo)
            self._active[algo] = None
            self._note_doubt(algo)
            self._publish(AlgoChanged(algo=algo.view))

    def restore(self, views: Iterable[AlgoView]) -> None:
        """What was open before a restart; nobody knows what happened to it since."""
        with self.lock:
            for view in views:
                self.add(AlgoOrder(view))

    def apply(self, algo: AlgoOrder, change: AlgoChange) -> AlgoOutcome:
        with self.lock:
            return self._apply(algo, change)

    def apply_update(self, update: AlgoUpdate) -> AlgoOrder:
        """The venue's word; adopts one that is not known yet."""
        with self.lock:
            algo = self._find(update) or self._adopt(update)
            self._apply(algo, update)
            self._index(algo)
            return algo

    def note_ids(self, algo: AlgoOrder) -> None:
        """Have it found by the ids that an applied word has told."""
        with self.lock:
            self._index(algo)

    def _apply(self, algo: AlgoOrder, change: AlgoChange) -> AlgoOutcome:
        before = algo.view
        outcome = algo.apply(change)
        self._note_doubt(algo)  # also a word without news may settle one
        if not isinstance(outcome, AlgoApplied):
            self._note_unapplied(outcome)
            return outcome
        if algo.is_terminal is not before.status.is_terminal:
            (self._close if algo.is_terminal else self._reopen)(algo)
        self._publish(AlgoChanged(algo=outcome.view))
        self._link(algo, before)
        if isinstance(change, AlgoUpdate):
            self._tell(before, outcome.view)
        if outcome.notice:
            self._alert(AlertLevel.WARNING, "algo.surprise", outcome.notice)
        self._changed.notify_all()
        return outcome

    def _note_unapplied(self, outcome: Stale | Impossible) -> None:
        if isinstance(outcome, Stale):
            self.stale_count += 1
            return
        self.impossible_count += 1
        logger.error("impossible algo update: %s", outcome.sentence)
        self._alert(AlertLevel.ERROR, "algo.impossible", outcome.sentence)
        if self._strict:
            raise BugError(outcome.sentence)

    def _link(self, algo: AlgoOrder, before: AlgoView) -> None:
        """The order it has become may be known already, or come later (see `_parent_of`)."""
        view = algo.view
        if view.order_id is None or view.order_id == before.order_id:
            return
        self._by_order_id[view.symbol, view.order_id] = algo
        self._orders.note_parent(view.symbol, view.order_id, view)

    def _parent_of(self, symbol: str, order_id: int) -> AlgoView | None:
        algo = self._by_order_id.get((symbol, order_id))
        return None if algo is None else algo.view

    def _tell(self, before: AlgoView, view: AlgoView) -> None:
        if view.status is before.status:
            return
        what = describe(view)
        match view.status:
            case AlgoStatus.TRIGGERED:
                sentence = f"{what} has triggered and become order {view.order_id or '?'}."
                self._alert(AlertLevel.INFO, "algo.triggered", sentence)
            case AlgoStatus.REJECTED:
                self._alert(AlertLevel.ERROR, "algo.rejected", f"{what}: {view.reason}")
            case AlgoStatus.EXPIRED:
                self._alert(AlertLevel.INFO, "algo.expired", f"{what}: {view.reason}")
            case _:
                pass

    def _alert(self, level: AlertLevel, code: str, sentence: str) -> None:
        at_ms = self._clock.now_ms()
        self._publish(Alert(level=level, code=code, sentence=sentence, at_ms=at_ms))

    # --- lanes and indices -------------------------------------------------------------

    def _find(self, update: AlgoUpdate) -> AlgoOrder | None:
        """By the venue's id; by ours only while it has none: an owner may use one again."""
        known = self._by_algo_id.get(update.algo_id)
        if known is not None:
            return known
        candidate = self._by_client_id.get(update.client_algo_id)
        if candidate is None or candidate.algo_id is not None:
            return None
        return candidate if candidate.symbol == update.symbol else None

    def _adopt(self, update: AlgoUpdate) -> AlgoOrder:
        algo = algo_from(update, origin_of(update.client_algo_id))
        self._index(algo)
        self._active[algo] = None
        logger.info("adopted algo=%s id=%s", update.client_algo_id, update.algo_id)
        return algo

    def _index(self, algo: AlgoOrder) -> None:
        view = algo.view
        self._by_client_id[view.client_algo_id] = algo
        if view.algo_id is not None:
            self._by_algo_id[view.algo_id] = algo
        if view.order_id is not None:
            self._by_order_id[view.symbol, view.order_id] = algo

    def _close(self, algo: AlgoOrder) -> None:
        del self._active[algo]
        self._closed[algo] = None
        while len(self._closed) > self._closed_kept:
            self._forget(next(iter(self._closed)))

    def _reopen(self, algo: AlgoOrder) -> None:
        self._closed.pop(algo, None)
        self._active[algo] = None

    def _forget(self, algo: AlgoOrder) -> None:
        view = algo.view
        del self._closed[algo]
        if self._by_client_id.get(view.client_algo_id) is algo:
            del self._by_client_id[view.client_algo_id]
        if view.algo_id is not None:
            self._by_algo_id.pop(view.algo_id, None)
        if view.order_id is not None:
            self._by_order_id.pop((view.symbol, view.order_id), None)

    def _note_doubt(self, algo: AlgoOrder) -> None:
        if algo.needs_asking:
            self._lost[algo] = None
        else:
            self._lost.pop(algo, None)

    # --- reading -----------------------------------------------------------------------

    def get(self, client_algo_id: str) -> AlgoOrder | None:
        return self._by_client_id.get(client_algo_id)

    def get_by_algo_id(self, algo_id: int) -> AlgoOrder | None:
        return self._by_algo_id.get(algo_id)

    def get_by_order_id(self, symbol: str, order_id: int) -> AlgoOrder | None:
        """The conditional order that has become this one."""
        return self._by_order_id.get((symbol, order_id))

    def open_algos(self, symbol: str | None = None) -> list[AlgoOrder]:
        """Everything not ended, oldest first; also what has triggered and is in the book."""
        with self.lock:
            return [a for a in self._active if symbol is None or a.symbol == symbol]

    def algos(self) -> list[AlgoOrder]:
        """Open ones, then the recently closed, oldest first."""
        with self.lock:
            return [*self._active, *self._closed]

    def lost(self) -> list[AlgoOrder]:
        """Open ones of which only the exchange can say what became of them."""
        with self.lock:
            return list(self._lost)

    def wait(self, is_met: Callable[[], bool], timeout_s: float) -> bool:
        """Block until `is_met()` after some change; False when `timeout_s` passed first."""
        until = self._clock.monotonic() + timeout_s
        with self._changed:
            while not is_met():
                left = until - self._clock.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
        return True


def describe(view: AlgoView) -> str:
    """For a sentence: BTCUSDT SELL STOP_MARKET at 59000."""
    at = view.trigger_price or view.activate_price
    return f"{view.symbol} {view.side} {view.type}" + (f" at {plain(at)}" if at else "")
