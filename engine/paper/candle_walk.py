"""Invented price history, walked backwards from the price at which the market opens.

Nobody can ask for one-minute candles of last year, so the far past is made of
large candles and the near past of small ones. Each zone is as fine as the
finest interval that may still show 1,500 candles there, and the base of every
zone divides all intervals that reach into it: so larger candles add up exactly
from smaller ones wherever both exist. Zones are made when first asked for.

Floats are used for the shape of the walk only; a candle is made of integers.
"""

from __future__ import annotations

import math
import random
from functools import cached_property

from engine.paper.candle import DAY_MS, HOUR_MS, INTERVAL_MS, MINUTE_MS, Candle
from engine.paper.contract_specs import ContractSpec
from engine.paper.market_profile import MarketProfile, market_profile

_CANDLES = 1500
# (base, how far back it reaches at least): newest first
_ZONES = (
    (MINUTE_MS, _CANDLES * 5 * MINUTE_MS),
    (15 * MINUTE_MS, _CANDLES * 15 * MINUTE_MS),
    (30 * MINUTE_MS, _CANDLES * 30 * MINUTE_MS),
    (HOUR_MS, _CANDLES * HOUR_MS),
    (2 * HOUR_MS, _CANDLES * 6 * HOUR_MS),
    (4 * HOUR_MS, _CANDLES * 8 * HOUR_MS),
    (12 * HOUR_MS, _CANDLES * 12 * HOUR_MS),
    (DAY_MS, 0),  # to the listing of the contract
)
_YEAR_MINUTES = 525_600
_SHAPES = 2048
_LOWEST_TICKS = 50


class CandleWalk:
    """The past of one contract before `end_ms` (a whole minute); deterministic by seed."""

    def __init__(self, spec: ContractSpec, seed: int | str, end_ms: int) -> None:
        self._rng = random.Random(f"candles:{seed}:{spec.symbol}")  # noqa: S311 - no secret
        self._profile: MarketProfile = market_profile(spec)
        self._base = spec.price_to_ticks(spec.base_price)
        self._bounds = _zone_bounds(end_ms, spec.onboard_date_ms)
        self._zones: list[list[Candle]] = []
        self._next_close = self._base
        self._log_ratio = 0.0  # the walk's own idea of log(price / base)

    def candles_for(self, interval: str) -> list[Candle]:
        """Contiguous candles, oldest first, that add up to whole ones of `interval`.

        Beyond the last zone that divides the interval there is nothing.
        """
        length = INTERVAL_MS[interval]
        zones: list[list[Candle]] = []
        for number, (base_ms, _, _) in enumerate(self._bounds):
            if base_ms > length or length % base_ms:
                break
            zones.append(self._zone(number))
        return [candle for zone in reversed(zones) for candle in zone]

    def begins_at_listing(self, interval: str) -> bool:
        return INTERVAL_MS[interval] >= DAY_MS

    def _zone(self, number: int) -> list[Candle]:
        while len(self._zones) <= number:
            self._zones.append(self._walk(*self._bounds[len(self._zones)]))
        return self._zones[number]

    @cached_property
    def _shapes(self) -> list[tuple[float, float, float, float, int]]:
        """(move, upper wick, lower wick, volume, per mille bought): drawing is cheap then.

        Made at the first use, so that a server is ready before anybody charts.
        """
        rng = self._rng
        shapes: list[tuple[float, float, float, float, int]] = []
        for _ in range(_SHAPES):
            move = rng.gauss(0, 1) * math.exp(rng.gauss(-0.06, 0.35))
            wicks = rng.expovariate(3), rng.expovariate(3)
            volume = (0.5 + 0.6 * abs(move)) * rng.lognormvariate(-0.1, 0.45)
            bought = min(950, max(50, round(500 + 90 * move + rng.gauss(0, 70))))
            shapes.append((move, *wicks, volume, bought))
        return shapes

    def _walk(self, base_ms: int, start_ms: int, end_ms: int) -> list[Candle]:
        """Candles of one zone. The walk goes back in time and is turned round at the end."""
        rng, shapes, base = self._rng, self._shapes, self._base
        minutes = base_ms / MINUTE_MS
        sigma = self._profile.annual_volatility * math.sqrt(minutes / _YEAR_MINUTES)
        keep = 1 - minutes / _YEAR_MINUTES  # a year's memory: the past stays in reach
        usual_volume = self._profile.steps_per_minute * minutes
        usual_trades = self._profile.trades_per_minute * minutes
        close, log_ratio, wave = self._next_close, self._log_ratio, 0.0
        candles: list[Candle] = []
        for number, open_ms in enumerate(range(end_ms - base_ms, start_ms - 1, -base_ms)):
            if number % 16 == 0:
                wave = 0.9 * wave + rng.gauss(0, 0.15)
                heat = math.exp(wave)
            move, up, down, volume_factor, bought_share = shapes[rng.getrandbits(11)]
            log_ratio = log_ratio * keep - sigma * heat * move
            opened = max(_LOWEST_TICKS, round(base * math.exp(log_ratio)))
            reach = sigma * heat * close
            high = max(opened, close) + int(up * reach)
            low = max(_LOWEST_TICKS, min(opened, close) - int(down * reach))
            volume = int(usual_volume * heat * volume_factor)
            bought = volume * bought_share // 1000
            mean = (opened + high + low + close) // 4
            trades = max(1, int(usual_trades * heat * volume_factor))
            quote, paid = volume * mean, bought * mean
            candles.append(
                Candle(open_ms, opened, high, low, close, volume, quote, trades, bought, paid)
            )
            close = opened
        self._next_close, self._log_ratio = close, log_ratio
        candles.reverse()
        return candles


def _zone_bounds(end_ms: int, listed_ms: int) -> list[tuple[int, int, int]]:
    """(base, start, end) of each zone, newest first; a zone starts on its elder's grid."""
    bounds: list[tuple[int, int, int]] = []
    newer_start = end_ms
    for number, (base_ms, reach_ms) in enumerate(_ZONES):
        if number + 1 < len(_ZONES):
            elder_ms = _ZONES[number + 1][0]
            start_ms = (end_ms - reach_ms) // elder_ms * elder_ms
        else:
            start_ms = min(listed_ms // base_ms * base_ms, newer_start)
        bounds.append((base_ms, start_ms, newer_start))
        newer_start = start_ms
    return bounds
