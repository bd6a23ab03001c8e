"""Reads the account again after something has moved it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from engine.clock import Clock
from engine.errors import PerpdeskError
from engine.event_hub import EventHub
from engine.events import FillRecorded, OrderChanged
from engine.utils.task_queue import TaskQueue

if TYPE_CHECKING:
    from engine.oms.reconciler import Reconciler

logger = logging.getLogger(__name__)

_PAUSE_S = 1.0


class AccountRefresh:
    """Margins, available balance and liquidation prices are not on the stream: they are
    read after orders or fills, at most once in `_PAUSE_S`.
    """

    def __init__(self, hub: EventHub, queries: TaskQueue, clock: Clock) -> None:
        self._queries = queries
        self._clock = clock
        self._has_moved = False
        self._read_at_s = 0.0
        hub.listen(OrderChanged, self._on_moved)
        hub.listen(FillRecorded, self._on_moved)

    def tick(self, reconciler: Reconciler) -> None:
        """While the engine is live; returns at once."""
        now_s = self._clock.monotonic()
        if self._has_moved and now_s - self._read_at_s >= _PAUSE_S:
            self._has_moved, self._read_at_s = False, now_s
            self._queries.submit(lambda: self._read(reconciler))

    def _read(self, reconciler: Reconciler) -> None:
        try:
            reconciler.refresh_account()
        except PerpdeskError as error:
            logger.info("margins not read: %s", error)
            self._has_moved = True

    def _on_moved(self, _event: OrderChanged | FillRecorded) -> None:
        self._has_moved = True
