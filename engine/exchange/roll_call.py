"""When the streams of a living connection are called by name. Pure; times are monotonic seconds.

A route may deliver while one of its streams, though acknowledged, says nothing. Nobody
can tell that from a contract in which nothing happens, so whoever did not answer is
asked for again, each time after twice as long.
"""

from __future__ import annotations


class RollCall:
    """One thread only."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._pause_s = first_s
        self._due_s: float | None = None

    def restart(self) -> None:
        """A new connection."""
        self._due_s = None
        self._pause_s = self._first_s

    def is_due(self, now_s: float) -> bool:
        if self._due_s is None:
            self._due_s = now_s + self._pause_s
        return now_s >= self._due_s

    def held(self, now_s: float, *, all_answered: bool) -> None:
        """The streams have been called; sets the time of the next call."""
        grown_s = min(self._longest_s, self._pause_s * 2.0)
        self._pause_s = self._first_s if all_answered else grown_s
        self._due_s = now_s + self._pause_s
