"""A small file that is written whole or not at all: what a person set, kept between runs."""

from __future__ import annotations

import logging
from pathlib import Path

logger = logging.getLogger(__name__)


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

    def write(self, content: bytes) -> None:
        beside = self.path.with_name(self.path.name + ".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(content)
            # on Windows this fails while somebody reads the file: the next change writes it
            beside.replace(self.path)
        except OSError as error:
            logger.warning("not kept file=%s reason=%s", self.path, error)

    def remove(self) -> None:
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            logger.warning("not removed file=%s reason=%s", self.path, error)
