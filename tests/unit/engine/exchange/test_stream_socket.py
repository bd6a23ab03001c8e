"""What is sent on a socket that does not wait: at once, and the rest when there is room."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from engine.errors import NotConnected
from engine.exchange import stream_socket
from engine.exchange.stream_socket import StreamSocket

LARGE = b"x" * 4_000_000  # more than the system takes without a reader


class Pair:
    """Our end as it is between two orders: it has been read from, and waits for nothing."""

    def __init__(self) -> None:
        ours, self.theirs = socket.socketpair()
        self.stream = StreamSocket()
        self.stream._show(ours)
        assert self.stream.read(0.0) == []

    def fill(self) -> None:
        """Some systems take the first of it whole, whatever its size."""
        for _ in range(20):
            self.stream.send_bytes(LARGE)

    def read_frame(self, length: int) -> bytes:
        """The payload of one frame that is `length` long, without its mask."""
        head = 2 + (0 if length < 126 else 2 if length < 65536 else 8)
        frame = bytearray()
        while len(frame) < head + 4 + length:
            frame += self.theirs.recv(1 << 16)
        mask, payload = frame[head : head + 4], frame[head + 4 :]
        key = int.from_bytes(mask * (length // 4 + 1), "big") >> 8 * (4 - length % 4)
        return (int.from_bytes(payload, "big") ^ key).to_bytes(length, "big")


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.stream.close()
    made.theirs.close()


def test_a_message_leaves_at_once_and_the_socket_goes_on_waiting_for_nothing(pair: Pair) -> None:
    pair.stream.send_bytes(b"an order")
    assert pair.read_frame(8) == b"an order"
    assert pair.stream.read(0.0) == []


def test_what_the_system_does_not_take_at_once_follows(pair: Pair) -> None:
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pair.read_frame(len(LARGE))))
    reader.start()
    pair.stream.send_bytes(LARGE)
    reader.join(30)
    assert got == [LARGE]


def test_a_full_socket_that_nobody_reads_is_a_broken_one(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_socket, "_SEND_TIMEOUT_S", 0.05)
    with pytest.raises(NotConnected):
        pair.fill()
    assert pair.stream.read(0.0) == []
    with pytest.raises(NotConnected):  # full from the first byte on
        pair.stream.send_bytes(b"an order")
