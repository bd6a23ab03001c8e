"""The market streams: what the markets did, at the venue's speeds.

Prints, aggregates and the best prices go out at once; depth, candles, marks and
24 h tickers when their time has come. Nothing is put together that nobody
listens to.
"""

from __future__ import annotations

from engine.paper.candle import INTERVAL_MS, candle_bounds
from engine.paper.paper_grid import Grid, money
from engine.paper.paper_market import PaperMarket
from engine.paper.paper_market_requests import day_fields, levels_text, touch_text
from engine.paper.paper_orders import PaperOrder
from engine.paper.paper_streams import Stash, StreamHub
from engine.trading_types import Side

DEPTH_SPEEDS_MS = (100, 250, 500)
_KLINE_MS = 250
_TICKER_MS = 2000
_TICKER_ARRAY_MS = 1000
_MARK_FAST_MS = 1000
_MARK_SLOW_MS = 3000
_ALL_BOOK_TICKERS_MS = 5000
_UM = 1  # the futures family in `st`
_PARTIAL_LEVELS = (5, 10, 20)
_DAY_LETTERS = {
    "priceChange": "p",
    "priceChangePercent": "P",
    "weightedAvgPrice": "w",
    "lastPrice": "c",
    "lastQty": "Q",
    "openPrice": "o",
    "highPrice": "h",
    "lowPrice": "l",
    "volume": "v",
    "quoteVolume": "q",
    "openTime": "O",
    "closeTime": "C",
    "firstId": "F",
    "lastId": "L",
    "count": "n",
}

Payload = dict[str, object]


class SymbolFeed:
    """What one symbol's streams have already said."""

    def __init__(self, market: PaperMarket) -> None:
        self.market = market
        self.name = market.symbol.lower()
        self.stashes = {speed: Stash(market.book.update_id) for speed in DEPTH_SPEEDS_MS}
        self.seen_id = -1  # the book's update id at the last look
        self.touch: tuple[tuple[str, str], tuple[str, str]] | None = None
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
            self._hub.publish(f"{feed.name}@bookTicker", _book_ticker(feed, now_ms))

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
                    self._hub.publish("!bookTicker", _book_ticker(feed, now_ms))

    def _is_due(self, name: str, every_ms: int, now_ms: int) -> bool:
        turn = now_ms // every_ms
        if self._due.get(name) == turn:
            return False
        self._due[name] = turn
        return True

    def _tell_prints(self, feed: SymbolFeed, now_ms: int) -> None:
        market, hub, grid = feed.market, self._hub, feed.market.grid
        feed.traded_klines = feed.traded_ticker = True
        feed.traded_arrays = dict.fromkeys(feed.traded_arrays, True)
        if hub.wants(f"{feed.name}@trade"):
            for printed in market.new_prints:
                payload: Payload = {
                    "e": "trade",
                    "E": now_ms,
                    "T": printed.time_ms,
                    "s": market.symbol,
                    "t": printed.trade_id,
                    "p": grid.price(printed.price_ticks),
                    "q": grid.qty(printed.qty_steps),
                    "X": "MARKET",
                    "m": printed.buyer_is_maker,
                    "st": _UM,
                }
                hub.publish(f"{feed.name}@trade", payload)
        if hub.wants(f"{feed.name}@aggTrade"):
            for agg in market.new_aggs:
                qty = grid.qty(agg.qty_steps)
                payload = {
                    "e": "aggTrade",
                    "E": now_ms,
                    "a": agg.agg_id,
                    "s": market.symbol,
                    "p": grid.price(agg.price_ticks),
                    "q": qty,
                    "nq": qty,
                    "f": agg.first_id,
                    "l": agg.last_id,
                    "T": agg.time_ms,
                    "m": agg.buyer_is_maker,
                    "st": _UM,
                }
                hub.publish(f"{feed.name}@aggTrade", payload)
        market.new_prints.clear()
        market.new_aggs.clear()

    def _tell_forced(self, feed: SymbolFeed, now_ms: int) -> None:
        for order in feed.market.new_forced:
            payload = _forced(order, feed.market.grid, now_ms)
            self._hub.publish(f"{feed.name}@forceOrder", payload)
            self._hub.publish("!forceOrder@arr", {**payload, "ps": order.symbol, "st": _UM})
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
                    self._hub.publish(stream, _partial(feed, levels, before, after, now_ms))
        if changed:
            stash.bids, stash.asks, stash.last_id = {}, {}, after
        if self._hub.wants(f"{feed.name}@rpiDepth@500ms") and speed == 500 and changed:
            payload = _partial(feed, 20, before, after, now_ms)
            self._hub.publish(f"{feed.name}@rpiDepth@500ms", payload)

    def _tell_diff(self, feed: SymbolFeed, stream: str, stash: Stash, now_ms: int) -> None:
        if not self._hub.wants(stream):
            return
        grid, market = feed.market.grid, feed.market
        price, qty = grid.price, grid.qty
        payload: Payload = {
            "e": "depthUpdate",
            "E": now_ms,
            "T": now_ms,
            "s": market.symbol,
            "U": min(stash.last_id + 1, market.book.update_id),
            "u": market.book.update_id,
            "pu": stash.last_id,
            "b": [[price(p), qty(q)] for p, q in sorted(stash.bids.items(), reverse=True)],
            "a": [[price(p), qty(q)] for p, q in sorted(stash.asks.items())],
            "ps": market.symbol,
            "st": _UM,
        }
        self._hub.publish(stream, payload)

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
                self._hub.publish(stream, _kline(feed, stream, row, now_ms))

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
                    self._hub.publish(stream, _mark(feed.market, now_ms))
            stream = f"!markPrice@arr{suffix}"
            if self._hub.wants(stream):
                feeds = self._feeds.values()
                self._hub.publish(stream, [_mark(feed.market, now_ms) for feed in feeds])

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
                self._hub.publish(stream, _ticker(feed.market, kind, now_ms))
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
            self._hub.publish(stream, [_ticker(feed.market, kind, now_ms) for feed in feeds])


def _book_ticker(feed: SymbolFeed, now_ms: int) -> Payload:
    market = feed.market
    bid, ask = feed.touch if feed.touch is not None else (("0", "0"), ("0", "0"))
    return {
        "e": "bookTicker",
        "u": market.book.update_id,
        "s": market.symbol,
        "ps": market.symbol,
        "b": bid[0],
        "B": bid[1],
        "a": ask[0],
        "A": ask[1],
        "T": now_ms,
        "E": now_ms,
        "st": _UM,
    }


def _forced(order: PaperOrder, grid: Grid, now_ms: int) -> Payload:
    filled = grid.qty(order.executed_steps)
    return {
        "e": "forceOrder",
        "E": now_ms,
        "o": {
            "s": order.symbol,
            "S": order.side,
            "o": "LIMIT",
            "f": "IOC",
            "q": grid.qty(order.qty_steps),
            "p": grid.average(order.quote_units, order.executed_steps),
            "ap": grid.average(order.quote_units, order.executed_steps),
            "X": order.status,
            "l": filled,
            "z": filled,
            "T": order.updated_ms,
        },
    }


def _partial(feed: SymbolFeed, levels: int, before: int, after: int, now_ms: int) -> Payload:
    market = feed.market
    return {
        "e": "depthUpdate",
        "E": now_ms,
        "T": now_ms,
        "s": market.symbol,
        "U": min(before + 1, after),
        "u": after,
        "pu": before,
        "b": levels_text(market, Side.BUY, levels),
        "a": levels_text(market, Side.SELL, levels),
        "ps": market.symbol,
        "st": _UM,
    }


def _kline(feed: SymbolFeed, stream: str, row: dict[str, object], now_ms: int) -> Payload:
    if "@continuousKline_" not in stream:
        return {"e": "kline", "E": now_ms, "s": feed.market.symbol, "k": row, "st": _UM}
    return {
        "e": "continuous_kline",
        "E": now_ms,
        "ps": feed.market.symbol,
        "ct": "PERPETUAL",
        "k": {name: value for name, value in row.items() if name != "s"},
        "st": _UM,
    }


def _mark(market: PaperMarket, now_ms: int) -> Payload:
    return {
        "e": "markPriceUpdate",
        "E": now_ms,
        "s": market.symbol,
        "p": money(market.mark_price),
        "ap": money(market.mark_price),
        "i": money(market.index_price),
        "P": money(market.index_price),
        "r": money(market.funding_rate),
        "T": market.next_funding_ms,
        "st": _UM,
    }


def _ticker(market: PaperMarket, kind: str, now_ms: int) -> Payload:
    fields = day_fields(market, now_ms)
    payload: Payload = {
        "e": "24hrTicker" if kind == "ticker" else "24hrMiniTicker",
        "E": now_ms,
        "s": market.symbol,
        "ps": market.symbol,
        "st": _UM,
    }
    letters = (
        _DAY_LETTERS
        if kind == "ticker"
        else {
            name: _DAY_LETTERS[name]
            for name in ("lastPrice", "openPrice", "highPrice", "lowPrice", "volume", "quoteVolume")
        }
    )
    payload.update({letter: fields[name] for name, letter in letters.items()})
    return payload
