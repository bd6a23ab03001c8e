"""One connection as faults see it: it can fall silent, trickle, end well or badly.

Runs on the server's event loop alone.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from engine.paper.paper_outbox import MAX_BACKLOG_BYTES, Outbox, reset
from engine.paper.paper_streams import Send, StreamConnection

logger = logging.getLogger(__name__)

_DRIPS_PER_S = 20
LIFE_IS_OVER = b"The connection's life is over"


class WebSocket(Protocol):
    async def ping(self, message: bytes) -> None: ...

    async def pong(self, message: bytes) -> None: ...

    async def close(self, *, code: int = 1000, message: bytes = b"") -> bool: ...


class Drip:
    """Lets bytes out at a trickle, in their order."""

    def __init__(self, transport: asyncio.Transport, bytes_per_s: int) -> None:
        self._transport = transport
        self._portion = max(1, bytes_per_s // _DRIPS_PER_S)
        self._pause_s = self._portion / bytes_per_s
        self._left = bytearray()
        self._loop = asyncio.get_running_loop()
        self._empty = asyncio.Event()

    def send(self, data: bytes) -> None:
        idle = not self._left
        self._left += data
        self._empty.clear()
        if idle and data:
            self._let_out()

    def _let_out(self) -> None:
        if self._transport.is_closing():
            self._left.clear()
        elif len(self._left) > MAX_BACKLOG_BYTES:
            logger.warning("a trickling connection has too much to say and is closed")
            self._transport.abort()
            self._left.clear()
        else:
            self._transport.write(bytes(self._left[: self._portion]))
            del self._left[: self._portion]
        if self._left:
            self._loop.call_later(self._pause_s, self._let_out)
        else:
            self._empty.set()

    async def until_empty(self) -> None:
        await self._empty.wait()


class Line:
    """One WebSocket of the server: what is sent by it goes through `send`.

    `connection` is what it carries, None on the order WebSocket. A silent or
    trickling line sends nothing else, no ping, pong or close frame: they would
    break the silence, or the frame that is on its way.
    """

    def __init__(self, route: str, socket: WebSocket, transport: asyncio.Transport) -> None:
        self.route = route
        self.send: Send = Outbox(transport).send
        self.connection: StreamConnection | None = None
        self._socket = socket
        self._transport = transport
        self._is_altered = False
        self._endings: set[asyncio.Task[bool]] = set()

    # what the server does with every socket

    async def ping(self, message: bytes) -> None:
        if not self._is_altered:
            await self._socket.ping(message)

    async def pong(self, message: bytes) -> None:
        if not self._is_altered:
            await self._socket.pong(message)

    async def close(self, *, code: int = 1000, message: bytes = b"") -> bool:
        if self._is_altered:
            self._transport.abort()
            return True
        return await self._socket.close(code=code, message=message)

    # faults

    def fall_silent(self) -> None:
        """Half-open: neither read nor write again; only the process's end is noticed."""
        self._transport.pause_reading()
        self._alter(_swallow)
        if self.connection is not None:
            self.connection.close()

    def trickle(self, bytes_per_s: int) -> None:
        if not self._is_altered:
            self._alter(Drip(self._transport, bytes_per_s).send)

    def _alter(self, send: Send) -> None:
        self._is_altered = True
        self.send = send
        if self.connection is not None:
            self.connection.send = send

    def end_with(self, data: bytes) -> None:
        """Send this much, then RST."""
        self._transport.write(data)
        reset(self._transport)

    def hang_up(self, how: str) -> None:
        """`close` and `day` say goodbye, `fin` and `reset` do not."""
        if how == "reset":
            reset(self._transport)
        elif how == "fin":
            self._transport.close()
        else:
            message = LIFE_IS_OVER if how == "day" else b"The paper exchange hangs up"
            ending = asyncio.get_running_loop().create_task(self._say_goodbye(message))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)

    async def _say_goodbye(self, message: bytes) -> bool:
        code = 1000 if message == LIFE_IS_OVER else 1001
        try:
            return await self.close(code=code, message=message)
        except (ConnectionError, TimeoutError):
            logger.debug("a stream reader was gone before its goodbye")
            return False


def _swallow(_data: bytes) -> None:
    """What a silent line does with everything."""
