"""A frame of the market streams, whose payloads decode straight into engine.events."""

from __future__ import annotations

import msgspec

from engine.events import (
    AggTrade,
    BookTicker,
    DepthDiff,
    KlineUpdate,
    Liquidation,
    MarkPrice,
    MiniTicker,
    Ticker24h,
    Trade,
)

MarketEvent = (
    AggTrade
    | Trade
    | BookTicker
    | DepthDiff
    | KlineUpdate
    | MarkPrice
    | Ticker24h
    | MiniTicker
    | Liquidation
)


class ControlError(msgspec.Struct, frozen=True, gc=False):
    code: int = 0
    msg: str = ""


class StreamFrame(msgspec.Struct, frozen=True, gc=False):
    """One frame of the enveloped mode: data, or the reply to a control request.

    A reply has an `id`; a refused one also `code` and `msg` (or an `error` with them).
    """

    stream: str = ""
    data: MarketEvent | list[MarketEvent] | None = None
    id: int | str | None = None
    code: int | None = None
    msg: str = ""
    error: ControlError | None = None
