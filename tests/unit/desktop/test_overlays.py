"""Averages over the candles, against plain arithmetic."""

from __future__ import annotations

import pytest

from desktop.models.overlays import (
    DAY_MS,
    Overlay,
    OverlayLine,
    ema,
    needs_older,
    starts_session,
    vwap,
)
from engine.views import Candle

MINUTE_MS = 60_000
MIDNIGHT = 20_000 * DAY_MS
YEAR = 1_767_225_600_000  # 2026-01-01 UTC


def candle(open_ms: int, price: float, volume: float = 1.0, **more: float) -> Candle:
    return Candle(
        open_ms=open_ms,
        close_ms=open_ms + MINUTE_MS - 1,
        open=price,
        high=price,
        low=price,
        close=price,
        volume=volume,
        **more,
    )


def minutes(first_ms: int, *prices: float) -> list[Candle]:
    return [candle(first_ms + n * MINUTE_MS, price, n + 1.0) for n, price in enumerate(prices)]


def test_ema_starts_with_the_plain_average_and_then_follows() -> None:
    assert ema([1.0, 2.0, 3.0, 5.0, 5.0], 3) == [None, None, 2.0, 3.5, 4.25]


def test_too_few_closes_have_no_ema() -> None:
    assert ema([1.0, 2.0], 3) == [None, None]


def test_vwap_weighs_by_volume_and_starts_anew_each_day() -> None:
    candles = minutes(MIDNIGHT, 10.0, 20.0) + minutes(MIDNIGHT + DAY_MS, 40.0)
    values, sums = vwap(candles, MINUTE_MS)
    assert values == [10.0, pytest.approx(50 / 3), 40.0]
    assert sums == (40.0, 1.0)


def test_a_day_whose_start_is_not_here_has_no_vwap() -> None:
    candles = minutes(MIDNIGHT - 2 * MINUTE_MS, 10.0, 20.0, 30.0)
    assert vwap(candles, MINUTE_MS)[0] == [None, None, 30.0]


def test_the_turnover_counts_where_the_venue_tells_it() -> None:
    values, _ = vwap([candle(MIDNIGHT, 10.0, 2.0, quote_volume=22.0)], MINUTE_MS)
    assert values == [11.0]


def test_nothing_traded_is_the_price() -> None:
    assert vwap([candle(MIDNIGHT, 10.0, 0.0)], MINUTE_MS)[0] == [10.0]


def test_candles_of_a_day_are_reckoned_from_the_year() -> None:
    assert starts_session(YEAR, DAY_MS)
    assert not starts_session(YEAR + DAY_MS, DAY_MS)
    assert starts_session(MIDNIGHT, MINUTE_MS)


def test_older_candles_are_wanted_until_the_session_is_whole() -> None:
    assert not needs_older([], MINUTE_MS)
    assert needs_older(minutes(MIDNIGHT + MINUTE_MS, 1.0, 2.0), MINUTE_MS)
    assert not needs_older(minutes(MIDNIGHT, 1.0, 2.0), MINUTE_MS)
    # the newest day is here, the oldest may be cut
    assert not needs_older(minutes(MIDNIGHT - MINUTE_MS, 1.0, 2.0), MINUTE_MS)


@pytest.mark.parametrize("overlay", list(Overlay))
def test_the_newest_candle_continues_what_the_closed_ones_say(overlay: Overlay) -> None:
    candles = minutes(MIDNIGHT, *(100.0 + n % 7 for n in range(60)))
    line = OverlayLine(overlay)
    line.closed(candles, MINUTE_MS, 1)
    whole = OverlayLine(overlay).closed([*candles, candles[-1]], MINUTE_MS, 1)
    assert line.newest(candles, MINUTE_MS) == pytest.approx(whole[-1])


def test_the_first_candle_of_a_day_has_its_own_average() -> None:
    candles = minutes(MIDNIGHT - MINUTE_MS, 10.0, 20.0)
    line = OverlayLine(Overlay.VWAP)
    assert line.closed(candles, MINUTE_MS, 1) == [None]
    assert line.newest(candles, MINUTE_MS) == 20.0
    assert line.closed(candles[1:], MINUTE_MS, 2) == []
    assert line.newest(candles[1:], MINUTE_MS) == 20.0


@pytest.mark.parametrize("overlay", [Overlay.EMA_20, Overlay.VWAP])
def test_without_a_start_there_is_no_newest_value(overlay: Overlay) -> None:
    candles = minutes(MIDNIGHT + MINUTE_MS, 10.0, 20.0)
    line = OverlayLine(overlay)
    line.closed(candles, MINUTE_MS, 1)
    assert line.newest(candles, MINUTE_MS) is None


def test_closed_candles_are_reckoned_once_for_each_version() -> None:
    candles = minutes(MIDNIGHT, *([100.0] * 30))
    line = OverlayLine(Overlay.EMA_20)
    first = line.closed(candles, MINUTE_MS, 1)
    assert line.closed(candles, MINUTE_MS, 1) is first
    assert line.closed(candles, MINUTE_MS, 2) is not first
