"""Is a stream connection alive? Decided from times alone, so it can be tested without waiting.

An open socket and an acknowledged subscription prove nothing: only data does,
and, where none may be due, an answered ping. Where an event is owed (of an order that
was answered), only the event proves it.
"""

from __future__ import annotations

from enum import Enum, unique

import msgspec

from engine.exchange.proxy import SYSTEM
from engine.exchange.wire_tap import WireTap


class StreamSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds, unless named otherwise. Venue: 10 client messages/s (5 pings/s on the order
    socket), 24 h a connection.

    `quiet_ping_interval_s` is for connections where no data may be due, `doubt_s` the
    age of an unanswered ping that the person is told of, `news_s` how long the event
    of an answered order may take, `key_check_s` when a new user stream's key is asked for.
    """

    connect_timeout_s: float = 5.0
    reconnect_base_s: float = 1.0
    reconnect_max_delay_s: float = 120.0
    ping_interval_s: float = 20.0
    quiet_ping_interval_s: float = 1.0
    doubt_s: float = 1.0
    pong_timeout_s: float = 6.0
    news_s: float = 5.0
    key_check_s: float = 2.0
    first_data_s: float = 10.0
    silence_s: float = 15.0
    patience_max_s: float = 300.0
    lifetime_s: float = 23 * 3600.0
    send_interval_s: float = 0.2
    subscribe_batch: int = 100
    tick_s: float = 0.1
    probe_interval_s: float = 2.0
    proxy: str = SYSTEM
    tap: WireTap | None = None


@unique
class Verdict(Enum):
    ALIVE = "alive"
    PING = "ping"  # send one now
    NO_PONG = "no answer to a ping"
    SILENT = "no data"
    NO_NEWS = "an order was answered, but no event of it came"
    OLD = "near the venue's 24 h limit"


_EARLY_NEWS_S = 2.0
"""An event may overtake the answer of its order: what came so shortly before counts."""
_PROBE_AFTER_S = 0.25
_SLOW_LINE = 2.0  # times the last round trip: later than that is not just a slow line


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
        self._probe_asked_at: float | None = None
        self._news_due_at: float | None = None
        self._last_heard = 0.0
        self._round_trip_s = 0.0
        self._silent_in_a_row = 0

    def connected(self, now_s: float) -> None:
        self._connected_at = self._last_heard = now_s
        self._data_due_since = self._last_data = self._ping_sent_at = None
        self._probe_asked_at = self._news_due_at = None

    def data(self, now_s: float) -> None:
        self._last_data = self._last_heard = now_s
        self._ping_sent_at = self._probe_asked_at = self._news_due_at = None
        self._silent_in_a_row = 0

    def pong(self, now_s: float) -> None:
        if self._ping_sent_at is not None:
            self._round_trip_s = now_s - self._ping_sent_at
        self._last_heard = now_s
        self._ping_sent_at = self._probe_asked_at = None

    def ping_sent(self, now_s: float) -> None:
        self._ping_sent_at = now_s
        self._probe_asked_at = None

    def probe(self, now_s: float) -> None:
        """Something else has gone silent: ask, unless data comes at once."""
        if self._probe_asked_at is None and self._ping_sent_at is None:
            self._probe_asked_at = now_s

    def news_due(self, now_s: float) -> None:
        """The venue has answered an order, so an event of it must come, or has come just now."""
        has_come = self._last_data is not None and now_s - self._last_data <= _EARLY_NEWS_S
        if self._news_due_at is None and not has_come:
            self._news_due_at = now_s + self._patient(self._settings.news_s)

    def is_doubted(self, now_s: float) -> bool:
        """An answer is overdue, also for a line as slow as this one."""
        if self._ping_sent_at is None:
            return False
        usual_s = max(self._settings.doubt_s, _SLOW_LINE * self._round_trip_s)
        return now_s - self._ping_sent_at >= usual_s

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
        if self._news_due_at is not None and now_s >= self._news_due_at:
            self._silent_in_a_row += 1
            return Verdict.NO_NEWS
        if self._ping_sent_at is not None:
            if now_s - self._ping_sent_at >= settings.pong_timeout_s:
                return Verdict.NO_PONG
        elif self._is_ping_due(now_s, expects_data=expects_data):
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
        return now_s - since >= self._patient(limit)

    def _patient(self, limit_s: float) -> float:
        patience_s = min(limit_s * 2.0**self._silent_in_a_row, self._settings.patience_max_s)
        return max(limit_s, patience_s)

    def _is_ping_due(self, now_s: float, *, expects_data: bool) -> bool:
        if self._probe_asked_at is not None and now_s - self._probe_asked_at >= _PROBE_AFTER_S:
            return True
        interval_s = self._settings.ping_interval_s
        if not expects_data:
            interval_s = min(interval_s, self._settings.quiet_ping_interval_s)
        return now_s - self._last_heard >= interval_s
