"""A hand-over between threads with two lanes and one wake-up.

Lossless lane: everything, in order, never dropped (orders, fills, alerts).
Latest lane: one value per key; a newer one replaces an unread older one
(prices, depth, health), so a slow reader never falls behind.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Many writers, one reader. `put` never blocks for longer than dictionary work.

    `on_wake` runs on the writer's thread when an empty box gets its first item;
    it must return at once (set an event, post a Qt signal).
    """

    def __init__(self, on_wake: Callable[[], None] | None = None) -> None:
        self._lock = threading.Lock()
        self._lossless: deque[T] = deque()
        self._latest: dict[Hashable, T] = {}
        self._ready = threading.Event()
        self._is_ready = False  # what _ready says, for those who hold the lock
        self._on_wake = on_wake
        self._closed = False

    def put(self, item: T, key: Hashable | None = None) -> None:
        with self._lock:
            if self._closed:
                return
            if key is None:
                self._lossless.append(item)
            else:
                self._latest[key] = item
            # under the lock: a reader that drains between the two lines below
            # would otherwise find the box marked ready and empty for ever
            wake = not self._is_ready
            if wake:
                self._is_ready = True
                self._ready.set()
        if wake and self._on_wake is not None:
            self._on_wake()

    def drain(self) -> list[T]:
        """Everything that waits: the lossless lane in order, then the latest values."""
        with self._lock:
            self._is_ready = False
            self._ready.clear()
            items = list(self._lossless)
            items.extend(self._latest.values())
            self._lossless.clear()
            self._latest.clear()
        return items

    def wait(self, timeout_s: float | None = None) -> bool:
        """Block the reader until something waits or the box is closed."""
        return self._ready.wait(timeout_s)

    def close(self) -> None:
        """Take no more; wake the reader. What waits can still be drained."""
        with self._lock:
            self._closed = self._is_ready = True
            self._ready.set()

    @property
    def is_closed(self) -> bool:
        return self._closed

    def __len__(self) -> int:
        with self._lock:
            return len(self._lossless) + len(self._latest)
