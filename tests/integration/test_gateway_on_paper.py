"""The shipped client against a real paper exchange: own process, real sockets."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from engine.errors import (
    BadInput,
    InsufficientBalance,
    InvalidLeverage,
    KeyRefused,
    MinNotional,
    OrderRefused,
    ShuttingDown,
    UnknownSymbol,
)
from engine.events import (
    AccountUpdate,
    Event,
    KlineUpdate,
    LeverageChanged,
    OrderUpdate,
    StreamStateChanged,
    UnknownMessage,
)
from engine.exchange.binance_gateway import BinanceGateway
from engine.paper.paper_process import PaperProcess
from engine.trading_types import ExecutionType, OrderStatus, StreamState
from tests.helpers.gateways import Gateways
from tests.helpers.paper import paper_server
from tests.helpers.waiting import wait_until


class Desk:
    """A gateway with its user stream collected."""

    def __init__(self, gateways: Gateways, paper: PaperProcess) -> None:
        self.events: list[Event] = []
        self.gateway = gateways.open(
            paper.hosts, api_key=paper.api_key, api_secret=paper.api_secret
        )
        self.gateway.warm_up()
        self.gateway.start_user_stream(self.events.append)
        wait_until(lambda: StreamState.LIVE in self.states())

    def states(self) -> list[StreamState]:
        return [e.state for e in self.events if isinstance(e, StreamStateChanged)]

    def updates(self, client_order_id: str) -> list[OrderUpdate]:
        return [
            e
            for e in self.events
            if isinstance(e, OrderUpdate) and e.client_order_id == client_order_id
        ]

    def far_bid(self) -> Decimal:
        best = Decimal(self.gateway.get_depth("BTCUSDT", 5).bids[0][0])
        return (best * Decimal("0.98")).quantize(Decimal(1))


@pytest.fixture
def desk(paper: PaperProcess, gateways: Gateways) -> Iterator[Desk]:
    made = Desk(gateways, paper)
    yield made
    made.gateway.cancel_all_orders("BTCUSDT")


def test_the_contract_is_described_in_the_venues_words_and_ours(desk: Desk) -> None:
    info = desk.gateway.get_exchange_info("BTCUSDT")
    assert info["symbol"] == "BTCUSDT"
    assert {row["filterType"] for row in info["filters"]} >= {"PRICE_FILTER", "LOT_SIZE"}
    assert desk.gateway.get_exchange_instruments()["BTCUSDT"].tick_size > 0
    with pytest.raises(UnknownSymbol, match="BTCUSDT"):
        desk.gateway.get_exchange_info("NOPE")
    with pytest.raises(UnknownSymbol):
        desk.gateway.get_ohlc_data("NOPE", "1m")


def test_candles_come_oldest_first_and_the_last_is_open(desk: Desk) -> None:
    candles = desk.gateway.get_ohlc_data("BTCUSDT", "1m", 50)
    assert len(candles) == 50
    assert [c.open_ms for c in candles] == sorted(c.open_ms for c in candles)
    assert [c.is_closed for c in candles] == [True] * 49 + [False]
    with pytest.raises(BadInput, match="1500"):
        desk.gateway.get_ohlc_data("BTCUSDT", "1m", 1501)


def test_an_order_is_placed_amended_and_cancelled_and_each_step_is_streamed(desk: Desk) -> None:
    gateway, price = desk.gateway, desk.far_bid()
    placed = gateway.submit_order("BTCUSDT", "BUY", "LIMIT", 0.01, price, client_order_id="life-1")
    assert (placed.status, placed.orig_qty, placed.price) == (
        OrderStatus.NEW,
        Decimal("0.010"),
        price,
    )
    amended = gateway.modify_order("BTCUSDT", "BUY", "0.02", price - 5, client_order_id="life-1")
    assert (amended.order_id, amended.orig_qty) == (placed.order_id, Decimal("0.02"))
    same = gateway.modify_order("BTCUSDT", "BUY", "0.02", price - 5, order_id=placed.order_id)
    assert (same.price, same.status) == (price - 5, OrderStatus.NEW)
    assert [o.client_order_id for o in gateway.get_open_orders("BTCUSDT")] == ["life-1"]
    cancelled = gateway.cancel_order("BTCUSDT", client_order_id="life-1")
    assert cancelled.status is OrderStatus.CANCELED
    wait_until(lambda: len(desk.updates("life-1")) >= 3)
    assert [update.execution for update in desk.updates("life-1")] == [
        ExecutionType.NEW,
        ExecutionType.AMENDMENT,
        ExecutionType.CANCELED,
    ]
    queried = gateway.query_order("BTCUSDT", client_order_id="life-1")
    assert queried.status is OrderStatus.CANCELED


def test_a_market_order_fills_and_the_same_fill_is_told_three_ways(desk: Desk) -> None:
    gateway = desk.gateway
    answer = gateway.submit_order("BTCUSDT", "BUY", "MARKET", "0.01", client_order_id="fill-1")
    assert answer.status is OrderStatus.FILLED
    wait_until(lambda: [u for u in desk.updates("fill-1") if u.status is OrderStatus.FILLED])
    streamed = [u for u in desk.updates("fill-1") if u.trade_id]
    rows = gateway.get_user_trades("BTCUSDT", order_id=answer.order_id)
    assert [u.trade_id for u in streamed] == [row.trade_id for row in rows]
    assert sum((u.commission for u in streamed), Decimal(0)) == sum(row.commission for row in rows)
    wait_until(lambda: any(isinstance(e, AccountUpdate) for e in desk.events))
    (position,) = gateway.get_positions("BTCUSDT")
    assert (position.quantity, position.leverage > 0) == (Decimal("0.01"), True)
    closed = gateway.submit_order(
        "BTCUSDT", "SELL", "MARKET", "0.01", reduce_only=True, client_order_id="fill-2"
    )
    assert closed.status is OrderStatus.FILLED
    assert gateway.get_positions() == []


def test_the_venues_refusals_have_names(desk: Desk) -> None:
    gateway, price = desk.gateway, desk.far_bid()
    with pytest.raises(MinNotional):
        gateway.submit_order("ETHUSDT", "BUY", "LIMIT", "0.001", _far_bid_of(gateway, "ETHUSDT"))
    with pytest.raises(InsufficientBalance):
        gateway.submit_order("BTCUSDT", "BUY", "LIMIT", "90", price)
    with pytest.raises(InvalidLeverage):
        gateway.set_leverage("BTCUSDT", 999)
    with pytest.raises(OrderRefused) as unknown:
        gateway.query_order("BTCUSDT", client_order_id="never-sent")
    assert unknown.value.code == -2013
    with pytest.raises(OrderRefused) as not_open:
        gateway.cancel_order("BTCUSDT", client_order_id="never-sent")
    assert not_open.value.code == -2011


def _far_bid_of(gateway: BinanceGateway, symbol: str) -> Decimal:
    best = Decimal(gateway.get_depth(symbol, 5).bids[0][0])
    return (best * Decimal("0.98")).quantize(Decimal(1))


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("BTCUSDT", "UP", "LIMIT", 1, 2), "side"),
        (("BTCUSDT", "BUY", "STOP", 1, 2), "order_type"),
        (("BTCUSDT", "BUY", "LIMIT", "one", 2), "quantity"),
        (("BTCUSDT", "BUY", "LIMIT", 1, float("nan")), "price"),
        (("BTCUSDT", "BUY", "LIMIT", 1, None), "price"),
    ],
)
def test_bad_input_is_named_before_anything_is_sent(
    desk: Desk, arguments: tuple[str, str, str, str | int, int | None], field: str
) -> None:
    with pytest.raises(BadInput) as caught:
        desk.gateway.submit_order(*arguments)
    assert caught.value.field == field


def test_leverage_is_set_and_streamed(desk: Desk) -> None:
    assert desk.gateway.set_leverage("BTCUSDT", 7) == 7
    assert desk.gateway.set_leverage("BTCUSDT", 20) == 20
    wait_until(
        lambda: [e.leverage for e in desk.events if isinstance(e, LeverageChanged)] == [7, 20]
    )
    assert not desk.gateway.is_hedge_mode()
    assert desk.gateway.get_account_balance()[0].wallet_balance > 0


def test_every_private_message_was_understood(desk: Desk) -> None:
    gateway = desk.gateway
    gateway.submit_order("BTCUSDT", "SELL", "MARKET", "0.01", client_order_id="known-1")
    gateway.submit_order("BTCUSDT", "BUY", "MARKET", "0.01", client_order_id="known-2")
    wait_until(lambda: [u for u in desk.updates("known-2") if u.status is OrderStatus.FILLED])
    assert not [e for e in desk.events if isinstance(e, UnknownMessage)]
    assert gateway.health().decode_errors == 0


def test_health_has_figures_after_some_work(desk: Desk) -> None:
    desk.gateway.submit_order("BTCUSDT", "BUY", "LIMIT", "0.01", desk.far_bid())
    health = desk.gateway.health()
    assert health.clock_offset_ms is not None
    assert abs(health.clock_offset_ms) < 5000
    assert health.order_rtt_p50_ms is not None
    assert (health.weight_limit, health.orders_limit) == (2400, 1200)
    assert health.weight_used > 0
    assert health.orders_used >= 1
    assert [route.state for route in health.routes] == [StreamState.LIVE]


def test_a_wrong_secret_is_refused_in_words(paper: PaperProcess, gateways: Gateways) -> None:
    gateway = gateways.open(paper.hosts, api_key="x" * 64, api_secret="wrong")
    with pytest.raises(KeyRefused):
        gateway.get_account_balance()


def test_the_snippet_of_the_milestone(paper: PaperProcess, gateways: Gateways) -> None:
    manager = gateways.open_streams(paper.hosts)
    events: list[Event] = []
    manager.subscribe_kline("BTCUSDT", "1m", events.append)
    wait_until(manager.is_connected)
    assert isinstance(events[0], KlineUpdate)
    assert manager.stop(30.0)


def test_close_is_quick_final_and_leaves_no_thread(paper: PaperProcess, gateways: Gateways) -> None:
    desk = Desk(gateways, paper)
    desk.gateway.subscribe(["btcusdt@kline_1m"], desk.events.append)
    started = time.monotonic()
    desk.gateway.close(120.0)
    desk.gateway.close(120.0)
    assert time.monotonic() - started < 60
    assert not [t.name for t in threading.enumerate() if t.name.startswith("ws-")]
    with pytest.raises(ShuttingDown):
        desk.gateway.get_account_balance()
    with pytest.raises(ShuttingDown):
        desk.gateway.subscribe(["btcusdt@kline_1m"], desk.events.append)
    with pytest.raises(ShuttingDown):
        desk.gateway.start_user_stream(desk.events.append)


def test_after_a_restart_of_the_venue_the_streams_come_back(
    tmp_path: Path, gateways: Gateways
) -> None:
    with paper_server(tmp_path, fresh=True) as first:
        port = int(first.hosts.rest.rsplit(":", 1)[1])
        desk = Desk(gateways, first)
    wait_until(lambda: StreamState.DISCONNECTED in desk.states())
    with paper_server(tmp_path, port=port):
        wait_until(lambda: desk.states().count(StreamState.LIVE) == 2)
        desk.gateway.submit_order(
            "BTCUSDT", "BUY", "LIMIT", "0.01", desk.far_bid(), client_order_id="again-1"
        )
        wait_until(lambda: desk.updates("again-1"))
