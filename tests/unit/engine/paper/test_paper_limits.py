"""Counters of weight and orders, on plain numbers."""

from __future__ import annotations

import pytest

from engine.errors import RateLimited
from engine.paper.paper_limits import LimitSettings, OrderCounter, WeightCounter

MINUTE_MS = 60_000
START_MS = 1_790_000_040_000  # the first ms of a minute
LIMITS = LimitSettings(weight_per_minute=100, orders_per_minute=12, orders_per_ten_seconds=5)


def test_weight_is_counted_in_fixed_minutes() -> None:
    counter = WeightCounter(LIMITS, "127.0.0.1")
    assert counter.take(60, START_MS) == 60
    assert counter.take(40, START_MS + 59_999) == 100
    assert counter.take(100, START_MS + MINUTE_MS) == 100


def test_going_over_the_weight_says_how_long_to_wait() -> None:
    counter = WeightCounter(LIMITS, "127.0.0.1")
    counter.take(100, START_MS)
    with pytest.raises(RateLimited) as refused:
        counter.take(1, START_MS + 20_000)
    assert (refused.value.http_status, refused.value.code) == (429, -1003)
    assert refused.value.retry_after_s == 40


def test_ignoring_429_is_a_ban_that_grows_when_repeated() -> None:
    counter = WeightCounter(LIMITS, "127.0.0.1")

    def hammer(now_ms: int) -> RateLimited:
        for _ in range(200):
            try:
                counter.take(10, now_ms)
            except RateLimited as refused:
                if refused.http_status == 418:
                    return refused
        raise AssertionError("no ban")

    first = hammer(START_MS)
    assert first.retry_after_s == 120
    assert f"banned until {START_MS + 120_000}" in first.text
    with pytest.raises(RateLimited):
        counter.take(1, START_MS + 119_999)
    assert counter.take(1, START_MS + 120_000) == 1
    assert hammer(START_MS + 180_000).retry_after_s == 240


def test_orders_are_counted_in_both_windows() -> None:
    counter = OrderCounter(LIMITS)
    for _ in range(5):
        counter.take((1, 1), START_MS)
    assert counter.used(START_MS) == (5, 5)
    with pytest.raises(RateLimited) as refused:
        counter.take((1, 1), START_MS)
    assert refused.value.code == -1015
    counter.take((5, 1), START_MS + 10_000)
    assert counter.used(START_MS + 10_000) == (5, 6)
    counter.take((0, 6), START_MS + 20_000)
    with pytest.raises(RateLimited, match="per MINUTE"):
        counter.take((1, 1), START_MS + 30_000)
    assert counter.used(START_MS + 30_000) == (0, 12)
