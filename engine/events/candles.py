"""Candles: the open one from the stream, and those that were asked for."""

from __future__ import annotations

from collections.abc import Hashable

import msgspec

from engine.events.event import Event
from engine.views import Candle


class KlineUpdate(
    Event,
    frozen=True,
    kw_only=True,
    gc=False,
    tag_field="e",
    tag="kline",
    rename={"symbol": "s", "event_ms": "E", "kline": "k"},
):
    symbol: str
    event_ms: int
    kline: IntervalCandle

    def latest_key(self) -> Hashable | None:
        # keyed by opening time: the last word of a closed candle is not lost
        return ("kline", self.symbol, self.kline.interval, self.kline.open_ms)


class IntervalCandle(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    gc=False,
    rename={
        "interval": "i",
        "open_ms": "t",
        "close_ms": "T",
        "open": "o",
        "high": "h",
        "low": "l",
        "close": "c",
        "volume": "v",
        "quote_volume": "q",
        "trades": "n",
        "is_closed": "x",
    },
):
    interval: str
    open_ms: int
    close_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    quote_volume: float
    trades: int
    is_closed: bool

    def candle(self) -> Candle:
        return Candle(
            open_ms=self.open_ms,
            close_ms=self.close_ms,
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            volume=self.volume,
            quote_volume=self.quote_volume,
            trades=self.trades,
            is_closed=self.is_closed,
        )


class CandlesLoaded(Event, frozen=True, kw_only=True):
    """Answer to LoadCandles, oldest first."""

    request_id: str
    symbol: str
    interval: str
    candles: tuple[Candle, ...]
    end_ms: int | None = None
