"""A small HTTP server on a real socket whose every answer a test scripts.

It can also do what a good server never does: answer half, drip, cut, say nothing.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from tests.helpers.toy_listener import ToyListener


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]

    @property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass(frozen=True)
class Reply:
    """`behaviour` is one of: whole, silent, cut (head only), reset, drip, close_after."""

    body: object = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    behaviour: str = "whole"
    raw: bytes | None = None

    def to_bytes(self) -> bytes:
        if self.raw is not None:
            return self.raw
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        lines = [f"HTTP/1.1 {self.status} Toy", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + body


Script = Callable[[Request], Reply]


class ToyHttpServer(ToyListener):
    """Serves `script` until closed. `requests` and `connections` tell what came."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self._tls = tls
        self.requests: list[Request] = []
        self.connections = 0
        super().__init__("toy-http")
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def of(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def _serve(self, sock: socket.socket) -> None:
        self.connections += 1
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
        except OSError:
            sock.close()
            return
        self._sockets.append(sock)
        with contextlib.suppress(OSError):
            received = b""
            while not self._stopping.is_set():
                while b"\r\n\r\n" not in received:
                    data = sock.recv(65536)
                    if not data:
                        return
                    received += data
                head, _, received = received.partition(b"\r\n\r\n")
                request = _parse(head.decode("latin-1"))
                self.requests.append(request)
                if not self._answer(sock, self.script(request)):
                    return

    def _answer(self, sock: socket.socket, reply: Reply) -> bool:
        content = reply.to_bytes()
        if reply.behaviour == "silent":
            self._stopping.wait(300)
            return False
        if reply.behaviour == "cut":
            sock.sendall(content[: content.index(b"\r\n\r\n") + 5])
        elif reply.behaviour == "drip":
            for at in range(len(content)):
                sock.sendall(content[at : at + 1])
                if self._stopping.wait(0.05):
                    break
        elif reply.behaviour == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
            return False
        else:
            sock.sendall(content)
        if reply.behaviour == "whole":
            return True
        sock.shutdown(socket.SHUT_RDWR)
        return False


def _parse(head: str) -> Request:
    lines = head.split("\r\n")
    method, target, _ = lines[0].split(" ")
    parts = urlsplit(target)
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Request(method, parts.path, parts.query, headers)


@contextlib.contextmanager
def toy_http_server(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[ToyHttpServer]:
    server = ToyHttpServer(script, tls)
    try:
        yield server
    finally:
        server.close()
