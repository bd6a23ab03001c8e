"""The market streams: what the markets did, at the venue's speeds.

Prints, aggregates and the best prices go out at once; depth, candles, marks and
24 h tickers when their time has come. Nothing is put together that nobody
listens to.
"""

from __future__ import annotations

from engine.paper.candle import INTERVAL_MS, candle_bounds
from engine.paper.market_payloads import (
    USD_M_FAMILY,
    Touch,
    agg_trade,
    book_ticker,
    depth_update,
    forced,
    kline,
    mark,
    partial_depth,
    ticker,
    trade,
)
from engine.paper.paper_market import PaperMarket
from engine.paper.paper_market_requests import touch_text
from engine.paper.paper_streams import Stash, StreamHub
from engine.trading_types import Side

DEPTH_SPEEDS_MS = (100, 250, 500)
_KLINE_MS = 250
_TICKER_MS = 2000
_TICKER_ARRAY_MS = 1000
_MARK_FAST_MS = 1000
_MARK_SLOW_MS = 3000
_ALL_BOOK_TICKERS_MS = 5000
_PARTIAL_LEVELS = (5, 10, 20)


class SymbolFeed:
    """What one symbol's streams have already said."""

    def __init__(self, market: PaperMarket) -> None:
        self.market = market
        self.name = market.symbol.lower()
        self.stashes = {speed: Stash(market.book.update_id) for speed in DEPTH_SPEEDS_MS}
        self.seen_id = -1  # the book's update id at the last look
        self.touch: Touch | None = None
        self.touch_is_new = False
        self.traded_klines = False
        self.traded_ticker = False
        self.traded_arrays = {"ticker": False, "miniTicker": False}
        self.kline_opens: dict[str, int] = {}


class MarketFeed:
    """Owned by the venue; one thread only. Call `after` after each operation."""

    def __init__(self, hub: StreamHub, markets: dict[str, PaperMarket]) -> None:
        self._hub = hub
        self._feeds = {symbol: SymbolFeed(market) for symbol, market in markets.items()}
        self._due: dict[str, int] = {}

    def after(self, market: PaperMarket, now_ms: int) -> None:
        """Tell at once what one market has just done."""
        feed = self._feeds[market.symbol]
        if market.book.update_id == feed.seen_id and not market.new_forced:
            return
        feed.seen_id = market.book.update_id
        if market.new_prints:
            self._tell_prints(feed, now_ms)
        if market.new_forced:
            self._tell_forced(feed, now_ms)
        touch = (touch_text(market, Side.BUY), touch_text(market, Side.SELL))
        if touch != feed.touch:
            feed.touch, feed.touch_is_new = touch, True
            self._hub.publish(f"{feed.name}@bookTicker", book_ticker(market, touch, now_ms))

    def on_time(self, now_ms: int) -> None:
        """Send what is due; call about every 50 ms."""
        for speed in DEPTH_SPEEDS_MS:
            if self._is_due(f"depth{speed}", speed, now_ms):
                for feed in self._feeds.values():
                    self._tell_depth(feed, speed, now_ms)
        if self._is_due("kline", _KLINE_MS, now_ms):
            for feed in self._feeds.values():
                self._tell_klines(feed, now_ms)
        self._tell_marks(now_ms)
        self._tell_tickers(now_ms)
        if self._is_due("!bookTicker", _ALL_BOOK_TICKERS_MS, now_ms):
            for feed in self._feeds.values():
                if feed.touch_is_new and feed.touch is not None:
                    feed.touch_is_new = False
                    self._hub.publish("!bookTicker", book_ticker(feed.market, feed.touch, now_ms))

    def _is_due(self, name: str, every_ms: int, now_ms: int) -> bool:
        turn = now_ms // every_ms
        if self._due.get(name) == turn:
            return False
        self._due[name] = turn
        return True

    def _tell_prints(self, feed: SymbolFeed, now_ms: int) -> None:
        market, hub = feed.market, self._hub
        feed.traded_klines = feed.traded_ticker = True
        feed.traded_arrays = dict.fromkeys(feed.traded_arrays, True)
        if hub.wants(f"{feed.name}@trade"):
            for printed in market.new_prints:
                hub.publish(f"{feed.name}@trade", trade(market, printed, now_ms))
        if hub.wants(f"{feed.name}@aggTrade"):
            for agg in market.new_aggs:
                hub.publish(f"{feed.name}@aggTrade", agg_trade(market, agg, now_ms))
        market.new_prints.clear()
        market.new_aggs.clear()

    def _tell_forced(self, feed: SymbolFeed, now_ms: int) -> None:
        for order in feed.market.new_forced:
            payload = forced(order, feed.market.grid, now_ms)
            self._hub.publish(f"{feed.name}@forceOrder", payload)
            self._hub.publish(
                "!forceOrder@arr", {**payload, "ps": order.symbol, "st": USD_M_FAMILY}
            )
        feed.market.new_forced.clear()

    # depth

    def _tell_depth(self, feed: SymbolFeed, speed: int, now_ms: int) -> None:
        changes = feed.market.book.depth_changes()
        for other in feed.stashes.values():
            other.add(changes.bids, changes.asks)
        stash = feed.stashes[speed]
        changed = bool(stash.bids or stash.asks)
        before, after = stash.last_id, feed.market.book.update_id
        suffixes = (f"@{speed}ms", "") if speed == 250 else (f"@{speed}ms",)
        for suffix in suffixes:
            if changed:
                self._tell_diff(feed, f"{feed.name}@depth{suffix}", stash, now_ms)
            for levels in _PARTIAL_LEVELS:
                stream = f"{feed.name}@depth{levels}{suffix}"
                if self._hub.wants(stream) and (changed or stream in self._hub.newcomers):
                    payload = partial_depth(feed.market, levels, before, after, now_ms)
                    self._hub.publish(stream, payload)
        if changed:
            stash.bids, stash.asks, stash.last_id = {}, {}, after
        if self._hub.wants(f"{feed.name}@rpiDepth@500ms") and speed == 500 and changed:
            payload = partial_depth(feed.market, 20, before, after, now_ms)
            self._hub.publish(f"{feed.name}@rpiDepth@500ms", payload)

    def _tell_diff(self, feed: SymbolFeed, stream: str, stash: Stash, now_ms: int) -> None:
        if self._hub.wants(stream):
            self._hub.publish(stream, depth_update(feed.market, stash, now_ms))

    # candles

    def _tell_klines(self, feed: SymbolFeed, now_ms: int) -> None:
        feed.market.candles.on_time(now_ms)
        for interval in INTERVAL_MS:
            names = (
                f"{feed.name}@kline_{interval}",
                f"{feed.name}_perpetual@continuousKline_{interval}",
            )
            wanted = [name for name in names if self._hub.wants(name)]
            if not wanted:
                feed.kline_opens.pop(interval, None)
                continue
            self._tell_kline(feed, interval, wanted, now_ms)
        feed.traded_klines = False

    def _tell_kline(self, feed: SymbolFeed, interval: str, streams: list[str], now_ms: int) -> None:
        candles = feed.market.candles
        open_ms = candle_bounds(interval, now_ms)[0]
        known = feed.kline_opens.get(interval)
        feed.kline_opens[interval] = open_ms
        rows: list[dict[str, object]] = []
        if known is not None and known != open_ms:
            rows.append(candles.last_closed(interval))
        if feed.traded_klines or known is None or rows or self._hub.newcomers & set(streams):
            rows.append(candles.live(interval))
        for row in rows:
            for stream in streams:
                self._hub.publish(stream, kline(feed.market, stream, row, now_ms))

    # marks and tickers

    def _tell_marks(self, now_ms: int) -> None:
        for name, suffix, every_ms in (
            ("mark", "@1s", _MARK_FAST_MS),
            ("slow mark", "", _MARK_SLOW_MS),
        ):
            if not self._is_due(name, every_ms, now_ms):
                continue
            for feed in self._feeds.values():
                stream = f"{feed.name}@markPrice{suffix}"
                if self._hub.wants(stream):
                    self._hub.publish(stream, mark(feed.market, now_ms))
            stream = f"!markPrice@arr{suffix}"
            if self._hub.wants(stream):
                feeds = self._feeds.values()
                self._hub.publish(stream, [mark(feed.market, now_ms) for feed in feeds])

    def _tell_tickers(self, now_ms: int) -> None:
        if self._is_due("ticker", _TICKER_MS, now_ms):
            for feed in self._feeds.values():
                self._tell_ticker(feed, now_ms)
        if self._is_due("tickers", _TICKER_ARRAY_MS, now_ms):
            for kind in ("ticker", "miniTicker"):
                self._tell_ticker_array(kind, now_ms)

    def _tell_ticker(self, feed: SymbolFeed, now_ms: int) -> None:
        for kind in ("ticker", "miniTicker"):
            stream = f"{feed.name}@{kind}"
            newcomer = stream in self._hub.newcomers
            if self._hub.wants(stream) and (feed.traded_ticker or newcomer):
                self._hub.publish(stream, ticker(feed.market, kind, now_ms))
        feed.traded_ticker = False

    def _tell_ticker_array(self, kind: str, now_ms: int) -> None:
        stream = f"!{kind}@arr"
        if not self._hub.wants(stream):
            return
        everyone = stream in self._hub.newcomers
        feeds = [feed for feed in self._feeds.values() if everyone or feed.traded_arrays[kind]]
        for feed in feeds:
            feed.traded_arrays[kind] = False
        if feeds:
            self._hub.publish(stream, [ticker(feed.market, kind, now_ms) for feed in feeds])
