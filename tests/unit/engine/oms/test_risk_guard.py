"""The guard at work: what it refuses through order management, and that reducing passes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import fields

from engine.commands import PlaceOrder
from engine.errors import OrderNotAllowed
from engine.oms.risk_rules import RiskLimits
from engine.protection_commands import PlaceAlgo
from engine.trading_types import OrderStatus, OrderType, PositionSide, Side
from tests.helpers.fake_gateway import BTC
from tests.helpers.guard_bench import bench_of
from tests.helpers.oms_bench import OmsBench

D = Decimal

# each refuses a buy of 0.1 BTC at 60000 when the account is as `bench_of` makes it
STRICT = {
    "order quantity": RiskLimits(max_order_qty={"BTCUSDT": D("0.05")}),
    "order worth": RiskLimits(max_order_usdt=D(100)),
    "order share": RiskLimits(max_order_equity_pct=D(1)),
    "position quantity": RiskLimits(max_position_qty={"BTCUSDT": D("0.05")}),
    "position worth": RiskLimits(max_position_usdt=D(100)),
    "position share": RiskLimits(max_position_equity_pct=D(1)),
    "price band": RiskLimits(price_band_pct=D(1)),
    "rate": RiskLimits(orders_per_second=1),
    "duplicate": RiskLimits(duplicate_within_ms=1000),
    "open orders": RiskLimits(max_open_orders=1),
    "leverage": RiskLimits(max_leverage=5),
    "daily loss": RiskLimits(max_daily_loss_usdt=D(10)),
    "daily loss share": RiskLimits(max_daily_loss_equity_pct=D("0.1")),
}


def prepared(name: str) -> OmsBench:
    """As `bench_of`, with a first order where a rule needs one."""
    bench = bench_of(STRICT[name])
    if name in ("rate", "duplicate", "open orders"):
        bench.buy()
    return bench


def test_every_limit_there_is_is_tried_here():
    qualifiers = {"daily_loss_with_open", "day_begins_at_h", "cool_down_min"}  # of the day's loss
    limits = {field.name for field in fields(RiskLimits)} - qualifiers
    usual = RiskLimits()
    tried = {
        name for strict in STRICT.values() for name in limits
        if getattr(strict, name) != getattr(usual, name)
    }  # fmt: skip
    assert tried == limits


@pytest.mark.parametrize("name", STRICT)
def test_the_rule_refuses_before_anything_is_sent(name):
    bench = prepared(name)
    sent = bench.gateway.count("submit")
    with pytest.raises(OrderNotAllowed):
        bench.buy()
    assert bench.gateway.count("submit") == sent


@pytest.mark.parametrize("name", STRICT)
def test_reducing_passes_every_rule(name):
    bench = prepared(name)
    resting = bench.oms.submit_order("BTCUSDT", "SELL", "LIMIT", "0.1", "50000", reduce_only=True)
    closing = bench.oms.submit_order("BTCUSDT", "SELL", "MARKET", "0.1", reduce_only=True)
    again = bench.oms.submit_order("BTCUSDT", "SELL", "MARKET", "0.1", reduce_only=True)
    assert {o.status for o in (closing, again)} == {OrderStatus.FILLED}
    bench.oms.guard.check_place(hedged(Side.SELL), BTC)
    bench.oms.modify_order(resting, price="49000")
    bench.oms.cancel_order(resting)
    assert resting.status is OrderStatus.CANCELED
    bench.oms.guard.check_algo(algo(close_position=True, quantity=None), BTC)


def hedged(side: Side) -> PlaceOrder:
    return PlaceOrder(
        symbol="BTCUSDT", side=side, type=OrderType.MARKET, quantity=D("0.1"),
        position_side=PositionSide.LONG,
    )  # fmt: skip


def test_the_opening_side_of_a_hedge_is_judged():
    bench = bench_of(RiskLimits(max_order_usdt=D(100)))
    with pytest.raises(OrderNotAllowed, match="max_order_usdt"):
        bench.oms.guard.check_place(hedged(Side.BUY), BTC)


def algo(**changes) -> PlaceAlgo:
    wanted = {
        "symbol": "BTCUSDT", "side": Side.BUY, "type": OrderType.STOP_MARKET,
        "quantity": D("0.1"), "trigger_price": D(61_000),
    }  # fmt: skip
    return PlaceAlgo(**{**wanted, **changes})


@pytest.mark.parametrize("name", sorted(STRICT.keys() - {"price band", "rate", "duplicate"}))
def test_a_conditional_order_that_opens_is_judged_too(name):
    bench = prepared(name)
    with pytest.raises(OrderNotAllowed):
        bench.oms.guard.check_algo(algo(), BTC)


def test_an_amend_is_judged_by_what_it_makes_of_the_order():
    bench = bench_of(RiskLimits(max_order_qty={"BTCUSDT": D(1)}, price_band_pct=D(5)))
    order = bench.buy("0.9")
    with pytest.raises(OrderNotAllowed, match=r"would be 1\.1 BTC"):
        bench.oms.modify_order(order, quantity="1.1")
    with pytest.raises(OrderNotAllowed, match="above the mark"):
        bench.oms.modify_order(order, price="70000")
    bench.oms.modify_order(order, quantity="1")
    assert order.view.orig_qty == D(1)


def test_leverage_is_capped():
    bench = bench_of(RiskLimits(max_leverage=50))
    bench.oms.guard.check_leverage("BTCUSDT", 50)
    with pytest.raises(OrderNotAllowed, match="125x"):
        bench.oms.guard.check_leverage("BTCUSDT", 125)
