"""An order from `oms.submit_order` to its acknowledgement, everything included."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from tests.benchmarks.child import child
from tests.benchmarks.measuring import median, percentile, rounds
from tests.benchmarks.order_clients import BareConnector, OneSocket, OurDesk, RequestsSession

MARKET_RATE = 5_000
SWITCH_INTERVAL_S = 0.0005  # as the desktop sets it
_PAUSE_S = 0.002


def run(*, quick: bool) -> dict[str, Any]:
    orders, how_often = (60, 5) if quick else (200, 15)
    with (
        child("venue_server") as venue,
        child("stream_server") as streams,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        OurDesk(venue.ready, f"{streams.ready['url']}/pace-{MARKET_RATE}-0-split", Path(folder))
        as desk,
    ):  # fmt: skip
        found = _latency(venue.ready, desk, orders, how_often)
        return found | _loaded(desk, 400 if quick else 3000)


def _latency(ready: dict[str, Any], desk: OurDesk, orders: int, how_often: int) -> dict[str, Any]:
    numbers = count()

    def burst(place: Callable[[int], None]) -> list[float]:
        desk.rest_between()
        return [_timed_us(place, next(numbers)) for _ in range(orders)]

    clients = {
        "ours": desk,
        "binance-futures-connector": BareConnector(ready),
        "requests session": RequestsSession(ready),
        "one socket, prepared": OneSocket(ready),
    }
    for client in clients.values():
        burst(client.place)  # connections are warm, as in use
    results = rounds(how_often, {n: partial(burst, c.place) for n, c in clients.items()})
    ratios = [
        percentile(ours, 0.5) / percentile(theirs, 0.5)
        for ours, theirs in zip(results["ours"], results["binance-futures-connector"], strict=True)
    ]
    return {
        "rest_p50_ratio_to_connector": median(ratios),
        "ws_p50_ratio_to_socket": None,  # orders go by REST alone
        "p50_us": {name: median([percentile(b, 0.5) for b in r]) for name, r in results.items()},
        "p99_us": {name: median([percentile(b, 0.99) for b in r]) for name, r in results.items()},
    }


def _loaded(desk: OurDesk, orders: int) -> dict[str, Any]:
    """One order every few milliseconds while the market streams of six symbols run."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        desk.listen()
        deadline = time.monotonic() + 10
        while not desk.gateway.streams.is_connected() and time.monotonic() < deadline:
            time.sleep(_PAUSE_S)
        found = []
        for number in range(orders):
            found.append(_timed_us(desk.place, number) / 1000)
            if number % 8 == 0:
                desk.rest_between()  # at about the frame rate
            time.sleep(_PAUSE_S)
    finally:
        sys.setswitchinterval(before)
    return {"loaded_p50_ms": percentile(found, 0.5), "loaded_p99_ms": percentile(found, 0.99)}


def _timed_us(place: Callable[[int], None], number: int) -> float:
    began = time.perf_counter_ns()
    place(number)
    return (time.perf_counter_ns() - began) / 1000
