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
    client_algo_id: str = ""  # of the conditional order that became this one

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


class AccountSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for the whole account."""

    is_hedge_mode: bool
    is_multi_assets: bool = False
    can_trade: bool = True
    fee_tier: int = 0


class SymbolSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for new positions of one symbol. `max_notional` at this leverage."""

    symbol: str
    margin_type: MarginType
    leverage: int
    max_notional: Decimal = ZERO
    is_auto_add_margin: bool = False


class LeverageBracket(msgspec.Struct, frozen=True, kw_only=True):
    """One step: positions of this worth have at most this leverage.

    Maintenance margin of a position worth N is N x `maint_margin_ratio` - `cum`.
    """

    bracket: int
    max_leverage: int
    notional_floor: Decimal
    notional_cap: Decimal
    maint_margin_ratio: Decimal
    cum: Decimal = ZERO


class CommissionRates(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of a trade's worth: 0.0002 is 0.02 %."""

    symbol: str
    maker: Decimal
    taker: Decimal


class IncomeView(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the account's statement. `kind` as the venue spells it: FUNDING_FEE ..."""

    kind: str
    income: Decimal
    asset: str
    time_ms: int
    symbol: str = ""
    info: str = ""
    transaction_id: int = 0
    trade_id: str = ""


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
