"""One WebSocket connection: websocket-client opens it and sends, our loop reads.

websocket-client does the handshake and writes frames; its reading is replaced,
as it validates UTF-8 in Python and takes a call per field of a frame.
"""

from __future__ import annotations

import random
import select
import socket
import ssl
import time
from typing import Any

import websocket

from engine.errors import NotConnected
from engine.exchange.frame_splitter import FrameSplitter, Opcode, ProtocolViolation
from engine.exchange.proxy import SYSTEM
from engine.exchange.tcp_connect import close_quietly, connect, tls_context, wake_waiter

_SEND_TIMEOUT_S = 2.0


class StreamSocket:
    """`open`, `read` and the sends belong to one thread; `abort` to any.

    Every call that meets a dead connection raises NotConnected.
    """

    def __init__(self, proxy: str = SYSTEM) -> None:
        self._proxy = proxy
        self._sock: socket.socket | None = None
        self._websocket: websocket.WebSocket | None = None
        self._splitter = FrameSplitter()
        self._aborted = False
        self.last_pong: bytes | None = None
        self.reached_host = False
        self._timeout_s = -1.0

    def open(self, url: str, timeout_s: float) -> None:
        """`url` may hold a listen key: it is never part of an error's text."""
        context: ssl.SSLContext | None = tls_context() if url.startswith("wss:") else None
        sock = connect(url, timeout_s, context, self._show, self._proxy)
        self.reached_host = True
        shaking = _HandshakeSocket(sock, time.monotonic() + timeout_s)
        client = websocket.WebSocket(enable_multithread=False, skip_utf8_validation=True)
        try:
            client.connect(  # type: ignore[no-untyped-call]
                url, socket=shaking, timeout=timeout_s, redirect_limit=0, suppress_origin=True
            )
        except (websocket.WebSocketException, OSError, ValueError) as error:
            close_quietly(sock)
            status = getattr(error, "status_code", None)
            said = f"status {status}" if status else type(error).__name__
            raise NotConnected(f"The stream was refused by the exchange: {said}.") from None
        client.sock = sock
        self._websocket = client

    def read(self, timeout_s: float) -> list[bytearray]:
        """Messages that arrive within `timeout_s`; empty when none did. Answers pings.

        Raises NotConnected when the connection has ended.
        """
        sock = self._sock
        if sock is None:
            raise NotConnected("The stream is not open.")
        try:
            if timeout_s != self._timeout_s:  # each setting is a system call
                sock.settimeout(timeout_s)
                self._timeout_s = timeout_s
            with self._splitter.space() as space:
                count = sock.recv_into(space)
        except (TimeoutError, BlockingIOError, ssl.SSLWantReadError):
            return []
        except (OSError, ValueError) as error:
            raise NotConnected(f"The stream broke: {_reason(error)}.") from error
        if count == 0:
            raise NotConnected("The exchange ended the stream.")
        try:
            messages = self._splitter.received(count)
        except ProtocolViolation as error:
            raise NotConnected(f"The stream is not readable: {error}.") from error
        if self._splitter.controls:
            self._answer_controls()
        return messages

    def wait_readable(self, timeout_s: float) -> bool:
        """Whether `read` has something to do now; does not touch TLS state while waiting.

        Raises NotConnected.
        """
        sock = self._sock
        if sock is None:
            raise NotConnected("The stream is not open.")
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            return True
        try:
            readable, _, _ = select.select([sock], [], [], timeout_s)
        except (OSError, ValueError) as error:
            raise NotConnected(f"The stream broke: {_reason(error)}.") from error
        return bool(readable)

    @property
    def is_aborted(self) -> bool:
        return self._aborted

    def send_text(self, text: str) -> None:
        self._send(text.encode("utf-8"), Opcode.TEXT)

    def send_bytes(self, text: bytes) -> None:
        """A text message that is UTF-8 already."""
        self._send(text, Opcode.TEXT)

    def send_ping(self, payload: bytes) -> None:
        self._send(payload, Opcode.PING)

    def abort(self) -> None:
        """End every wait on this connection at once, also one in `open`."""
        self._aborted = True
        if self._sock is not None:
            wake_waiter(self._sock)

    def close(self) -> None:
        """Say goodbye without waiting for the answer."""
        if self._sock is None:
            return
        if not self._aborted and self._websocket is not None:
            try:
                self._sock.settimeout(0.1)
                self._websocket.send(b"\x03\xe8", Opcode.CLOSE)
            except (websocket.WebSocketException, OSError, ValueError):
                pass  # gone already
        close_quietly(self._sock)
        self._sock = None
        self._websocket = None

    def _show(self, sock: socket.socket) -> None:
        self._sock = sock
        if self._aborted:
            raise OSError("closing")

    def _answer_controls(self) -> None:
        controls, self._splitter.controls = self._splitter.controls, []
        for opcode, payload in controls:
            if opcode is Opcode.PING:
                self._send(payload, Opcode.PONG)
            elif opcode is Opcode.PONG:
                self.last_pong = payload
            else:
                code = int.from_bytes(payload[:2], "big")
                raise NotConnected(f"The exchange closed the stream with code {code}.")

    def _send(self, payload: bytes, opcode: Opcode) -> None:
        sock = self._sock
        if sock is None:
            raise NotConnected("The stream is not open.")
        frame = websocket.ABNF.create_frame(payload, opcode)
        frame.get_mask_key = _mask_key
        data = frame.format()
        try:
            sent = self._send_at_once(sock, data)
            if sent < len(data):
                sock.settimeout(_SEND_TIMEOUT_S)
                self._timeout_s = _SEND_TIMEOUT_S
                sock.sendall(data[sent:])
        except (OSError, ValueError) as error:
            raise NotConnected(f"The stream broke: {_reason(error)}.") from error

    def _send_at_once(self, sock: socket.socket, data: bytes) -> int:
        """How much the system takes without waiting. Each system call gives the interpreter
        away, and an order has to win it back: with a time-out there would be three.
        """
        if self._timeout_s != 0.0:
            return 0
        try:
            return sock.send(data)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0


def _mask_key(length: int) -> bytes:
    """It hides nothing, so it need not be asked of the system."""
    return random.randbytes(length)  # noqa: S311 - a mask is no secret


class _HandshakeSocket:
    """The socket during the handshake, which as a whole must end in time.

    websocket-client bounds each byte alone: a dripping answer could last for ever.
    """

    def __init__(self, sock: socket.socket, ends_at: float) -> None:
        self._sock = sock
        self._ends_at = ends_at

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def recv(self, size: int) -> bytes:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("no handshake in time")
        self._sock.settimeout(left)
        return self._sock.recv(size)


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
