"""A small WebSocket server on real sockets, for every route: a test says what it sends."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import select
import socket
import ssl
import struct
import threading
from collections.abc import Iterator

from tests.helpers.toy_listener import ToyListener
from tests.helpers.waiting import PATIENCE_S

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(payload: bytes, opcode: int = 1, *, fin: bool = True) -> bytes:
    """One unmasked frame, as a server sends it."""
    first = (0x80 if fin else 0) | opcode
    if len(payload) < 126:
        return bytes([first, len(payload)]) + payload
    if len(payload) < 65536:
        return bytes([first, 126]) + struct.pack(">H", len(payload)) + payload
    return bytes([first, 127]) + struct.pack(">Q", len(payload)) + payload


class ToyConnection:
    """One client. `texts` are the messages it sent, `pongs` its answers to our pings."""

    def __init__(self, sock: socket.socket, target: str) -> None:
        self.sock = sock
        self.target = target
        self.texts: list[str] = []
        self.pongs: list[bytes] = []
        self.pings: list[bytes] = []
        self.closed = threading.Event()
        self.answers_pings = True
        # a TLS connection must not be used by two threads at once, reading included
        self._turn = threading.Lock()

    @property
    def route(self) -> str:
        return self.target.split("/")[1]

    @property
    def subscribed(self) -> set[str]:
        names: set[str] = set()
        for text in self.texts:
            request = json.loads(text)
            if request["method"] == "SUBSCRIBE":
                names |= set(request["params"])
            elif request["method"] == "UNSUBSCRIBE":
                names -= set(request["params"])
        return names

    def send(self, payload: object, opcode: int = 1) -> None:
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.send_raw(frame(data, opcode))

    def send_stream(self, stream: str, data: object) -> None:
        self.send({"stream": stream, "data": data})

    def send_raw(self, data: bytes) -> None:
        with contextlib.suppress(OSError), self._turn:
            self.sock.sendall(data)

    def receive(self) -> bytes:
        """Blocks for the next bytes; b"" when the client has gone."""
        if not (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()):
            select.select([self.sock], [], [])
        with self._turn:
            return self.sock.recv(65536)

    def cut(self) -> None:
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)


class ToyStreamServer(ToyListener):
    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.connections: list[ToyConnection] = []
        self.acknowledges = True
        self.refuse_status: int | None = None
        self.targets: list[str] = []
        self._changed = threading.Condition()
        super().__init__("toy-ws", port)
        self.url = f"{'wss' if tls else 'ws'}://127.0.0.1:{self.port}"

    def connection(
        self, number: int = 0, route: str = "", timeout_s: float = PATIENCE_S
    ) -> ToyConnection:
        """The connection with this number (0 is the first) of a route, once it is there."""

        def found() -> list[ToyConnection]:
            return [c for c in self.connections if not route or c.route == route]

        with self._changed:
            assert self._changed.wait_for(lambda: len(found()) > number, timeout_s), (
                f"connection {number} of {route or 'any route'} did not come; "
                f"there are {[c.target for c in self.connections]}"
            )
            return found()[number]

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
            connection = self._shake_hands(sock)
        except OSError:
            sock.close()
            return
        if connection is None:
            sock.close()
            return
        self._sockets.append(sock)
        with contextlib.suppress(OSError, ValueError):
            self._read(connection)
        connection.closed.set()

    def _shake_hands(self, sock: socket.socket) -> ToyConnection | None:
        head = b""
        while b"\r\n\r\n" not in head:
            data = sock.recv(4096)
            if not data:
                return None
            head += data
        lines = head.decode("latin-1").split("\r\n")
        target = lines[0].split(" ")[1]
        self.targets.append(target)
        if self.refuse_status is not None:
            sock.sendall(f"HTTP/1.1 {self.refuse_status} No\r\nContent-Length: 0\r\n\r\n".encode())
            return None
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        raw_key = next(
            line.split(": ", 1)[1] for line in lines if "sec-websocket-key" in line.lower()
        )
        assert headers["upgrade"] == "websocket"
        accept = base64.b64encode(hashlib.sha1((raw_key + _GUID).encode()).digest()).decode()
        sock.sendall(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        connection = ToyConnection(sock, target)
        with self._changed:
            self.connections.append(connection)
            self._changed.notify_all()
        return connection

    def _read(self, connection: ToyConnection) -> None:
        received = b""
        while True:
            data = connection.receive()
            if not data:
                return
            received += data
            while (parsed := _client_frame(received)) is not None:
                opcode, payload, received = parsed
                if opcode == 8:
                    return
                self._handle(connection, opcode, payload)

    def _handle(self, connection: ToyConnection, opcode: int, payload: bytes) -> None:
        if opcode == 1:
            connection.texts.append(payload.decode())
            if self.acknowledges:
                connection.send({"result": None, "id": json.loads(payload)["id"]})
        elif opcode == 9:
            connection.pings.append(payload)
            if connection.answers_pings:
                connection.send(payload, 10)
        elif opcode == 10:
            connection.pongs.append(payload)


def _client_frame(data: bytes) -> tuple[int, bytes, bytes] | None:
    if len(data) < 6:
        return None
    assert data[1] & 0x80, "a client masks every frame"
    length, at = data[1] & 0x7F, 2
    if length == 126:
        length, at = struct.unpack(">H", data[2:4])[0], 4
    if len(data) < at + 4 + length:
        return None
    mask, body = data[at : at + 4], data[at + 4 : at + 4 + length]
    payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(body))
    return data[0] & 0x0F, payload, data[at + 4 + length :]


@contextlib.contextmanager
def toy_stream_server(
    port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[ToyStreamServer]:
    server = ToyStreamServer(port, tls)
    try:
        yield server
    finally:
        server.close()
