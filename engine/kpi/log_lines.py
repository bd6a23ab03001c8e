"""Log lines as they are written, for the report."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from engine.oms.order_models import Order
from engine.utils.logger import FORMAT, RedactingFormatter


class LogLines(logging.Handler):
    """What loggers of these names say: `with LogLines("engine.oms") as lines:`.

    Secrets are starred out as in the log file.
    """

    def __init__(self, *sources: str) -> None:
        super().__init__(logging.INFO)
        self._sources = [logging.getLogger(source) for source in sources]
        formatter = RedactingFormatter(FORMAT, "%Y-%m-%dT%H:%M:%S")
        formatter.converter = time.gmtime
        self.setFormatter(formatter)
        self._guard = threading.Lock()
        self._lines: list[str] = []

    def __enter__(self) -> Self:
        for source in self._sources:
            source.addHandler(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for source in self._sources:
            source.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        with self._guard:
            self._lines.append(line)

    def all(self) -> list[str]:
        with self._guard:
            return list(self._lines)

    def orders_told_once(self, word: str, orders: Iterable[Order]) -> int:
        """Of how many of the orders `word` was logged exactly once."""
        counts = [self._count(word, f"order={order.client_order_id}") for order in orders]
        return counts.count(1)

    def _count(self, *words: str) -> int:
        return sum(all(word in line.split() for word in words) for line in self.all())
