"""What a reader sees of orders, fills, positions and balances: frozen snapshots.

An object handed over never changes afterwards; a newer one replaces it. All
money is Decimal made from text; all times are ms since 1970 UTC.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.trading_types import (
    MarginType,
    OrderOrigin,
    OrderStatus,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
)

ZERO = Decimal(0)


class AmendInFlight(msgspec.Struct, frozen=True, kw_only=True):
    """An amend that was sent and not answered: a property of the order, no state."""

    price: Decimal
    quantity: Decimal


class OrderView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One order at one moment. `cummulative_quote_qty` keeps the venue's spelling."""

    client_order_id: str
    symbol: str
    side: Side
    type: OrderType | str  # plain text where the venue used one we do not know
    status: OrderStatus
    price: Decimal  # 0 for MARKET
    orig_qty: Decimal
    order_id: int | None = None  # None until the venue answered
    executed_qty: Decimal = ZERO
    cummulative_quote_qty: Decimal = ZERO
    avg_price: Decimal = ZERO
    time_in_force: TimeInForce | str = TimeInForce.GTC
    position_side: PositionSide = PositionSide.BOTH
    reduce_only: bool = False
    commission: Decimal = ZERO
    commission_asset: str = ""
    realized_pnl: Decimal = ZERO
    created_at: int = 0
    updated_at: int = 0
    origin: OrderOrigin = OrderOrigin.OURS
    amend: AmendInFlight | None = None
    reason: str = ""  # why REJECTED, EXPIRED or UNKNOWN, as a sentence

    @property
    def remaining_qty(self) -> Decimal:
        return self.orig_qty - self.executed_qty


class FillView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One trade of ours. (symbol, trade_id) is its identity."""

    symbol: str
    trade_id: int
    order_id: int
    client_order_id: str
    side: Side
    price: Decimal
    quantity: Decimal
    commission: Decimal = ZERO
    commission_asset: str = ""
    realized_pnl: Decimal = ZERO
    is_maker: bool = False
    position_side: PositionSide = PositionSide.BOTH
    time_ms: int = 0

    @property
    def quote_quantity(self) -> Decimal:
        return self.price * self.quantity


class PositionView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`quantity` is signed: above zero is long. Key: (symbol, position_side).

    `unrealized_pnl`, `mark_price` and `liquidation_price` are the venue's last
    word; the window computes a live value from the mark price it sees.
    """

    symbol: str
    position_side: PositionSide
    quantity: Decimal
    entry_price: Decimal
    break_even_price: Decimal = ZERO
    mark_price: Decimal = ZERO
    unrealized_pnl: Decimal = ZERO
    realized_pnl: Decimal = ZERO
    liquidation_price: Decimal = ZERO
    margin_type: MarginType = MarginType.CROSSED
    isolated_margin: Decimal = ZERO
    leverage: int = 0
    updated_at: int = 0


class BalanceView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    asset: str
    wallet_balance: Decimal
    available_balance: Decimal = ZERO
    cross_wallet_balance: Decimal = ZERO
    unrealized_pnl: Decimal = ZERO
    updated_at: int = 0


class Candle(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    gc=False,
    rename={
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
    """Prices and volumes are float: a candle is for looking, not for money."""

    open_ms: int
    close_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    quote_volume: float = 0.0
    trades: int = 0
    is_closed: bool = False
