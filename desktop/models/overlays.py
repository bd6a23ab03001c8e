"""Lines over the candles: exponential averages and the volume-weighted average price.

Floats, for looking only. Closed candles are reckoned once; the newest one, which
changes with every trade, costs one step. Pure, GUI thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum, unique

from engine.views import Candle

DAY_MS = 86_400_000


@unique
class Overlay(StrEnum):
    EMA_20 = "EMA 20"
    EMA_50 = "EMA 50"
    VWAP = "VWAP"


_PERIODS = {Overlay.EMA_20: 20, Overlay.EMA_50: 50}


class OverlayLine:
    """Values by candle index; None where there are too few candles before."""

    def __init__(self, overlay: Overlay) -> None:
        self.overlay = overlay
        self._closed: list[float | None] = []
        self._version: object = None
        self._sums = (0.0, 0.0)  # of the session so far: price x volume, volume

    def closed(
        self, candles: Sequence[Candle], candle_ms: int, version: object
    ) -> list[float | None]:
        """Of all but the newest candle. `version` changes when one of those does."""
        if version != self._version:
            self._version = version
            period = _PERIODS.get(self.overlay)
            if period is not None:
                self._closed = ema([candle.close for candle in candles[:-1]], period)
            else:
                self._closed, self._sums = vwap(candles[:-1], candle_ms)
        return self._closed

    def newest(self, candles: Sequence[Candle], candle_ms: int) -> float | None:
        """Call after `closed`."""
        last = candles[-1]
        before = self._closed[-1] if self._closed else None
        period = _PERIODS.get(self.overlay)
        if period is not None:
            return None if before is None else before + 2 / (period + 1) * (last.close - before)
        starts = (
            _is_new_session(candles[-2], last, candle_ms)
            if len(candles) > 1
            else starts_session(last.open_ms, candle_ms)
        )
        if before is None and not starts:
            return None
        value, volume = (0.0, 0.0) if starts else self._sums
        return _ratio(value + _worth(last), volume + last.volume, last)


def ema(closes: Sequence[float], period: int) -> list[float | None]:
    """Starts with the plain average of the first `period` closes."""
    if len(closes) < period:
        return [None] * len(closes)
    share = 2 / (period + 1)
    now = sum(closes[:period]) / period
    values: list[float | None] = [None] * (period - 1)
    values.append(now)
    for close in closes[period:]:
        now += share * (close - now)
        values.append(now)
    return values


def vwap(
    candles: Sequence[Candle], candle_ms: int
) -> tuple[list[float | None], tuple[float, float]]:
    """From the start of each UTC day (year, for candles of a day and more), and its last sums.

    A session whose start is not loaded has no value: half of it would be a wrong number.
    """
    values: list[float | None] = []
    value = volume = 0.0
    is_known = False
    for index, candle in enumerate(candles):
        before = candles[index - 1] if index else None
        if before is None or _is_new_session(before, candle, candle_ms):
            value = volume = 0.0
            is_known = before is not None or starts_session(candle.open_ms, candle_ms)
        value += _worth(candle)
        volume += candle.volume
        values.append(_ratio(value, volume, candle) if is_known else None)
    return values, (value, volume)


def starts_session(open_ms: int, candle_ms: int) -> bool:
    """Whether a candle that opens then is the first of its day or year."""
    return _session(open_ms - 1, candle_ms) != _session(open_ms, candle_ms)


def needs_older(candles: Sequence[Candle], candle_ms: int) -> bool:
    """The newest session began before the oldest candle: its average cannot be drawn yet."""
    if not candles or starts_session(candles[0].open_ms, candle_ms):
        return False
    return _session(candles[0].open_ms, candle_ms) == _session(candles[-1].open_ms, candle_ms)


def _is_new_session(before: Candle, now: Candle, candle_ms: int) -> bool:
    return _session(before.open_ms, candle_ms) != _session(now.open_ms, candle_ms)


def _session(at_ms: int, candle_ms: int) -> int:
    if candle_ms < DAY_MS:
        return at_ms // DAY_MS
    return datetime.fromtimestamp(at_ms / 1000, UTC).year


def _worth(candle: Candle) -> float:
    """The venue's own turnover where it is known, else the typical price times the volume."""
    if candle.quote_volume > 0:
        return candle.quote_volume
    return (candle.high + candle.low + candle.close) / 3 * candle.volume


def _ratio(value: float, volume: float, candle: Candle) -> float:
    return value / volume if volume > 0 else candle.close
