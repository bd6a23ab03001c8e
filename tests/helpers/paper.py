"""A real paper exchange for a test, and a plain client that takes nothing from ours.

The client signs and parses by hand, so that a test holds the server to the
exchange's documents and not to our own client.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import websocket

from engine.paper.paper_process import PaperAccountKeys, PaperOptions, PaperProcess

DEADLINE_S = 30.0  # spent only by a test that fails


@contextlib.contextmanager
def paper_server(state_dir: Path, **options: Any) -> Iterator[PaperProcess]:
    """Yields the running exchange; `options` as in PaperOptions, quiet by default."""
    options.setdefault("quiet_market", True)
    process = PaperProcess.start(PaperOptions(state_dir=state_dir, **options))
    try:
        yield process
    finally:
        process.stop()


class Answer:
    def __init__(self, status: int, headers: dict[str, str], body: Any) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def code(self) -> int:
        """The venue's error code; 0 when it accepted."""
        return self.body.get("code", 0) if isinstance(self.body, dict) else 0


class PaperClient:
    """Plain HTTP with one account's keys."""

    def __init__(self, server: PaperProcess, keys: PaperAccountKeys | None = None) -> None:
        self.server = server
        self.keys = keys or server.accounts[0]
        self._address = urlsplit(server.hosts.rest).netloc

    def sign(self, text: str) -> str:
        secret = self.keys.api_secret.encode()
        return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()

    def signed(self, method: str, path: str, **params: Any) -> Answer:
        params.setdefault("timestamp", now_ms())
        text = urlencode({name: value for name, value in params.items() if value is not None})
        return self.raw(method, f"{path}?{text}&signature={self.sign(text)}")

    def public(self, path: str, **params: Any) -> Answer:
        return self.raw("GET", f"{path}?{urlencode(params)}" if params else path)

    def raw(
        self, method: str, target: str, body: str = "", headers: dict[str, str] | None = None
    ) -> Answer:
        """One request exactly as given, with the API key unless `headers` say otherwise."""
        connection = http.client.HTTPConnection(self._address, timeout=DEADLINE_S)
        sent = {"X-MBX-APIKEY": self.keys.api_key} if headers is None else headers
        with contextlib.closing(connection):
            connection.request(method, target, body or None, sent)
            response = connection.getresponse()
            text = response.read()
            return Answer(response.status, dict(response.getheaders()), json.loads(text))

    def order(self, side: str = "BUY", **params: Any) -> Answer:
        """A GTC limit order for BTCUSDT, as changed by `params`."""
        wanted = {
            "symbol": "BTCUSDT",
            "side": side,
            "type": "LIMIT",
            "timeInForce": "GTC",
            "quantity": "0.010",
            "price": "62000",
        }
        wanted.update(params)
        return self.signed("POST", "/fapi/v1/order", **wanted)

    def market(self, side: str, quantity: str, symbol: str = "BTCUSDT", **params: Any) -> Answer:
        params.update(symbol=symbol, side=side, type="MARKET", quantity=quantity)
        return self.signed("POST", "/fapi/v1/order", **params)

    def clean(self) -> None:
        """No open orders, no positions, one-way mode."""
        for order in self.signed("GET", "/fapi/v1/openOrders").body:
            self.signed("DELETE", "/fapi/v1/allOpenOrders", symbol=order["symbol"])
        for position in self.signed("GET", "/fapi/v3/positionRisk").body:
            self._flatten(position)

    def _flatten(self, position: dict[str, Any]) -> None:
        amount = position["positionAmt"]
        if float(amount) == 0:
            return
        side = "BUY" if amount.startswith("-") else "SELL"
        extra: dict[str, Any] = {"positionSide": position["positionSide"]}
        if position["positionSide"] == "BOTH":
            extra = {"reduceOnly": "true"}
        answer = self.market(side, amount.lstrip("-"), position["symbol"], **extra)
        assert answer.status == 200, answer.body

    def position(self, symbol: str = "BTCUSDT") -> str:
        rows = self.signed("GET", "/fapi/v2/positionRisk", symbol=symbol).body
        return rows[0]["positionAmt"]


class Stream:
    """One WebSocket; messages are read with a deadline, never by sleeping."""

    def __init__(self, url: str) -> None:
        self._socket = websocket.create_connection(url, timeout=DEADLINE_S)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, message: Any) -> None:
        self._socket.send(message if isinstance(message, str) else json.dumps(message))

    def receive(self) -> Any:
        return json.loads(self._socket.recv())

    def until(self, wanted: Callable[[Any], bool]) -> Any:
        """The first message that is `wanted`, others passed over."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            message = self.receive()
            if wanted(message):
                return message
        raise AssertionError("the wanted message did not come")

    def ask(self, message: Any) -> Any:
        """Send a request and return its answer, events passed over."""
        self.send(message)
        return self.until(lambda answer: answer.get("id") == message["id"])


def now_ms() -> int:
    return time.time_ns() // 1_000_000
