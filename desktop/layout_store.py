"""Layouts on disk: those with names, and the last one of each set of screens."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec
from msgspec.structs import replace

from desktop.kept_file import KeptFile
from desktop.models.layouts import Layout, LayoutBook

logger = logging.getLogger(__name__)

# raise when a dock or toolbar is added, renamed or removed
LAYOUT_VERSION = 2


class LayoutStore:
    """One small JSON file; every change is written at once. GUI thread.

    A damaged file, or one of another version, is a notice in the log and no
    error. With `path` None nothing is kept: for tests and pictures.
    """

    def __init__(self, path: Path | None) -> None:
        self._file = KeptFile(path) if path is not None else None
        self._book = self._read()

    def names(self) -> list[str]:
        return sorted(self._book.named, key=str.casefold)

    def named(self, name: str) -> Layout | None:
        return self._book.named.get(name)

    def last(self, screens: str) -> Layout | None:
        """What stood on these screens; else what was used last on any."""
        last = self._book.last
        return last.get(screens) or (list(last.values())[-1] if last else None)

    def knows(self, screens: str) -> bool:
        return screens in self._book.last

    def keep_last(self, screens: str, layout: Layout) -> None:
        others = {key: one for key, one in self._book.last.items() if key != screens}
        self._write(replace(self._book, last=others | {screens: layout}))

    def keep(self, name: str, layout: Layout) -> None:
        """Under `name`, in place of what had that name."""
        self._write(replace(self._book, named=self._book.named | {name: layout}))

    def rename(self, old: str, new: str) -> None:
        named = {new if name == old else name: one for name, one in self._book.named.items()}
        self._write(replace(self._book, named=named))

    def delete(self, name: str) -> None:
        named = {key: one for key, one in self._book.named.items() if key != name}
        self._write(replace(self._book, named=named))

    def _write(self, book: LayoutBook) -> None:
        self._book = book
        if self._file is not None:
            self._file.write(msgspec.json.format(msgspec.json.encode(book), indent=1))

    def _read(self) -> LayoutBook:
        empty = LayoutBook(version=LAYOUT_VERSION)
        content = self._file.read() if self._file is not None else None
        if content is None or self._file is None:
            return empty
        try:
            book = msgspec.json.decode(content, type=LayoutBook)
        except msgspec.MsgspecError as error:
            logger.warning("layout file is damaged file=%s reason=%s", self._file.path, error)
            return empty
        return book if book.version == LAYOUT_VERSION else empty
