"""When to ask again about things whose fate is not known: growing pauses for each of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Watch:
    """How often one thing has been asked about, and with what answers."""

    __slots__ = (
        "next_at_s", "not_found", "pauses_s", "since_s", "still_open", "tries", "was_unknown",
    )  # fmt: skip

    def __init__(self, now_s: float, was_unknown: bool, pauses_s: Sequence[float]) -> None:
        self.since_s = now_s
        self.pauses_s = pauses_s
        self.next_at_s = now_s + pauses_s[0]
        self.was_unknown = was_unknown
        self.tries = 0
        self.not_found = 0
        self.still_open = 0

    def plan_next(self, now_s: float) -> None:
        self.tries += 1
        self.next_at_s = now_s + self.pauses_s[min(self.tries, len(self.pauses_s) - 1)]


class Watches(Generic[T]):
    """Thread-safe. `is_unknown` tells of a new one whether its fate is not known at all."""

    def __init__(self, pauses_s: Sequence[float], is_unknown: Callable[[T], bool]) -> None:
        self._pauses_s = pauses_s
        self._is_unknown = is_unknown
        self._lock = threading.Lock()
        self._watches: dict[T, Watch] = {}

    def look(
        self, wanted: list[T], now_s: float
    ) -> tuple[list[tuple[T, Watch]], list[tuple[T, Watch]]]:
        """Watch exactly `wanted` from now on. Returns what is due, and what is no longer wanted."""
        with self._lock:
            settled = self._watches.keys() - set(wanted)
            ended = [(thing, self._watches.pop(thing)) for thing in settled]
            for thing in wanted:
                if thing not in self._watches:
                    self._watches[thing] = Watch(now_s, self._is_unknown(thing), self._pauses_s)
            due = [(thing, w) for thing, w in self._watches.items() if w.next_at_s <= now_s]
        return due, ended
