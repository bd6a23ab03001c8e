from __future__ import annotations

from engine.exchange.rate_limiter import (
    Admit,
    Cost,
    Limits,
    Priority,
    RateLimiter,
    Refuse,
    Wait,
    limits_from,
)
from engine.wire.rest_messages import RateLimitRow

START = 1_790_000_040_000  # on a full minute
SMALL = Limits(weight_1m=100, orders_10s=5, orders_1m=20, reserved_share=0.2)
ORDER = Cost(0, 1, 1)


def _spend(
    limiter: RateLimiter, cost: Cost, now_ms: int, priority: Priority = Priority.QUERY
) -> None:
    assert limiter.admit(cost, now_ms, priority) == Admit()
    limiter.settle(cost, {}, now_ms)


def test_normal_calls_stop_at_80_percent_and_cancels_at_100() -> None:
    limiter = RateLimiter(SMALL)
    _spend(limiter, Cost(80), START)
    assert isinstance(limiter.admit(Cost(1), START), Wait)
    _spend(limiter, Cost(20), START, Priority.CANCEL)
    assert isinstance(limiter.admit(Cost(1), START, Priority.CANCEL), Wait)


def test_market_data_stops_before_questions_about_orders_do() -> None:
    limiter = RateLimiter(SMALL)
    _spend(limiter, Cost(70), START, Priority.MARKET)
    assert isinstance(limiter.admit(Cost(1), START, Priority.MARKET), Wait)
    assert limiter.admit(Cost(10), START, Priority.QUERY) == Admit()


def test_the_wait_ends_with_the_venues_minute() -> None:
    limiter = RateLimiter(SMALL)
    _spend(limiter, Cost(80), START + 15_000)
    decision = limiter.admit(Cost(1), START + 15_000)
    assert isinstance(decision, Wait)
    assert decision.seconds == 45.0
    assert limiter.admit(Cost(1), START + 60_000) == Admit()


def test_calls_in_flight_count_before_they_are_answered() -> None:
    limiter = RateLimiter(SMALL)
    assert limiter.admit(Cost(50), START) == Admit()
    assert isinstance(limiter.admit(Cost(50), START), Wait)


def test_the_header_wins_over_our_own_count() -> None:
    limiter = RateLimiter(SMALL)
    limiter.admit(Cost(1), START)
    limiter.settle(Cost(1), {"x-mbx-used-weight-1m": "79"}, START)
    assert limiter.usage(START).weight_used == 79
    limiter.admit(Cost(1), START)
    limiter.settle(Cost(1), {"x-mbx-used-weight-1m": "3"}, START)
    assert limiter.usage(START).weight_used == 3


def test_order_headers_correct_the_order_pools() -> None:
    limiter = RateLimiter(SMALL)
    limiter.admit(ORDER, START)
    limiter.settle(ORDER, {"x-mbx-order-count-10s": "5", "x-mbx-order-count-1m": "9"}, START)
    assert limiter.usage(START).orders_used == 9
    assert isinstance(limiter.admit(ORDER, START), Wait)


def test_a_full_order_pool_leaves_cancels_free() -> None:
    limiter = RateLimiter(SMALL)
    limiter.orders_are_full(START)
    decision = limiter.admit(ORDER, START + 1000)
    assert isinstance(decision, Wait)
    assert decision.seconds == 9.0
    assert limiter.admit(Cost(1), START + 1000, Priority.CANCEL) == Admit()
    assert limiter.admit(ORDER, START + 10_000) == Admit()


def test_the_longest_of_two_waits_counts() -> None:
    limiter = RateLimiter(SMALL)
    for tens in range(4):
        for _ in range(4):
            _spend(limiter, ORDER, START + tens * 10_000)
    decision = limiter.admit(ORDER, START + 30_000)
    assert isinstance(decision, Wait)
    assert decision.seconds == 30.0


def test_a_brake_stops_everything_until_it_ends() -> None:
    limiter = RateLimiter(SMALL)
    limiter.brake(7.0, "The exchange asked for a pause.", START)
    assert limiter.admit(Cost(1), START, Priority.CANCEL) == Wait(
        7.0, "The exchange asked for a pause."
    )
    assert limiter.usage(START + 2000).brake_s == 5.0
    assert limiter.admit(Cost(1), START + 7000) == Admit()


def test_a_shorter_brake_does_not_shorten_a_longer_one() -> None:
    limiter = RateLimiter(SMALL)
    limiter.brake(120.0, "banned", START)
    limiter.brake(1.0, "slow", START)
    assert limiter.usage(START).brake_s == 120.0


def test_a_call_larger_than_the_window_is_refused_for_good() -> None:
    assert isinstance(RateLimiter(SMALL).admit(Cost(101), START, Priority.CANCEL), Refuse)


def test_a_call_above_the_unreserved_share_goes_when_nothing_else_is_used() -> None:
    assert RateLimiter(SMALL).admit(Cost(90), START) == Admit()


def test_a_clock_set_back_does_not_open_a_new_window() -> None:
    limiter = RateLimiter(SMALL)
    _spend(limiter, Cost(80), START)
    assert isinstance(limiter.admit(Cost(1), START - 60_000), Wait)


def test_limits_come_from_exchange_info() -> None:
    rows = [
        ("REQUEST_WEIGHT", "MINUTE", 1, 6000),
        ("ORDERS", "MINUTE", 1, 1200),
        ("ORDERS", "SECOND", 10, 300),
        ("ORDERS", "DAY", 1, 5),
        ("SOMETHING", "MINUTE", 1, 7),
    ]
    told = [
        RateLimitRow(rate_limit_type=kind, interval=interval, interval_num=number, limit=limit)
        for kind, interval, number, limit in rows
    ]
    assert limits_from(told, Limits()) == Limits(weight_1m=6000, orders_10s=300, orders_1m=1200)
