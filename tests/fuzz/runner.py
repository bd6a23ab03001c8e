"""Rounds of mutated messages through every target, until the time or the count is over."""

from __future__ import annotations

import itertools
import struct
import time
from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from engine.exchange.http_session import HttpReply
from tests.fuzz import samples, targets
from tests.fuzz.mutation import Mutator
from tests.helpers.toy_streams import frame

_STATUSES = (200, 200, 200, 200, 400, 401, 403, 408, 418, 429, 500, 502, 503, 101, 302, 0, 999)
_HEADS = ((1, True), (1, True), (2, True), (1, False), (0, True), (9, True))
_ROUND = 250


class Finding(msgspec.Struct, frozen=True):
    """What broke: `seed` and `target` play it again."""

    seed: int
    target: str
    payload: bytes
    error: str


class Result(msgspec.Struct, frozen=True):
    inputs: int
    seconds: float
    finding: Finding | None = None


def run(seconds: float, first_seed: int = 0, most_inputs: int | None = None) -> Result:
    """Stops at the first finding. Each round has a seed of its own."""
    started = time.monotonic()
    inputs, seed = 0, first_seed
    while time.monotonic() - started < seconds and (most_inputs is None or inputs < most_inputs):
        done, finding = play(seed)
        inputs += done
        if finding is not None:
            return Result(inputs, time.monotonic() - started, finding)
        seed += 1
    return Result(inputs, time.monotonic() - started)


def play(seed: int) -> tuple[int, Finding | None]:
    """One round: how many inputs were fed, and what broke."""
    done = 0
    for name, payload, feed in _round(seed):
        done += 1
        try:
            feed()
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            return done, Finding(seed, name, payload, f"{type(error).__name__}: {error}")
    return done, None


def _round(seed: int) -> Iterator[tuple[str, bytes, Callable[[], None]]]:
    corpus = samples.MARKET_FRAMES + samples.USER_FRAMES
    corpus += [body for _, body in samples.REST_BODIES]
    mutator = Mutator(seed, corpus)
    chance = mutator.chance
    bench = targets.Bench()
    for _ in range(_ROUND):
        market = mutator.mutate(chance.choice(samples.MARKET_FRAMES))
        yield "market_frame", market, partial(targets.market_frame, market)
        user = mutator.mutate(chance.choice(samples.USER_FRAMES))
        yield "user_frame", user, partial(targets.user_frame, user)
        reply_type, whole = chance.choice(samples.REST_BODIES)
        body = mutator.mutate(whole)
        reply = HttpReply(chance.choice(_STATUSES), _headers(mutator), body)
        yield "rest_body", body, partial(bench.judge, reply, reply_type)
        answer = mutator.mutate(samples.REST_BODIES[-1][1])
        yield "socket_reply", answer, partial(targets.socket_reply, answer)
        stream = _stream(mutator)
        yield "frames", b"".join(stream), partial(targets.frames, stream)


def _headers(mutator: Mutator) -> dict[str, str]:
    """Latin-1, as they are read from the wire."""
    headers = dict(samples.HEADERS)
    name = mutator.chance.choice(list(headers))
    headers[name] = mutator.mutate(headers[name].encode()).decode("latin-1")[:9000]
    return headers


def _stream(mutator: Mutator) -> list[bytes]:
    """Some frames, one of them perhaps with a wrong head, cut into arrivals."""
    chance, data = mutator.chance, b""
    for _ in range(chance.randrange(1, 4)):
        payload = mutator.mutate(chance.choice(samples.MARKET_FRAMES))[:5000]
        opcode, fin = chance.choice(_HEADS)
        data += frame(payload[:125] if opcode == 9 else payload, opcode, fin=fin)
    if chance.random() < 0.4:
        data = mutator.mutate(data)
    if chance.random() < 0.1:
        data += bytes([0x81, 127]) + struct.pack(">Q", chance.randrange(1 << 64))
    cuts = [0, *mutator.cuts(len(data)), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(cuts)]
