"""Time as an object, so that tests can move it.

`Clock` is the machine's time; `FakeClock` is moved by hand. Wall time is the
local idea of UTC in ms; the offset to the venue lives in exchange.server_time.
"""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """What the engine asks of time. Every method may be called from any thread."""

    def now_ms(self) -> int:
        """Local wall time, ms since 1970 UTC."""

    def monotonic(self) -> float:
        """Seconds that never jump; for durations and deadlines."""

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Block until `event` is set or `timeout_s` passed; True if it is set."""


class SystemClock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        return event.wait(timeout_s)


class FakeClock:
    """A clock that stands still until `advance`; waiting threads wake by it."""

    def __init__(self, now_ms: int = 1_790_000_000_000) -> None:
        self._now_ms = now_ms
        self._seconds = 1000.0
        self._changed = threading.Condition()

    def now_ms(self) -> int:
        with self._changed:
            return self._now_ms

    def monotonic(self) -> float:
        with self._changed:
            return self._seconds

    def advance(self, seconds: float) -> None:
        with self._changed:
            self._seconds += seconds
            self._now_ms += round(seconds * 1000)
            self._changed.notify_all()

    def jump_wall_clock(self, seconds: float) -> None:
        """Move wall time alone, as a sleeping computer or a clock change does."""
        with self._changed:
            self._now_ms += round(seconds * 1000)
            self._changed.notify_all()

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        until = self.monotonic() + timeout_s
        with self._changed:
            while not event.is_set() and self._seconds < until:
                # a set event does not notify us, so look again after a moment
                self._changed.wait(0.005)
        return event.is_set()
