"""Connections that trickle or fall silent, on a transport that only remembers."""

from __future__ import annotations

import asyncio
from typing import Any

from engine.paper import fault_lines
from engine.paper.fault_lines import Drip, Line


class FakeTransport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.aborted = False
        self.reads = True

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True

    def pause_reading(self) -> None:
        self.reads = False


class FakeSocket:
    def __init__(self) -> None:
        self.sent: list[str] = []

    async def ping(self, message: bytes) -> None:
        self.sent.append("ping")

    async def pong(self, message: bytes) -> None:
        self.sent.append("pong")

    async def close(self, *, code: int = 1000, message: bytes = b"") -> bool:
        self.sent.append("close")
        return True


def test_dripped_bytes_come_in_order_and_in_small_portions() -> None:
    async def run() -> FakeTransport:
        transport = FakeTransport()
        drip = Drip(transport, 10_000)
        drip.send(b"a" * 600)
        drip.send(b"b" * 600)
        await drip.until_empty()
        return transport

    written = asyncio.run(run()).written
    assert b"".join(written) == b"a" * 600 + b"b" * 600
    assert max(len(piece) for piece in written) == 500


def test_trickling_connection_with_too_much_to_say_is_closed() -> None:
    async def run() -> FakeTransport:
        transport = FakeTransport()
        drip = Drip(transport, 1000)
        drip.send(b"x" * (fault_lines.MAX_BACKLOG_BYTES + 1))
        await drip.until_empty()
        return transport

    transport = asyncio.run(run())
    assert transport.aborted
    assert transport.written == []


def test_silent_line_neither_reads_nor_says_anything_at_all() -> None:
    async def run() -> tuple[FakeTransport, FakeSocket]:
        transport, socket = FakeTransport(), FakeSocket()
        line = Line("public", socket, transport)
        line.send(b"before")
        await asyncio.sleep(0)
        await line.ping(b"")
        line.fall_silent()
        line.send(b"after")
        await line.ping(b"")
        await line.pong(b"")
        await asyncio.sleep(0)
        assert not transport.aborted
        await line.close(message=b"the process ends")
        return transport, socket

    transport, socket = asyncio.run(run())
    assert transport.written == [b"before"]
    assert socket.sent == ["ping"]
    assert not transport.reads
    assert transport.aborted
