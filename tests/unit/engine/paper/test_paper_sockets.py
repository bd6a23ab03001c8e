"""The thin parts around the sockets: bounded outboxes and pulses."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest

from engine.clock import FakeClock
from engine.paper import paper_outbox, paper_pulse
from engine.paper.paper_outbox import Outbox
from engine.paper.paper_pulse import Pulse, SocketSettings


class FakeTransport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.backlog = 0
        self.aborted = False

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def get_write_buffer_size(self) -> int:
        return self.backlog

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True


def test_frames_of_one_turn_leave_in_one_write() -> None:
    async def run() -> list[bytes]:
        transport = FakeTransport()
        outbox = Outbox(transport)
        for frame in (b"one", b"two"):
            outbox.send(frame)
        await asyncio.sleep(0)
        outbox.send(b"three")
        await asyncio.sleep(0)
        return transport.written

    assert asyncio.run(run()) == [b"onetwo", b"three"]


def test_reader_too_slow_for_its_backlog_is_disconnected() -> None:
    async def run() -> FakeTransport:
        transport = FakeTransport()
        outbox = Outbox(transport)
        transport.backlog = paper_outbox.MAX_BACKLOG_BYTES + 1
        outbox.send(b"late")
        await asyncio.sleep(0)
        outbox.send(b"later")
        await asyncio.sleep(0)
        return transport

    transport = asyncio.run(run())
    assert transport.aborted
    assert transport.written == []


class FakeSocket:
    def __init__(self) -> None:
        self.pings: list[bytes] = []
        self.closed = asyncio.Event()

    async def ping(self, message: bytes) -> None:
        self.pings.append(message)

    async def close(self, *, message: bytes) -> bool:
        self.closed.set()
        return True


@pytest.mark.parametrize("answers", [True, False])
def test_socket_is_pinged_with_the_time_and_closed_only_without_a_pong(
    answers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    monkeypatch.setattr(
        paper_pulse, "time", SimpleNamespace(monotonic=clock.monotonic, time_ns=time.time_ns)
    )

    async def run() -> FakeSocket:
        socket = FakeSocket()
        pulse = Pulse(socket, SocketSettings(ping_every_s=0.001, pong_within_s=5.0))
        task = asyncio.create_task(pulse.run())
        while len(socket.pings) < 12 and not socket.closed.is_set():
            known = len(socket.pings)
            clock.advance(1.0)
            while len(socket.pings) == known and not socket.closed.is_set():
                await asyncio.sleep(0.001)
            if answers:
                pulse.on_pong()
        task.cancel()
        return socket

    socket = asyncio.run(run())
    assert socket.closed.is_set() is not answers
    assert all(int(ping) > 1_700_000_000_000 for ping in socket.pings)
    assert socket.pings
