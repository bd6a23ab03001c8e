"""A small HTTP proxy on a real socket: CONNECT only, to servers of this computer."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping


class ToyProxy:
    """A tunnel to a host leads to its port here. `heads` tell what came."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self._ports = ports
        self.heads: list[str] = []
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    def close(self) -> None:
        for sock in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)
        for sock in self._sockets:
            sock.close()

    def _start(self, body: object, *args: object) -> None:
        thread = threading.Thread(target=body, args=args, name="toy-proxy", daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._sockets.append(client)
                self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                if not (data := client.recv(1024)):
                    return
                head += data
            self.heads.append(head.decode("ascii"))
            host = self.heads[-1].split(" ")[1].split(":")[0]
            server = socket.create_connection(("127.0.0.1", self._ports[host]))
            self._sockets.append(server)
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self._start(_pump, server, client)
            _pump(client, server)


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
