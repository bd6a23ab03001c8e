"""Pings on a WebSocket, and the end of one whose peer no longer answers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Protocol

import msgspec


class SocketSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds. The defaults are the venue's: ping every 3 min, 10 min for a pong, a day's life."""

    ping_every_s: float = 180.0
    pong_within_s: float = 600.0
    life_s: float = 24 * 3600.0


class PingableSocket(Protocol):
    async def ping(self, message: bytes) -> None: ...

    async def close(self, *, message: bytes) -> bool: ...


class Pulse:
    """Pings one socket and hangs up when no pong comes."""

    def __init__(self, socket: PingableSocket, settings: SocketSettings) -> None:
        self._socket = socket
        self._settings = settings
        self._heard_s = time.monotonic()

    def on_pong(self) -> None:
        self._heard_s = time.monotonic()

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._settings.ping_every_s)
            if time.monotonic() - self._heard_s > self._settings.pong_within_s:
                await self._socket.close(message=b"Pong timeout")
                return
            with contextlib.suppress(ConnectionError):
                await self._socket.ping(str(time.time_ns() // 1_000_000).encode())
