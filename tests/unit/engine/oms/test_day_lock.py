"""When the day is over for new risk, how that is told, and that a restart does not lift it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.errors import NotConnected, OrderNotAllowed
from engine.events import AccountUpdate
from engine.events.protection import GuardChanged
from engine.oms.risk_rules import RiskLimits
from engine.protection_views import LockOut
from engine.trading_types import OrderStatus
from tests.helpers.guard_bench import Locks, bench_of, income, judge
from tests.helpers.oms_bench import OmsBench

D = Decimal
DAY_MS = 86_400_000


def test_the_view_tells_the_days_result():
    bench = bench_of(RiskLimits())
    judge(bench)
    (told,) = bench.log.of(GuardChanged)
    assert told.guard.day_pnl == D(-20)
    assert told.guard.locked_until_ms is None
    assert "No limit" in told.guard.sentence
    assert told.latest_key() == "guard"
    judge(bench)
    assert len(bench.log.of(GuardChanged)) == 1


def test_a_fill_that_reaches_the_limit_locks_at_once_and_is_told():
    locks = Locks()
    bench = bench_of(RiskLimits(max_daily_loss_usdt=D("20.005")), locks)
    order = bench.buy()
    bench.gateway.fill(order.order_id, "0.1")  # earns 0.5, costs 0.01
    assert bench.oms.guard.view().day_pnl == D("-19.51")
    bench.gateway.income.append(income("-1", "FUNDING_FEE", time_ms=bench.clock.now_ms()))
    funding = {"event_ms": 1, "transaction_ms": 1, "balances": (), "positions": ()}
    bench.oms.on_event(AccountUpdate(reason="FUNDING_FEE", **funding))
    bench.clock.advance(25)
    judge(bench)
    view = bench.oms.guard.view()
    assert view.day_pnl == D("-20.51")
    assert view.locked_until_ms == view.day_began_ms + DAY_MS
    assert "guard.locked" in bench.log.alert_codes()
    assert locks.kept is not None
    with pytest.raises(OrderNotAllowed, match="Locked until"):
        bench.buy("0.2")


def test_the_lock_out_ends_with_the_day_and_is_told():
    bench = bench_of(RiskLimits(max_daily_loss_usdt=D(10)))
    judge(bench)
    until_ms = bench.oms.guard.view().locked_until_ms
    assert until_ms is not None
    bench.clock.advance((until_ms - bench.clock.now_ms()) / 1000)
    judge(bench)
    assert bench.oms.guard.view().locked_until_ms is None
    assert bench.oms.guard.view().day_pnl == 0
    assert bench.log.alert_codes()[-1] == "guard.unlocked"
    bench.buy()


def test_an_open_loss_counts_only_when_wanted():
    assert bench_of(RiskLimits(max_daily_loss_usdt=D(500))).buy().status is OrderStatus.NEW
    bench = bench_of(RiskLimits(max_daily_loss_usdt=D(500), daily_loss_with_open=True))
    with pytest.raises(OrderNotAllowed, match=r"1,020\.00 USDT"):
        bench.buy()
    bench.marks["BTCUSDT"] = D(60_000)  # won back: the day is over all the same
    with pytest.raises(OrderNotAllowed, match="Locked"):
        bench.buy()


def test_without_a_mark_price_the_venues_word_counts_for_the_open_loss():
    bench = bench_of(RiskLimits(max_daily_loss_usdt=D(500), daily_loss_with_open=True))
    bench.marks.clear()
    assert bench.buy().status is OrderStatus.NEW


def test_a_restart_finds_the_lock_out_in_the_statement():
    bench = bench_of(RiskLimits(max_daily_loss_usdt=D(10)), Locks())
    with pytest.raises(OrderNotAllowed, match="Locked"):
        bench.buy()


def test_a_kept_lock_out_holds_whatever_the_settings_say_now():
    now_ms = OmsBench(live=False).clock.now_ms()
    kept = LockOut(at_ms=now_ms - 1, until_ms=now_ms + 60_000, sentence="Lost enough.")
    bench = bench_of(RiskLimits(), Locks(kept))
    with pytest.raises(OrderNotAllowed, match="Lost enough"):
        bench.buy()
    bench.clock.advance(60)
    assert bench.buy().status is OrderStatus.NEW


def test_an_altered_record_locks_until_the_day_ends():
    bench = bench_of(RiskLimits(), Locks(altered=True))
    with pytest.raises(OrderNotAllowed, match="altered by hand"):
        bench.buy()


def test_a_broken_store_leaves_the_lock_out_in_memory():
    locks = Locks()
    locks.breaks = True
    bench = bench_of(RiskLimits(max_daily_loss_usdt=D(10)), locks)
    judge(bench)
    with pytest.raises(OrderNotAllowed, match="Locked"):
        bench.buy()
    locks.breaks = False
    judge(bench)
    assert locks.kept is not None


def test_until_the_statement_is_read_only_reducing_passes():
    bench = OmsBench(risk=RiskLimits(max_daily_loss_usdt=D(10)))
    with pytest.raises(OrderNotAllowed, match="has not been read"):
        bench.buy()
    sold = bench.oms.submit_order("BTCUSDT", "SELL", "MARKET", "0.1", reduce_only=True)
    assert sold.status is OrderStatus.FILLED


def test_a_statement_that_cannot_be_read_stops_the_start_only_when_needed():
    bench = OmsBench(live=False)
    bench.gateway.is_offline = True
    bench.oms.guard.begin()
    bench.oms.guard.tick(bench.clock.monotonic())  # and is tried again later
    strict = OmsBench(live=False, risk=RiskLimits(max_daily_loss_usdt=D(10)))
    strict.gateway.is_offline = True
    with pytest.raises(NotConnected):
        strict.oms.guard.begin()
