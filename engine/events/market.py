"""What the market streams say: decoded straight into these, and the book made from them.

The field letters are the venue's; `rename` gives them words. Prices are float, for looking.
"""

from __future__ import annotations

from collections.abc import Hashable

import msgspec

from engine.events.event import Event


class AggTrade(
    Event,
    frozen=True,
    kw_only=True,
    gc=False,
    tag_field="e",
    tag="aggTrade",
    rename={
        "symbol": "s",
        "event_ms": "E",
        "trade_ms": "T",
        "trade_id": "a",
        "price": "p",
        "quantity": "q",
        "is_buyer_maker": "m",
    },
):
    symbol: str
    event_ms: int
    trade_ms: int
    trade_id: int
    price: float
    quantity: float
    is_buyer_maker: bool  # True: the aggressor sold

    def latest_key(self) -> Hashable | None:
        return ("trade", self.symbol)


class Trade(
    Event,
    frozen=True,
    kw_only=True,
    gc=False,
    tag_field="e",
    tag="trade",
    rename={
        "symbol": "s",
        "event_ms": "E",
        "trade_ms": "T",
        "trade_id": "t",
        "price": "p",
        "quantity": "q",
        "is_buyer_maker": "m",
    },
):
    symbol: str
    event_ms: int
    trade_ms: int
    trade_id: int
    price: float
    quantity: float
    is_buyer_maker: bool

    def latest_key(self) -> Hashable | None:
        return ("trade", self.symbol)


class BookTicker(
    Event,
    frozen=True,
    kw_only=True,
    gc=False,
    tag_field="e",
    tag="bookTicker",
    rename={
        "symbol": "s",
        "update_id": "u",
        "event_ms": "E",
        "bid_price": "b",
        "bid_quantity": "B",
        "ask_price": "a",
        "ask_quantity": "A",
    },
):
    symbol: str
    update_id: int
    bid_price: float
    bid_quantity: float
    ask_price: float
    ask_quantity: float
    event_ms: int = 0

    def latest_key(self) -> Hashable | None:
        return ("bookTicker", self.symbol)


class DepthDiff(
    Event,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="depthUpdate",
    rename={
        "symbol": "s",
        "event_ms": "E",
        "first_update_id": "U",
        "final_update_id": "u",
        "previous_final_update_id": "pu",
        "bids": "b",
        "asks": "a",
    },
):
    """Changed levels as raw JSON arrays of [price, quantity] texts."""

    symbol: str
    event_ms: int
    first_update_id: int
    final_update_id: int
    previous_final_update_id: int
    bids: msgspec.Raw
    asks: msgspec.Raw


class MarkPrice(
    Event,
    frozen=True,
    kw_only=True,
    gc=False,
    tag_field="e",
    tag="markPriceUpdate",
    rename={
        "symbol": "s",
        "event_ms": "E",
        "mark_price": "p",
        "index_price": "i",
        "funding_rate": "r",
        "next_funding_ms": "T",
    },
):
    symbol: str
    event_ms: int
    mark_price: float
    index_price: float = 0.0
    funding_rate: float | str = 0.0  # as it came: text, "" for contracts without funding
    next_funding_ms: int = 0

    @property
    def funding(self) -> float | None:
        """The rate as a number; None for a contract without funding."""
        return float(self.funding_rate) if self.funding_rate != "" else None

    def latest_key(self) -> Hashable | None:
        return ("markPrice", self.symbol)


class Ticker24h(
    Event,
    frozen=True,
    kw_only=True,
    gc=False,
    tag_field="e",
    tag="24hrTicker",
    rename={
        "symbol": "s",
        "event_ms": "E",
        "change": "p",
        "change_pct": "P",
        "last_price": "c",
        "open": "o",
        "high": "h",
        "low": "l",
        "volume": "v",
        "quote_volume": "q",
    },
):
    symbol: str
    event_ms: int
    change: float
    change_pct: float
    last_price: float
    open: float
    high: float
    low: float
    volume: float
    quote_volume: float

    def latest_key(self) -> Hashable | None:
        return ("ticker", self.symbol)


class MiniTicker(
    Event,
    frozen=True,
    kw_only=True,
    gc=False,
    tag_field="e",
    tag="24hrMiniTicker",
    rename={
        "symbol": "s",
        "event_ms": "E",
        "last_price": "c",
        "open": "o",
        "high": "h",
        "low": "l",
        "volume": "v",
        "quote_volume": "q",
    },
):
    symbol: str
    event_ms: int
    last_price: float
    open: float
    high: float
    low: float
    volume: float
    quote_volume: float

    def latest_key(self) -> Hashable | None:
        return ("miniTicker", self.symbol)


class ForcedOrder(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    gc=False,
    rename={
        "symbol": "s",
        "side": "S",
        "quantity": "q",
        "price": "p",
        "avg_price": "ap",
        "status": "X",
        "filled_quantity": "z",
        "trade_ms": "T",
    },
):
    symbol: str
    side: str
    quantity: float
    price: float
    avg_price: float
    status: str
    filled_quantity: float
    trade_ms: int


class Liquidation(
    Event,
    frozen=True,
    kw_only=True,
    gc=False,
    tag_field="e",
    tag="forceOrder",
    rename={"event_ms": "E", "order": "o"},
):
    """Somebody's position was closed by the venue; the largest of each second and symbol."""

    event_ms: int
    order: ForcedOrder

    @property
    def symbol(self) -> str:
        return self.order.symbol


class BookView(Event, frozen=True, kw_only=True, gc=False):
    """The local book's best levels, best first: ((price, quantity), ...).

    `is_synced` is False while the book is being rebuilt: show it grey.
    """

    symbol: str
    bids: tuple[tuple[float, float], ...]
    asks: tuple[tuple[float, float], ...]
    event_ms: int
    is_synced: bool

    def latest_key(self) -> Hashable | None:
        return ("book", self.symbol)
