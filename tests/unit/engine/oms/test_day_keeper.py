"""What a day has brought: fills at once, the statement's lines once."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from engine.oms.risk_rules import RiskLimits
from engine.trading_types import Side
from engine.views import FillView
from tests.helpers.guard_bench import bench_of, income, judge
from tests.helpers.oms_bench import OmsBench

D = Decimal


def test_a_fill_is_counted_once_though_the_statement_has_it_too():
    bench = bench_of(RiskLimits())
    order = bench.buy()
    bench.gateway.fill(order.order_id, "0.1")
    trade = str(bench.gateway.trades[-1].trade_id)
    now_ms = bench.clock.now_ms()
    bench.gateway.income += [
        income("0.5", time_ms=now_ms, trade_id=trade),
        income("-0.01", "COMMISSION", time_ms=now_ms, trade_id=trade),
    ]
    bench.clock.advance(25)
    judge(bench)
    assert bench.oms.guard.view().day_pnl == D("-19.51")
    bench.oms.guard._keeper.note_fill(bench.gateway.trades[-1])
    assert bench.oms.guard.view().day_pnl == D("-19.51")


def test_fees_in_another_coin_count_at_its_price_or_are_named():
    bench = bench_of(RiskLimits())
    fee = FillView(
        symbol="BTCUSDT", trade_id=1, order_id=1, client_order_id="", side=Side.BUY,
        price=D(1), quantity=D(1), commission=D("0.01"), commission_asset="BNB",
        time_ms=bench.clock.now_ms(),
    )  # fmt: skip
    bench.oms.guard._keeper.note_fill(fee)
    assert "BNB" in bench.oms.guard.view().sentence
    bench.marks["BNBUSDT"] = D(600)
    bench.oms.guard._keeper.note_fill(fee)
    view = bench.oms.guard.view()
    assert (view.day_pnl, view.sentence) == (D(-26), "No limit of the day's loss is set.")


def test_a_long_statement_is_read_page_by_page():
    bench = OmsBench(live=False)
    now_ms = bench.clock.now_ms()
    bench.gateway.income = [
        income("-1", time_ms=now_ms - 3000 + n, transaction_id=n) for n in range(2500)
    ]
    bench.oms.guard.begin()
    assert bench.oms.guard.view().day_pnl == D(-2500)
    assert bench.gateway.count("income") == 3


def test_the_day_begins_at_the_hour_of_the_settings():
    bench = OmsBench(live=False, risk=RiskLimits(day_begins_at_h=7))
    began = datetime.fromtimestamp(bench.oms.guard.view().day_began_ms / 1000, UTC)
    assert (began.hour, began.minute) == (7, 0)


def test_old_rows_are_forgotten():
    bench = bench_of(RiskLimits())
    bench.clock.advance(2 * 86_400)
    bench.gateway.income = []
    judge(bench)
    assert bench.oms.guard._keeper._entries() == []
