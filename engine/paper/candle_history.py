"""Candles of one contract: an invented past, continued by the market's own trades.

Pure and kept in memory only. A trade touches one running minute; the larger
candles grow by closed minutes. An interval's past is made at its first use, so
a contract that nobody charts costs little. A long life forgets its oldest part.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from decimal import Decimal
from operator import attrgetter

from engine.errors import BugError
from engine.paper.candle import (
    DAY_MS,
    INTERVAL_MS,
    MINUTE_MS,
    Candle,
    CandleSeries,
    candle_bounds,
)
from engine.paper.candle_walk import CandleWalk
from engine.paper.contract_specs import ContractSpec

_open_time = attrgetter("open_ms")
_KEPT_CANDLES = 10_000  # of each interval, counted from now
KlineRow = list[int | str]
# a kline event's letters in the order of a REST row
_KLINE_LETTERS = ("t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q", "B")


class CandleHistory:
    """Not thread-safe; times are the server's, ms; never blocks.

    The past ends at the contract's base price, where the market opens. It holds
    at least 1,500 candles of every interval, or all since the contract's listing.
    """

    def __init__(self, spec: ContractSpec, seed: int | str, now_ms: int) -> None:
        self._spec = spec
        self._quote_unit = spec.tick_size * spec.step_size
        start_ms = now_ms // MINUTE_MS * MINUTE_MS
        self._walk = CandleWalk(spec, seed, start_ms)
        self._minute = Candle.flat(start_ms, spec.price_to_ticks(spec.base_price))
        self._lived = {interval: CandleSeries(interval) for interval in INTERVAL_MS}
        self._series: dict[str, CandleSeries] = {}  # those with their past
        self._day: Candle | None = None
        self._day_ends_ms = 0

    def on_trade(
        self, price: Decimal, qty: Decimal, buyer_is_maker: bool, time_ms: int, trade_id: int = -1
    ) -> None:
        """One print. A late one counts for the running minute. -1: the id is not known."""
        self.on_time(time_ms)
        ticks, steps = self._spec.price_to_ticks(price), self._spec.qty_to_steps(qty)
        minute = self._minute
        if minute.trades == 0:
            minute.open = minute.high = minute.low = ticks
            minute.first_id = trade_id
        elif ticks > minute.high:
            minute.high = ticks
        elif ticks < minute.low:
            minute.low = ticks
        minute.close = ticks
        minute.last_id = trade_id
        minute.trades += 1
        minute.volume += steps
        minute.quote += ticks * steps
        if not buyer_is_maker:
            minute.bought += steps
            minute.bought_quote += ticks * steps

    def on_time(self, now_ms: int) -> None:
        """Close the minutes that have ended; those without trades stay flat."""
        while now_ms >= self._minute.open_ms + MINUTE_MS:
            done = self._minute
            self._minute = Candle.flat(done.open_ms + MINUTE_MS, done.close)
            for series in (*self._lived.values(), *self._series.values()):
                series.add(done)
                series.close_before(self._minute.open_ms)
                series.forget_before(_KEPT_CANDLES)

    def last_price(self) -> Decimal:
        return self._spec.ticks_to_price(self._minute.close)

    def rows(
        self, interval: str, start_ms: int | None, end_ms: int | None, limit: int
    ) -> list[KlineRow]:
        """REST klines, oldest first, the open candle last.

        With `start_ms` the first `limit` candles that open from then on, else the
        last `limit` that open until `end_ms`. BugError on an unknown interval.
        """
        series = self._series_of(interval)
        candles, live = series.closed, series.live(self._minute)
        last = len(candles) if end_ms is None else bisect_right(candles, end_ms, key=_open_time)
        if start_ms is None:
            first = max(0, last - limit)
        else:
            first = bisect_left(candles, start_ms, key=_open_time)
        chosen = candles[first:last]
        if (start_ms is None or start_ms <= live.open_ms) and (
            end_ms is None or live.open_ms <= end_ms
        ):
            chosen.append(live)
        chosen = chosen[-limit:] if start_ms is None else chosen[:limit]
        return [self._row(interval, candle) for candle in chosen]

    def live(self, interval: str) -> dict[str, object]:
        """The `k` object of a kline event for the open candle."""
        return self._kline(interval, self._series_of(interval).live(self._minute), closed=False)

    def last_closed(self, interval: str) -> dict[str, object]:
        """The `k` object of the newest finished candle, `x` true: sent once at its end."""
        return self._kline(interval, self._series_of(interval).closed[-1], closed=True)

    def last_day(self) -> Candle:
        """The running 24 hours as one candle, in ticks and steps, for the 24 h ticker."""
        whole = self._day_before()
        whole.absorb(self._minute)
        return whole

    def _day_before(self) -> Candle:
        """The closed minutes of the running day; added up once a minute. A copy."""
        minute_ms = self._minute.open_ms
        if self._day is None or self._day_ends_ms != minute_ms:
            minutes = self._series_of("1m").closed[1 - DAY_MS // MINUTE_MS :]
            self._day, self._day_ends_ms = minutes[0].copy_at(minutes[0].open_ms), minute_ms
            for minute in minutes[1:]:
                self._day.absorb(minute)
        return self._day.copy_at(self._day.open_ms)

    def quote_amount(self, quote: int) -> Decimal:
        """USDT of a candle's `quote` or `bought_quote`."""
        return quote * self._quote_unit

    def _series_of(self, interval: str) -> CandleSeries:
        series = self._series.get(interval)
        if series is None:
            series = self._series[interval] = self._build(interval)
            del self._lived[interval]
        return series

    def _build(self, interval: str) -> CandleSeries:
        if interval not in INTERVAL_MS:
            raise BugError(f"The paper exchange was asked for candles of {interval!r}.")
        series = CandleSeries(interval)
        past = self._walk.candles_for(interval)
        begin_ms = past[0].open_ms
        open_ms, next_ms = candle_bounds(interval, begin_ms)
        if open_ms != begin_ms and not self._walk.begins_at_listing(interval):
            begin_ms = next_ms  # half a candle is none; but a listing may come mid-week
        lived = self._lived[interval]
        if len(lived.closed) >= _KEPT_CANDLES:
            return lived  # its beginning may be forgotten; then the past would not join
        for candle in past:
            if candle.open_ms >= begin_ms:
                series.add(candle)
        for candle in lived.parts():
            series.add(candle)
        series.close_before(self._minute.open_ms)
        return series

    def _row(self, interval: str, candle: Candle) -> KlineRow:
        price, qty = self._spec.ticks_to_price, self._spec.steps_to_qty
        return [
            candle.open_ms,
            str(price(candle.open)),
            str(price(candle.high)),
            str(price(candle.low)),
            str(price(candle.close)),
            str(qty(candle.volume)),
            candle_bounds(interval, candle.open_ms)[1] - 1,
            str(self.quote_amount(candle.quote)),
            candle.trades,
            str(qty(candle.bought)),
            str(self.quote_amount(candle.bought_quote)),
            "0",
        ]

    def _kline(self, interval: str, candle: Candle, *, closed: bool) -> dict[str, object]:
        return {
            "s": self._spec.symbol,
            "i": interval,
            "f": candle.first_id,
            "L": candle.last_id,
            "x": closed,
            **dict(zip(_KLINE_LETTERS, self._row(interval, candle), strict=True)),
        }
