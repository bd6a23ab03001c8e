"""A file that the system keeps locked for as long as its owner's process lives."""

from __future__ import annotations

import logging
import sys
from io import BufferedRandom
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

logger = logging.getLogger(__name__)


class FileLock:
    """Held by one process at a time, and free again when that has ended, however it ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BufferedRandom | None = None

    def acquire(self) -> bool:
        """False: another process, or another lock of this one, holds it. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+b")
        if not _lock(file):
            file.close()
            return False
        self._file = file
        return True

    def release(self, *, removes: bool = False) -> None:
        """`removes`: nobody will ever want it again."""
        if self._file is None:
            return
        self._file.close()
        self._file = None
        if removes:
            try:
                self._path.unlink(missing_ok=True)
            except OSError as error:  # another process looks at it just now
                logger.info("left behind %s: %s", self._path, error)


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
