"""The market path: from the socket's bytes to a subscriber's typed event."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.benchmarks import stream_clients
from tests.benchmarks.child import child
from tests.benchmarks.measuring import median, percentile, rounds
from tests.benchmarks.stream_clients import Lateness, Reader, Tally

RATES = (1_000, 5_000, 20_000)
_QUICK_MESSAGES, _MESSAGES = 60_000, 300_000
_PEER_SHARE = 12  # peers are that much slower, so they get fewer messages


def run(*, quick: bool) -> dict[str, Any]:
    count = _QUICK_MESSAGES if quick else _MESSAGES
    with child("stream_server") as server:
        url = server.ready["url"]
        found = _throughput(url, count, 3 if quick else 7)
        found |= _latency(url, 0.25 if quick else 1.5, 3 if quick else 5)
    return found


def _throughput(url: str, count: int, how_often: int) -> dict[str, Any]:
    def measure(reader: Reader, messages: int) -> Tally:
        tally = Tally(messages)
        reader(f"{url}/flood-{messages}-mix", tally)
        return tally

    peers = stream_clients.peers()
    runs = {
        "limit": partial(measure, stream_clients.limit, count),
        "ours": partial(measure, stream_clients.ours, count),
    }
    runs |= {name: partial(measure, peer, count // _PEER_SHARE) for name, peer in peers.items()}
    results = rounds(how_often, runs)
    speed = {name: median([tally.per_second for tally in found]) for name, found in results.items()}
    ratios = [
        our.per_second / best.per_second
        for our, best in zip(results["ours"], results["limit"], strict=True)
    ]
    return {
        "ratio_to_limit": median(ratios),
        "ratio_to_best_peer": speed["ours"] / max(speed[name] for name in peers),
        "messages_per_s": {name: round(value) for name, value in speed.items()},
        "cpu_us_per_message": {
            name: median([tally.cpu_us for tally in found]) for name, found in results.items()
        },
        "absent_peers": stream_clients.absent_peers(),
    }


def _latency(url: str, seconds: float, how_often: int) -> dict[str, Any]:
    p50: dict[str, float] = {}
    p99: dict[str, float] = {}
    ratios: dict[str, float] = {}
    for rate in RATES:

        def measure(reader: Reader, rate: int = rate) -> Lateness:
            late = Lateness(round(rate * seconds * 0.95))
            reader(f"{url}/pace-{rate}-{seconds}-mix", late)
            return late

        results = rounds(
            how_often,
            {
                "limit": partial(measure, stream_clients.limit_lateness),
                "ours": partial(measure, stream_clients.ours),
            },
        )
        tails = {
            name: [percentile(late.late_us, 0.99) for late in found]
            for name, found in results.items()
        }
        p50[str(rate)] = median([percentile(late.late_us, 0.5) for late in results["ours"]])
        p99[str(rate)] = median(tails["ours"])
        pairs = zip(tails["ours"], tails["limit"], strict=True)
        ratios[str(rate)] = median([ours / limit for ours, limit in pairs])
    return {
        "p50_us": p50,
        "p99_us": p99,
        "p99_ratio_to_limit": median(list(ratios.values())),
        "p99_ratio_to_limit_by_rate": ratios,
    }
