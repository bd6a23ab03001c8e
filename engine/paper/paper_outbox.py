"""Frames on their way to one socket: joined, bounded, never waited for."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket as sockets
import struct
import sys

logger = logging.getLogger(__name__)

MAX_BACKLOG_BYTES = 4 * 1024 * 1024


def reset(transport: asyncio.Transport) -> None:
    """End a connection by RST: what was not sent yet never will be."""
    handle = transport.get_extra_info("socket")
    if handle is not None:
        linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        with contextlib.suppress(OSError):  # the peer was faster
            handle.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, linger)
    transport.abort()


class Outbox:
    """Joins what one turn of the loop sends; a reader too slow for that is disconnected."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._frames: list[bytes] = []
        self._loop = asyncio.get_running_loop()

    def send(self, frame: bytes) -> None:
        if not self._frames:
            self._loop.call_soon(self._flush)
        self._frames.append(frame)

    def _flush(self) -> None:
        frames, self._frames = self._frames, []
        if self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > MAX_BACKLOG_BYTES:
            logger.warning("a stream reader is too slow and is disconnected")
            reset(self._transport)  # else the system would keep megabytes for it
            return
        self._transport.write(b"".join(frames))
