"""The paper exchange: its matching core, whole orders over HTTP, its idle cost, its fan-out."""

from __future__ import annotations

import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from engine.clock import SystemClock
from engine.paper.matching_book import MatchingBook
from engine.paper.paper_build import VenueSettings, build_venue
from engine.paper.paper_process import PaperOptions, PaperProcess
from engine.paper.paper_state import StateFolder
from engine.trading_types import Side
from engine.wire.endpoints import ENDPOINTS
from tests.benchmarks.child import child
from tests.benchmarks.fanout_server import STREAM
from tests.benchmarks.measuring import cpu_seconds, median, percentile, spin
from tests.benchmarks.paper_clients import lags_ms, orders_per_second
from tests.benchmarks.venue_server import SYMBOL, rest_orders

SIZES = (10, 1_000, 100_000)
LISTENERS, EVENTS_PER_S = 50, 1_000
_MIDDLE = 600_000
_LEVELS = 5_000


def run(*, quick: bool) -> dict[str, Any]:
    found = _core(4_000 if quick else 20_000, 5 if quick else 15)
    found["growth"] = max(found["growth_of_core"], _venue_growth(quick=quick))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        found |= _over_http(Path(folder) / "quiet", 1_500 if quick else 10_000)
        found |= _idle(Path(folder) / "default", 2.0 if quick else 10.0)
        found |= _fan_out(Path(folder) / "fanout", 2.0 if quick else 10.0)
    return found


def _core(matches: int, how_often: int) -> dict[str, Any]:
    """A maker comes to rest and is hit: two orders a match, whatever else rests.

    In this thread's own time: nothing here waits for others.
    """
    books = {size: _book_of(size) for size in SIZES}
    times: dict[int, list[float]] = {size: [] for size in SIZES}
    next_id = 10_000_000
    for _ in range(how_often):
        for size, book in books.items():
            began = time.thread_time()
            for _ in range(matches):
                next_id += 2
                book.place(next_id, "maker", Side.SELL, _MIDDLE, 5)
                book.place(next_id + 1, "taker", Side.BUY, _MIDDLE, 5)
            times[size].append((time.thread_time() - began) / matches)
            book.depth_changes()
    growths = [large / small for large, small in zip(times[SIZES[-1]], times[10], strict=True)]
    return {
        "matches_per_s": round(1 / median(times[10])),
        "growth_of_core": median(growths),
        "matches_per_s_by_resting": {
            str(size): round(1 / median(found)) for size, found in times.items()
        },
    }


def _book_of(size: int) -> MatchingBook:
    book = MatchingBook()
    for number in range(size):
        away = 10 + number % _LEVELS
        side, price = (
            (Side.BUY, _MIDDLE - away) if number % 2 else (Side.SELL, _MIDDLE + away)
        )  # fmt: skip
        book.place(number, "rest", side, price, 5)
    return book


def _venue_growth(*, quick: bool) -> float:
    """Placing and cancelling one order with all the account's checks, by orders that rest."""
    sizes = (10, 1_000, 10_000 if quick else 100_000)
    times: dict[int, list[float]] = {size: [] for size in sizes}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        calls = {size: _venue_of(Path(folder) / str(size), size) for size in sizes}
        for _ in range(7):
            for size, place_and_cancel in calls.items():
                began = time.thread_time()
                for number in range(100):
                    place_and_cancel(number)
                times[size].append(time.thread_time() - began)
    return median([a / b for a, b in zip(times[sizes[-1]], times[sizes[0]], strict=True)])


def _venue_of(folder: Path, size: int) -> Any:
    settings = VenueSettings(
        seed=1, symbols=(SYMBOL,), quiet_market=True, unlimited=True, fresh=True,
        balance=Decimal(10**11),
    )  # fmt: skip
    venue, _ = build_venue(settings, StateFolder(folder), SystemClock())
    rest_orders(venue, size)
    account = next(iter(venue.exchange.accounts))

    def place_and_cancel(number: int) -> None:
        now_ms = venue.now_ms()
        name = f"own-{number}"
        order = {
            "symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
            "quantity": "0.002", "price": "60000.0", "newClientOrderId": name,
        }  # fmt: skip
        venue.perform(ENDPOINTS["place_order"], account, order, now_ms)
        venue.commit(now_ms)
        key = {"symbol": SYMBOL, "origClientOrderId": name}
        venue.perform(ENDPOINTS["cancel_order"], account, key, now_ms)
        venue.commit(now_ms)

    return place_and_cancel


def _over_http(folder: Path, count: int) -> dict[str, Any]:
    process = PaperProcess.start(
        PaperOptions(state_dir=folder, quiet_market=True, unlimited=True, balance="1000000000")
    )
    try:
        ready = msgspec.to_builtins(process.ready)
        orders_per_second(ready, count // 10)  # until it is warm
        return {"http_orders_per_s": round(orders_per_second(ready, count, first=count))}
    finally:
        process.stop()


def _idle(folder: Path, seconds: float) -> dict[str, Any]:
    """The default market of all symbols, with nobody listening."""
    process = PaperProcess.start(PaperOptions(state_dir=folder))
    try:
        spin(0.5)
        before = cpu_seconds(process.pid)
        began = time.perf_counter()
        spin(seconds)
        after, passed = cpu_seconds(process.pid), time.perf_counter() - began
    finally:
        process.stop()
    if before is None or after is None:
        return {"idle_cpu_pct": None}
    return {"idle_cpu_pct": (after - before) / passed * 100}


def _fan_out(folder: Path, seconds: float) -> dict[str, Any]:
    with child("fanout_server", str(EVENTS_PER_S), str(folder)) as server:
        lags, events_per_s = lags_ms(server.ready["streams"], STREAM, LISTENERS, seconds)
    return {
        "fanout_lag_p50_ms": percentile(lags, 0.5),
        "fanout_lag_p99_ms": percentile(lags, 0.99),
        "fanout_events_per_s": round(events_per_s),
    }
