"""Frames on their way to one socket: joined, bounded, never waited for."""

from __future__ import annotations

import asyncio
import logging

logger = logging.getLogger(__name__)

MAX_BACKLOG_BYTES = 4 * 1024 * 1024


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
            self._transport.abort()
            return
        self._transport.write(b"".join(frames))
