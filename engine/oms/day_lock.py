"""The lock-out of a day whose loss has reached its limit, and its record over a restart.

What the day has brought is in day_keeper, what follows from it in day_result.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from engine.errors import JournalError, OrderNotAllowed, PerpdeskError
from engine.events import Alert, Event
from engine.events.protection import GuardChanged
from engine.oms.day_keeper import DayKeeper
from engine.oms.day_result import DAY_MS, day_start_ms, largest_loss, lock_at
from engine.oms.position_tracker import PositionTracker
from engine.oms.risk_facts import RiskFacts
from engine.oms.risk_rules import RiskLimits
from engine.protection_views import GuardView, LockOut
from engine.trading_types import AlertLevel
from engine.views import ZERO

logger = logging.getLogger(__name__)

_UNREAD = (
    "The day's result has not been read from the exchange yet, so the daily loss cannot be"
    " checked. Only reducing and cancels are sent until then."
)
_ALTERED = (
    "The record of lock-outs in the journal was altered by hand. Until the day ends you can"
    " only reduce and cancel."
)


class LockStore(Protocol):
    """Where lock-outs are kept over a restart. The journal package fits this by shape."""

    def save(self, lock: LockOut) -> None:
        """Blocks for a disk write. Raises JournalError."""

    def newest(self) -> LockOut | None:
        """The one that ends last. Raises JournalError."""

    def is_altered(self) -> bool:
        """Somebody changed a row by hand. Raises JournalError."""


class DayLock:
    """Thread-safe. `now_ms` is the venue's time: whoever sets the computer's clock does not
    end the day. Without a store a lock-out stands in memory alone.

    `begin` and `tick` may block on the network and the disk; `now_s` is monotonic.
    """

    def __init__(
        self,
        limits: RiskLimits,
        keeper: DayKeeper,
        positions: PositionTracker,
        facts: RiskFacts,
        now_ms: Callable[[], int],
        publish: Callable[[Event], None],
        store: LockStore | None,
    ) -> None:
        self._limits = limits
        self._keeper = keeper
        self._positions = positions
        self._facts = facts
        self._now_ms = now_ms
        self._publish = publish
        self._store = store
        self._lock = threading.Lock()
        self._lock_out: LockOut | None = None
        self._told: GuardView | None = None
        self._is_judged = False  # all that is in the statement, once
        self._is_kept = True  # the lock-out is on disk, too

    def begin(self, now_s: float) -> None:
        """Find out whether the day is over already. Blocks; raises what the gateway raises.

        Without a limit of the day's loss nothing depends on it: a failure is logged.
        """
        try:
            self._keeper.read(now_s)
        except PerpdeskError as error:
            if self._limits.limits_the_day:
                raise
            logger.info("the day's statement was not read: %s", error)
        self._recall()

    def tick(self, now_s: float) -> None:
        """Read the statement when it is due, judge the day, tell what has changed."""
        self._keeper.tick(now_s)
        now_ms = self._now_ms()
        self._judge(now_ms, thoroughly=True)
        self._keep()
        self._tell(now_ms)

    def check(self) -> None:
        """Raises OrderNotAllowed while nothing new may go out.

        A lock-out that stands is not lifted by switching its rule off.
        """
        now_ms = self._now_ms()
        if self._limits.limits_the_day and not self._keeper.is_read:
            raise OrderNotAllowed("", _UNREAD)
        self._judge(now_ms, thoroughly=not self._is_judged)
        lock = self._standing(now_ms)
        if lock is not None:
            raise OrderNotAllowed("", _locked(lock))

    def view(self) -> GuardView:
        now_ms = self._now_ms()
        day = self._keeper.day(now_ms)
        lock = self._standing(now_ms)
        return GuardView(
            day_pnl=day.result,
            day_began_ms=day.began_ms,
            locked_until_ms=lock.until_ms if lock is not None else None,
            sentence=self._sentence(lock),
        )

    # --- within -------------------------------------------------------------------------

    def _judge(self, now_ms: int, *, thoroughly: bool = False) -> None:
        """Lock when the day's loss has reached its limit. `thoroughly`: read all of it again."""
        if not self._limits.limits_the_day or not self._positions.balances():
            return
        day = self._keeper.day(now_ms)
        result = day.result
        if self._limits.daily_loss_with_open:
            result += min(ZERO, self._facts.open_pnl())
        bound = largest_loss(day.capital, self._limits)
        if bound is not None and result < 0 and result <= -bound:
            self._lock_until(lock_at(now_ms, result, bound, self._limits), only_if_free=True)
        if thoroughly:
            self._is_judged = self._keeper.is_read
            proven = self._keeper.lock_out(now_ms)
            if proven is not None:
                self._lock_until(proven)

    def _standing(self, now_ms: int) -> LockOut | None:
        lock = self._lock_out
        return lock if lock is not None and now_ms < lock.until_ms else None

    def _lock_until(self, lock: LockOut, *, only_if_free: bool = False) -> None:
        """A lock-out is made longer, never shorter."""
        with self._lock:
            old = self._lock_out
            if old is not None and old.until_ms >= lock.until_ms:
                return
            if only_if_free and self._standing(self._now_ms()) is not None:
                return
            self._lock_out, self._is_kept = lock, False
        logger.warning("locked until_ms=%d: %s", lock.until_ms, lock.sentence)

    def _recall(self) -> None:
        if self._store is None:
            return
        try:
            kept, is_altered = self._store.newest(), self._store.is_altered()
        except JournalError as error:
            logger.warning("earlier lock-outs were not read: %s", error)
            return
        now_ms = self._now_ms()
        if is_altered:
            end_ms = day_start_ms(now_ms, self._limits.day_begins_at_h) + DAY_MS
            kept = LockOut(at_ms=now_ms, until_ms=end_ms, sentence=_ALTERED)
        if kept is not None and kept.until_ms > now_ms:
            self._lock_until(kept)
            self._is_kept = True

    def _keep(self) -> None:
        lock = self._lock_out
        if self._is_kept or self._store is None or lock is None:
            return
        try:
            self._store.save(lock)
        except JournalError as error:
            # it stands in memory, and the statement proves it after a restart
            logger.warning("the lock-out was not written down: %s", error)
            return
        self._is_kept = True

    def _tell(self, now_ms: int) -> None:
        view = self.view()
        old, self._told = self._told, view
        if view == old:
            return
        self._publish(GuardChanged(guard=view))
        was_locked = old is not None and old.locked_until_ms is not None
        if view.locked_until_ms is not None and not was_locked:
            self._alert(AlertLevel.ERROR, "guard.locked", view.sentence, now_ms)
        elif was_locked and view.locked_until_ms is None:
            self._alert(AlertLevel.INFO, "guard.unlocked", "The lock-out has ended.", now_ms)

    def _alert(self, level: AlertLevel, code: str, sentence: str, at_ms: int) -> None:
        self._publish(Alert(level=level, code=code, sentence=sentence, at_ms=at_ms))

    def _sentence(self, lock: LockOut | None) -> str:
        if lock is not None:
            return _locked(lock)
        missing = self._keeper.uncounted()
        if missing:
            return f"Not counted, for want of a price: what was booked in {', '.join(missing)}."
        if not self._limits.limits_the_day:
            return "No limit of the day's loss is set."
        return ""


def _locked(lock: LockOut) -> str:
    end = datetime.fromtimestamp(lock.until_ms / 1000, UTC)
    return f"Locked until {end:%Y-%m-%d %H:%M} UTC. {lock.sentence}"
