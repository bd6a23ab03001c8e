"""A WebSocket server's side of the wire, as far as the benchmarks' servers need it."""

from __future__ import annotations

import base64
import hashlib
import struct

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def switched(head: str) -> bytes:
    """The answer to a handshake whose head this is."""
    lines = head.split("\r\n")
    key = next(line.split(": ", 1)[1] for line in lines if "sec-websocket-key" in line.lower())
    accept = base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    ).encode()


def text_frame(payload: bytes) -> bytes:
    """Unmasked, as a server sends it."""
    size = len(payload)
    if size < 126:
        return bytes([0x81, size]) + payload
    if size < 65536:
        return bytes([0x81, 126]) + struct.pack(">H", size) + payload
    return bytes([0x81, 127]) + struct.pack(">Q", size) + payload


def client_frame(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Opcode and unmasked payload of the first frame, and what follows; None: not yet whole."""
    if len(data) < 6:
        return None
    length, at = data[1] & 0x7F, 2
    if length == 126:
        length, at = struct.unpack(">H", data[2:4])[0], 4
    end = at + 4 + length
    if len(data) < end:
        return None
    return data[0] & 0x0F, _unmasked(data[at : at + 4], data[at + 4 : end]), data[end:]


def _unmasked(mask: bytes, body: bytes) -> bytes:
    size = len(body)
    repeated = (mask * (size // 4 + 1))[:size]
    number = int.from_bytes(body, "big") ^ int.from_bytes(repeated, "big")
    return number.to_bytes(size, "big")
