"""The latest prices of every followed symbol, for readers on any thread."""

from __future__ import annotations

import threading
from decimal import Decimal

from engine.events import AggTrade, BookTicker, BookView, Event, MarkPrice, Ticker24h, Trade


class MarketState:
    """Thread-safe by replacing whole frozen events; a lock only guards waiting.

    Every getter returns None until the first message of its kind has arrived.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._trades: dict[str, AggTrade | Trade] = {}
        self._tickers: dict[str, BookTicker] = {}
        self._marks: dict[str, MarkPrice] = {}
        self._days: dict[str, Ticker24h] = {}
        self._books: dict[str, BookView] = {}

    def on_event(self, event: Event) -> None:
        """Called on the stream threads; events of other kinds are ignored."""
        match event:
            case AggTrade() | Trade():
                self._trades[event.symbol] = event
            case BookTicker():
                self._tickers[event.symbol] = event
            case BookView():
                self._books[event.symbol] = event
            case MarkPrice():
                self._marks[event.symbol] = event
            case Ticker24h():
                self._days[event.symbol] = event
            case _:
                return
        with self._changed:
            self._changed.notify_all()

    def last_price(self, symbol: str) -> float | None:
        trade = self._trades.get(symbol)
        if trade is not None:
            return trade.price
        day = self._days.get(symbol)
        return day.last_price if day is not None else None

    def best_bid(self, symbol: str) -> float | None:
        best = self._best(symbol)
        return best[0] if best is not None else None

    def best_ask(self, symbol: str) -> float | None:
        best = self._best(symbol)
        return best[1] if best is not None else None

    def fresh_quote(self, symbol: str, since_ms: int) -> tuple[float, float] | None:
        """Best bid and ask that the venue has told since then; None: not known to hold."""
        ticker = self._tickers.get(symbol)
        if ticker is not None and ticker.event_ms >= since_ms:
            return ticker.bid_price, ticker.ask_price
        book = self._books.get(symbol)
        is_usable = book is not None and book.is_synced and book.event_ms >= since_ms
        if is_usable and book is not None and book.bids and book.asks:
            return book.bids[0][0], book.asks[0][0]
        return None

    def mark_price(self, symbol: str) -> Decimal | None:
        """For checks before sending; the float's own digits, made Decimal."""
        mark = self._marks.get(symbol)
        return Decimal(repr(mark.mark_price)) if mark is not None else None

    def last_price_exact(self, symbol: str) -> Decimal | None:
        """`last_price` for checks before sending; the float's own digits, made Decimal."""
        last = self.last_price(symbol)
        return Decimal(repr(last)) if last is not None else None

    def book(self, symbol: str) -> BookView | None:
        return self._books.get(symbol)

    def ticker(self, symbol: str) -> Ticker24h | None:
        return self._days.get(symbol)

    def wait_for_price(self, symbol: str, timeout_s: float = 5.0) -> float | None:
        """Block until the book of `symbol` has two sides; the middle, or None at time-out."""
        with self._changed:
            self._changed.wait_for(lambda: self._best(symbol) is not None, timeout_s)
        best = self._best(symbol)
        return sum(best) / 2 if best is not None else None

    def _best(self, symbol: str) -> tuple[float, float] | None:
        """The ticker is quicker; the book is there also while nothing changes."""
        ticker = self._tickers.get(symbol)
        if ticker is not None:
            return ticker.bid_price, ticker.ask_price
        book = self._books.get(symbol)
        if book is not None and book.bids and book.asks:
            return book.bids[0][0], book.asks[0][0]
        return None
