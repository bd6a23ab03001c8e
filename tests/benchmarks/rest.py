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
from tests.benchmarks.order_clients import (
    BareConnector,
    BareOrderSocket,
    OneSocket,
    OrderClient,
    OurDesk,
    RequestsSession,
)

MARKET_RATE = 5_000
SWITCH_INTERVAL_S = 0.0005  # as the desktop sets it
_PAUSE_S = 0.002


def run(*, quick: bool) -> dict[str, Any]:
    orders, how_often = (60, 5) if quick else (200, 15)
    with (
        child("venue_server") as venue,
        child("stream_server") as streams,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
    ):
        market = f"{streams.ready['url']}/pace-{MARKET_RATE}-0-split"
        with (
            OurDesk(venue.ready, market, Path(folder) / "rest", "rest") as by_rest,
            OurDesk(venue.ready, market, Path(folder) / "socket", "websocket") as by_socket,
        ):
            found = _latency(venue.ready, by_rest, by_socket, orders, how_often)
        with OurDesk(venue.ready, market, Path(folder) / "loaded", "rest") as loaded:
            return found | _loaded(loaded, 400 if quick else 3000)


def _latency(
    ready: dict[str, Any], by_rest: OurDesk, by_socket: OurDesk, orders: int, how_often: int
) -> dict[str, Any]:
    numbers = count()

    def burst(client: OrderClient) -> list[float]:
        found = [_timed_us(client.place, next(numbers)) for _ in range(orders)]
        for desk in (by_rest, by_socket):
            desk.window.drain()
        return found

    clients: dict[str, OrderClient] = {
        "ours by REST": by_rest,
        "binance-futures-connector": BareConnector(ready),
        "requests session": RequestsSession(ready),
        "one socket, prepared": OneSocket(ready),
        "ours by order socket": by_socket,
        "websocket-client": BareOrderSocket(ready),
    }
    for client in clients.values():
        burst(client)  # connections are warm, as in use
    results = rounds(how_often, {name: partial(burst, c) for name, c in clients.items()})
    return {
        "rest_p50_ratio_to_connector": _ratio(results, "ours by REST", "binance-futures-connector"),
        "ws_p50_ratio_to_socket": _ratio(results, "ours by order socket", "websocket-client"),
        "p50_us": {name: median([percentile(b, 0.5) for b in r]) for name, r in results.items()},
        "p99_us": {name: median([percentile(b, 0.99) for b in r]) for name, r in results.items()},
    }


def _ratio(results: dict[str, list[list[float]]], ours: str, theirs: str) -> float:
    pairs = zip(results[ours], results[theirs], strict=True)
    return median([percentile(a, 0.5) / percentile(b, 0.5) for a, b in pairs])


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
                desk.window.drain()  # at about the frame rate
            time.sleep(_PAUSE_S)
    finally:
        sys.setswitchinterval(before)
    return {"loaded_p50_ms": percentile(found, 0.5), "loaded_p99_ms": percentile(found, 0.99)}


def _timed_us(place: Callable[[int], None], number: int) -> float:
    began = time.perf_counter_ns()
    place(number)
    return (time.perf_counter_ns() - began) / 1000
