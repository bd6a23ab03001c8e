"""The relay that plays a broken network."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from engine.kpi.tcp_relay import TcpRelay


class Echo:
    """Sends back what it gets; `ended` counts connections that were closed to it."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        self.ended = threading.Semaphore(0)
        self._threads = [threading.Thread(target=self._accept, name="echo")]
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(connection,), name="echo")
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while chunk := connection.recv(1000):
                connection.sendall(chunk)
        self.ended.release()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(30)


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.close()


@pytest.fixture
def relay(echo: Echo) -> Iterator[TcpRelay]:
    between = TcpRelay(echo.address)
    yield between
    between.close()


@contextlib.contextmanager
def client(relay: TcpRelay) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", relay.port), 2) as sock:
        yield sock


def ask(sock: socket.socket, text: bytes = b"hello") -> bytes:
    sock.sendall(text)
    return sock.recv(1000)


def is_silent(sock: socket.socket) -> bool:
    sock.settimeout(0.1)
    try:
        ask(sock)
    except TimeoutError:
        return True
    return False


def test_bytes_go_both_ways(relay):
    with client(relay) as one, client(relay) as other:
        assert ask(one, b"one") == b"one"
        assert ask(other, b"other") == b"other"


def test_a_client_that_hangs_up_is_told_to_the_server(relay, echo):
    with client(relay) as sock:
        ask(sock)
    assert echo.ended.acquire(timeout=30)


def test_a_cut_closes_what_is_open_and_refuses_what_is_new(relay, echo):
    with client(relay) as sock:
        ask(sock)
        relay.cut()
        assert sock.recv(10) == b""
    assert echo.ended.acquire(timeout=30)
    with pytest.raises(ConnectionRefusedError), client(relay):
        pass


def test_after_a_cut_the_same_port_serves_again(relay):
    port = relay.port
    relay.cut()
    relay.restore()
    assert relay.port == port
    with client(relay) as sock:
        assert ask(sock) == b"hello"


def test_silence_keeps_sockets_open_takes_new_ones_and_answers_nothing(relay, echo):
    with client(relay) as old:
        ask(old)
        relay.silence()
        with client(relay) as new:
            assert is_silent(old)
            assert is_silent(new)
        assert not echo.ended.acquire(blocking=False)


def test_a_silenced_connection_stays_dead_and_a_new_one_works(relay):
    with client(relay) as old:
        ask(old)
        relay.silence()
        with client(relay) as born_in_silence:
            assert is_silent(born_in_silence)
            relay.restore()
            assert is_silent(old)
            assert is_silent(born_in_silence)
        with client(relay) as new:
            assert ask(new) == b"hello"


def test_a_dead_connection_that_the_client_gives_up_is_freed(relay, echo):
    with client(relay) as old:
        ask(old)
        relay.silence()
    assert echo.ended.acquire(timeout=30)


def test_a_target_that_is_not_there_ends_the_connection(relay, echo):
    echo.close()
    with client(relay) as sock:
        assert sock.recv(10) == b""
