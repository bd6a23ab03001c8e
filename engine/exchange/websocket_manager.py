"""Market data streams: subscribe, and they come for ever, across every reconnect."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from engine.clock import Clock, SystemClock
from engine.errors import BadInput, ShuttingDown
from engine.events import StreamStateChanged
from engine.exchange.market_streams import Callback, MarketStreams
from engine.exchange.stream_liveness import StreamSettings
from engine.exchange.stream_route import RouteHealth, StateListener, StreamRoute
from engine.trading_types import Route, StreamState
from engine.utils.deadline import Deadline
from engine.utils.threads import CrashHandler
from engine.wire import stream_names
from engine.wire.hosts import MAINNET, TESTNET, Hosts


def _ignore(_event: StreamStateChanged) -> None:
    pass


class WebSocketManager:
    """One connection and thread per market route (ws-public, ws-market).

    Every method may be called from any thread, and none but `stop` waits. A
    callback gets the typed event on its route's thread and must be quick; one
    that raises is logged and called again. A route's thread starts with its
    first subscription, so `start` need not be called.
    """

    def __init__(
        self,
        testnet: bool = True,
        hosts: Hosts | None = None,
        *,
        clock: Clock | None = None,
        settings: StreamSettings | None = None,
        on_state: StateListener = _ignore,
        on_crash: CrashHandler | None = None,
    ) -> None:
        hosts = hosts or (TESTNET if testnet else MAINNET)
        settings = settings or StreamSettings()
        self._clock: Clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._started: set[Route] = set()
        self._stopped = False
        self._streams = {
            route: MarketStreams(
                route,
                hosts,
                settings.subscribe_batch,
                silence_s=settings.silence_s,
                patience_max_s=settings.patience_max_s,
            )
            for route in (Route.PUBLIC, Route.MARKET)
        }
        self._routes = {
            route: StreamRoute(
                route,
                hosts.stream_url(route),
                streams,
                clock=self._clock,
                settings=settings,
                on_state=on_state,
                on_crash=on_crash,
            )
            for route, streams in self._streams.items()
        }

    # --- subscribing --------------------------------------------------------------

    def subscribe_trade(self, symbol: str, callback: Callback) -> None:
        """Every single trade, as events.Trade. Undocumented by the venue; prefer aggTrade."""
        self.subscribe([stream_names.trade(symbol)], callback)

    def subscribe_agg_trade(self, symbol: str, callback: Callback) -> None:
        """The tape, as events.AggTrade."""
        self.subscribe([stream_names.agg_trade(symbol)], callback)

    def subscribe_kline(self, symbol: str, interval: str, callback: Callback) -> None:
        """The candle in progress, every 250 ms while it changes, as events.KlineUpdate."""
        self.subscribe([stream_names.kline(symbol, interval)], callback)

    def subscribe_book_ticker(self, symbol: str, callback: Callback) -> None:
        """Best bid and ask, as events.BookTicker."""
        self.subscribe([stream_names.book_ticker(symbol)], callback)

    def subscribe_depth(self, symbol: str, callback: Callback, speed_ms: int = 100) -> None:
        """Changes of the book, as events.DepthDiff; see market.local_book for the book."""
        if speed_ms not in (100, 250, 500):
            raise BadInput("speed_ms", "The book's speed is 100, 250 or 500 ms.", "100")
        self.subscribe([stream_names.depth(symbol, speed_ms)], callback)

    def subscribe_mark_price(self, symbol: str, callback: Callback) -> None:
        """Mark price and funding once a second, as events.MarkPrice."""
        self.subscribe([stream_names.mark_price(symbol)], callback)

    def subscribe_ticker(self, symbol: str, callback: Callback) -> None:
        """The figures of 24 hours, as events.Ticker24h."""
        self.subscribe([stream_names.ticker(symbol)], callback)

    def subscribe_mini_ticker(self, symbol: str, callback: Callback) -> None:
        """Fewer of them, as events.MiniTicker; "!miniTicker@arr" is all contracts at once."""
        self.subscribe([stream_names.mini_ticker(symbol)], callback)

    def subscribe_liquidations(self, symbol: str, callback: Callback) -> None:
        """Positions that the venue closes, as events.Liquidation; there may be none for hours."""
        self.subscribe([stream_names.liquidations(symbol)], callback)

    def subscribe(self, streams: Sequence[str], callback: Callback) -> None:
        """Streams by the venue's names; each goes to its own route.

        One callback serves a stream; a second call replaces it. Raises ShuttingDown.
        """
        for route, names in self._by_route(streams).items():
            self._streams[route].want(names, callback)
            self._ensure_started(route)

    def unsubscribe(self, streams: Sequence[str]) -> None:
        """Unknown names are ignored."""
        for route, names in self._by_route(streams).items():
            self._streams[route].unwant(names)

    # --- life -------------------------------------------------------------------------

    def start(self) -> None:
        """Connect the routes that have subscriptions. Returns at once."""
        for route, streams in self._streams.items():
            if streams.wanted():
                self._ensure_started(route)

    def stop(self, timeout_s: float = 3.0) -> bool:
        """End every connection; True when all threads have ended in time. For good."""
        with self._lock:
            self._stopped = True
            running = [self._routes[route] for route in self._started]
        for route in running:
            route.request_stop()
        deadline = Deadline(SystemClock(), timeout_s)
        ended = [route.stop(deadline.left_s()) for route in running]
        return all(ended)

    def is_connected(self) -> bool:
        """Every route with a subscription is connected and has delivered data."""
        wanted = [route for route, streams in self._streams.items() if streams.wanted()]
        return bool(wanted) and all(self._routes[r].state is StreamState.LIVE for r in wanted)

    def hurry(self) -> None:
        """The network is seen to be back: routes that wait to reconnect do so now."""
        for route in self._routes.values():
            route.hurry()

    def recycle(self, why: str) -> None:
        """Make every connection anew (after the computer has slept)."""
        for route in self._routes.values():
            route.recycle(why)

    def probe(self) -> None:
        """Something else is silent: ask on every connection whether it still lives."""
        for route in self._routes.values():
            route.probe()

    # --- figures ------------------------------------------------------------------------

    def health(self) -> tuple[RouteHealth, ...]:
        return tuple(self._routes[route].health() for route in sorted(self._started))

    @property
    def decode_errors(self) -> int:
        return sum(streams.decode_errors for streams in self._streams.values())

    @property
    def callback_errors(self) -> int:
        return sum(streams.callback_errors for streams in self._streams.values())

    def silent_streams(self) -> frozenset[str]:
        """Wanted streams that have delivered nothing yet (an ACK is no delivery)."""
        return frozenset().union(*(streams.silent() for streams in self._streams.values()))

    def _ensure_started(self, route: Route) -> None:
        with self._lock:
            if self._stopped:
                raise ShuttingDown("The streams have been stopped.")
            if route in self._started:
                return
            self._started.add(route)
            self._routes[route].start()

    def _by_route(self, streams: Sequence[str]) -> dict[Route, list[str]]:
        found: dict[Route, list[str]] = {}
        for name in streams:
            found.setdefault(stream_names.route_of(name), []).append(name)
        return found
