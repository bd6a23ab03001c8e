"""What the chart shows: the candles, and which part of them.

Candles are placed by index, `pitch` pixels apart. `right` is the (fractional)
index under the right edge of the plot; while the view is live it stays
`LIVE_MARGIN` bars ahead of the newest candle. Pure, GUI thread.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from desktop.models.chart_scale import PriceScale, fitted_range, interval_ms, nice_ceiling
from engine.views import Candle

LIVE_MARGIN = 6.0
# whole pixels keep all candles equally wide and their edges sharp
PITCHES = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 17, 20, 24, 30, 38, 48)
_DEFAULT_PITCH = 7
# half of what a manual scale shows, as a share of the price
_NARROWEST = 1e-6
_WIDEST = 2.0


class CacheKey(msgspec.Struct, frozen=True):
    """Equal keys mean an equal picture of the closed candles."""

    version: int
    right: float
    pitch: int
    low: float
    high: float
    volume_top: float
    size: tuple[int, int, int]
    ratio: float
    over: object  # what lies over the candles, in its own words


class ChartModel:
    def __init__(self) -> None:
        self.candles: list[Candle] = []
        self.candle_ms = 60_000
        self.pitch = _DEFAULT_PITCH
        self.right = LIVE_MARGIN
        self.is_live = True
        self.version = 0  # grows whenever a closed candle changes
        self._width = 0
        self._range: tuple[float, float] | None = None
        self.manual_range: tuple[float, float] | None = None  # None: fitted to the candles
        self._no_more_before: int | None = None
        self._asked_before: int | None = None
        self._closed_extremes: tuple[float, float, float] | None = None
        self._closed_extremes_of: tuple[int, int, int] | None = None

    def set_width(self, width: int) -> None:
        self._width = width

    @property
    def is_at_start(self) -> bool:
        """The oldest candle the exchange has is here."""
        return bool(self.candles) and self._no_more_before == self.candles[0].open_ms

    def set_candles(self, candles: Sequence[Candle], interval: str) -> None:
        """Start again with this history, oldest first, at the live edge."""
        self.candles = list(candles)
        self.manual_range = None
        self.candle_ms = interval_ms(interval)
        self.version += 1
        self._range = None
        self._no_more_before = self._asked_before = None
        self.go_live()

    def renew(self, candles: Sequence[Candle]) -> bool:
        """Mend the newest part, as after a gap; what is looked at stays where it is.

        False, and nothing done, when there is a hole between the two.
        """
        if not self.candles or not candles or candles[0].open_ms > self.candles[-1].close_ms + 1:
            return False
        if candles[-1].open_ms < self.candles[-1].open_ms:
            return False
        kept = [c for c in self.candles if c.open_ms < candles[0].open_ms]
        self.candles = [*kept, *candles]
        self.version += 1
        if self.is_live:
            self.go_live()
        return True

    def update_candle(self, candle: Candle) -> bool:
        """Replace the last candle or append a newer one; False for one that is too old."""
        last = self.candles[-1] if self.candles else None
        if last is None or candle.open_ms > last.open_ms:
            self.candles.append(candle)
            self.version += 1
            if self.is_live:
                self.go_live()
            return True
        if candle.open_ms == last.open_ms:
            self.candles[-1] = candle
            return True
        return self._mend_closed(candle)

    def _mend_closed(self, candle: Candle) -> bool:
        # the last word about a candle may come after the first of the next one
        if len(self.candles) > 1 and self.candles[-2].open_ms == candle.open_ms:
            self.candles[-2] = candle
            self.version += 1
            return True
        return False

    def trade_at(self, price: float) -> None:
        """Let the last candle follow a price that came before its kline message."""
        if not self.candles:
            return
        last = self.candles[-1]
        self.candles[-1] = Candle(
            open_ms=last.open_ms,
            close_ms=last.close_ms,
            open=last.open,
            high=max(last.high, price),
            low=min(last.low, price),
            close=price,
            volume=last.volume,
            quote_volume=last.quote_volume,
            trades=last.trades,
            is_closed=last.is_closed,
        )

    def prepend(self, candles: Sequence[Candle]) -> int:
        """Put older history in front; what is on the screen stays where it is.

        Returns how many were new. None new: there is no older history.
        """
        if not self.candles:
            return 0
        oldest = self.candles[0].open_ms
        older = [c for c in candles if c.open_ms < oldest]
        if not older:
            self._no_more_before = oldest
            return 0
        self.candles[:0] = older
        self.right += len(older)
        self.version += 1
        return len(older)

    @property
    def is_start_in_view(self) -> bool:
        return bool(self.candles) and self.x(0) > -self.pitch

    def older_wanted_ms(self, *, is_needed: bool = False) -> int | None:
        """End of the history to ask for, once for each oldest candle that comes into view.

        `is_needed`: something else wants older candles, wherever the view is.
        """
        if not self.candles or self._width <= 0:
            return None
        oldest = self.candles[0].open_ms
        if not (is_needed or self.is_start_in_view):
            return None
        if oldest in (self._asked_before, self._no_more_before):
            return None
        self._asked_before = oldest
        return oldest - 1

    def forget_asking(self) -> None:
        """The question got no answer: the next look at the start asks again."""
        self._asked_before = None

    # --- the visible part ---------------------------------------------------

    def x(self, index: float) -> float:
        """Middle of a candle in pixels from the plot's left edge."""
        return self._width - (self.right - index) * self.pitch

    def index_at(self, x: float) -> int:
        return round(self.right - (self._width - x) / self.pitch)

    def candle_at(self, x: float) -> Candle | None:
        index = self.index_at(x)
        return self.candles[index] if 0 <= index < len(self.candles) else None

    def time_at(self, x: float) -> int | None:
        """Opening time under the cursor; beyond the candles it is reckoned."""
        if not self.candles:
            return None
        index = self.index_at(x)
        inside = min(max(index, 0), len(self.candles) - 1)
        return self.candles[inside].open_ms + (index - inside) * self.candle_ms

    def visible(self) -> tuple[int, int]:
        """Half-open range of indices that touch the plot."""
        first = max(0, math.floor(self.right - self._width / self.pitch))
        last = min(len(self.candles), math.ceil(self.right + 1))
        return min(first, last), last

    def price_scale(self, top: float, height: float) -> PriceScale:
        """Fitted to the visible candles; keeps its range while that is good enough.

        Once a hand has set the range, that one until `fit_prices`.
        """
        if self.manual_range is not None:
            low, high = self.manual_range
            return PriceScale(low=low, high=high, top=top, height=max(height, 1.0))
        shown = self._extremes()
        if shown is not None:
            self._range = fitted_range(shown[0], shown[1], self._range)
        low, high = self._range or (0.0, 1.0)
        return PriceScale(low=low, high=high, top=top, height=max(height, 1.0))

    def volume_top(self) -> float:
        shown = self._extremes()
        return nice_ceiling(0.0 if shown is None else shown[2])

    def _extremes(self) -> tuple[float, float, float] | None:
        """Lowest and highest price and largest volume in view; None: nothing is in view.

        Of the closed candles they are kept: a tick changes the newest one alone.
        """
        first, last = self.visible()
        newest = len(self.candles) - 1
        end = min(last, newest)
        if (self.version, first, end) != self._closed_extremes_of:
            self._closed_extremes_of = (self.version, first, end)
            self._closed_extremes = _extremes_of(self.candles[first:end])
        closed = self._closed_extremes
        if not first <= newest < last:
            return closed
        live = _extremes_of(self.candles[newest:])
        if closed is None or live is None:
            return closed or live
        return min(closed[0], live[0]), max(closed[1], live[1]), max(closed[2], live[2])

    def cache_key(
        self,
        scale: PriceScale,
        volume_top: float,
        size: tuple[int, int, int],
        ratio: float,
        over: object = None,
    ) -> CacheKey:
        return CacheKey(
            version=self.version,
            right=self.right,
            pitch=self.pitch,
            low=scale.low,
            high=scale.high,
            volume_top=volume_top,
            size=size,
            ratio=ratio,
            over=over,
        )

    # --- the price scale in the hand ---

    def shown_range(self) -> tuple[float, float]:
        return self.manual_range or self._range or (0.0, 1.0)

    def stretch_prices(self, of: tuple[float, float], factor: float) -> None:
        """Show `factor` times the range `of`, about its middle; the scale is manual then."""
        low, high = of
        middle, half = (low + high) / 2, (high - low) / 2 * factor
        half = min(max(half, abs(middle) * _NARROWEST), abs(middle) * _WIDEST)
        if half > 0:
            self.manual_range = (middle - half, middle + half)

    def shift_prices(self, of: tuple[float, float], by: float) -> None:
        self.manual_range = (of[0] + by, of[1] + by)

    def fit_prices(self) -> None:
        self.manual_range = None

    # --- moving -------------------------------------------------------------

    def go_live(self) -> None:
        self.is_live = True
        self.right = self._live_right()

    def pan(self, bars: float) -> None:
        """Positive looks into the past. The view never leaves the candles behind."""
        self._set_right(self.right - bars)

    def zoom(self, steps: int, anchor_x: float | None = None) -> None:
        """Wider candles for positive steps; what is under `anchor_x` stays there.

        While the view is live the right edge is the anchor: the newest candle
        must not slide out of sight because of a zoom.
        """
        place = PITCHES.index(self.pitch)
        pitch = PITCHES[min(max(place + steps, 0), len(PITCHES) - 1)]
        if anchor_x is None or self.is_live:
            self.pitch = pitch
            self._set_right(self.right)
            return
        bars_to_right = (self._width - anchor_x) / self.pitch
        anchored = self.right - bars_to_right
        self.pitch = pitch
        self._set_right(anchored + (self._width - anchor_x) / pitch)

    def _live_right(self) -> float:
        return len(self.candles) - 1 + LIVE_MARGIN

    def _set_right(self, right: float) -> None:
        live = self._live_right()
        fewest = min(10.0, live)  # at least some candles stay in sight
        self.right = min(max(right, fewest), live)
        self.is_live = self.right >= live - 0.5


def _extremes_of(candles: Sequence[Candle]) -> tuple[float, float, float] | None:
    if not candles:
        return None
    return (
        min(candle.low for candle in candles),
        max(candle.high for candle in candles),
        max(candle.volume for candle in candles),
    )
