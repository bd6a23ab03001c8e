"""One process a plan: two programs on one journal must not carry out the same one.

Whoever holds a plan's lock carries it out; another may ask for its end by a file
beside it.
"""

from __future__ import annotations

import logging
from pathlib import Path

from engine.errors import JournalError
from engine.utils.file_lock import FileLock

logger = logging.getLogger(__name__)


class PlanLocks:
    """Thread-safe as far as each plan is used by one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, FileLock] = {}

    def acquire(self, plan_id: str) -> bool:
        """False: another process carries this plan out. Raises JournalError."""
        lock = FileLock(self._folder / f"{plan_id}.lock")
        try:
            if not lock.acquire():
                return False
        except OSError as error:
            raise JournalError(f"The plan cannot be kept at {self._folder}: {error}.") from None
        self._held[plan_id] = lock
        return True

    def release(self, plan_id: str) -> None:
        """The plan is over."""
        lock = self._held.pop(plan_id, None)
        if lock is not None:
            lock.release(removes=True)
            try:
                self._stop_path(plan_id).unlink(missing_ok=True)
            except OSError as error:  # another process looks at it just now
                logger.info("left behind the stop of plan=%s: %s", plan_id, error)

    def close(self) -> None:
        """Let go of all; the plans may be resumed by whoever comes next."""
        for plan_id in list(self._held):
            self._held.pop(plan_id).release()

    def ask_to_stop(self, plan_id: str) -> None:
        """Tell the process that holds it. Raises JournalError."""
        try:
            self._stop_path(plan_id).touch()
        except OSError as error:
            raise JournalError(f"The plan cannot be stopped from here: {error}.") from None

    def is_asked_to_stop(self, plan_id: str) -> bool:
        return self._stop_path(plan_id).exists()

    def _stop_path(self, plan_id: str) -> Path:
        return self._folder / f"{plan_id}.stop"
