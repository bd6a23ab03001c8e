"""Reading a trade file through before it is played: is it whole, and from when to when is it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from engine.errors import PaperExchangeError
from engine.paper.contract_specs import contract_spec
from engine.paper.trade_file import TradeFile, symbol_of

_TOLD_EVERY = 20_000  # trades


class TradeSpan(msgspec.Struct, frozen=True, kw_only=True):
    symbol: str
    first_ms: int
    last_ms: int
    trades: int


def read_span(
    path: Path, on_share: Callable[[float], None], is_wanted: Callable[[], bool]
) -> TradeSpan | None:
    """Blocks for seconds with a large file; tells the share read (0 to 1) now and then.

    None when it was no longer wanted. Raises PaperExchangeError, with the line that is
    not a trade.
    """
    symbol = symbol_of(path)
    trades = TradeFile(path, contract_spec(symbol))
    try:
        return _span(symbol, trades, on_share, is_wanted)
    finally:
        trades.close()


def _span(
    symbol: str,
    trades: TradeFile,
    on_share: Callable[[float], None],
    is_wanted: Callable[[], bool],
) -> TradeSpan | None:
    first = trade = trades.next()
    if first is None or trade is None:
        raise PaperExchangeError(f"The trade file {trades.path} holds no trade.")
    count, last_ms = 0, first.time_ms
    while trade is not None:
        count, last_ms = count + 1, trade.time_ms
        if count % _TOLD_EVERY == 0:
            if not is_wanted():
                return None
            on_share(trades.share_read)
        trade = trades.next()
    return TradeSpan(symbol=symbol, first_ms=first.time_ms, last_ms=last_ms, trades=count)
