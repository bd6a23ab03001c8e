"""WebSocket frames out of a byte stream. Does no I/O, so every cut can be tested.

The reader receives straight into `space()`, then calls `received(count)`. One
buffer is reused for the life of a connection; each payload handed out is a copy
of its own, so a decoder may keep views into it.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Opcode(IntEnum):
    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class Control(NamedTuple):
    opcode: Opcode
    payload: bytes


class ProtocolViolation(ValueError):
    """The peer does not speak WebSocket; the connection is of no use any more."""


_FIN = 0x80
_RESERVED = 0x70
_CONTROL = 0x08
_MASKED = 0x80
_KNOWN = frozenset(int(code) for code in Opcode)


class FrameSplitter:
    """For a client: frames of the server, which may not be masked. One thread only."""

    def __init__(self, capacity: int = 128 * 1024, message_max: int = 16 * 1024 * 1024) -> None:
        self._buffer = bytearray(capacity)
        self._message_max = message_max
        self._start = 0  # first byte not yet split
        self._end = 0  # one past the last byte received
        self._needed = 0  # bytes the frame in progress takes, once its head is known
        self._fragments: bytearray | None = None
        self.controls: list[Control] = []

    def space(self) -> memoryview:
        """Where to receive next, at least 1 byte; release it before `received`."""
        left = self._end - self._start
        capacity = len(self._buffer)
        if left == 0:
            self._start = self._end = 0
        elif self._start and (capacity - self._end < capacity // 2 or self._needed > capacity):
            self._buffer[:left] = self._buffer[self._start : self._end]
            self._start, self._end = 0, left
        if self._needed > len(self._buffer) - self._start:
            self._buffer.extend(bytes(self._needed + capacity - len(self._buffer)))
        return memoryview(self._buffer)[self._end :]

    def received(self, count: int) -> list[bytearray]:
        """Whole messages completed by `count` new bytes, in order.

        Control frames go to `controls`, for the caller to answer and clear.
        Raises ProtocolViolation; messages before the violation are lost with it.
        """
        self._end += count
        buffer, start, end = self._buffer, self._start, self._end
        messages: list[bytearray] = []
        needed = 0
        while end - start >= 2:
            length = buffer[start + 1]
            if length < 126:
                body = start + 2
            elif length == 126:
                body = start + 4
                if end < body:
                    break
                length = buffer[start + 2] << 8 | buffer[start + 3]
            elif length & _MASKED:
                raise ProtocolViolation("the server masked a frame")
            else:
                body = start + 10
                if end < body:
                    break
                length = int.from_bytes(buffer[start + 2 : body], "big")
                if length > self._message_max:
                    raise ProtocolViolation(f"a frame of {length} bytes is too large")
            stop = body + length
            if stop > end:
                needed = stop - start
                break
            if buffer[start] == 0x81 and self._fragments is None:
                messages.append(buffer[body:stop])  # a whole text message: nearly every frame
            else:
                self._take_rare(buffer[start], bytes(buffer[body:stop]), messages)
            start = stop
        self._start, self._needed = start, needed
        return messages

    def _take_rare(self, first: int, payload: bytes, messages: list[bytearray]) -> None:
        opcode = first & 0x0F
        if first & _RESERVED or opcode not in _KNOWN:
            raise ProtocolViolation(f"frame head {first:#x} is not known")
        if opcode & _CONTROL:
            self._take_control(first, Opcode(opcode), payload)
            return
        if opcode != Opcode.CONTINUATION:
            if self._fragments is not None:
                raise ProtocolViolation("a message began inside another")
            self._fragments = bytearray()
        elif self._fragments is None:
            raise ProtocolViolation("a continuation of nothing")
        self._fragments += payload
        if len(self._fragments) > self._message_max:
            raise ProtocolViolation("a message in pieces is too large")
        if first & _FIN:
            messages.append(self._fragments)
            self._fragments = None

    def _take_control(self, first: int, opcode: Opcode, payload: bytes) -> None:
        if not first & _FIN or len(payload) > 125:
            raise ProtocolViolation("a control frame is cut or too long")
        self.controls.append(Control(opcode, payload))
