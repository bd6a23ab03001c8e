"""One row per REST call: read by the client, the rate governor and the paper server.

Weights are per IP and minute; `orders` says what the call takes from the two
order pools (10 s, 1 min). Source: the exchange's REST pages, state 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum, unique
from types import MappingProxyType
from typing import Literal

import msgspec

Method = Literal["GET", "POST", "PUT", "DELETE"]
Params = Mapping[str, object]


@unique
class Security(Enum):
    NONE = "none"
    KEY = "key"  # the X-MBX-APIKEY header
    SIGNED = "signed"  # the header, timestamp and signature


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    method: Method
    path: str
    security: Security = Security.NONE
    weight: int | Callable[[Params], int] = 1
    orders: tuple[int, int] = (0, 0)

    def weight_of(self, params: Params) -> int:
        return self.weight if isinstance(self.weight, int) else self.weight(params)

    @property
    def is_write(self) -> bool:
        """Repeating it blindly could do a thing twice."""
        return self.method != "GET" and self.security is Security.SIGNED


def _int(params: Params, name: str, default: int) -> int:
    try:
        return int(str(params.get(name, default)))
    except ValueError:
        return default


def _depth_weight(params: Params) -> int:
    limit = _int(params, "limit", 500)
    return 2 if limit <= 50 else 5 if limit <= 100 else 10 if limit <= 500 else 20


def _kline_weight(params: Params) -> int:
    limit = _int(params, "limit", 500)
    return 1 if limit < 100 else 2 if limit < 500 else 5 if limit <= 1000 else 10


def _by_symbol(with_symbol: int, without: int) -> Callable[[Params], int]:
    return lambda params: with_symbol if params.get("symbol") else without


_SIGNED, _KEY = Security.SIGNED, Security.KEY


def _get(name: str, path: str, weight: int | Callable[[Params], int] = 1) -> Endpoint:
    return Endpoint(name=name, method="GET", path=path, weight=weight)


def _call(
    name: str,
    method: Method,
    path: str,
    weight: int | Callable[[Params], int] = 1,
    security: Security = _SIGNED,
    orders: tuple[int, int] = (0, 0),
) -> Endpoint:
    return Endpoint(
        name=name, method=method, path=path, weight=weight, security=security, orders=orders
    )


_ROWS: tuple[Endpoint, ...] = (
    # market data
    _get("ping", "/fapi/v1/ping"),
    _get("time", "/fapi/v1/time"),
    _get("exchange_info", "/fapi/v1/exchangeInfo"),
    _get("depth", "/fapi/v1/depth", _depth_weight),
    _get("rpi_depth", "/fapi/v1/rpiDepth", 20),
    _get("trades", "/fapi/v1/trades", 5),
    _call("historical_trades", "GET", "/fapi/v1/historicalTrades", 200, _KEY),
    _get("agg_trades", "/fapi/v1/aggTrades", 20),
    _get("klines", "/fapi/v1/klines", _kline_weight),
    _get("continuous_klines", "/fapi/v1/continuousKlines", _kline_weight),
    _get("index_price_klines", "/fapi/v1/indexPriceKlines", _kline_weight),
    _get("mark_price_klines", "/fapi/v1/markPriceKlines", _kline_weight),
    _get("premium_index_klines", "/fapi/v1/premiumIndexKlines", _kline_weight),
    _get("ticker_24hr", "/fapi/v1/ticker/24hr", _by_symbol(1, 40)),
    _get("ticker_price", "/fapi/v1/ticker/price", _by_symbol(1, 2)),
    _get("ticker_price_v2", "/fapi/v2/ticker/price", _by_symbol(1, 2)),
    _get("book_ticker", "/fapi/v1/ticker/bookTicker", _by_symbol(2, 5)),
    _get("premium_index", "/fapi/v1/premiumIndex", _by_symbol(1, 10)),
    _get("funding_rate", "/fapi/v1/fundingRate", 0),
    _get("funding_info", "/fapi/v1/fundingInfo", 0),
    _get("open_interest", "/fapi/v1/openInterest"),
    _get("asset_index", "/fapi/v1/assetIndex", _by_symbol(1, 10)),
    # account and settings
    _call("account", "GET", "/fapi/v3/account", 5),
    _call("account_v2", "GET", "/fapi/v2/account", 5),
    _call("balance", "GET", "/fapi/v3/balance", 5),
    _call("balance_v2", "GET", "/fapi/v2/balance", 5),
    _call("position_risk", "GET", "/fapi/v3/positionRisk", 5),
    _call("position_risk_v2", "GET", "/fapi/v2/positionRisk", 5),
    _call("account_config", "GET", "/fapi/v1/accountConfig", 5),
    # the wallet's host, not the futures': see Hosts.wallet
    _call("key_rights", "GET", "/sapi/v1/account/apiRestrictions"),
    _call("symbol_config", "GET", "/fapi/v1/symbolConfig", 5),
    _call("leverage_bracket", "GET", "/fapi/v1/leverageBracket"),
    _call("set_leverage", "POST", "/fapi/v1/leverage"),
    _call("set_margin_type", "POST", "/fapi/v1/marginType"),
    _call("position_mode", "GET", "/fapi/v1/positionSide/dual", 30),
    _call("set_position_mode", "POST", "/fapi/v1/positionSide/dual"),
    _call("position_margin", "POST", "/fapi/v1/positionMargin"),
    _call("position_margin_history", "GET", "/fapi/v1/positionMargin/history"),
    _call("multi_assets_mode", "GET", "/fapi/v1/multiAssetsMargin", 30),
    _call("set_multi_assets_mode", "POST", "/fapi/v1/multiAssetsMargin"),
    _call("fee_burn", "GET", "/fapi/v1/feeBurn", 30),
    _call("set_fee_burn", "POST", "/fapi/v1/feeBurn"),
    _call("commission_rate", "GET", "/fapi/v1/commissionRate", 20),
    _call("income", "GET", "/fapi/v1/income", 30),
    _call("order_rate_limit", "GET", "/fapi/v1/rateLimit/order"),
    _call("api_trading_status", "GET", "/fapi/v1/apiTradingStatus", _by_symbol(1, 10)),
    _call("adl_quantile", "GET", "/fapi/v1/adlQuantile", 5),
    _call("force_orders", "GET", "/fapi/v1/forceOrders", _by_symbol(20, 50)),
    # orders
    _call("place_order", "POST", "/fapi/v1/order", 0, orders=(1, 1)),
    _call("test_order", "POST", "/fapi/v1/order/test"),
    _call("amend_order", "PUT", "/fapi/v1/order", 0, orders=(1, 1)),
    _call("cancel_order", "DELETE", "/fapi/v1/order"),
    _call("query_order", "GET", "/fapi/v1/order"),
    _call("place_batch", "POST", "/fapi/v1/batchOrders", 5, orders=(5, 1)),
    _call("amend_batch", "PUT", "/fapi/v1/batchOrders", 5, orders=(5, 1)),
    _call("cancel_batch", "DELETE", "/fapi/v1/batchOrders"),
    _call("cancel_all", "DELETE", "/fapi/v1/allOpenOrders"),
    _call("open_order", "GET", "/fapi/v1/openOrder"),
    _call("open_orders", "GET", "/fapi/v1/openOrders", _by_symbol(1, 40)),
    _call("all_orders", "GET", "/fapi/v1/allOrders", 5),
    _call("user_trades", "GET", "/fapi/v1/userTrades", 5),
    _call("order_amendments", "GET", "/fapi/v1/orderAmendment"),
    _call("countdown_cancel_all", "POST", "/fapi/v1/countdownCancelAll", 10),
    # conditional orders
    _call("place_algo", "POST", "/fapi/v1/algoOrder", 0, orders=(1, 1)),
    _call("query_algo", "GET", "/fapi/v1/algoOrder"),
    _call("cancel_algo", "DELETE", "/fapi/v1/algoOrder"),
    _call("cancel_all_algo", "DELETE", "/fapi/v1/algoOpenOrders"),
    _call("open_algos", "GET", "/fapi/v1/openAlgoOrders", _by_symbol(1, 40)),
    _call("all_algos", "GET", "/fapi/v1/allAlgoOrders", 5),
    # user stream
    _call("create_listen_key", "POST", "/fapi/v1/listenKey", 1, _KEY),
    _call("keep_listen_key", "PUT", "/fapi/v1/listenKey", 1, _KEY),
    _call("close_listen_key", "DELETE", "/fapi/v1/listenKey", 1, _KEY),
)

ENDPOINTS: Mapping[str, Endpoint] = MappingProxyType({row.name: row for row in _ROWS})
BY_ROUTE: Mapping[tuple[str, str], Endpoint] = MappingProxyType(
    {(row.method, row.path): row for row in _ROWS}
)
