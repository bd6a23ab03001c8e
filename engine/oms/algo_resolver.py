"""Finding out what became of conditional orders whose answer was lost.

As with orders: an event usually tells first; if none comes it is asked, with
growing pauses, on both services, since it may have triggered and live on as an
order. Only "no such order" of both, repeated and late enough, means that it never
arrived. Nothing is ever sent again from here.
"""

from __future__ import annotations

import logging

from engine.errors import PerpdeskError
from engine.oms.algo_changes import AlgoConcluded
from engine.oms.algo_desk import AlgoDesk
from engine.oms.algo_models import AlgoOrder
from engine.oms.algo_tracker import describe
from engine.oms.order_changes import CancelFailed, Write
from engine.oms.unknown_resolver import ResolverSettings
from engine.oms.watches import Watch, Watches
from engine.trading_types import AlertLevel, AlgoStatus

logger = logging.getLogger(__name__)


class AlgoResolver:
    """`tick` belongs to one thread."""

    def __init__(self, desk: AlgoDesk, settings: ResolverSettings) -> None:
        self._desk = desk
        self._settings = settings
        self._watches: Watches[AlgoOrder] = Watches(
            settings.pauses_s, lambda algo: algo.status is AlgoStatus.UNKNOWN
        )
        self._is_closing = False

    def tick(self, now_s: float) -> None:
        """Ask about what is due at `now_s` (monotonic). Blocks on the network."""
        due, settled = self._watches.look(self._desk.tracker.lost(), now_s)
        for algo, watch in settled:
            self._tell_settled(algo, watch)
        for algo, watch in due:
            if self._is_closing:
                return
            self._ask(algo, watch, now_s)

    def close(self) -> None:
        self._is_closing = True

    def _tell_settled(self, algo: AlgoOrder, watch: Watch) -> None:
        if watch.was_unknown:
            reason = f" {algo.reason}" if algo.reason else ""
            sentence = f"{describe(algo.view)} is no longer unknown: {algo.status}.{reason}"
            self._desk.orders.alert(AlertLevel.INFO, "algo.known", sentence)

    def _ask(self, algo: AlgoOrder, watch: Watch, now_s: float) -> None:
        watch.plan_next(now_s)
        try:
            is_known = self._desk.ask(algo)
        except PerpdeskError as error:
            # could not ask, or was told to wait: proves nothing
            logger.info("asking about algo=%s failed: %s", algo.client_algo_id, error)
            return
        if is_known:
            watch.not_found = 0
            self._after_found(algo, watch)
            return
        watch.not_found += 1
        late_enough = now_s - watch.since_s >= self._settings.not_found_after_s
        if late_enough and watch.not_found >= self._settings.not_found_times:
            self._look_in_list(algo, watch)

    def _look_in_list(self, algo: AlgoOrder, watch: Watch) -> None:
        """The second source before a conclusion: what waits now, as the exchange lists it."""
        try:
            listed = self._desk.orders.gateway.get_open_algo_orders(algo.symbol)
        except PerpdeskError as error:
            logger.info("the list for algo=%s was not read: %s", algo.client_algo_id, error)
            return
        for update in listed:
            if update.client_algo_id == algo.client_algo_id:
                watch.not_found = 0
                self._desk.tracker.apply_update(update)
                return
        self._conclude(algo)

    def _after_found(self, algo: AlgoOrder, watch: Watch) -> None:
        """It exists. If several answers show that a lost cancel was not carried out, the
        person decides anew.
        """
        if algo.lost_write is not Write.CANCEL:
            return
        watch.still_open += 1
        if watch.still_open < self._settings.still_open_times:
            return
        self._desk.tracker.apply(algo, CancelFailed(self._desk.orders.clock.now_ms()))
        sentence = f"The cancel of {describe(algo.view)} was not carried out: it still stands."
        self._desk.orders.alert(AlertLevel.WARNING, "algo.cancel_lost", sentence)

    def _conclude(self, algo: AlgoOrder) -> None:
        if algo.algo_id is None:
            status, reason = AlgoStatus.REJECTED, "It never reached the exchange."
        else:
            status, reason = AlgoStatus.CANCELED, "The exchange no longer knows this order."
        end = AlgoConcluded(status, reason, self._desk.orders.clock.now_ms())
        self._desk.tracker.apply(algo, end)
