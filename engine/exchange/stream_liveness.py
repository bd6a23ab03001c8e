"""Is a stream connection alive? Decided from times alone, so it can be tested without waiting.

An open socket and an acknowledged subscription prove nothing: only data does,
and, where none may be due, an answered ping.
"""

from __future__ import annotations

from enum import Enum, unique

import msgspec


class StreamSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds, unless named otherwise. Venue: 10 client messages/s, 24 h a connection."""

    connect_timeout_s: float = 5.0
    reconnect_base_s: float = 1.0
    reconnect_max_delay_s: float = 120.0
    ping_interval_s: float = 20.0
    pong_timeout_s: float = 10.0
    first_data_s: float = 10.0
    silence_s: float = 15.0
    patience_max_s: float = 300.0
    lifetime_s: float = 23 * 3600.0
    send_interval_s: float = 0.2
    subscribe_batch: int = 100
    tick_s: float = 0.1
    probe_interval_s: float = 2.0


@unique
class Verdict(Enum):
    ALIVE = "alive"
    PING = "ping"  # send one now
    NO_PONG = "no answer to a ping"
    SILENT = "no data"
    OLD = "near the venue's 24 h limit"


class StreamLiveness:
    """One route over all its connections. One thread only; `now_s` is monotonic time.

    A market may really be quiet: each recycling for silence doubles the patience
    for the next, up to a limit, until data comes.
    """

    def __init__(self, settings: StreamSettings) -> None:
        self._settings = settings
        self._connected_at = 0.0
        self._data_due_since: float | None = None
        self._last_data: float | None = None
        self._ping_sent_at: float | None = None
        self._last_heard = 0.0
        self._silent_in_a_row = 0

    def connected(self, now_s: float) -> None:
        self._connected_at = self._last_heard = now_s
        self._data_due_since = self._last_data = self._ping_sent_at = None

    def data(self, now_s: float) -> None:
        self._last_data = self._last_heard = now_s
        self._ping_sent_at = None
        self._silent_in_a_row = 0

    def pong(self, now_s: float) -> None:
        self._last_heard = now_s
        self._ping_sent_at = None

    def ping_sent(self, now_s: float) -> None:
        self._ping_sent_at = now_s

    def postpone_age(self, seconds: float) -> None:
        """The connection could not be replaced; say OLD again in a while."""
        self._connected_at += seconds

    def check(self, now_s: float, *, expects_data: bool) -> Verdict:
        settings = self._settings
        if not expects_data:
            self._data_due_since = None
        elif self._is_silent(now_s):
            self._silent_in_a_row += 1
            return Verdict.SILENT
        if self._ping_sent_at is not None:
            if now_s - self._ping_sent_at >= settings.pong_timeout_s:
                return Verdict.NO_PONG
        elif now_s - self._last_heard >= settings.ping_interval_s:
            return Verdict.PING
        if now_s - self._connected_at >= settings.lifetime_s:
            return Verdict.OLD
        return Verdict.ALIVE

    def _is_silent(self, now_s: float) -> bool:
        if self._data_due_since is None:
            self._data_due_since = now_s
        if self._last_data is None:
            since, limit = self._data_due_since, self._settings.first_data_s
        else:
            since = max(self._last_data, self._data_due_since)
            limit = self._settings.silence_s
        patience = min(limit * 2.0**self._silent_in_a_row, self._settings.patience_max_s)
        return now_s - since >= max(limit, patience)
