"""The same targets under atheris, which looks for bytes that reach new code."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path


def run_guided(seconds: float) -> int:
    """Runs until the time is over; atheris itself ends the process, also at a finding."""
    try:
        import atheris  # type: ignore[import-untyped]
    except ImportError:
        sys.stdout.write("atheris is not installed; without --atheris nothing is needed.\n")
        return 2
    # only what is imported here for the first time can guide it
    with atheris.instrument_imports(include=["engine"]):
        from engine.exchange.http_session import HttpReply
        from tests.fuzz import samples, targets

    bench = targets.Bench()
    readers: tuple[Callable[[bytes], None], ...] = (
        targets.market_frame,
        targets.user_frame,
        targets.socket_reply,
        lambda payload: targets.frames([payload]),
    )

    def feed(data: bytes) -> None:
        if len(data) < 2:
            return
        which, status, payload = data[0], 200 if data[1] < 128 else 400, data[2:]
        if which < len(readers):
            readers[which](payload)
        else:
            reply_type, _ = samples.REST_BODIES[which % len(samples.REST_BODIES)]
            bench.judge(HttpReply(status, {}, payload), reply_type)

    bodies = [body for _, body in samples.REST_BODIES]
    seeds = [bytes([0, 0]) + frame for frame in samples.MARKET_FRAMES]
    seeds += [bytes([1, 0]) + frame for frame in samples.USER_FRAMES]
    seeds += [bytes([2, 0]) + bodies[-1]]
    seeds += [bytes([len(bodies) + at, 0]) + body for at, body in enumerate(bodies)]
    options = [f"-max_total_time={max(1, round(seconds))}", "-max_len=4096"]
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds):
            (Path(folder) / str(number)).write_bytes(seed)
        atheris.Setup([sys.argv[0], *options, folder], feed)
        atheris.Fuzz()
    return 0
