"""A TCP relay on loopback that can play a broken network.

`cut` is the clean kind: every connection is closed and new ones are refused.
`silence` is the half-open kind: sockets stay open, what is sent is swallowed, new
connections are taken and never answered. Connections of a silence stay dead after
`restore`, as after a router that forgot them; only new ones work.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import sys
import threading

from engine.utils.threads import StoppableThread

logger = logging.getLogger(__name__)

_CHUNK = 64 * 1024
_CONNECT_TIMEOUT_S = 3.0
_ACCEPT_SLICE_S = 0.2
_JOIN_S = 2.0


class TcpRelay:
    """From a port of its own to `target`. `cut`, `silence`, `restore`, `close`: one thread."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._lock = threading.Lock()  # guards _pairs and _is_silent
        self._pairs: set[_Pair] = set()
        self._is_silent = False
        self._listener, self._acceptor = self._listen(0)
        self.port: int = self._listener.getsockname()[1]

    def cut(self) -> None:
        self._refuse()
        self._end_all()

    def silence(self) -> None:
        with self._lock:
            self._is_silent = True
            for pair in self._pairs:
                pair.is_dead = True

    def restore(self) -> None:
        with self._lock:
            self._is_silent = False
        if self._acceptor.stop_event.is_set():
            self._listener, self._acceptor = self._listen(self.port)

    def close(self) -> None:
        self._refuse()
        self._end_all()

    # --- within -------------------------------------------------------------------

    def _listen(self, port: int) -> tuple[socket.socket, StoppableThread]:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if sys.platform != "win32":  # there the option means to share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        listener.settimeout(_ACCEPT_SLICE_S)
        acceptor = StoppableThread("kpi-relay", lambda stop: self._accept(listener, stop))
        acceptor.start()
        return listener, acceptor

    def _refuse(self) -> None:
        self._acceptor.request_stop()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the acceptor on Linux
        self._acceptor.join(_JOIN_S)
        self._listener.close()

    def _end_all(self) -> None:
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            pair.end()
        for pair in pairs:
            pair.join()

    def _accept(self, listener: socket.socket, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                client, _ = listener.accept()
            except TimeoutError:
                self._forget_ended()
                continue
            except OSError:
                return  # shut down
            if stop.is_set():
                client.close()
                return
            self._serve(client)

    def _forget_ended(self) -> None:
        with self._lock:
            ended = {pair for pair in self._pairs if pair.has_ended()}
            self._pairs -= ended
        for pair in ended:
            pair.join()

    def _serve(self, client: socket.socket) -> None:
        with self._lock:
            is_silent = self._is_silent
        server: socket.socket | None = None
        if not is_silent:
            try:
                server = socket.create_connection(self._target, _CONNECT_TIMEOUT_S)
            except OSError as error:
                logger.info("relay target not reached: %s", error)
                client.close()
                return
        pair = _Pair(client, server)
        with self._lock:
            pair.is_dead = is_silent or self._is_silent
            self._pairs.add(pair)
        pair.start()


class _Pair:
    """One relayed connection: two threads, one a direction; no server when born in silence."""

    def __init__(self, client: socket.socket, server: socket.socket | None) -> None:
        self.is_dead = False
        self._sockets = [client] if server is None else [client, server]
        for sock in self._sockets:
            sock.settimeout(None)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._threads = [
            StoppableThread("kpi-relay-up", lambda _: self._pump(client, server)),
        ]
        if server is not None:
            self._threads.append(
                StoppableThread("kpi-relay-down", lambda _: self._pump(server, client))
            )

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def has_ended(self) -> bool:
        return not any(thread.is_alive for thread in self._threads)

    def end(self) -> None:
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads it

    def join(self) -> None:
        for thread in self._threads:
            thread.join(_JOIN_S)
        for sock in self._sockets:
            sock.close()

    def _pump(self, source: socket.socket, sink: socket.socket | None) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(_CHUNK):
                if sink is not None and not self.is_dead:
                    sink.sendall(chunk)
        # nobody hears of an end through a dead network, except who asks for it: the
        # client that hangs up has no use for either socket
        if not self.is_dead or source is self._sockets[0]:
            self.end()
