"""Candles in ticks and steps, and the calendar of the venue's intervals.

Everything is an integer, so that a larger candle is exactly the sum of its
smaller ones; `quote` amounts are in tick * step.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
_WEEK_MS = 7 * DAY_MS
_FIRST_MONDAY_MS = 4 * DAY_MS  # 1970-01-05; the epoch was a Thursday

# a month has no fixed length: its entry is only used to tell what divides it
INTERVAL_MS = {
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "6h": 6 * HOUR_MS,
    "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": DAY_MS,
    "3d": 3 * DAY_MS,
    "1w": _WEEK_MS,
    "1M": 30 * DAY_MS,
}


def candle_bounds(interval: str, time_ms: int) -> tuple[int, int]:
    """Open time of the candle that holds `time_ms`, and that of the one after it.

    Weeks begin on Monday and months on the first, UTC; all others count from 1970.
    """
    if interval == "1M":
        day = datetime.fromtimestamp(time_ms / 1000, UTC)
        first = datetime(day.year, day.month, 1, tzinfo=UTC)
        following = datetime(day.year + day.month // 12, day.month % 12 + 1, 1, tzinfo=UTC)
        return int(first.timestamp()) * 1000, int(following.timestamp()) * 1000
    length = INTERVAL_MS[interval]
    offset = _FIRST_MONDAY_MS if interval == "1w" else 0
    open_ms = time_ms - (time_ms - offset) % length
    return open_ms, open_ms + length


class Candle(msgspec.Struct, gc=False):
    """Mutable while it is open. Trade ids are -1 where there was no trade of ours."""

    open_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    quote: int
    trades: int
    bought: int  # steps bought by takers
    bought_quote: int
    first_id: int = -1
    last_id: int = -1

    @classmethod
    def flat(cls, open_ms: int, price: int) -> Candle:
        """A candle in which nothing has traded yet."""
        return cls(open_ms, price, price, price, price, 0, 0, 0, 0, 0)

    def copy_at(self, open_ms: int) -> Candle:
        return Candle(
            open_ms,
            self.open,
            self.high,
            self.low,
            self.close,
            self.volume,
            self.quote,
            self.trades,
            self.bought,
            self.bought_quote,
            self.first_id,
            self.last_id,
        )

    def absorb(self, later: Candle) -> None:
        """Become the candle of both; `later` follows this one in time."""
        # compared by hand: max() and min() would double the cost of a chart's past
        if later.high > self.high:  # noqa: PLR1730
            self.high = later.high
        if later.low < self.low:  # noqa: PLR1730
            self.low = later.low
        self.close = later.close
        self.volume += later.volume
        self.quote += later.quote
        self.trades += later.trades
        self.bought += later.bought
        self.bought_quote += later.bought_quote
        if self.first_id < 0:
            self.first_id = later.first_id
        if later.last_id >= 0:
            self.last_id = later.last_id


class CandleSeries:
    """All candles of one interval, built from smaller ones given in order of time."""

    def __init__(self, interval: str) -> None:
        self.interval = interval
        self.closed: list[Candle] = []
        self._partial: Candle | None = None  # the open candle, without its live minute
        self._end_ms = 0

    def add(self, part: Candle) -> None:
        self.close_before(part.open_ms)
        if self._partial is None:
            open_ms, self._end_ms = candle_bounds(self.interval, part.open_ms)
            self._partial = part.copy_at(open_ms)
        else:
            self._partial.absorb(part)

    def close_before(self, time_ms: int) -> None:
        """Close the open candle when it ends at or before `time_ms`."""
        if self._partial is not None and time_ms >= self._end_ms:
            self.closed.append(self._partial)
            self._partial = None

    def parts(self) -> Iterator[Candle]:
        """What it was built from, put together: the closed candles, then the open one."""
        yield from self.closed
        if self._partial is not None:
            yield self._partial

    def forget_before(self, newest: int) -> None:
        """Keep only the `newest` closed candles; done in pieces, so that it costs nothing."""
        if len(self.closed) > newest + newest // 4:
            del self.closed[:-newest]

    def live(self, minute: Candle) -> Candle:
        """The open candle with the running minute in it; a copy."""
        if self._partial is None:
            return minute.copy_at(candle_bounds(self.interval, minute.open_ms)[0])
        whole = self._partial.copy_at(self._partial.open_ms)
        whole.absorb(minute)
        return whole
