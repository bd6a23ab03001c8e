"""Which market data is wanted, and what becomes of it.

Subscribes through the gateway, keeps the local books whole and publishes
everything. Stream callbacks run on the reading threads; snapshots are fetched
on the queries thread.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable

import msgspec

from engine.clock import Clock
from engine.commands import MAIN_PANEL, MOST_PANELS
from engine.errors import BadInput, PerpdeskError, ShuttingDown
from engine.event_hub import EventHub
from engine.events import DepthDiff, Event, StreamStateChanged
from engine.exchange.gateway import ExchangeGateway
from engine.market.local_book import BookStep, LocalBook
from engine.market.market_state import MarketState
from engine.trading_types import Route, StreamState
from engine.utils.task_queue import TaskQueue

logger = logging.getLogger(__name__)

BOOK_DEPTH = 400
_SNAPSHOT_PAUSE_S = 0.5
_CONFIRM_PAUSES_S = (0.5, 1.0, 2.0, 5.0)


class Watch(msgspec.Struct, frozen=True):
    """What one panel shows. No `interval`: no candles."""

    symbol: str
    interval: str
    with_book: bool = True


class MarketFeed:
    def __init__(
        self,
        gateway: ExchangeGateway,
        hub: EventHub,
        state: MarketState,
        queries: TaskQueue,
        clock: Clock,
    ) -> None:
        self._gateway = gateway
        self._hub = hub
        self._state = state
        self._queries = queries
        self._clock = clock
        self._lock = threading.Lock()
        self._books: dict[str, LocalBook] = {}
        self._resyncing: set[str] = set()
        self._checks: dict[str, _Check] = {}  # snapshots that no change has confirmed yet
        self._watched: dict[str, Watch] = {}  # by panel
        self._marks: set[str] = set()
        self._quotes: set[str] = set()
        self._stop = threading.Event()

    def watch(
        self, symbol: str, interval: str, panel: str = MAIN_PANEL, *, with_book: bool = True
    ) -> None:
        """Stream everything about `symbol` instead of what `panel` watched before.

        Raises BadInput when that is one panel too many.
        """
        self._check_room(panel)
        self._change(panel, Watch(symbol, interval, with_book))
        if with_book:
            # a resting market says nothing until something changes
            self._ask_for_snapshot(symbol)

    def unwatch(self, panel: str) -> None:
        """The panel is gone; what no other panel watches is no longer streamed."""
        self._change(panel, None)

    def _check_room(self, panel: str) -> None:
        with self._lock:
            is_full = panel not in self._watched and len(self._watched) >= MOST_PANELS
        if is_full:
            raise BadInput("panel", f"At most {MOST_PANELS} panels show a market at once.")

    def _change(self, panel: str, watch: Watch | None) -> None:
        """On the queries thread alone: two changes never overlap."""
        with self._lock:
            before = _streams_of(self._watched.values())
            self._watched.pop(panel, None)
            if watch is not None:
                self._watched[panel] = watch
            wanted = _streams_of(self._watched.values())
            symbols = {one.symbol for one in self._watched.values() if one.with_book}
            self._books = {name: self._books.get(name) or LocalBook(name) for name in symbols}
            self._checks = {name: c for name, c in self._checks.items() if name in symbols}
            kept = {_mark_stream(one) for one in self._marks}
            kept |= {_quote_stream(one) for one in self._quotes}
        self._gateway.unsubscribe(sorted(before - wanted - kept))
        self._gateway.subscribe(sorted(wanted - before - kept), self._on_event)

    def watched(self) -> tuple[str, str] | None:
        """Symbol and interval of the main panels."""
        with self._lock:
            main = self._watched.get(MAIN_PANEL)
        return None if main is None else (main.symbol, main.interval)

    def refresh_books(self) -> None:
        """Take snapshots anew: who begins to record needs one to begin with."""
        with self._lock:
            symbols = list(self._books)
        for symbol in symbols:
            self._ask_for_snapshot(symbol)

    def follow_all_tickers(self) -> None:
        """The day's figures of every contract, for the watch list."""
        self._gateway.subscribe(["!ticker@arr"], self._on_event)

    def follow_mark_price(self, symbol: str) -> None:
        """For the profit of an open position in a symbol that is not on screen."""
        with self._lock:
            if symbol in self._marks:
                return
            self._marks.add(symbol)
        self._gateway.subscribe([_mark_stream(symbol)], self._on_event)

    def follow_best_price(self, symbol: str) -> None:
        """For a plan that works in a symbol that may not be on screen."""
        with self._lock:
            if symbol in self._quotes:
                return
            self._quotes.add(symbol)
        self._gateway.subscribe([_quote_stream(symbol)], self._on_event)

    def on_stream_state(self, event: StreamStateChanged) -> None:
        """A broken public route breaks the chain of every book; a new one starts it."""
        if event.route is not Route.PUBLIC or event.state is StreamState.LIVE:
            return
        with self._lock:
            books = list(self._books.values())
        if event.state is StreamState.CONNECTED:
            for book in books:
                self._ask_for_snapshot(book.symbol)
            return
        with self._lock:
            for book in books:
                book.reset()
            views = [book.view(BOOK_DEPTH) for book in books]
        for view in views:
            self._publish(view)

    def tick(self) -> None:
        """Housekeeping: take a snapshot again while no change has confirmed the last one.

        The venue may have acted between the snapshot and the subscription; in a busy
        market the next change shows that as a gap, in a resting one only asking does.
        """
        now_s = self._clock.monotonic()
        with self._lock:
            due = [symbol for symbol, check in self._checks.items() if check.is_due(now_s)]
        for symbol in due:
            self._ask_for_snapshot(symbol)

    def stop(self) -> None:
        self._stop.set()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, DepthDiff):
            self._on_depth(event)
        else:
            self._publish(event)

    def _publish(self, event: Event) -> None:
        self._state.on_event(event)
        self._hub.publish(event)

    def _on_depth(self, diff: DepthDiff) -> None:
        with self._lock:
            book = self._books.get(diff.symbol)
            if book is None:
                return
            step = book.on_diff(diff)
            if step is BookStep.APPLIED and self._checks:
                self._checks.pop(diff.symbol, None)
            view = book.view(BOOK_DEPTH) if step in (BookStep.APPLIED, BookStep.GAP) else None
        if step in (BookStep.BUFFERED, BookStep.GAP):
            self._ask_for_snapshot(diff.symbol)
        if view is not None:
            self._publish(view)

    def _plan_check(self, book: LocalBook) -> None:
        if book.is_confirmed:
            self._checks.pop(book.symbol, None)
            return
        check = self._checks.setdefault(book.symbol, _Check())
        if not check.plan_next(self._clock.monotonic()):
            del self._checks[book.symbol]

    def _ask_for_snapshot(self, symbol: str) -> None:
        with self._lock:
            if symbol in self._resyncing:
                return
            self._resyncing.add(symbol)
        try:
            self._queries.submit(lambda: self._resync(symbol))
        except ShuttingDown:
            logger.debug("no snapshot for %s: the engine is closing", symbol)

    def _resync(self, symbol: str) -> None:
        """On the queries thread. A failed or too old snapshot is asked for again
        by the next change of the stream, after a pause that spares the weight."""
        try:
            snapshot = self._gateway.get_depth(symbol)
            with self._lock:
                book = self._books.get(symbol)
                if book is None:
                    return
                step = book.on_snapshot(snapshot.last_update_id, snapshot.bids, snapshot.asks)
                self._plan_check(book)
                view = book.view(BOOK_DEPTH)
            self._publish(view)
            failed = step is BookStep.GAP
        except PerpdeskError as error:
            logger.warning("snapshot of %s failed: %s", symbol, error)
            failed = True
        finally:
            with self._lock:
                self._resyncing.discard(symbol)
        if failed:
            self._clock.wait(self._stop, _SNAPSHOT_PAUSE_S)


class _Check:
    """When to look again, and how often it was done."""

    __slots__ = ("done", "next_at_s")

    def __init__(self) -> None:
        self.done = 0
        self.next_at_s = 0.0

    def plan_next(self, now_s: float) -> bool:
        """False when it was done often enough."""
        if self.done >= len(_CONFIRM_PAUSES_S):
            return False
        self.next_at_s = now_s + _CONFIRM_PAUSES_S[self.done]
        self.done += 1
        return True

    def is_due(self, now_s: float) -> bool:
        return now_s >= self.next_at_s


def _streams_of(watched: Iterable[Watch]) -> set[str]:
    names: set[str] = set()
    for watch in watched:
        lower = watch.symbol.lower()
        names |= {f"{lower}@aggTrade", _quote_stream(watch.symbol), _mark_stream(watch.symbol)}
        if watch.with_book:
            names.add(f"{lower}@depth@100ms")
        if watch.interval:
            names.add(f"{lower}@kline_{watch.interval}")
    return names


def _quote_stream(symbol: str) -> str:
    return f"{symbol.lower()}@bookTicker"


def _mark_stream(symbol: str) -> str:
    return f"{symbol.lower()}@markPrice@1s"
