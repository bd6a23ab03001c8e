"""The append-only file of the paper account, made small again while it grows.

Appending, `begin`, `finish` and `close` belong to one thread; `sync` and `draft`
may run beside it on a second one, but never both at once nor beside `finish`.
A kill at any instant leaves a whole file: the old one until the new one has
everything, the new one from then on.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

logger = logging.getLogger(__name__)

SMALLEST_BYTES = 32 * 1024 * 1024  # a smaller file is not worth the work
_GROWTH = 3  # times its size after the last rewriting
_PIECE = 1024 * 1024

# the lines worth keeping, oldest first, of a file opened at its start
Condense = Callable[[Iterable[bytes]], Iterable[bytes]]


class PaperLog:
    """Raises OSError when the disk does not take what it is given."""

    def __init__(
        self, path: Path, condense: Condense, smallest_bytes: int = SMALLEST_BYTES
    ) -> None:
        self._path = path
        self._draft = path.with_suffix(".new")
        self._condense = condense
        self._smallest_bytes = smallest_bytes
        self._file = -1
        self._size = 0
        self._limit = smallest_bytes
        self._drafted_bytes = -1

    @property
    def size(self) -> int:
        return self._size

    def open(self, lines: Iterable[bytes]) -> None:
        """Begin with these lines in place of whatever there was."""
        with self._draft.open("wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        self._swap()

    def append(self, data: bytes) -> None:
        """Hand whole lines to the operating system."""
        self._size += len(data)
        while data:
            data = data[os.write(self._file, data) :]

    def sync(self) -> None:
        if self._file >= 0:
            os.fsync(self._file)

    def close(self) -> None:
        if self._file >= 0:
            os.fsync(self._file)
            os.close(self._file)
            self._file = -1

    # making it small again

    @property
    def is_large(self) -> bool:
        return self._size > self._limit

    def begin(self) -> None:
        """Note how much `draft` is to condense; what follows is carried over as it is."""
        self._drafted_bytes = self._size

    def draft(self) -> None:
        """Write the condensed file beside the old one. Blocks for seconds."""
        with self._path.open("rb") as old, self._draft.open("wb") as new:
            new.writelines(self._condense(_lines_until(old, self._drafted_bytes)))
            new.flush()
            os.fsync(new.fileno())

    def finish(self) -> None:
        """Carry over what was appended meanwhile, and go on in the new file."""
        before = self._size
        with self._path.open("rb") as old, self._draft.open("ab") as new:
            old.seek(self._drafted_bytes)
            while piece := old.read(_PIECE):
                new.write(piece)
        os.close(self._file)  # Windows replaces no open file
        self._file = -1
        self._swap()
        logger.info("the paper account's file shrank from %s to %s bytes", before, self._size)

    def _swap(self) -> None:
        self._draft.replace(self._path)
        flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._file = os.open(self._path, flags)
        self._size = self._path.stat().st_size
        self._limit = max(self._smallest_bytes, _GROWTH * self._size)


def _lines_until(file: BinaryIO, end: int) -> Iterable[bytes]:
    read = 0
    for line in file:
        read += len(line)
        if read > end:
            return
        yield line
