"""From a true message to a strange one: fast, seeded, without a library."""

from __future__ import annotations

import random
import re

_NUMBER = re.compile(rb"-?[0-9]+(\.[0-9]+)?")
_STRANGE = (
    b'"NaN"', b'"Infinity"', b'"-Infinity"', b'"1e999999999"', b'"1E-999999"', b'"sNaN"', b'""',
    b"null", b"true", b"[]", b"{}", b"-0", b"1e308", b"1e309", b"1E400", b"0.0000001",
    b"9223372036854775807", b"9223372036854775808", b"-9223372036854775809",
    b"18446744073709551616", b"1" * 400, b"9" * 5000, b'"\\ud800"', b'"\\u0000"', b'"\xff"',
    b'"\xc2\xb2"', b'"until 9999999999999"', b"[" * 40 + b"]" * 40, b"[" * 3000, b'{"e":' * 1200,
    b'"' + b"x" * 70_000 + b'"', b" ", b",", b":", b'"', b"\x00", b"\xef\xbb\xbf",
)  # fmt: skip
_KINDS = ("TRADE", "FILLED", "WHATEVER", "BOTH", "LONG", "BUY", "LIMIT", "STOP", "1m", "-2013")


class Mutator:
    """`mutate` gives another message at each call; the same ones for the same seed."""

    def __init__(self, seed: int | str, corpus: list[bytes]) -> None:
        self.chance = random.Random(seed)
        self._corpus = corpus
        self._ways = (
            self._flip, self._cut, self._replace_number, self._replace_number, self._swap_text,
            self._insert, self._double, self._splice, self._noise, self._drop_field,
        )  # fmt: skip

    def mutate(self, message: bytes) -> bytes:
        for _ in range(self.chance.choice((0, 1, 1, 1, 2, 3, 6))):
            message = self.chance.choice(self._ways)(message)
            if len(message) > 200_000:
                return message[:200_000]
        return message

    def cuts(self, length: int) -> list[int]:
        """Where a stream of bytes is cut into arrivals."""
        count = self.chance.choice((0, 0, 1, 2, 5))
        return sorted(self.chance.randrange(length + 1) for _ in range(count))

    def _at(self, message: bytes) -> int:
        return self.chance.randrange(len(message) + 1)

    def _flip(self, message: bytes) -> bytes:
        if not message:
            return message
        changed = bytearray(message)
        for _ in range(self.chance.choice((1, 1, 2, 8))):
            changed[self.chance.randrange(len(changed))] = self.chance.randrange(256)
        return bytes(changed)

    def _cut(self, message: bytes) -> bytes:
        return message[: self._at(message)]

    def _replace_number(self, message: bytes) -> bytes:
        found = [match.span() for match in _NUMBER.finditer(message[:5000])]
        if not found:
            return message
        start, end = self.chance.choice(found)
        if message[start - 1 : start] == b'"' and self.chance.random() < 0.8:
            start, end = start - 1, end + 1  # with its quotes
        return message[:start] + self.chance.choice(_STRANGE) + message[end:]

    def _swap_text(self, message: bytes) -> bytes:
        pieces = message.split(b'"')
        if len(pieces) < 4:
            return message
        at = self.chance.randrange(1, len(pieces) - 1)
        pieces[at] = self.chance.choice(_KINDS).encode()
        return b'"'.join(pieces)

    def _insert(self, message: bytes) -> bytes:
        at = self._at(message)
        return message[:at] + self.chance.choice(_STRANGE) + message[at:]

    def _double(self, message: bytes) -> bytes:
        start = self._at(message)
        end = min(len(message), start + self.chance.randrange(1, 60))
        return message[:end] + message[start:end] + message[end:]

    def _splice(self, message: bytes) -> bytes:
        other = self.chance.choice(self._corpus)
        return message[: self._at(message)] + other[self._at(other) :]

    def _noise(self, message: bytes) -> bytes:
        return self.chance.randbytes(self.chance.choice((0, 1, 4, 64, 500)))

    def _drop_field(self, message: bytes) -> bytes:
        pieces = message.split(b",")
        if len(pieces) < 2:
            return message
        del pieces[self.chance.randrange(len(pieces))]
        return b",".join(pieces)
