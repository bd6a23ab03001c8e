"""An order WebSocket on a real socket: a test says what is answered, when, or not at all."""

from __future__ import annotations

import contextlib
import json
import ssl
from collections.abc import Callable, Iterator
from typing import Any

from tests.helpers.toy_streams import ToyConnection, ToyStreamServer

Request = dict[str, Any]
Script = Callable[[ToyConnection, Request], "dict[str, Any] | None"]


def order_reply(request: Request) -> dict[str, Any]:
    """A yes with an order whose client id is the asked one."""
    params = request["params"]
    return {
        "id": request["id"],
        "status": 200,
        "result": {
            "symbol": params.get("symbol", "BTCUSDT"),
            "clientOrderId": params.get("newClientOrderId", "x"),
            "orderId": 8886774001,
            "side": params.get("side", "BUY"),
            "type": "LIMIT",
            "status": "NEW",
            "price": params.get("price", "1"),
            "origQty": params.get("quantity", "1"),
        },
    }


def refusal(request: Request, status: int, code: int, **data: int) -> dict[str, Any]:
    error: dict[str, Any] = {"code": code, "msg": "no"}
    if data:
        error["data"] = data
    return {"id": request["id"], "status": status, "error": error}


class ToyOrderServer(ToyStreamServer):
    """`script` answers one request; None says nothing (now). Logons are granted."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.script: Script = lambda _, request: order_reply(request)
        self.requests: list[Request] = []
        super().__init__(tls=tls)

    def of(self, method: str) -> list[Request]:
        return [request for request in self.requests if request["method"] == method]

    def _handle(self, connection: ToyConnection, opcode: int, payload: bytes) -> None:
        if opcode != 1:
            super()._handle(connection, opcode, payload)
            return
        request = json.loads(payload)
        self.requests.append(request)
        answer = self.script(connection, request)
        if answer is not None:
            connection.send(answer)


@contextlib.contextmanager
def toy_order_server(tls: ssl.SSLContext | None = None) -> Iterator[ToyOrderServer]:
    server = ToyOrderServer(tls)
    try:
        yield server
    finally:
        server.close()
