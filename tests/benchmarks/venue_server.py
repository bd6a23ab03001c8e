"""A venue on plain sockets that answers as quickly as it can and notes when orders came.

All but orders is answered by the paper exchange's own code, in this process and with
a resting market; a new order, by HTTP or over the order socket, by a prepared text, so
that what is measured is the client. `GET /bench/arrivals` tells when each order's last
bytes came to this end of the connection. With a number of orders as its argument that
many rest on the first account from the beginning. Runs in its own process.
"""

from __future__ import annotations

import socket
import struct
import sys
import tempfile
import threading
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qsl

import msgspec

from engine.clock import SystemClock
from engine.paper.paper_build import VenueSettings, build_venue
from engine.paper.paper_order_request import OrderRequest
from engine.paper.paper_state import StateFolder
from engine.paper.paper_venue import Incoming, PaperVenue
from tests.benchmarks.child import end_with_parent, tell
from tests.benchmarks.measuring import now_us
from tests.benchmarks.server_frames import client_frame, switched, text_frame

SYMBOL = "BTCUSDT"
_TICKS_APART = 5
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_AT_MOST = 65536
_SO_TIMESTAMPNS = 35  # asm-generic/socket.h; the socket module does not name it
_ACK = (
    '{"orderId":%d,"symbol":"BTCUSDT","status":"NEW","clientOrderId":"%s","price":"%s",'
    '"avgPrice":"0.00","origQty":"%s","executedQty":"0","cumQty":"0","cumQuote":"0",'
    '"timeInForce":"GTC","type":"LIMIT","reduceOnly":false,"closePosition":false,'
    '"side":"%s","positionSide":"BOTH","stopPrice":"0","workingType":"CONTRACT_PRICE",'
    '"priceProtect":false,"origType":"LIMIT","priceMatch":"NONE",'
    '"selfTradePreventionMode":"EXPIRE_MAKER","goodTillDate":0,"updateTime":%d}'
)


class QuickVenue:
    def __init__(self, venue: PaperVenue) -> None:
        self._venue = venue
        self._lock = threading.Lock()
        self._next_id = 8_000_000_000
        self._arrivals: list[int] = []

    def reply(self, head: str, came_us: int) -> bytes:
        method, target, _ = head[: head.index("\r\n")].split(" ")
        path, _, query = target.partition("?")
        if path == "/bench/arrivals":
            return _http(200, msgspec.json.encode(self._arrivals))
        if (method, path) == ("POST", "/fapi/v1/order"):
            return _http(200, self._acknowledge(dict(parse_qsl(query)), came_us))
        with self._lock:
            return self._answer(method, path, query, head)

    def socket_reply(self, payload: bytes, came_us: int) -> bytes:
        """`order.place` is the only method that is asked for here."""
        request = msgspec.json.decode(payload)
        result = self._acknowledge(request["params"], came_us)
        head = b'{"id":%d,"status":200,"result":' % request["id"]
        return text_frame(head + result + b',"rateLimits":[]}')

    def _acknowledge(self, words: Mapping[str, str], came_us: int) -> bytes:
        self._arrivals.append(came_us)
        self._next_id += 1
        name = words.get("newClientOrderId", "x")
        price, quantity, side = words["price"], words["quantity"], words["side"]
        at_ms = now_us() // 1000
        return (_ACK % (self._next_id, name, price, quantity, side, at_ms)).encode()

    def _answer(self, method: str, path: str, query: str, head: str) -> bytes:
        key = next((x[14:] for x in head.split("\r\n") if x.startswith("X-MBX-APIKEY: ")), None)
        incoming = Incoming(
            method=method, path=path, query=query, body="", api_key=key, address="127.0.0.1"
        )
        reply = self._venue.answer(incoming)
        return _http(reply.status, reply.body)


def main(words: list[str]) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        settings = VenueSettings(
            seed=1, quiet_market=True, unlimited=True, balance=Decimal(10**11), fresh=True
        )
        venue, keys = build_venue(settings, StateFolder(Path(folder)), SystemClock())
        rest_orders(venue, int(words[0]) if words else 0)
        quick = QuickVenue(venue)
        listener = socket.create_server(("127.0.0.1", 0))
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        tell(
            {
                "rest": f"http://{address}",
                "ws_api": f"ws://{address}/ws-fapi/v1",
                "api_key": keys[0].api_key,
                "api_secret": keys[0].api_secret,
                "update_id": venue.exchange.markets[SYMBOL].book.update_id,
            }
        )
        end_with_parent()
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=_serve, args=(sock, quick), daemon=True).start()


def rest_orders(venue: PaperVenue, count: int) -> None:
    """`count` small orders below and above the market, each at a price of its own."""
    exchange = venue.exchange
    market = exchange.markets[SYMBOL]
    account = next(iter(exchange.accounts.values()))
    now_ms = venue.now_ms()
    best = {"BUY": market.book.best_bid(), "SELL": market.book.best_ask()}
    for number in range(count):
        side, away = ("BUY", -1) if number % 2 else ("SELL", 1)
        start = best[side]
        assert start is not None
        request = OrderRequest(
            side=side,
            type="LIMIT",
            time_in_force="GTC",
            qty_steps=2,
            price_ticks=start + away * _TICKS_APART * (number // 2 + 20),
            client_order_id=f"bench-{number}",
        )
        exchange.place(account, market, request, now_ms)
    venue.commit(now_ms)


def _http(status: int, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nContent-Length: "
    return f"{head}{len(body)}\r\n\r\n".encode() + body


class Wire:
    """A connection that knows when its newest bytes came.

    Linux notes it as they are put on the socket, so that it does not matter when this process
    gets to run; elsewhere it is when they were read. Wall time in microseconds.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._is_stamped = sys.platform == "linux"
        self.came_us = 0
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._is_stamped:
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)

    def recv(self) -> bytes:
        if not self._is_stamped:
            data = self._sock.recv(_AT_MOST)
            self.came_us = now_us()
            return data
        data, notes, _flags, _address = self._sock.recvmsg(_AT_MOST, 64)
        for level, kind, note in notes:
            if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
                seconds, nanoseconds = struct.unpack("qq", note)
                self.came_us = seconds * 1_000_000 + nanoseconds // 1000
        return data


def _serve(sock: socket.socket, quick: QuickVenue) -> None:
    wire = Wire(sock)
    received = b""
    try:
        while True:
            end = received.find(b"\r\n\r\n")
            while end < 0:
                data = wire.recv()
                if not data:
                    return
                received += data
                end = received.find(b"\r\n\r\n")
            head, received = received[:end].decode("latin-1"), received[end + 4 :]
            if "upgrade: websocket" in head.lower():
                _serve_orders(sock, wire, quick, head)
                return
            sock.sendall(quick.reply(head, wire.came_us))
    except OSError:
        pass  # the client has gone
    finally:
        sock.close()


def _serve_orders(sock: socket.socket, wire: Wire, quick: QuickVenue, head: str) -> None:
    sock.sendall(switched(head))
    received = b""
    while True:
        data = wire.recv()
        if not data:
            return
        received += data
        while (frame := client_frame(received)) is not None:
            opcode, payload, received = frame
            if opcode == _TEXT:
                sock.sendall(quick.socket_reply(payload, wire.came_us))
            elif opcode == _PING:
                sock.sendall(bytes([0x80 | _PONG, len(payload)]) + payload)
            elif opcode == _CLOSE:
                return


if __name__ == "__main__":
    main(sys.argv[1:])
