"""HTTP/1.1 over kept connections: what the REST connector sends through.

A connection answers one question that ready-made clients blur: was the whole
request handed over? NotConnected promises that it was not, so nothing can have
been executed; OutcomeUnknown says that it was, and that no whole answer came.
A request is bounded as a whole, not each read of it, so a dripping answer ends
too. Nothing is ever sent twice once it was sent whole.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from engine.errors import NotConnected, OutcomeUnknown
from engine.exchange.proxy import SYSTEM
from engine.exchange.tcp_connect import close_quietly, connect, reason_of, tls_context, wake_waiter

_IDLE_S = 25.0  # shorter than venues and proxies keep an idle connection
_IDLE_MAX = 4
_HEAD_MAX = 64 * 1024
_BODY_MAX = 64 * 1024 * 1024
_READ = 64 * 1024


class HttpReply:
    """`headers` has lower-case names."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


class HttpSession:
    """Connections to one base URL, one per request in flight. Any thread may send."""

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        connect_timeout_s: float,
        proxy: str = SYSTEM,
    ) -> None:
        parts = urlsplit(base_url)
        self._base_url = base_url
        self._proxy = proxy
        self._context: ssl.SSLContext | None = tls_context() if parts.scheme == "https" else None
        self._connect_timeout_s = connect_timeout_s
        self._head = "".join(
            f"{name}: {value}\r\n"
            for name, value in ({"Host": parts.netloc} | dict(headers)).items()
        )
        self._lock = threading.Lock()
        self._idle: list[_Connection] = []
        self._all: set[_Connection] = set()
        self._closed = False

    def send(self, method: str, target: str, timeout_s: float) -> HttpReply:
        """`target` is path and query, ready to send. Blocks up to `timeout_s` in all.

        Raises NotConnected or OutcomeUnknown,
        the second for reads too: what it means is the caller's to say.
        """
        ends_at = time.monotonic() + timeout_s
        # without a length some gateways answer a body-less POST with 411
        length = "" if method == "GET" else "Content-Length: 0\r\n"
        request = f"{method} {target} HTTP/1.1\r\n{self._head}{length}\r\n".encode("ascii")
        connection = self._take_idle()
        if connection is not None:
            try:
                return self._exchange(connection, request, ends_at)
            except NotConnected:
                pass  # the venue had closed it while it rested: a new one is safe
        return self._exchange(self._open(ends_at), request, ends_at)

    def close(self) -> None:
        """Cut every connection, also those with a request in flight."""
        with self._lock:
            self._closed = True
            for connection in self._all:
                connection.wake()
        self._drop_idle()

    def _exchange(self, connection: _Connection, request: bytes, ends_at: float) -> HttpReply:
        try:
            reply, keep = connection.exchange(request, ends_at)
        except NotConnected:
            self._drop(connection)
            raise
        except OutcomeUnknown:
            self._drop(connection)
            self._drop_idle()  # what swallowed one answer may swallow those that follow
            raise
        if keep:
            self._keep(connection)
        else:
            self._drop(connection)
        return reply

    def _open(self, ends_at: float) -> _Connection:
        connection = _Connection()
        with self._lock:
            if self._closed:
                raise NotConnected("The connection is closed.")
            self._all.add(connection)
        timeout_s = min(self._connect_timeout_s, max(0.0, ends_at - time.monotonic()))
        try:
            connection.open(self._base_url, timeout_s, self._context, self._proxy)
        except NotConnected:
            self._drop(connection)
            raise
        return connection

    def _take_idle(self) -> _Connection | None:
        now = time.monotonic()
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()  # the warmest one
            if connection.is_fresh(now):
                return connection
            self._drop(connection)

    def _keep(self, connection: _Connection) -> None:
        connection.idle_since = time.monotonic()
        with self._lock:
            if not self._closed and len(self._idle) < _IDLE_MAX:
                self._idle.append(connection)
                return
        self._drop(connection)

    def _drop_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            self._drop(connection)

    def _drop(self, connection: _Connection) -> None:
        with self._lock:
            self._all.discard(connection)
        connection.close()


class _Connection:
    """One socket and the bytes read from it. One thread at a time."""

    def __init__(self) -> None:
        self._sock: socket.socket | None = None
        self._woken = False
        self.idle_since = 0.0

    def open(
        self, base_url: str, timeout_s: float, context: ssl.SSLContext | None, proxy: str
    ) -> None:
        self._sock = connect(base_url, timeout_s, context, self._show, proxy)

    def _show(self, sock: socket.socket) -> None:
        self._sock = sock
        if self._woken:
            raise OSError("closing")

    def is_fresh(self, now: float) -> bool:
        """Not idle for long, and nothing to read: bytes or an end here mean it is over."""
        if self._sock is None or now - self.idle_since > _IDLE_S:
            return False
        try:
            readable, _, _ = select.select([self._sock], [], [], 0)
        except (OSError, ValueError):
            return False
        return not readable

    def wake(self) -> None:
        """From another thread: end whatever this connection waits for."""
        self._woken = True
        if self._sock is not None:
            wake_waiter(self._sock)

    def close(self) -> None:
        if self._sock is not None:
            close_quietly(self._sock)

    def exchange(self, request: bytes, ends_at: float) -> tuple[HttpReply, bool]:
        """The reply, and whether the connection may be used again."""
        sock = self._sock
        if sock is None:
            raise NotConnected("The connection is closed.")
        try:
            sock.settimeout(_left(ends_at))
            # An error here means that the end of the request did not leave this
            # computer; without its end no server acts on it.
            sock.sendall(request)
        except OSError as error:
            raise NotConnected(f"The request could not be sent: {reason_of(error)}.") from error
        try:
            return _read_reply(sock, ends_at)
        except (OSError, EOFError, ValueError) as error:
            raise OutcomeUnknown(f"The request was sent, but: {reason_of(error)}.") from error


def _read_reply(sock: socket.socket, ends_at: float) -> tuple[HttpReply, bool]:
    received = bytearray()
    while True:
        head_end = received.find(b"\r\n\r\n")
        while head_end < 0:
            if len(received) > _HEAD_MAX:
                raise ValueError("the answer's head is too long")
            received += _read_some(sock, ends_at)
            head_end = received.find(b"\r\n\r\n")
        status, headers, is_http11 = _parse_head(bytes(received[:head_end]))
        del received[: head_end + 4]
        if status >= 200:
            break  # 1xx comes before the real answer
    keep = is_http11 and headers.get("connection", "").lower() != "close"
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = _read_chunks(sock, received, ends_at)
    elif "content-length" in headers:
        body = _read_exactly(sock, received, int(headers["content-length"]), ends_at)
    elif status in (204, 304):
        body = b""
    else:
        body, keep = _read_to_end(sock, received, ends_at), False
    return HttpReply(status, headers, body), keep and not received


def _parse_head(head: bytes) -> tuple[int, dict[str, str], bool]:
    lines = head.decode("latin-1").split("\r\n")
    version, _, rest = lines[0].partition(" ")
    if not version.startswith("HTTP/1."):
        raise ValueError("the answer is not HTTP/1")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return int(rest[:3]), headers, version == "HTTP/1.1"


def _read_exactly(sock: socket.socket, received: bytearray, size: int, ends_at: float) -> bytes:
    """`size` bytes off the front of `received`, reading what is missing."""
    if not 0 <= size <= _BODY_MAX:
        raise ValueError("the answer's length is not credible")
    while len(received) < size:
        received += _read_some(sock, ends_at)
    body = bytes(received[:size])
    del received[:size]
    return body


def _read_chunks(sock: socket.socket, received: bytearray, ends_at: float) -> bytes:
    body = bytearray()
    while True:
        size = int(_read_line(sock, received, ends_at).split(b";")[0], 16)
        if size == 0:
            while _read_line(sock, received, ends_at):
                pass  # trailers
            return bytes(body)
        body += _read_exactly(sock, received, size, ends_at)
        if len(body) > _BODY_MAX or _read_line(sock, received, ends_at):
            raise ValueError("the answer's chunks are malformed")


def _read_line(sock: socket.socket, received: bytearray, ends_at: float) -> bytes:
    end = received.find(b"\r\n")
    while end < 0:
        if len(received) > _HEAD_MAX:
            raise ValueError("a line of the answer is too long")
        received += _read_some(sock, ends_at)
        end = received.find(b"\r\n")
    line = bytes(received[:end])
    del received[: end + 2]
    return line


def _read_to_end(sock: socket.socket, received: bytearray, ends_at: float) -> bytes:
    try:
        while len(received) <= _BODY_MAX:
            received += _read_some(sock, ends_at)
    except EOFError:
        return bytes(received)
    raise ValueError("the answer has no end")


def _read_some(sock: socket.socket, ends_at: float) -> bytes:
    sock.settimeout(_left(ends_at))
    data = sock.recv(_READ)
    if not data:
        raise EOFError("the connection was closed in the middle of an answer")
    return data


def _left(ends_at: float) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
