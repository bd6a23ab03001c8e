"""The same targets under atheris, which looks for bytes that reach new code."""

from __future__ import annotations

import sys

from engine.exchange.http_session import HttpReply
from tests.fuzz import samples, targets


def run_guided(seconds: float) -> int:
    """Runs until the time is over; atheris itself ends the process at a finding."""
    try:
        import atheris  # type: ignore[import-untyped]
    except ImportError:
        sys.stdout.write("atheris is not installed; without --atheris nothing is needed.\n")
        return 2
    bench = targets.Bench()

    def feed(data: bytes) -> None:
        if not data:
            return
        which, payload = data[0] % 5, data[1:]
        if which == 0:
            targets.market_frame(payload)
        elif which == 1:
            targets.user_frame(payload)
        elif which == 2:
            targets.socket_reply(payload)
        elif which == 3:
            targets.frames([payload])
        else:
            reply_type, _ = samples.REST_BODIES[data[0] % len(samples.REST_BODIES)]
            bench.judge(HttpReply(200 if data[0] < 128 else 400, {}, payload), reply_type)

    atheris.Setup([sys.argv[0], f"-max_total_time={max(1, round(seconds))}"], feed)
    atheris.Fuzz()
    return 0
