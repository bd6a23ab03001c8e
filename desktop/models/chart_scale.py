"""Arithmetic of the chart's axes: prices to pixels, round numbers, where tags go.

Floats: these are pixels, not money. Pure functions and frozen values.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec

_SECOND_MS = 1_000
_MINUTE_MS = 60 * _SECOND_MS
_HOUR_MS = 60 * _MINUTE_MS
_DAY_MS = 24 * _HOUR_MS
_WEEK_MS = 7 * _DAY_MS
MONTH_MS = 30 * _DAY_MS  # for spacing only: months are told apart by the calendar
YEAR_MS = 365 * _DAY_MS

_UNIT_MS = {
    "s": _SECOND_MS,
    "m": _MINUTE_MS,
    "h": _HOUR_MS,
    "d": _DAY_MS,
    "w": _WEEK_MS,
    "M": MONTH_MS,
}
_TIME_STEPS_MS = (
    *(n * _SECOND_MS for n in (5, 15, 30)),
    *(n * _MINUTE_MS for n in (1, 5, 15, 30)),
    *(n * _HOUR_MS for n in (1, 3, 6, 12)),
    *(n * _DAY_MS for n in (1, 2, 7)),
    MONTH_MS,
    3 * MONTH_MS,
    YEAR_MS,
)
# 1970-01-01 was a Thursday; weekly candles open on Monday
_MONDAY_SHIFT_MS = 3 * _DAY_MS
_TAG_GAP_PX = 4


def interval_ms(interval: str) -> int:
    """Length of a candle from the venue's name for it: "15m", "1h", "1M"."""
    return int(interval[:-1]) * _UNIT_MS[interval[-1]]


class PriceScale(msgspec.Struct, frozen=True):
    """A straight line between a price range and `height` pixels, low at the bottom."""

    low: float
    high: float
    top: float
    height: float

    def y(self, price: float) -> float:
        return self.top + (self.high - price) / (self.high - self.low) * self.height

    def price(self, y: float) -> float:
        return self.high - (y - self.top) / self.height * (self.high - self.low)

    def stretched(self, height: float) -> PriceScale:
        """The same line, from pixel 0 to `height`: prices beside the candles too."""
        return PriceScale(low=self.price(height), high=self.price(0), top=0.0, height=height)


def fitted_range(
    low: float, high: float, before: tuple[float, float] | None, pad: float = 0.08
) -> tuple[float, float]:
    """The range to show for candles between `low` and `high`.

    The range `before` is kept while the candles fit into it and fill most of
    it, so that the picture does not breathe with every tick.
    """
    span = max(high - low, abs(high) * 1e-4, 1e-12)
    if before is not None:
        kept_low, kept_high = before
        fills = span >= 0.7 * (kept_high - kept_low)
        if fills and kept_low + 0.01 * span <= low and high <= kept_high - 0.01 * span:
            return before
    middle = (low + high) / 2
    half = span * (0.5 + pad)
    return middle - half, middle + half


def nice_ceiling(number: float) -> float:
    """The next of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten."""
    if number <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(number))
    for factor in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8):
        if number <= factor * power * (1 + 1e-12):
            return factor * power
    return 10 * power


def price_ticks(scale: PriceScale, tick_size: float, gap_px: float = 44) -> list[float]:
    """Round prices at least `gap_px` apart and never finer than the instrument's tick."""
    wanted = max((scale.high - scale.low) * gap_px / max(scale.height, 1.0), tick_size)
    power = 10.0 ** math.floor(math.log10(wanted))
    step = 10 * power
    for factor in (1, 2, 2.5, 5):
        candidate = factor * power
        ticks = candidate / tick_size
        if candidate >= wanted * (1 - 1e-9) and abs(ticks - round(ticks)) < 1e-6:
            step = candidate
            break
    first = math.ceil(scale.low / step - 1e-9)
    last = math.floor(scale.high / step + 1e-9)
    return [n * step for n in range(first, last + 1)]


class TimeTick(msgspec.Struct, frozen=True):
    index: int
    text: str
    is_major: bool  # a new day, month or year: drawn brighter


def time_ticks(
    times_ms: Sequence[int], first_index: int, candle_ms: int, pitch_px: float, gap_px: float = 84
) -> list[TimeTick]:
    """Labels for the candles opening at `times_ms`, at round UTC times.

    `first_index` is the index of `times_ms[0]` in the whole history.
    """
    wanted_ms = gap_px / pitch_px * candle_ms
    step_ms = next((s for s in _TIME_STEPS_MS if s >= wanted_ms), 2 * YEAR_MS)
    found: list[TimeTick] = []
    for i in range(1, len(times_ms)):
        before, now = times_ms[i - 1], times_ms[i]
        if _period(before, step_ms) != _period(now, step_ms):
            found.append(TimeTick(first_index + i, *_time_label(before, now, step_ms)))
    return _spaced(found, gap_px * 0.6 / pitch_px)


def _period(time_ms: int, step_ms: int) -> int:
    if step_ms >= MONTH_MS:
        moment = datetime.fromtimestamp(time_ms / 1000, UTC)
        months = moment.year * 12 + moment.month - 1
        return months // max(1, round(step_ms * 12 / YEAR_MS))
    if step_ms >= _WEEK_MS:
        return (time_ms + _MONDAY_SHIFT_MS) // step_ms
    return time_ms // step_ms


def _time_label(before_ms: int, now_ms: int, step_ms: int) -> tuple[str, bool]:
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    before = datetime.fromtimestamp(before_ms / 1000, UTC)
    if now.year != before.year:
        return str(now.year), True
    if now.month != before.month and step_ms >= _DAY_MS:
        return f"{now:%b}", True
    if now.day != before.day:
        return f"{now.day} {now:%b}", step_ms < _DAY_MS
    return (f"{now:%H:%M:%S}" if step_ms < _MINUTE_MS else f"{now:%H:%M}"), False


def _spaced(ticks: list[TimeTick], gap: float) -> list[TimeTick]:
    """A gap in the history can bring two labels together: the major one stays."""
    kept: list[TimeTick] = []
    for tick in ticks:
        if kept and tick.index - kept[-1].index < gap:
            if tick.is_major and not kept[-1].is_major:
                kept[-1] = tick
            continue
        kept.append(tick)
    return kept


def moment_text(time_ms: int, candle_ms: int) -> str:
    """The crosshair's time label, in UTC."""
    moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    if candle_ms >= _DAY_MS:
        return f"{moment:%a} {moment.day} {moment:%b %Y}"
    clock = "%H:%M:%S" if candle_ms < _MINUTE_MS else "%H:%M"
    return f"{moment.day} {moment:%b} {moment.strftime(clock)}"


class TagSpan(msgspec.Struct, frozen=True):
    """Room on the plot that is taken: middle y, left and right edge."""

    y: float
    left: float
    right: float


def _left_edge(span: TagSpan) -> float:
    return span.left


def place_tags(
    tags: Iterable[tuple[float, float]],
    taken: Iterable[TagSpan],
    left: float,
    right: float,
    height: float,
) -> list[float | None]:
    """Left edges for tags given as (middle y, width), in the order of importance.

    A tag stays at its own price: one that would cover another moves to the
    right of it. None: no room before `right`, draw the line alone.
    """
    rows: dict[int, list[TagSpan]] = {}  # a tag can only touch those of its row and beside
    for span in taken:
        rows.setdefault(int(span.y // height), []).append(span)
    edges: list[float | None] = []
    for y, width in tags:
        row = int(y // height)
        near = [*rows.get(row - 1, ()), *rows.get(row, ()), *rows.get(row + 1, ())]
        beside = sorted((s for s in near if abs(s.y - y) < height), key=_left_edge)
        edge = left
        for span in beside:
            if edge < span.right + _TAG_GAP_PX and edge + width > span.left - _TAG_GAP_PX:
                edge = span.right + _TAG_GAP_PX
        if edge + width > right:
            edges.append(None)
            continue
        rows.setdefault(row, []).append(TagSpan(y, edge, edge + width))
        edges.append(edge)
    return edges


def compact(number: float) -> str:
    """A volume in few characters: 950.2, 12.4K, 3.10M."""
    for limit, suffix in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if abs(number) >= limit:
            return f"{number / limit:.2f}{suffix}"
    return f"{number:.2f}" if abs(number) < 100 else f"{number:.1f}"
