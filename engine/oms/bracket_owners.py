"""One process a bracket: two programs on one journal must not follow the same one."""

from __future__ import annotations

from pathlib import Path

from engine.errors import JournalError
from engine.utils.file_lock import FileLock


class BracketOwners:
    """Thread-safe as far as each bracket is used by one thread at a time.

    `folder` None: nobody else works on this journal.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._held: dict[str, FileLock] = {}

    def acquire(self, bracket_id: str) -> bool:
        """False: another process follows it. Raises JournalError."""
        if self._folder is None:
            return True
        lock = FileLock(self._folder / f"{bracket_id}.lock")
        try:
            if not lock.acquire():
                return False
        except OSError as error:
            sentence = f"The bracket cannot be kept at {self._folder}: {error}."
            raise JournalError(sentence) from None
        self._held[bracket_id] = lock
        return True

    def release(self, bracket_id: str) -> None:
        """It has ended."""
        lock = self._held.pop(bracket_id, None)
        if lock is not None:
            lock.release(removes=True)

    def close(self) -> None:
        """Let go of all: whoever comes next may follow them."""
        for bracket_id in list(self._held):
            self._held.pop(bracket_id).release()
