"""Whole, true messages of every kind: what the mutations begin with."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from engine.wire.rest_messages import (
    AccountConfig,
    AlgoCancelReply,
    AlgoReply,
    BalanceRow,
    CommissionReply,
    CountdownReply,
    DepthReply,
    ErrorReply,
    ExchangeInfo,
    IncomeRow,
    KlineRow,
    LeverageReply,
    ListenKeyReply,
    OrderReply,
    PositionRow,
    ServerTime,
    SymbolBrackets,
    SymbolConfig,
    UserTrade,
)
from engine.wire.socket_messages import SocketReply

MS = 1_790_000_000_000

_CANDLE = {
    "t": MS, "T": MS + 59_999, "s": "BTCUSDT", "i": "1m", "f": 1, "L": 2, "o": "64250.1",
    "c": "64260", "h": "64270.5", "l": "64200", "v": "9.1", "n": 3, "x": True, "q": "8",
}  # fmt: skip
_MARKET: list[tuple[str, Any]] = [
    ("btcusdt@aggTrade", {"e": "aggTrade", "E": MS, "s": "BTCUSDT", "a": 5_000_000_001,
      "p": "64250.10", "q": "0.002", "f": 1, "l": 2, "T": MS, "m": True}),
    ("btcusdt@trade", {"e": "trade", "E": MS, "s": "BTCUSDT", "t": 3, "p": "64250.10",
      "q": "0.002", "T": MS, "m": False}),
    ("btcusdt@bookTicker", {"e": "bookTicker", "u": 1, "E": MS, "T": MS, "s": "BTCUSDT",
      "b": "64250", "B": "2", "a": "64250.1", "A": "4"}),
    ("btcusdt@depth@100ms", {"e": "depthUpdate", "E": MS, "T": MS, "s": "BTCUSDT", "U": 1,
      "u": 2, "pu": 0, "b": [["64250", "2"]], "a": [["64251", "0"], ["64252.5", "1.25"]]}),
    ("btcusdt@markPrice@1s", {"e": "markPriceUpdate", "E": MS, "s": "BTCUSDT", "p": "64249.8",
      "i": "64251", "P": "4", "r": "0.0001", "T": MS}),
    ("!ticker@arr", [{"e": "24hrTicker", "E": MS, "s": "BTCUSDT", "p": "1", "P": "1", "c": "2",
      "o": "1", "h": "1", "l": "1", "v": "1", "q": "1"}]),
    ("!miniTicker@arr", [{"e": "24hrMiniTicker", "E": MS, "s": "BTCUSDT", "c": "2", "o": "1",
      "h": "1", "l": "1", "v": "1", "q": "1"}]),
    ("btcusdt@forceOrder", {"e": "forceOrder", "E": MS, "o": {"s": "BTCUSDT", "S": "SELL",
      "o": "LIMIT", "f": "IOC", "q": "0.014", "p": "9910", "ap": "9910", "X": "FILLED",
      "l": "0.014", "z": "0.014", "T": MS}}),
    ("btcusdt@kline_1m", {"e": "kline", "E": MS, "s": "BTCUSDT", "k": _CANDLE}),
]  # fmt: skip
_USER: list[Any] = [
    {"e": "ORDER_TRADE_UPDATE", "E": MS, "T": MS, "o": {
        "s": "BTCUSDT", "c": "pd-1", "S": "SELL", "o": "LIMIT", "f": "GTX", "q": "0.010",
        "p": "60000.10", "ap": "60000.10", "x": "TRADE", "X": "PARTIALLY_FILLED",
        "i": 8886774001, "l": "0.004", "z": "0.006", "L": "60000.10", "n": "0.012",
        "N": "USDT", "T": MS, "t": 5000000009, "m": True, "R": True, "ps": "SHORT",
        "rp": "-1.5", "er": "0"}},
    {"e": "executionReport", "E": MS, "s": "BTCUSDT", "c": "pd-1", "S": "BUY", "o": "LIMIT",
     "f": "GTC", "q": "1", "p": "2", "x": "NEW", "X": "NEW", "r": "NONE", "i": 1, "l": "0",
     "z": "3", "L": "0", "N": None, "n": "0", "T": MS, "t": -1, "m": False, "O": MS, "Z": "9",
     "C": ""},
    {"e": "ACCOUNT_UPDATE", "E": MS, "T": MS, "a": {"m": "ORDER",
     "B": [{"a": "USDT", "wb": "122624.12", "cw": "100.1", "bc": "50.1"}],
     "P": [{"s": "BTCUSDT", "pa": "-10", "ep": "60000", "bep": "1", "cr": "200", "up": "0",
            "mt": "isolated", "iw": "1", "ps": "SHORT"}]}},
    {"e": "ACCOUNT_CONFIG_UPDATE", "E": MS, "T": MS, "ac": {"s": "BTCUSDT", "l": 25}},
    {"e": "ALGO_UPDATE", "E": MS, "T": MS, "o": {
        "caid": "a-1", "aid": 2148719, "at": "CONDITIONAL", "o": "STOP", "s": "BTCUSDT",
        "S": "SELL", "ps": "LONG", "q": "0.01", "X": "TRIGGERED", "ai": "8886774001",
        "tp": "750", "p": "740", "wt": "CONTRACT_PRICE", "cp": False, "R": False, "rm": ""}},
    {"e": "MARGIN_CALL", "E": MS, "cw": "3.1", "p": [{"s": "ETHUSDT", "ps": "LONG"}]},
    {"e": "listenKeyExpired", "E": MS, "listenKey": "abc"},
    {"e": "TRADE_LITE", "E": MS},
]  # fmt: skip

_ORDER = {
    "symbol": "BTCUSDT", "clientOrderId": "pd-1", "orderId": 8886774001, "side": "BUY",
    "type": "LIMIT", "status": "NEW", "price": "60000.10", "origQty": "0.010",
    "executedQty": "0.001", "avgPrice": "60000", "cumQuote": "60", "timeInForce": "GTC",
    "positionSide": "BOTH", "reduceOnly": False, "time": MS, "updateTime": MS,
}  # fmt: skip
_ALGO = {
    "algoId": 1000000000000001, "clientAlgoId": "a-1", "orderType": "STOP_MARKET",
    "symbol": "BTCUSDT", "side": "SELL", "positionSide": "BOTH", "algoStatus": "NEW",
    "quantity": "0.010", "triggerPrice": "59000.5", "price": "0", "activatePrice": "",
    "callbackRate": "", "icebergQuantity": None, "createTime": MS, "updateTime": MS,
    "actualOrderId": "",
}  # fmt: skip
_CONTRACT = {
    "symbol": "BTCUSDT", "contractType": "PERPETUAL", "status": "TRADING", "baseAsset": "BTC",
    "quoteAsset": "USDT", "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.1", "maxPrice": "1e6", "tickSize": "0.10"},
        {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
        {"filterType": "MAX_NUM_ORDERS", "limit": 200},
        {"filterType": "PERCENT_PRICE", "multiplierUp": "1.05", "multiplierDown": "0.95"},
    ],
}  # fmt: skip
_LIMITS = [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1,
            "limit": 2400, "count": 17}]  # fmt: skip

REST: list[tuple[Any, Any]] = [
    (OrderReply, _ORDER),
    (list[OrderReply], [_ORDER, _ORDER]),
    (list[msgspec.Raw], [_ORDER, {"code": -2011, "msg": "Unknown order sent."}]),
    (AlgoReply, _ALGO),
    (AlgoCancelReply, {"algoId": 1, "clientAlgoId": "a", "code": "200", "msg": "success"}),
    (list[UserTrade], [{"symbol": "BTCUSDT", "id": 1, "orderId": 2, "side": "BUY",
     "price": "1.5", "qty": "2", "commission": "0.1", "commissionAsset": "USDT",
     "realizedPnl": "-1", "maker": True, "positionSide": "LONG", "time": MS}]),
    (list[BalanceRow], [{"asset": "USDT", "balance": "12.5", "crossWalletBalance": "12.5",
     "availableBalance": "10", "crossUnPnl": "-1", "updateTime": MS}]),
    (list[PositionRow], [{"symbol": "BTCUSDT", "positionSide": "BOTH", "positionAmt": "-0.1",
     "entryPrice": "60000", "markPrice": "1", "unRealizedProfit": "1", "liquidationPrice": "0",
     "isolatedMargin": "0", "updateTime": MS}]),
    (list[SymbolConfig], [{"symbol": "BTCUSDT", "marginType": "CROSSED", "leverage": 20,
     "isAutoAddMargin": False, "maxNotionalValue": "INF"}]),
    (AccountConfig, {"dualSidePosition": True, "multiAssetsMargin": False, "feeTier": 0}),
    (LeverageReply, {"symbol": "BTCUSDT", "leverage": 20, "maxNotionalValue": "1"}),
    (list[SymbolBrackets], [{"symbol": "BTCUSDT", "brackets": [{"bracket": 1,
     "initialLeverage": 125, "notionalCap": 50000, "notionalFloor": 0,
     "maintMarginRatio": 0.004, "cum": 0.0}]}]),
    (CommissionReply, {"symbol": "BTCUSDT", "makerCommissionRate": "0.0002",
     "takerCommissionRate": "0.0004"}),
    (list[IncomeRow], [{"symbol": "", "incomeType": "FUNDING_FEE", "income": "-0.1",
     "asset": "USDT", "info": "x", "time": MS, "tranId": 9, "tradeId": "1"}]),
    (CountdownReply, {"symbol": "BTCUSDT", "countdownTime": "100"}),
    (ListenKeyReply, {"listenKey": "abc"}),
    (ServerTime, {"serverTime": MS}),
    (ErrorReply, {"code": -1003, "msg": f"banned until {MS}. Too much request weight used"}),
    (DepthReply, {"lastUpdateId": 5, "E": MS, "bids": [["1", "2"]], "asks": [["3", "4"]]}),
    (ExchangeInfo, {"symbols": [_CONTRACT], "rateLimits": _LIMITS}),
    (list[KlineRow], [[MS, "1", "2", "0.5", "1.5", "9", MS + 59_999, "8", 3, "1", "1", "0"]]),
    (SocketReply, {"id": 7, "status": 429, "result": _ORDER, "rateLimits": _LIMITS,
     "error": {"code": -1003, "msg": "no", "data": {"serverTime": MS, "retryAfter": MS}}}),
]  # fmt: skip

HEADERS = {
    "x-mbx-used-weight-1m": "34",
    "x-mbx-order-count-10s": "2",
    "x-mbx-order-count-1m": "12",
    "retry-after": "7",
    "content-length": "10",
    "content-type": "application/json",
}


def _bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


MARKET_FRAMES = [_bytes({"stream": name, "data": data}) for name, data in _MARKET]
MARKET_FRAMES.append(_bytes({"result": None, "id": 1}))
USER_FRAMES = [_bytes(message) for message in _USER]
USER_FRAMES += [_bytes({"stream": "key", "data": message}) for message in _USER]
REST_BODIES = [(reply_type, _bytes(body)) for reply_type, body in REST]
