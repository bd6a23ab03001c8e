"""REST replies as typed structs: only the fields that are used.

Fields the venue has dropped or may leave out have defaults. Prices that are
money are Decimal; candles are float, as they are for looking.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from engine.trading_types import PositionSide, Side

ZERO = Decimal(0)


class _Reply(msgspec.Struct, frozen=True, rename="camel"):
    pass


class ServerTime(_Reply, frozen=True, kw_only=True):
    server_time: int


class ErrorReply(msgspec.Struct, frozen=True, kw_only=True):
    """Code 0 and an empty text stand for a body without them."""

    code: int = 0
    msg: str = ""


class OrderReply(_Reply, frozen=True, kw_only=True):
    """Answers to place, amend, cancel and query: one shape with holes.

    Write answers carry no avgPrice, cumQuote and time since 2026-07.
    """

    symbol: str
    client_order_id: str
    order_id: int
    side: Side
    type: str
    status: str
    price: Decimal
    orig_qty: Decimal
    executed_qty: Decimal = ZERO
    avg_price: Decimal = ZERO
    cum_quote: Decimal | None = None
    time_in_force: str = "GTC"
    position_side: PositionSide = PositionSide.BOTH
    reduce_only: bool = False
    time: int = 0
    update_time: int = 0


class UserTrade(_Reply, frozen=True, kw_only=True):
    symbol: str
    id: int
    order_id: int
    side: Side
    price: Decimal
    qty: Decimal
    commission: Decimal = ZERO
    commission_asset: str = ""
    realized_pnl: Decimal = ZERO
    maker: bool = False
    position_side: PositionSide = PositionSide.BOTH
    time: int = 0


class BalanceRow(_Reply, frozen=True, kw_only=True):
    asset: str
    balance: Decimal
    cross_wallet_balance: Decimal = ZERO
    available_balance: Decimal = ZERO
    cross_un_pnl: Decimal = ZERO
    update_time: int = 0


class PositionRow(_Reply, frozen=True, kw_only=True):
    """v3: no leverage and no margin type; those come from SymbolConfig."""

    symbol: str
    position_side: PositionSide = PositionSide.BOTH
    position_amt: Decimal
    entry_price: Decimal = ZERO
    break_even_price: Decimal = ZERO
    mark_price: Decimal = ZERO
    unrealized: Decimal = msgspec.field(default=ZERO, name="unRealizedProfit")
    liquidation_price: Decimal = ZERO
    isolated_margin: Decimal = ZERO
    update_time: int = 0


class SymbolConfig(_Reply, frozen=True, kw_only=True):
    symbol: str
    margin_type: str = "CROSSED"
    leverage: int = 0


class AccountConfig(_Reply, frozen=True, kw_only=True):
    dual_side_position: bool = False


class LeverageReply(_Reply, frozen=True, kw_only=True):
    symbol: str
    leverage: int


class ListenKeyReply(_Reply, frozen=True, kw_only=True):
    listen_key: str


class DepthReply(_Reply, frozen=True, kw_only=True):
    last_update_id: int
    bids: tuple[tuple[str, str], ...]
    asks: tuple[tuple[str, str], ...]


class RateLimitRow(_Reply, frozen=True, kw_only=True):
    rate_limit_type: str
    interval: str
    interval_num: int
    limit: int


class ExchangeInfo(_Reply, frozen=True, kw_only=True):
    """Symbols stay dictionaries: people ask for the venue's own description."""

    symbols: list[dict[str, Any]]
    rate_limits: tuple[RateLimitRow, ...] = ()


class KlineRow(msgspec.Struct, frozen=True, array_like=True):
    """One candle; the venue appends fields that are not used here."""

    open_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    close_ms: int
    quote_volume: float
    trades: int
