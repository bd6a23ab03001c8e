"""A small file that is written whole or not at all: what a person set, kept between runs."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer

logger = logging.getLogger(__name__)

# on Windows a replace fails while somebody reads the file: an indexer lets go in a moment
_PAUSES_MS = (20, 60, 200, 600)


class KeptFile:
    """GUI thread. A file that cannot be read or written is a notice in the log, no error."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> bytes | None:
        """None: there is none, or it cannot be read."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            logger.warning("not read file=%s reason=%s", self.path, error)
            return None

    def write(self, content: bytes) -> bool:
        """False: not kept; the caller tries again with its next change. Never waits.

        A file that somebody holds is replaced a moment later, by a timer.
        """
        beside = self.path.with_name(self.path.name + ".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(content)
            _replace(beside, self.path, _PAUSES_MS)
        except OSError as error:
            logger.warning("not kept file=%s reason=%s", self.path, error)
            return False
        return True

    def set_aside(self) -> Path | None:
        """Out of the way under another name, not lost; None when it could not be moved."""
        aside = self.path.with_name(self.path.name + ".damaged")
        try:
            self.path.replace(aside)
        except OSError as error:
            logger.warning("not set aside file=%s reason=%s", self.path, error)
            return None
        return aside

    def remove(self) -> None:
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            logger.warning("not removed file=%s reason=%s", self.path, error)


def _replace(source: Path, target: Path, pauses_ms: tuple[int, ...]) -> None:
    try:
        source.replace(target)
    except PermissionError:
        if not pauses_ms:
            raise
        QTimer.singleShot(pauses_ms[0], partial(_replace_again, source, target, pauses_ms[1:]))


def _replace_again(source: Path, target: Path, pauses_ms: tuple[int, ...]) -> None:
    try:
        _replace(source, target, pauses_ms)
    except FileNotFoundError:
        logger.info("a later change took its place file=%s", target)
    except OSError as error:
        logger.warning("not kept file=%s reason=%s", target, error)
