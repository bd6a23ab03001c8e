"""The milestone's own snippets, as they are written there."""

from __future__ import annotations

import threading

import pytest

from engine import BinanceGateway, Hosts, TradingEngine, WebSocketManager
from engine.trading_types import OrderStatus
from tests.helpers.waiting import wait_until


@pytest.fixture
def hosts(engine):
    return engine.gateway.hosts


def test_gateway_get_exchange_info(hosts):
    gateway = BinanceGateway(testnet=True, hosts=hosts)
    try:
        info = gateway.get_exchange_info("BTCUSDT")
        assert info["symbol"] == "BTCUSDT"
        assert "filters" in info
    finally:
        gateway.close()


def test_subscribe_kline_then_is_connected(hosts):
    ws = WebSocketManager(testnet=True, hosts=hosts)
    received, seen = [], threading.Event()

    def callback(kline):
        received.append(kline)
        seen.set()

    try:
        ws.subscribe_kline("BTCUSDT", "1m", callback)
        ws.start()
        assert seen.wait(30)
        wait_until(ws.is_connected)
        assert received[0].kline.interval == "1m"
    finally:
        ws.stop()


def test_an_order_partially_filled_by_the_exchange(engine, stranger):
    oms = engine.oms
    order = oms.submit_order("BTCUSDT", "BUY", "LIMIT", 0.1, 62000)
    assert order.status == "NEW"
    for level in stranger.public("/fapi/v1/depth", symbol="BTCUSDT", limit=50).body["bids"]:
        if float(level[0]) > 62000:
            assert stranger.market("SELL", level[1]).status == 200
    assert stranger.order("SELL", price="62000", quantity="0.04").status == 200
    assert oms.wait(order, "PARTIALLY_FILLED", 30)
    assert order.status == "PARTIALLY_FILLED"
    assert order.executed_qty < order.orig_qty
    assert str(order.executed_qty) in ("0.04", "0.040")


def test_the_names_of_the_milestone_exist(engine):
    for name in (
        "get_exchange_info",
        "get_ohlc_data",
        "get_exchange_instruments",
        "get_account_balance",
        "get_positions",
        "set_leverage",
        "submit_order",
        "modify_order",
        "cancel_order",
        "get_open_orders",
    ):
        assert callable(getattr(engine.gateway, name))
    assert isinstance(engine, TradingEngine)
    assert Hosts("http://a", "ws://a", "ws://a").rest == "http://a"


def test_the_gateway_alone_places_amends_and_cancels(engine):
    gateway = engine.gateway
    placed = gateway.submit_order("BTCUSDT", "BUY", "LIMIT", 0.1, 62000)
    moved = gateway.modify_order("BTCUSDT", "BUY", 0.2, 61990, order_id=placed.order_id)
    assert (str(moved.price), str(moved.orig_qty)) == ("61990.00", "0.200")
    assert len(gateway.get_open_orders("BTCUSDT")) == 1
    assert gateway.cancel_order("BTCUSDT", order_id=placed.order_id).status == "CANCELED"
    assert gateway.get_account_balance()[0].asset == "USDT"
    assert gateway.get_positions() == []
    assert len(gateway.get_ohlc_data("BTCUSDT", "1m", 10)) == 10
    assert gateway.set_leverage("BTCUSDT", 5) == 5


FIELDS = (
    *("order_id", "symbol", "side", "type", "status", "price", "orig_qty", "executed_qty"),
    *("cummulative_quote_qty", "time_in_force", "created_at", "updated_at"),
)
STATES = (
    *("PENDING_NEW", "NEW", "PARTIALLY_FILLED", "FILLED"),
    *("PENDING_CANCEL", "CANCELED", "REJECTED"),
)


def test_an_order_has_the_fields_and_the_states_of_the_milestone(engine):
    oms = engine.oms
    order = oms.submit_order("BTCUSDT", "BUY", "LIMIT", 0.1, 62000)
    assert [name for name in FIELDS if getattr(order, name) is None] == []
    assert set(STATES) <= set(OrderStatus)
    assert order in oms.open_orders("BTCUSDT")
    oms.modify_order(order, price=61990)
    assert (order.status, order.price) == ("NEW", 61990)
    oms.cancel_order(order)
    assert oms.wait(order, "CANCELED", 30)
    assert oms.open_orders() == []


def test_orders_from_several_threads_are_each_tracked_once(engine):
    placed = []

    def trade(price):
        placed.append(engine.oms.submit_order("BTCUSDT", "BUY", "LIMIT", 0.01, price))

    threads = [threading.Thread(target=trade, args=(61000 + n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len({order.order_id for order in placed}) == 6
    assert set(placed) == set(engine.oms.open_orders())
    engine.oms.cancel_all("BTCUSDT")
    for order in placed:
        assert engine.oms.wait(order, "CANCELED", 30)
