"""Who sends orders: our order management with all it does, and what others leave out.

Each has `place(number)`, which returns when the venue has acknowledged.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self
from urllib.parse import urlencode, urlsplit

import requests
import websocket
from binance.um_futures import UMFutures

from engine.clock import SystemClock
from engine.event_hub import EventHub
from engine.events import Event
from engine.exchange.binance_gateway import BinanceGateway, GatewaySettings
from engine.exchange.stream_liveness import StreamSettings
from engine.journal.journal_writer import JournalWriter
from engine.oms.order_manager import OrderManager
from engine.trading_types import OrderStatus
from engine.utils.mailbox import Mailbox
from engine.wire.hosts import Hosts
from tests.benchmarks.payloads import stream_names
from tests.benchmarks.venue_server import SYMBOL

_WAIT_S = 10.0


class OrderClient(Protocol):
    def place(self, number: int) -> None: ...


def price_of(number: int) -> str:
    return f"{60_000 + number % 5000 * 0.1:.1f}"


class OurDesk:
    """Order management as the engine builds it: gateway, journal on disk, hub and its readers."""

    def __init__(
        self, ready: dict[str, Any], streams: str, folder: Path, over: Literal["rest", "websocket"]
    ) -> None:
        folder.mkdir()
        clock = SystemClock()
        self.hub = EventHub()
        self.window: Mailbox[Event] = self.hub.attach(Mailbox())
        self.journal = JournalWriter(folder / "journal.db", clock, self.hub.publish)
        self.gateway = BinanceGateway(
            hosts=Hosts(rest=ready["rest"], streams=streams, ws_api=ready["ws_api"]),
            api_key=ready["api_key"],
            api_secret=ready["api_secret"],
            # the venue answers with a prepared text, and its streams tell of no order
            settings=GatewaySettings(orders_over=over, streams=StreamSettings(news_s=3600.0)),
            on_state=self.hub.publish,
        )
        self._is_live = threading.Event()
        self.oms = OrderManager(
            self.gateway,
            self.journal,
            self.hub,
            clock,
            self.gateway.get_exchange_instruments,
            on_gap=self._is_live.set,
        )

    def __enter__(self) -> Self:
        self.journal.start(self.hub)
        self.gateway.warm_up()
        self.gateway.start_user_stream(self.oms.on_event)
        assert self._is_live.wait(_WAIT_S)
        self.oms.reconciler.run()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.oms.close()
        self.gateway.close()
        self.journal.close()

    def place(self, number: int) -> None:
        order = self.oms.submit_order(SYMBOL, "BUY", "LIMIT", "0.002", price_of(number))
        assert order.status is OrderStatus.NEW, order

    def listen(self) -> None:
        """Take every market stream that the server sends, as the window would."""
        self.gateway.subscribe(stream_names(), self.hub.publish)


class BareConnector:
    """binance-futures-connector as it comes."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self._client = UMFutures(ready["api_key"], ready["api_secret"], base_url=ready["rest"])

    def place(self, number: int) -> None:
        answer = self._client.new_order(
            symbol=SYMBOL, side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.002",
            price=price_of(number), newClientOrderId=f"c-{number}", newOrderRespType="RESULT",
        )  # fmt: skip
        assert answer["status"] == "NEW"


class RequestsSession:
    """requests with a kept connection, and a signature by hand."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self._ready = ready
        self._session = requests.Session()
        self._session.headers["X-MBX-APIKEY"] = ready["api_key"]

    def place(self, number: int) -> None:
        url = f"{self._ready['rest']}/fapi/v1/order?{signed(self._ready, number)}"
        assert self._session.post(url, timeout=_WAIT_S).json()["status"] == "NEW"


class BareOrderSocket:
    """websocket-client's socket, a signature by hand, and json."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self._ready = ready
        self._socket = websocket.create_connection(ready["ws_api"], timeout=_WAIT_S)

    def place(self, number: int) -> None:
        params = order_words(number) | {"apiKey": self._ready["api_key"]}
        text = "&".join(f"{name}={params[name]}" for name in sorted(params))
        params["signature"] = signature(self._ready, text)
        self._socket.send(json.dumps({"id": number, "method": "order.place", "params": params}))
        assert json.loads(self._socket.recv())["result"]["status"] == "NEW"


class OneSocket:
    """The limit: prepared requests on one socket; reads until the answer is whole."""

    def __init__(self, ready: dict[str, Any]) -> None:
        parts = urlsplit(ready["rest"])
        self._sock = socket.create_connection((parts.hostname, parts.port), _WAIT_S)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = prepared_request(ready, parts.netloc, 0)

    def place(self, number: int) -> None:
        self._sock.sendall(self._request)
        answer = self._sock.recv(65536)
        while not answer.endswith(b"}"):
            answer += self._sock.recv(65536)


def prepared_request(ready: dict[str, Any], netloc: str, number: int) -> bytes:
    """The bytes of a whole order over HTTP."""
    return (
        f"POST /fapi/v1/order?{signed(ready, number)} HTTP/1.1\r\nHost: {netloc}\r\n"
        f"X-MBX-APIKEY: {ready['api_key']}\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def signed(ready: dict[str, Any], number: int) -> str:
    text = urlencode(order_words(number))
    return f"{text}&signature={signature(ready, text)}"


def order_words(number: int) -> dict[str, Any]:
    return {
        "symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
        "quantity": "0.002", "price": price_of(number), "newClientOrderId": f"s-{number}",
        "newOrderRespType": "RESULT", "recvWindow": 60000,
        "timestamp": time.time_ns() // 1_000_000,
    }  # fmt: skip


def signature(ready: dict[str, Any], text: str) -> str:
    return hmac.new(ready["api_secret"].encode(), text.encode(), hashlib.sha256).hexdigest()
