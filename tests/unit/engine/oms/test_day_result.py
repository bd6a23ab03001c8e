"""The day's result and the lock-out, read off the exchange's statement."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from engine.oms.day_result import (
    DAY_MS,
    Entry,
    day_of,
    day_start_ms,
    largest_loss,
    lock_outs,
    read_from_ms,
)
from engine.oms.risk_rules import RiskLimits

D = Decimal
HOUR_MS = 3_600_000


def at(hour: int, minute: int = 0, day: int = 10) -> int:
    return int(datetime(2026, 9, day, hour, minute, tzinfo=UTC).timestamp() * 1000)


def loss(amount: str, at_ms: int) -> Entry:
    return Entry(at_ms, -D(amount))


def test_the_day_begins_at_its_hour():
    assert day_start_ms(at(12), 0) == at(0)
    assert day_start_ms(at(12), 8) == at(8)
    assert day_start_ms(at(7, 59), 8) == at(8, day=9)


def test_a_cool_down_reaches_into_the_day_before():
    assert read_from_ms(at(0, 30), RiskLimits(cool_down_min=60)) == at(0, day=9)
    assert read_from_ms(at(0, 30), RiskLimits()) == at(0)


def test_transfers_are_capital_and_no_result():
    entries = [Entry(at(1), D(500), is_result=False), loss("30", at(2)), Entry(at(3), D(10))]
    day = day_of(at(0), entries, wallet=D(1480))
    assert (day.result, day.capital) == (D(-20), D(1500))


def test_what_came_after_the_day_is_not_its_own():
    entries = [loss("30", at(2, day=9)), loss("5", at(1))]
    day = day_of(at(0, day=9), entries, wallet=D(965))
    assert (day.result, day.capital) == (D(-30), D(1000))


def test_the_smaller_of_two_limits_counts():
    limits = RiskLimits(max_daily_loss_usdt=D(100), max_daily_loss_equity_pct=D(5))
    assert largest_loss(D(1000), limits) == D(50)
    assert largest_loss(D(10_000), limits) == D(100)
    assert largest_loss(D(1000), RiskLimits()) is None


def test_reaching_the_limit_locks_until_the_day_ends():
    limits = RiskLimits(max_daily_loss_usdt=D(100))
    entries = [loss("60", at(9)), loss("40", at(10))]
    lock = lock_outs(entries, D(900), at(12), limits)
    assert lock is not None
    assert (lock.at_ms, lock.until_ms) == (at(10), at(0) + DAY_MS)
    assert "100.00 USDT" in lock.sentence
    assert lock_outs(entries[:1], D(940), at(12), limits) is None
    assert lock_outs(entries, D(900), at(0, day=11), limits) is None


def test_what_was_won_back_does_not_unlock():
    limits = RiskLimits(max_daily_loss_usdt=D(100))
    entries = [loss("100", at(9)), Entry(at(10), D(80))]
    assert lock_outs(entries, D(980), at(12), limits) is not None


def test_a_later_deposit_does_not_unlock():
    limits = RiskLimits(max_daily_loss_equity_pct=D(10))
    entries = [loss("100", at(9)), Entry(at(10), D(10_000), is_result=False)]
    lock = lock_outs(entries, D(10_900), at(12), limits)
    assert lock is not None
    assert lock.at_ms == at(9)


def test_a_new_account_is_judged_by_what_was_paid_in():
    limits = RiskLimits(max_daily_loss_equity_pct=D(10))
    entries = [Entry(at(1), D(1000), is_result=False), loss("50", at(2))]
    assert lock_outs(entries, D(950), at(3), limits) is None


def test_a_cool_down_goes_on_over_midnight():
    limits = RiskLimits(max_daily_loss_usdt=D(100), cool_down_min=60)
    entries = [loss("100", at(23, 45, day=9))]
    lock = lock_outs(entries, D(900), at(0, 30), limits)
    assert lock is not None
    assert lock.until_ms == at(0, 45)
    assert lock_outs(entries, D(900), at(0, 46), limits) is None
