"""Clients that cost next to nothing, so that what is measured is the paper exchange."""

from __future__ import annotations

import selectors
import socket
import time
from typing import Any
from urllib.parse import urlsplit

from tests.benchmarks.measuring import now_us
from tests.benchmarks.order_clients import prepared_request

_WAIT_S = 10.0
_STAMP = b'"E":'
_STAMP_DIGITS = 16


def orders_per_second(
    ready: dict[str, Any], count: int, first: int = 0, connections: int = 4
) -> float:
    """`count` signed orders over kept connections, each sent when the one before is answered."""
    parts = urlsplit(ready["rest"])
    requests = [prepared_request(ready, parts.netloc, n) for n in range(first, first + count)]
    waiting = iter(requests)
    with selectors.DefaultSelector() as selector:
        for _ in range(connections):
            sock = socket.create_connection((parts.hostname, parts.port), _WAIT_S)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(sock, selectors.EVENT_READ)
        began = time.perf_counter()
        socks = [key.fileobj for key in selector.get_map().values()]
        for sock in socks:
            sock.sendall(next(waiting))  # type: ignore[union-attr]
        answered = 0
        while answered < count:
            for key, _ in selector.select(_WAIT_S):
                _read_answer(key.fileobj)  # type: ignore[arg-type]
                answered += 1
                request = next(waiting, None)
                if request is not None:
                    key.fileobj.sendall(request)  # type: ignore[union-attr]
        seconds = time.perf_counter() - began
        for sock in socks:
            sock.close()  # type: ignore[union-attr]
    return count / seconds


def _read_answer(sock: socket.socket) -> None:
    answer = sock.recv(65536)
    while not answer.endswith(b"}"):
        answer += sock.recv(65536)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(answer.decode("utf-8", "replace"))


def lags_ms(url: str, stream: str, clients: int, seconds: float) -> tuple[list[float], float]:
    """How old events are when they reach so many listeners, looked at once an arrival,
    and how many events a second each listener got.
    """
    parts = urlsplit(url)
    found: list[float] = []
    events = 0
    with selectors.DefaultSelector() as selector:
        for _ in range(clients):
            selector.register(_listen(parts.hostname or "", parts.port or 0, stream), 1)
        ends = time.perf_counter() + seconds
        begins = time.perf_counter() + seconds / 5
        while time.perf_counter() < ends:
            for key, _ in selector.select(0.1):
                data = key.fileobj.recv(1 << 18)  # type: ignore[union-attr]
                at = data.find(_STAMP) + len(_STAMP)
                stamp = data[at : at + _STAMP_DIGITS]
                if len(stamp) == _STAMP_DIGITS and time.perf_counter() > begins:
                    found.append((now_us() - int(stamp)) / 1000)
                    events += data.count(_STAMP)
        for key in list(selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
    return found, events / clients / (seconds * 0.8)


def _listen(host: str, port: int, stream: str) -> socket.socket:
    sock = socket.create_connection((host, port), _WAIT_S)
    sock.sendall(
        f"GET /public/ws/{stream} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += sock.recv(1)
    return sock
