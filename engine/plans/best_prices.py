"""The best prices of the symbols that plans follow, never older than the stream.

From the book ticker while the public stream is live, else by REST. A price from
before a symbol was followed, or before the stream was lost, is never given.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from decimal import Decimal

import msgspec

from engine.clock import Clock
from engine.errors import PerpdeskError
from engine.event_hub import EventHub
from engine.events import BookTicker, StreamStateChanged
from engine.exchange.gateway import DepthSnapshot
from engine.trading_types import Route, Side, StreamState

logger = logging.getLogger(__name__)

_ASK_PAUSE_S = 1.0
_LEVELS = 5  # the fewest that the venue gives


class Best(msgspec.Struct, frozen=True):
    bid: Decimal
    ask: Decimal

    def own_side(self, side: Side) -> Decimal:
        return self.bid if side is Side.BUY else self.ask


class BestPrices:
    """`keep` and `best` belong to one thread and may block on the network."""

    def __init__(
        self,
        hub: EventHub,
        subscribe: Callable[[str], None],
        get_depth: Callable[[str, int], DepthSnapshot],
        clock: Clock,
    ) -> None:
        self._hub = hub
        self._subscribe = subscribe
        self._get_depth = get_depth
        self._clock = clock
        self.on_change: Callable[[], None] = lambda: None  # on the stream's thread, at once
        self._tickers: dict[str, BookTicker] = {}
        self._read: dict[str, tuple[float, Best | None]] = {}  # by REST: when, and what
        self._followed: set[str] = set()
        self._ends: list[Callable[[], None]] = []

    def keep(self, symbols: set[str]) -> None:
        """Follow these and no others. Nothing is listened to while there are none."""
        for symbol in symbols - self._followed:
            self._subscribe(symbol)
        for symbol in self._followed - symbols:
            self._tickers.pop(symbol, None)
            self._read.pop(symbol, None)
        self._followed = set(symbols)
        if symbols and not self._ends:
            self._ends = [
                self._hub.listen(BookTicker, self._on_ticker),
                self._hub.listen(StreamStateChanged, self._on_stream_state),
            ]
        elif not symbols:
            self.close()

    def best(self, symbol: str) -> Best | None:
        """None: not known. By REST at most once a second."""
        ticker = self._tickers.get(symbol)
        if ticker is not None:
            return Best(_exact(ticker.bid_price), _exact(ticker.ask_price))
        now_s = self._clock.monotonic()
        asked_s, found = self._read.get(symbol, (now_s - _ASK_PAUSE_S, None))
        if now_s - asked_s >= _ASK_PAUSE_S:
            found = self.ask(symbol)
            self._read[symbol] = (now_s, found)
        return found

    def forget(self, symbol: str) -> None:
        """What was read by REST may be a second old: it serves one order."""
        self._read.pop(symbol, None)

    def ask(self, symbol: str) -> Best | None:
        """By REST now; any thread. None: not known."""
        try:
            depth = self._get_depth(symbol, _LEVELS)
        except PerpdeskError as error:
            logger.info("no price of %s: %s", symbol, error)
            return None
        if not depth.bids or not depth.asks:
            return None
        return Best(Decimal(depth.bids[0][0]), Decimal(depth.asks[0][0]))

    def close(self) -> None:
        for end in self._ends:
            end()
        self._ends = []

    def _on_ticker(self, event: BookTicker) -> None:
        if event.symbol in self._followed:
            self._tickers[event.symbol] = event
            self.on_change()

    def _on_stream_state(self, event: StreamStateChanged) -> None:
        if event.route is Route.PUBLIC and event.state is not StreamState.LIVE:
            self._tickers.clear()


def _exact(price: float) -> Decimal:
    return Decimal(repr(price))
