"""Listens to every subscribed stream of one symbol and notes when it delivered."""

from __future__ import annotations

import threading

from engine.clock import Clock
from engine.event_hub import EventHub
from engine.events import AggTrade, BookTicker, BookView, Event, KlineUpdate, MarkPrice, Ticker24h
from engine.kpi.silence_meter import SilenceMeter
from engine.trading_types import Route

# the route that carries it is a name of its own: whatever comes over it counts
STREAMS: dict[type[Event], tuple[Route, str]] = {
    BookTicker: (Route.PUBLIC, "bookTicker"),
    BookView: (Route.PUBLIC, "depth@100ms"),
    AggTrade: (Route.MARKET, "aggTrade"),
    KlineUpdate: (Route.MARKET, "kline"),
    MarkPrice: (Route.MARKET, "markPrice@1s"),
    Ticker24h: (Route.MARKET, "!ticker@arr"),
}
NAMES = tuple(name for _, name in STREAMS.values())


class StreamEar:
    """Noting runs on the stream threads, reading on any."""

    def __init__(self, hub: EventHub, clock: Clock, symbol: str) -> None:
        self._clock = clock
        self._symbol = symbol
        self._lock = threading.Lock()
        self._meter = self._new_meter()
        self._ends = [hub.listen(kind, self._on_event) for kind in STREAMS]

    def restart(self) -> None:
        """Measure from now on."""
        with self._lock:
            self._meter = self._new_meter()

    def longest_silence_s(self, name: str | Route) -> float:
        with self._lock:
            return self._meter.longest_s(name, self._clock.monotonic())

    def unheard_since(self, moment_s: float) -> list[str]:
        """The streams that have delivered nothing since then."""
        with self._lock:
            unheard = self._meter.unheard_since(moment_s)
        return [name for name in unheard if name in NAMES]

    def close(self) -> None:
        for end in self._ends:
            end()

    def _new_meter(self) -> SilenceMeter:
        return SilenceMeter([*NAMES, Route.PUBLIC, Route.MARKET], self._clock.monotonic())

    def _on_event(self, event: Event) -> None:
        if getattr(event, "symbol", "") != self._symbol:
            return
        if isinstance(event, BookView) and not event.is_synced:
            return  # our own word: the book is being rebuilt
        route, name = STREAMS[type(event)]
        now_s = self._clock.monotonic()
        with self._lock:
            self._meter.heard(name, now_s)
            self._meter.heard(route, now_s)
