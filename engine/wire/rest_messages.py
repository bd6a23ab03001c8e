"""REST replies as typed structs: only the fields that are used.

Fields the venue has dropped or may leave out have defaults. Prices that are
money are Decimal; candles are float, as they are for looking. A number that is
no amount (NaN, infinite, absurd exponents) makes the whole answer unreadable.
"""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from engine.trading_types import PositionSide, Side
from engine.utils.decimals import is_amount
from engine.wire.whole import Whole

ZERO = Decimal(0)


class _Reply(msgspec.Struct, frozen=True, rename="camel"):
    pass


def _check(*numbers: Decimal) -> None:
    # msgspec makes a ValidationError of it
    if not is_amount(*numbers):
        raise ValueError("a number is no amount")


class ServerTime(_Reply, frozen=True, kw_only=True):
    server_time: Whole


class ErrorReply(msgspec.Struct, frozen=True, kw_only=True):
    """Code 0 and an empty text stand for a body without them."""

    code: Whole = 0
    msg: str = ""


class OrderReply(_Reply, frozen=True, kw_only=True):
    """Answers to place, amend, cancel and query: one shape with holes.

    Write answers carry no avgPrice, cumQuote and time since 2026-07.
    """

    symbol: str
    client_order_id: str
    order_id: Whole
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
    time: Whole = 0
    update_time: Whole = 0

    def __post_init__(self) -> None:
        _check(self.price, self.orig_qty, self.executed_qty, self.avg_price, self.cum_quote or ZERO)


class UserTrade(_Reply, frozen=True, kw_only=True):
    symbol: str
    id: Whole
    order_id: Whole
    side: Side
    price: Decimal
    qty: Decimal
    commission: Decimal = ZERO
    commission_asset: str = ""
    realized_pnl: Decimal = ZERO
    maker: bool = False
    position_side: PositionSide = PositionSide.BOTH
    time: Whole = 0

    def __post_init__(self) -> None:
        _check(self.price, self.qty, self.commission, self.realized_pnl)


class BalanceRow(_Reply, frozen=True, kw_only=True):
    asset: str
    balance: Decimal
    cross_wallet_balance: Decimal = ZERO
    available_balance: Decimal = ZERO
    cross_un_pnl: Decimal = ZERO
    update_time: Whole = 0

    def __post_init__(self) -> None:
        _check(self.balance, self.cross_wallet_balance, self.available_balance, self.cross_un_pnl)


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
    update_time: Whole = 0

    def __post_init__(self) -> None:
        _check(
            self.position_amt,
            self.entry_price,
            self.break_even_price,
            self.mark_price,
            self.unrealized,
            self.liquidation_price,
            self.isolated_margin,
        )


class SymbolConfig(_Reply, frozen=True, kw_only=True):
    symbol: str
    margin_type: str = "CROSSED"
    leverage: Whole = 0
    max_notional_value: str = ""  # a number, or a word such as INF
    is_auto_add_margin: bool = False


class AccountConfig(_Reply, frozen=True, kw_only=True):
    dual_side_position: bool = False
    multi_assets_margin: bool = False
    can_trade: bool = True
    fee_tier: Whole = 0


class KeyRights(_Reply, frozen=True, kw_only=True):
    """What the key may do, as the wallet's service tells it."""

    ip_restrict: bool = False
    enable_withdrawals: bool = False
    enable_futures: bool = False


class LeverageReply(_Reply, frozen=True, kw_only=True):
    symbol: str
    leverage: Whole


class ListenKeyReply(_Reply, frozen=True, kw_only=True):
    listen_key: str


class DepthReply(_Reply, frozen=True, kw_only=True):
    last_update_id: Whole
    bids: tuple[tuple[str, str], ...]
    asks: tuple[tuple[str, str], ...]


class RateLimitRow(_Reply, frozen=True, kw_only=True):
    rate_limit_type: str
    interval: str
    interval_num: Whole
    limit: Whole


class ExchangeInfo(_Reply, frozen=True, kw_only=True):
    """Symbols stay dictionaries: people ask for the venue's own description."""

    symbols: list[dict[str, Any]]
    rate_limits: tuple[RateLimitRow, ...] = ()


class KlineRow(msgspec.Struct, frozen=True, array_like=True):
    """One candle; the venue appends fields that are not used here."""

    open_ms: Whole
    open: float
    high: float
    low: float
    close: float
    volume: float
    close_ms: Whole
    quote_volume: float
    trades: Whole

    def __post_init__(self) -> None:
        if not math.isfinite(
            self.open + self.high + self.low + self.close + self.volume + self.quote_volume
        ):
            raise ValueError("a number is not finite")


class AlgoReply(_Reply, frozen=True, kw_only=True):
    """A conditional order. What the venue leaves empty is "" or null, so amounts are text."""

    algo_id: Whole
    client_algo_id: str
    order_type: str
    symbol: str
    side: Side
    algo_status: str
    position_side: PositionSide = PositionSide.BOTH
    quantity: str | None = None
    trigger_price: str | None = None
    price: str | None = None
    activate_price: str | None = None
    callback_rate: str | None = None
    working_type: str = "CONTRACT_PRICE"
    time_in_force: str = "GTC"
    price_protect: bool = False
    close_position: bool = False
    reduce_only: bool = False
    create_time: Whole = 0
    update_time: Whole = 0
    actual_order_id: str | int | None = ""

    def __post_init__(self) -> None:
        _check(
            amount(self.quantity),
            amount(self.trigger_price),
            amount(self.price),
            amount(self.activate_price),
            amount(self.callback_rate),
        )


def amount(text: str | None) -> Decimal:
    """0 for what the venue left empty. Raises ValueError for text that is no number."""
    try:
        return Decimal(text) if text else ZERO
    except InvalidOperation:
        raise ValueError("a text is no number") from None


class AlgoCancelReply(_Reply, frozen=True, kw_only=True):
    """`code` is the text "200" here, a number elsewhere."""

    algo_id: Whole
    client_algo_id: str = ""


class BracketRow(_Reply, frozen=True, kw_only=True):
    bracket: Whole
    initial_leverage: Whole
    notional_cap: Decimal
    notional_floor: Decimal
    maint_margin_ratio: Decimal
    cum: Decimal = ZERO

    def __post_init__(self) -> None:
        _check(self.notional_cap, self.notional_floor, self.maint_margin_ratio, self.cum)


class SymbolBrackets(_Reply, frozen=True, kw_only=True):
    symbol: str
    brackets: tuple[BracketRow, ...]


class CommissionReply(_Reply, frozen=True, kw_only=True):
    symbol: str
    maker_commission_rate: Decimal
    taker_commission_rate: Decimal

    def __post_init__(self) -> None:
        _check(self.maker_commission_rate, self.taker_commission_rate)


class MarkPriceReply(_Reply, frozen=True, kw_only=True):
    symbol: str
    mark_price: Decimal

    def __post_init__(self) -> None:
        _check(self.mark_price)


class IncomeRow(_Reply, frozen=True, kw_only=True):
    income_type: str
    income: Decimal
    asset: str
    time: Whole
    symbol: str = ""
    info: str = ""
    tran_id: Whole = 0
    trade_id: str | Whole = ""

    def __post_init__(self) -> None:
        _check(self.income)


class CountdownReply(_Reply, frozen=True, kw_only=True):
    symbol: str
    countdown_time: Whole
