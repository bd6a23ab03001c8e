"""A double click is one order: the second click comes too soon to be meant."""

from __future__ import annotations

import time
from collections.abc import Callable

QUIET_MS = 400


def _monotonic_ms() -> float:
    return time.monotonic() * 1000


class ClickGuard:
    """Admits one act, then none until `quiet_ms` have passed without a try.

    A refused try starts the wait again, so that drumming on a button stays one
    order, however long it goes on.
    """

    def __init__(
        self, quiet_ms: float = QUIET_MS, now_ms: Callable[[], float] = _monotonic_ms
    ) -> None:
        self._quiet_ms = quiet_ms
        self._now_ms = now_ms
        self._last_try_ms: float | None = None

    def admits(self) -> bool:
        now_ms = self._now_ms()
        last_ms, self._last_try_ms = self._last_try_ms, now_ms
        return last_ms is None or now_ms - last_ms >= self._quiet_ms
