"""What a wish is judged by: open orders of both services, and the mark price."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.errors import NotConnected, OrderNotAllowed
from engine.oms.risk_rules import RiskLimits
from tests.helpers.guard_bench import bench_of

D = Decimal


def test_an_amend_does_not_count_itself_and_a_smaller_one_always_passes():
    bench = bench_of(RiskLimits(max_position_qty={"BTCUSDT": D("1.5")}))
    order = bench.buy("0.5")
    bench.oms.modify_order(order, price="59000")
    bench.gateway.positions = []
    with pytest.raises(OrderNotAllowed):
        bench.buy("0.1")
    bench.oms.modify_order(order, quantity="0.4")
    assert order.view.orig_qty == D("0.4")


def test_known_conditional_orders_count_as_open_and_for_the_position():
    bench = bench_of(RiskLimits(max_position_qty={"BTCUSDT": D("1.5")}, max_open_orders=2))
    bench.gateway.place_algo_order("BTCUSDT", "BUY", "STOP_MARKET", "0.4", trigger_price="61000")
    bench.buy("0.1")
    with pytest.raises(OrderNotAllowed, match="2 orders are open"):
        bench.buy("0.1")
    with pytest.raises(OrderNotAllowed, match=r"would be 1\.6 BTC"):
        bench.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.1", client_order_id="x")


def test_a_price_nobody_follows_is_asked_for():
    bench = bench_of(RiskLimits(max_order_usdt=D(5000)))
    bench.marks.clear()
    with pytest.raises(OrderNotAllowed, match="6,000"):
        bench.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.1")
    bench.gateway.plan("mark_price", NotConnected("The exchange cannot be reached."))
    with pytest.raises(OrderNotAllowed, match="cannot be reached"):
        bench.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.1")
