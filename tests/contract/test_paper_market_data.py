"""Public market data by REST, held to the exchange's documents."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import pytest

from engine.paper.paper_process import PaperProcess
from tests.helpers.paper import PaperClient, now_ms

INTERVALS = (
    "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M",
)  # fmt: skip


def test_ping_and_time(client: PaperClient) -> None:
    assert client.public("/fapi/v1/ping").body == {}
    server_ms = client.public("/fapi/v1/time").body["serverTime"]
    assert abs(server_ms - now_ms()) < 1000


def test_exchange_info_lists_contracts_with_every_field_and_filter(client: PaperClient) -> None:
    info = client.public("/fapi/v1/exchangeInfo").body
    assert {"timezone", "serverTime", "futuresType", "rateLimits", "exchangeFilters", "assets",
            "symbols"} == set(info)  # fmt: skip
    symbols = {row["symbol"]: row for row in info["symbols"]}
    assert len(symbols) == 6
    btc = symbols["BTCUSDT"]
    assert {
        "symbol", "pair", "contractType", "deliveryDate", "onboardDate", "status", "baseAsset",
        "quoteAsset", "marginAsset", "pricePrecision", "quantityPrecision", "filters",
        "orderTypes", "timeInForce", "triggerProtect", "liquidationFee", "marketTakeBound",
        "maxMoveOrderLimit",
    } <= set(btc)  # fmt: skip
    filters = {row["filterType"]: row for row in btc["filters"]}
    assert filters["PRICE_FILTER"]["tickSize"] == "0.10"
    assert filters["LOT_SIZE"]["stepSize"] == "0.001"
    assert filters["MARKET_LOT_SIZE"]["maxQty"] == "120.000"
    assert filters["MIN_NOTIONAL"]["notional"] == "50"


@pytest.mark.parametrize("limit", [5, 10, 20, 50, 100, 500, 1000])
def test_depth_is_sorted_and_cut(client: PaperClient, limit: int) -> None:
    depth = client.public("/fapi/v1/depth", symbol="BTCUSDT", limit=limit).body
    assert {"lastUpdateId", "E", "T", "bids", "asks"} == set(depth)
    bids = [Decimal(price) for price, _ in depth["bids"]]
    asks = [Decimal(price) for price, _ in depth["asks"]]
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]
    assert len(bids) <= limit


def test_trades_and_aggregates_agree_with_a_trade_of_ours(client: PaperClient) -> None:
    client.market("BUY", "0.017")
    trade = client.public("/fapi/v1/trades", symbol="BTCUSDT", limit=1).body[0]
    assert {"id", "price", "qty", "quoteQty", "time", "isBuyerMaker", "isRPITrade"} == set(trade)
    assert (trade["qty"], trade["isBuyerMaker"]) == ("0.017", False)
    agg = client.public("/fapi/v1/aggTrades", symbol="BTCUSDT", limit=1).body[0]
    assert {"a", "p", "q", "nq", "f", "l", "T", "m"} == set(agg)
    assert (agg["f"], agg["l"], agg["q"]) == (trade["id"], trade["id"], "0.017")
    mine = client.signed("GET", "/fapi/v1/userTrades", symbol="BTCUSDT", fromId=trade["id"]).body
    assert mine[0]["price"] == trade["price"]
    old = client.raw("GET", f"/fapi/v1/historicalTrades?symbol=BTCUSDT&fromId={trade['id']}")
    assert old.body[0] == trade
    paged = client.public("/fapi/v1/aggTrades", symbol="BTCUSDT", fromId=agg["a"]).body
    assert paged[0] == agg


@pytest.mark.parametrize("interval", INTERVALS)
def test_klines_are_whole_in_every_interval(client: PaperClient, interval: str) -> None:
    asked_ms = now_ms()
    rows = client.public("/fapi/v1/klines", symbol="BTCUSDT", interval=interval, limit=50).body
    assert len(rows) == 50
    for row, following in itertools.pairwise(rows):
        assert len(row) == 12
        assert row[6] == following[0] - 1
        prices = [Decimal(text) for text in row[1:5]]
        assert max(prices) == prices[1]
        assert min(prices) == prices[2]
    assert rows[-1][0] <= now_ms()
    assert asked_ms <= rows[-1][6]


def test_klines_page_by_time(client: PaperClient) -> None:
    newest = client.public("/fapi/v1/klines", symbol="ETHUSDT", interval="1m", limit=10).body
    from_third = client.public(
        "/fapi/v1/klines", symbol="ETHUSDT", interval="1m", startTime=newest[2][0], limit=3
    ).body
    assert [row[0] for row in from_third] == [row[0] for row in newest[2:5]]
    until = client.public(
        "/fapi/v1/klines", symbol="ETHUSDT", interval="1m", endTime=newest[4][0], limit=2
    ).body
    assert [row[0] for row in until] == [newest[3][0], newest[4][0]]


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/fapi/v1/continuousKlines", {"pair": "BTCUSDT", "contractType": "PERPETUAL"}),
        ("/fapi/v1/indexPriceKlines", {"pair": "BTCUSDT"}),
        ("/fapi/v1/markPriceKlines", {"symbol": "BTCUSDT"}),
        ("/fapi/v1/premiumIndexKlines", {"symbol": "BTCUSDT"}),
    ],
)
def test_other_kline_kinds_share_the_row(
    client: PaperClient, path: str, params: dict[str, str]
) -> None:
    rows = client.public(path, **params, interval="5m", limit=3).body
    assert [len(row) for row in rows] == [12, 12, 12]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (
            "/fapi/v1/ticker/24hr",
            {
                "symbol", "priceChange", "priceChangePercent", "weightedAvgPrice", "lastPrice",
                "lastQty", "openPrice", "highPrice", "lowPrice", "volume", "quoteVolume",
                "openTime", "closeTime", "firstId", "lastId", "count",
            },
        ),
        ("/fapi/v1/ticker/price", {"symbol", "price", "time"}),
        ("/fapi/v2/ticker/price", {"symbol", "price", "time"}),
        (
            "/fapi/v1/ticker/bookTicker",
            {"symbol", "bidPrice", "bidQty", "askPrice", "askQty", "time", "lastUpdateId"},
        ),
        (
            "/fapi/v1/premiumIndex",
            {
                "symbol", "markPrice", "indexPrice", "estimatedSettlePrice", "lastFundingRate",
                "interestRate", "nextFundingTime", "time",
            },
        ),
    ],
)  # fmt: skip
def test_tickers_are_an_object_for_one_symbol_and_a_list_for_all(
    client: PaperClient, path: str, fields: set[str]
) -> None:
    one = client.public(path, symbol="BTCUSDT").body
    assert set(one) == fields
    every = client.public(path).body
    assert [set(row) for row in every] == [fields] * 6


def test_funding_history_rises_in_time_and_stops_in_the_past(client: PaperClient) -> None:
    rows = client.public("/fapi/v1/fundingRate", symbol="BTCUSDT", limit=5).body
    times = [row["fundingTime"] for row in rows]
    assert times == sorted(times)
    assert times[-1] <= now_ms()
    assert set(rows[0]) == {"symbol", "fundingRate", "fundingTime", "markPrice", "rateType"}
    assert client.public("/fapi/v1/fundingInfo").body == []


def test_open_interest(client: PaperClient) -> None:
    answer = client.public("/fapi/v1/openInterest", symbol="BTCUSDT").body
    assert set(answer) == {"openInterest", "symbol", "time"}


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        ("/fapi/v1/depth", {}, -1102),
        ("/fapi/v1/depth", {"symbol": "NOPE"}, -1121),
        ("/fapi/v1/depth", {"symbol": "BTCUSDT", "limit": 7}, -4021),
        ("/fapi/v1/klines", {"symbol": "BTCUSDT"}, -1102),
        ("/fapi/v1/klines", {"symbol": "BTCUSDT", "interval": "1s"}, -1120),
        ("/fapi/v1/klines", {"symbol": "BTCUSDT", "interval": "1m", "limit": "x"}, -1100),
        ("/fapi/v1/aggTrades", {"symbol": "BTCUSDT", "startTime": 2, "endTime": 1}, -1023),
        ("/fapi/v1/aggTrades", {"symbol": "BTCUSDT", "startTime": 0, "endTime": 4000000}, -1127),
        ("/fapi/v1/continuousKlines", {"pair": "NOPE", "contractType": "PERPETUAL"}, -4144),
    ],
)
def test_bad_queries_get_the_venues_codes(
    client: PaperClient, path: str, params: dict[str, Any], code: int
) -> None:
    answer = client.public(path, **params)
    assert (answer.status, answer.code) == (400, code)


def test_weights_are_counted_as_announced(paper: PaperProcess, client: PaperClient) -> None:
    def used(path: str, **params: Any) -> int:
        return int(client.public(path, **params).headers["X-MBX-USED-WEIGHT-1M"])

    for _ in range(3):  # a change of minute in between starts the count anew
        before = used("/fapi/v1/ping")
        steps = [
            used("/fapi/v1/depth", symbol="BTCUSDT", limit=1000),
            used("/fapi/v1/klines", symbol="BTCUSDT", interval="1m", limit=1500),
            used("/fapi/v1/ticker/24hr"),
        ]
        if steps[-1] > before:
            break
    assert steps == [before + 20, before + 30, before + 70]
