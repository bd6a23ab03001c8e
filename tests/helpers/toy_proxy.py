"""A small HTTP proxy on a real socket: CONNECT only, to servers of this computer."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping

from tests.helpers.toy_listener import ToyListener


class ToyProxy(ToyListener):
    """A tunnel to a host leads to its port here. `heads` tell what came."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self._ports = ports
        self.heads: list[str] = []
        super().__init__("toy-proxy")

    def _serve(self, sock: socket.socket) -> None:
        self._sockets.append(sock)
        with contextlib.suppress(OSError):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                if not (data := sock.recv(1024)):
                    return
                head += data
            self.heads.append(head.decode("ascii"))
            host = self.heads[-1].split(" ")[1].split(":")[0]
            server = socket.create_connection(("127.0.0.1", self._ports[host]))
            self._sockets.append(server)
            sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self._start(_pump, server, sock)
            _pump(sock, server)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def toy_proxy(ports: Mapping[str, int]) -> Iterator[ToyProxy]:
    proxy = ToyProxy(ports)
    try:
        yield proxy
    finally:
        proxy.close()
