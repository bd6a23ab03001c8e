"""The official connector, unmodified, with only its base URLs changed."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from binance.error import ClientError
from binance.um_futures import UMFutures
from binance.websocket.um_futures.websocket_client import UMFuturesWebsocketClient

from engine.paper.paper_process import PaperProcess
from tests.helpers.paper import DEADLINE_S, PaperClient


@pytest.fixture
def connector(paper: PaperProcess, client: PaperClient) -> Iterator[UMFutures]:
    um_futures = UMFutures(
        key=paper.api_key,
        secret=paper.api_secret,
        base_url=paper.hosts.rest,
        timeout=DEADLINE_S,
    )
    yield um_futures
    um_futures.session.close()


class Listener:
    """One of the connector's stream clients and what it received."""

    def __init__(self, url: str, *, is_combined: bool = False) -> None:
        self.messages: queue.Queue[dict[str, Any]] = queue.Queue()
        self.socket = UMFuturesWebsocketClient(
            stream_url=url,
            on_message=lambda _, text: self.messages.put(json.loads(text)),
            is_combined=is_combined,
        )

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            message = self.messages.get(timeout=DEADLINE_S)
            if wanted(message):
                return message

    def stop(self) -> None:
        self.socket.stop()
        self.socket.socket_manager.ws.shutdown()


def test_every_market_call_of_the_connector_is_answered(connector: UMFutures) -> None:
    connector.new_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01")
    answers = [
        connector.ping(),
        connector.time(),
        connector.exchange_info(),
        connector.depth("BTCUSDT", limit=5),
        connector.trades("BTCUSDT"),
        connector.historical_trades("BTCUSDT"),
        connector.agg_trades("BTCUSDT"),
        connector.klines("BTCUSDT", "1m"),
        connector.continuous_klines("BTCUSDT", "PERPETUAL", "1m"),
        connector.index_price_klines("BTCUSDT", "1m"),
        connector.mark_price_klines("BTCUSDT", "1m"),
        connector.mark_price("BTCUSDT"),
        connector.funding_rate("BTCUSDT"),
        connector.ticker_24hr_price_change("BTCUSDT"),
        connector.ticker_price("BTCUSDT"),
        connector.book_ticker("BTCUSDT"),
        connector.open_interest("BTCUSDT"),
    ]
    assert all(isinstance(answer, (dict, list)) for answer in answers)
    assert answers[0] == {}


def test_every_account_call_of_the_connector_is_answered(connector: UMFutures) -> None:
    answers = [
        connector.account(),
        connector.balance(),
        connector.get_position_risk(),
        connector.get_account_trades("BTCUSDT"),
        connector.get_income_history(),
        connector.leverage_brackets(),
        connector.adl_quantile(),
        connector.force_orders(),
        connector.api_trading_status(),
        connector.commission_rate("BTCUSDT"),
        connector.get_position_mode(),
        connector.get_multi_asset_mode(),
        connector.change_leverage(symbol="BTCUSDT", leverage=20),
        connector.futures_account_configuration(),
        connector.symbol_configuration(),
        connector.query_user_rate_limit(),
        connector.get_position_margin_history("BTCUSDT"),
        connector.get_bnb_burn(),
    ]
    assert all(isinstance(answer, (dict, list)) for answer in answers)


def test_order_life_through_the_connector(connector: UMFutures) -> None:
    order = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "quantity": 0.01,
        "price": 62000,
        "timeInForce": "GTC",
    }
    connector.new_order_test(**order)
    placed = connector.new_order(**order)
    key = {"symbol": "BTCUSDT", "orderId": placed["orderId"]}
    changed = connector.modify_order(**key, side="BUY", quantity=0.02, price=62100)
    assert changed["origQty"] == "0.020"
    assert connector.query_order(**key)["status"] == "NEW"
    assert connector.get_open_orders(**key)["orderId"] == placed["orderId"]
    assert len(connector.get_orders(symbol="BTCUSDT")) == 1
    assert connector.cancel_order(**key)["status"] == "CANCELED"
    assert connector.get_all_orders(symbol="BTCUSDT")[-1]["status"] == "CANCELED"
    batch = connector.new_batch_order([{k: str(v) for k, v in order.items()}] * 2)
    ids = [row["orderId"] for row in batch]
    gone = connector.cancel_batch_order("BTCUSDT", orderIdList=ids, origClientOrderIdList=None)
    assert [row["status"] for row in gone] == ["CANCELED", "CANCELED"]
    assert connector.cancel_open_orders("BTCUSDT")["code"] == 200
    timer = connector.countdown_cancel_order("BTCUSDT", 0)
    assert timer["countdownTime"] == "0"


def test_refusal_becomes_the_connectors_client_error(connector: UMFutures) -> None:
    with pytest.raises(ClientError) as refused:
        connector.new_order(symbol="BTCUSDT", side="BUY", type="STOP_MARKET", stopPrice="70000")
    assert (refused.value.status_code, refused.value.error_code) == (400, -4120)


def test_usage_headers_are_shown(paper: PaperProcess, client: PaperClient) -> None:
    shown = UMFutures(base_url=paper.hosts.rest, show_limit_usage=True, timeout=DEADLINE_S)
    assert int(shown.time()["limit_usage"]["x-mbx-used-weight-1m"]) >= 1
    shown.session.close()


def test_user_stream_through_the_connector(paper: PaperProcess, connector: UMFutures) -> None:
    key = connector.new_listen_key()["listenKey"]
    connector.renew_listen_key(key)
    listener = Listener(f"{paper.hosts.streams}/private")
    try:
        listener.socket.user_data(key)
        listener.until(lambda m: "result" in m)
        placed = connector.new_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity=0.01)
        told = listener.until(lambda m: m.get("e") == "ORDER_TRADE_UPDATE")
        assert told["o"]["i"] == placed["orderId"]
    finally:
        listener.stop()
    assert connector.close_listen_key(key) == {}


@pytest.mark.parametrize("is_combined", [False, True])
def test_market_streams_through_the_connector(
    paper: PaperProcess, connector: UMFutures, is_combined: bool
) -> None:
    public = Listener(f"{paper.hosts.streams}/public", is_combined=is_combined)
    market = Listener(f"{paper.hosts.streams}/market", is_combined=is_combined)

    def event(message: dict[str, Any]) -> str:
        return str(message.get("data", message).get("e"))

    try:
        public.socket.book_ticker("BTCUSDT")
        public.socket.diff_book_depth("BTCUSDT", 100)
        public.socket.partial_book_depth("BTCUSDT", 5, 100)
        market.socket.agg_trade("BTCUSDT")
        market.socket.kline("BTCUSDT", "1m")
        market.socket.mark_price("BTCUSDT", 1)
        for listener, count in ((public, 3), (market, 3)):
            for _ in range(count):
                listener.until(lambda m: "result" in m)
        connector.new_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity=0.01)
        for name in ("bookTicker", "depthUpdate"):
            public.until(lambda m, name=name: event(m) == name)
        for name in ("aggTrade", "kline", "markPriceUpdate"):
            market.until(lambda m, name=name: event(m) == name)
    finally:
        public.stop()
        market.stop()
