"""The paper exchange as the drill sees it: plain HTTP that takes nothing from our client.

What the books are compared with must not have gone through what is tested.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import msgspec

from engine.errors import OrderRefused, PaperExchangeError
from engine.paper.paper_process import PaperAccountKeys
from engine.trading_types import Side
from engine.wire.signing import HmacSigner, encode_params

_TIMEOUT_S = 10.0
_FAULTS = "/paper/v1/faults"
_PAGE = 1000
_TRIES, _AGAIN_S = 30, 0.1


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """Prices between the best bid and ask, one tick and more apart, and the tick."""

    bid: Decimal
    ask: Decimal
    tick: Decimal


class DrillVenue:
    """One account. Any thread: a connection of its own for every request."""

    def __init__(self, rest: str, keys: PaperAccountKeys) -> None:
        self._address = urlsplit(rest).netloc
        self._api_key = keys.api_key
        self._signer = HmacSigner(keys.api_secret)

    # --- orders ----------------------------------------------------------------------

    def order(self, symbol: str, side: Side, quantity: Decimal, **params: object) -> Any:
        """A market order, as changed by `params`. Raises OrderRefused."""
        wanted: dict[str, object] = {
            "symbol": symbol,
            "side": side.value,
            "type": "MARKET",
            "quantity": quantity,
        }
        wanted.update(params)
        return self._signed("POST", "/fapi/v1/order", wanted)

    def algo(self, symbol: str, side: Side, quantity: Decimal, trigger: Decimal) -> Any:
        """A stop at market. Raises OrderRefused."""
        wanted: dict[str, object] = {
            "algoType": "CONDITIONAL",
            "symbol": symbol,
            "side": side.value,
            "type": "STOP_MARKET",
            "quantity": quantity,
            "triggerPrice": trigger,
        }
        return self._signed("POST", "/fapi/v1/algoOrder", wanted)

    def clean(self) -> None:
        """No open order of either service and no position."""
        for symbol in {row["symbol"] for row in self._signed("GET", "/fapi/v1/openAlgoOrders", {})}:
            self._signed("DELETE", "/fapi/v1/algoOpenOrders", {"symbol": symbol})
        for symbol in {row["symbol"] for row in self._signed("GET", "/fapi/v1/openOrders", {})}:
            self._signed("DELETE", "/fapi/v1/allOpenOrders", {"symbol": symbol})
        for row in self.positions():
            amount = Decimal(row["positionAmt"])
            if amount:
                side = Side.SELL if amount > 0 else Side.BUY
                self.order(row["symbol"], side, abs(amount), reduceOnly="true")

    # --- the books ---------------------------------------------------------------------

    def orders(self, symbol: str, from_id: int) -> list[dict[str, Any]]:
        params = {"symbol": symbol, "orderId": from_id, "limit": _PAGE}
        return list(self._signed("GET", "/fapi/v1/allOrders", params))

    def trades(self, symbol: str, from_id: int) -> list[dict[str, Any]]:
        params = {"symbol": symbol, "fromId": from_id, "limit": _PAGE}
        return list(self._signed("GET", "/fapi/v1/userTrades", params))

    def newest_order_id(self, symbol: str) -> int:
        rows = self._signed("GET", "/fapi/v1/allOrders", {"symbol": symbol, "limit": 1})
        return int(rows[-1]["orderId"]) if rows else 0

    def newest_trade_id(self, symbol: str) -> int:
        rows = self._signed("GET", "/fapi/v1/userTrades", {"symbol": symbol, "limit": 1})
        return int(rows[-1]["id"]) if rows else 0

    def algos(self, symbol: str, from_id: int) -> list[dict[str, Any]]:
        params = {"symbol": symbol, "algoId": from_id, "limit": _PAGE}
        return list(self._signed("GET", "/fapi/v1/allAlgoOrders", params))

    def newest_algo_id(self, symbol: str) -> int:
        rows = self._signed("GET", "/fapi/v1/allAlgoOrders", {"symbol": symbol, "limit": 1})
        return int(rows[-1]["algoId"]) if rows else 0

    def positions(self) -> list[dict[str, Any]]:
        return list(self._signed("GET", "/fapi/v3/positionRisk", {}))

    def left(self) -> list[str]:
        """Open orders of both services, and positions, as phrases."""
        paths = ("/fapi/v1/openAlgoOrders", "/fapi/v1/openOrders", "/fapi/v3/positionRisk")
        algos, orders, positions = (self._surely(path) for path in paths)
        return [
            *(f"conditional order {row['clientAlgoId']} after the kill switch" for row in algos),
            *(f"order {row['clientOrderId']} after the kill switch" for row in orders),
            *(
                f"{row['positionAmt']} {row['symbol']} after the kill switch"
                for row in positions
                if Decimal(row["positionAmt"])
            ),
        ]

    def wallet(self) -> Decimal:
        rows = self._signed("GET", "/fapi/v3/balance", {})
        return next(Decimal(row["balance"]) for row in rows if row["asset"] == "USDT")

    def best(self, symbol: str) -> dict[str, Decimal]:
        """bidPrice, bidQty, askPrice, askQty."""
        row = self._ask("GET", f"/fapi/v1/ticker/bookTicker?symbol={symbol}")
        names = ("bidPrice", "bidQty", "askPrice", "askQty")
        return {name: Decimal(row[name]) for name in names}

    # --- faults ------------------------------------------------------------------------

    def add_faults(self, seed: int, rule: Mapping[str, object]) -> None:
        """Raises OrderRefused when the exchange has no such fault."""
        body = json.dumps({"seed": seed, "rules": [rule]})
        self._ask("POST", _FAULTS, body)

    def clear_faults(self) -> None:
        self._ask("DELETE", _FAULTS)

    def faults_played(self, since: int) -> tuple[list[str], int]:
        """Kinds in the order of their playing, and the number of the newest entry."""
        rows = self._ask("GET", f"{_FAULTS}?since={since}")["log"]
        played = [row["fault"] for row in rows if not row.get("what")]
        return played, rows[-1]["number"] if rows else since

    # --- within ------------------------------------------------------------------------

    def _surely(self, path: str) -> list[dict[str, Any]]:
        """In the middle of faults, which are played to us as well."""
        for _ in range(_TRIES):
            with contextlib.suppress(OrderRefused, PaperExchangeError):
                return list(self._signed("GET", path, {}))
            time.sleep(_AGAIN_S)
        return list(self._signed("GET", path, {}))

    def _signed(self, method: str, path: str, params: Mapping[str, object]) -> Any:
        timed = {**params, "recvWindow": 60_000, "timestamp": time.time_ns() // 1_000_000}
        query = encode_params(timed)
        signature = self._signer.sign(query.encode("ascii"))
        return self._ask(method, f"{path}?{query}&signature={signature}")

    def _ask(self, method: str, target: str, body: str | None = None) -> Any:
        """Raises OrderRefused, or PaperExchangeError when there was no answer."""
        connection = http.client.HTTPConnection(self._address, timeout=_TIMEOUT_S)
        try:
            with contextlib.closing(connection):
                connection.request(method, target, body, {"X-MBX-APIKEY": self._api_key})
                response = connection.getresponse()
                answer = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise PaperExchangeError(f"The paper exchange gave no answer: {error}.") from None
        if response.status != http.client.OK:
            raise OrderRefused(int(answer.get("code", 0)), str(answer), response.status)
        return answer
