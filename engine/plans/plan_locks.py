"""One process a plan: a file that the system keeps locked for as long as its owner lives.

Two programs may work on one journal (the window and the console). Whoever holds
a plan's lock carries it out; another may ask for its end by a file beside it.
"""

from __future__ import annotations

import logging
import sys
from io import BufferedRandom
from pathlib import Path

from engine.errors import JournalError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

logger = logging.getLogger(__name__)


class PlanLocks:
    """Thread-safe as far as each plan is used by one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, BufferedRandom] = {}

    def acquire(self, plan_id: str) -> bool:
        """False: another process carries this plan out. Raises JournalError."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = self._path(plan_id).open("a+b")
        except OSError as error:
            raise JournalError(f"The plan cannot be kept at {self._folder}: {error}.") from None
        if not _lock(file):
            file.close()
            return False
        self._held[plan_id] = file
        return True

    def release(self, plan_id: str) -> None:
        """Its files are not needed any more when the plan is over."""
        file = self._held.pop(plan_id, None)
        if file is None:
            return
        file.close()
        for path in (self._path(plan_id), self._stop_path(plan_id)):
            _remove(path)

    def close(self) -> None:
        """Let go of all; the plans may be resumed by whoever comes next."""
        for plan_id in list(self._held):
            self._held.pop(plan_id).close()

    def ask_to_stop(self, plan_id: str) -> None:
        """Tell the process that holds it. Raises JournalError."""
        try:
            self._stop_path(plan_id).touch()
        except OSError as error:
            raise JournalError(f"The plan cannot be stopped from here: {error}.") from None

    def is_asked_to_stop(self, plan_id: str) -> bool:
        return self._stop_path(plan_id).exists()

    def _path(self, plan_id: str) -> Path:
        return self._folder / f"{plan_id}.lock"

    def _stop_path(self, plan_id: str) -> Path:
        return self._folder / f"{plan_id}.stop"


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:  # another process looks at it just now
        logger.info("left behind %s: %s", path, error)


def _lock(file: BufferedRandom) -> bool:
    try:
        if sys.platform == "win32":
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
