"""The venue's clock as seen from here: an offset, and how wrong it may be.

A request is accepted only if its timestamp is less than 1 s ahead of the venue
and not older than recvWindow, so local time is never sent as it is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec

from engine.clock import Clock
from engine.errors import BugError, PerpdeskError

_MAX_AGE_S = 20 * 60.0
_JUMP_MS = 1000


class ClockEstimate(msgspec.Struct, frozen=True):
    """`offset_ms` is venue minus local; the truth is within `error_ms` of it."""

    offset_ms: float
    error_ms: float
    measured_at_s: float  # monotonic


class ServerClock:
    """Venue time in ms. Thread-safe; only `sync` blocks, on `fetch_ms`.

    Between measurements it runs on the monotonic clock, so a correction of the
    computer's wall clock does not spoil timestamps.
    """

    def __init__(self, clock: Clock, probes: int = 3) -> None:
        self._clock = clock
        self._probes = probes
        self._lock = threading.Lock()
        self._syncing = threading.Lock()
        self._estimate: ClockEstimate | None = None
        self._anchor_ms = float(clock.now_ms())
        self._anchor_s = clock.monotonic()

    def now_ms(self) -> int:
        """The venue's time; the local one until the first `sync`."""
        with self._lock:
            elapsed_ms = (self._clock.monotonic() - self._anchor_s) * 1000
            offset = self._estimate.offset_ms if self._estimate is not None else 0.0
            return round(self._anchor_ms + elapsed_ms + offset)

    @property
    def estimate(self) -> ClockEstimate | None:
        with self._lock:
            return self._estimate

    def is_stale(self) -> bool:
        """Never measured, or measured long ago."""
        with self._lock:
            if self._estimate is None:
                return True
            return self._clock.monotonic() - self._estimate.measured_at_s > _MAX_AGE_S

    def has_jumped(self) -> bool:
        """The wall clock moved apart from the monotonic one: sleep, or someone set it."""
        with self._lock:
            elapsed_ms = (self._clock.monotonic() - self._anchor_s) * 1000
            return abs(self._clock.now_ms() - self._anchor_ms - elapsed_ms) > _JUMP_MS

    def accept_jump(self) -> None:
        """Count from the wall clock as it is now; right after sleep, and until `sync`."""
        with self._lock:
            self._anchor_ms, self._anchor_s = float(self._clock.now_ms()), self._clock.monotonic()

    def sync(self, fetch_ms: Callable[[], int]) -> ClockEstimate:
        """Ask a few times and believe the quickest answer: it has the least room for error.

        Errors of `fetch_ms` pass through, unless an earlier probe succeeded.
        One thread measures at a time; the others wait for it.
        """
        with self._syncing:
            anchor_ms, anchor_s = float(self._clock.now_ms()), self._clock.monotonic()
            best: ClockEstimate | None = None
            for _ in range(self._probes):
                try:
                    found = self._probe(fetch_ms, anchor_ms, anchor_s)
                except PerpdeskError:
                    if best is None:
                        raise
                    break
                if best is None or found.error_ms < best.error_ms:
                    best = found
            if best is None:
                raise BugError("The venue's clock was to be probed 0 times.")
            with self._lock:
                self._anchor_ms, self._anchor_s = anchor_ms, anchor_s
                self._estimate = best
            return best

    def _probe(
        self, fetch_ms: Callable[[], int], anchor_ms: float, anchor_s: float
    ) -> ClockEstimate:
        sent_s = self._clock.monotonic()
        server_ms = fetch_ms()
        received_s = self._clock.monotonic()
        middle_ms = anchor_ms + ((sent_s + received_s) / 2 - anchor_s) * 1000
        return ClockEstimate(
            offset_ms=server_ms - middle_ms,
            error_ms=(received_s - sent_s) * 500,
            measured_at_s=received_s,
        )
