"""Who reads the stream: our own path, the limit of what Python can do, and the peers.

Each is a call that reads a URL until `tally` is full. A peer is measured to the form
in which its user's callback gets a message: JSON decoded, since that is what a user needs.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec
import websocket
from binance.websocket.um_futures.websocket_client import UMFuturesWebsocketClient

from engine.clock import SystemClock
from engine.events import StreamStateChanged
from engine.exchange.market_streams import MarketStreams
from engine.exchange.stream_liveness import StreamSettings
from engine.exchange.stream_route import StreamRoute
from engine.trading_types import Route
from engine.wire.hosts import Hosts
from engine.wire.stream_messages import MarketEvent
from tests.benchmarks.measuring import now_us
from tests.benchmarks.payloads import stream_names

try:
    from websockets.sync.client import connect as websockets_connect
except ImportError:
    websockets_connect = None  # type: ignore[assignment]

_DEADLINE_S = 30.0
_GO = '{"method":"SUBSCRIBE","params":["all"],"id":1}'


class Tally:
    """The subscriber's callback: counts, and times from its first call to its last."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.count = 0
        self.done = threading.Event()
        self._began = self._began_cpu = 0.0
        self.seconds = self.cpu_s = 0.0

    def __call__(self, _event: object) -> None:
        self.count += 1
        if self.count == 1:
            self.begin()
        elif self.count == self.wanted:
            self.end()

    def begin(self) -> None:
        self._began, self._began_cpu = time.perf_counter(), time.thread_time()

    def end(self) -> None:
        self.seconds = time.perf_counter() - self._began
        self.cpu_s = time.thread_time() - self._began_cpu
        self.done.set()

    @property
    def per_second(self) -> float:
        return self.wanted / self.seconds

    @property
    def cpu_us(self) -> float:
        return self.cpu_s / self.wanted * 1e6


class Lateness(Tally):
    """A callback that notes how long each message was under way, in microseconds."""

    def __init__(self, wanted: int) -> None:
        super().__init__(wanted)
        self.late_us: list[int] = []

    def __call__(self, event: object) -> None:
        self.late_us.append(now_us() - event.event_ms)  # type: ignore[attr-defined]
        if len(self.late_us) == self.wanted:
            self.done.set()


Reader = Callable[[str, Tally], None]


def ours(url: str, tally: Tally) -> None:
    """One route, put together as WebSocketManager does, with one callback for all streams."""
    hosts = Hosts(rest="", streams=url, ws_api="")
    streams = MarketStreams(Route.MARKET, hosts, batch=100)
    streams.want(stream_names(), tally)
    route = StreamRoute(
        Route.MARKET,
        hosts.stream_url(Route.MARKET),
        streams,
        clock=SystemClock(),
        settings=StreamSettings(),
        on_state=_ignore,
    )
    route.start()
    _await(tally)
    route.stop(5.0)


def limit(url: str, tally: Tally) -> None:
    """Receive, split, decode: one loop, no care for anything else. Nobody can be quicker."""
    decode = msgspec.json.Decoder(_Data, strict=False).decode
    with _raw_connection(url) as sock:
        buffer = bytearray(256 * 1024)
        view = memoryview(buffer)
        start = end = count = 0
        wanted = tally.wanted
        while count < wanted:
            if start == end:
                start = end = 0
            elif len(buffer) - end < 65536:
                view[: end - start] = bytes(view[start:end])
                start, end = 0, end - start
            end += sock.recv_into(view[end:])
            if not count:
                tally.begin()
            while end - start >= 4:
                length, body = buffer[start + 1], start + 2
                if length == 126:
                    length, body = buffer[start + 2] << 8 | buffer[start + 3], start + 4
                stop = body + length
                if stop > end:
                    break
                decode(view[body:stop])
                count += 1
                start = stop
        tally.end()


def limit_lateness(url: str, tally: Tally) -> None:
    """The limit's loop once more, with a callback that looks at the event's time."""
    decode = msgspec.json.Decoder(_Data, strict=False).decode
    with _raw_connection(url) as sock:
        buffer = bytearray(256 * 1024)
        view = memoryview(buffer)
        start = end = 0
        while not tally.done.is_set():
            if start == end:
                start = end = 0
            end += sock.recv_into(view[end:])
            while end - start >= 4:
                length, body = buffer[start + 1], start + 2
                if length == 126:
                    length, body = buffer[start + 2] << 8 | buffer[start + 3], start + 4
                stop = body + length
                if stop > end:
                    break
                tally(decode(view[body:stop]).data)
                start = stop
            if len(buffer) - end < 65536:
                view[: end - start] = bytes(view[start:end])
                start, end = 0, end - start


def connector(url: str, tally: Tally) -> None:
    """binance-futures-connector's own stream client, and json."""
    silent = logging.getLogger("connector")
    silent.setLevel(logging.CRITICAL)
    client = UMFuturesWebsocketClient(
        stream_url=url,
        is_combined=True,
        on_message=lambda _, text: tally(json.loads(text)),
        on_error=lambda *_: None,
    )
    client.logger = client.socket_manager.logger = silent
    client.subscribe("all", id=1)
    _await(tally)
    client.stop()


def web_socket_app(url: str, tally: Tally) -> None:
    """websocket-client's WebSocketApp, and json."""
    app = websocket.WebSocketApp(
        f"{url}/stream",
        on_open=lambda opened: opened.send(_GO),
        on_message=lambda _, text: tally(json.loads(text)),
        on_error=lambda *_: None,
    )
    thread = threading.Thread(target=app.run_forever, name="web-socket-app", daemon=True)
    thread.start()
    _await(tally)
    app.keep_running = False
    app.sock.sock.shutdown(socket.SHUT_RDWR)  # its own close() waits for seconds
    thread.join(5.0)


def websockets_sync(url: str, tally: Tally) -> None:
    """The websockets library on a thread, and json."""
    with websockets_connect(f"{url}/stream", compression=None, max_queue=None) as connection:
        connection.send(_GO)
        for text in connection:
            tally(json.loads(text))
            if tally.done.is_set():
                return


def peers() -> dict[str, Reader]:
    found: dict[str, Reader] = {
        "binance-futures-connector": connector,
        "websocket-client WebSocketApp": web_socket_app,
    }
    if websockets_connect is not None:
        found["websockets (sync)"] = websockets_sync
    return found


def absent_peers() -> list[str]:
    return [] if websockets_connect is not None else ["websockets"]


class _Data(msgspec.Struct, gc=False):
    data: MarketEvent


def _raw_connection(url: str) -> socket.socket:
    parts = urlsplit(url)
    sock = socket.create_connection((parts.hostname, parts.port), 10.0)
    request = (
        f"GET {parts.path}/stream HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n"
    )
    sock.sendall(request.encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += sock.recv(1)
    sock.sendall(b"\x81\x80\0\0\0\0")  # an empty message: begin
    sock.settimeout(_DEADLINE_S)
    return sock


def _await(tally: Tally) -> None:
    if not tally.done.wait(_DEADLINE_S):
        raise TimeoutError(f"{tally.count} of {tally.wanted} messages came")


def _ignore(_event: StreamStateChanged) -> None:
    pass
