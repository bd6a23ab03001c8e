"""What the private stream says of orders of both services: only the fields that are used.

They keep the venue's letters and become events in exchange.translate. Enum texts stay
`str`, so that a new value of the venue is not an error.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.trading_types import PositionSide, Side
from engine.wire.whole import Whole

ZERO = Decimal(0)


class OrderBlock(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    gc=False,
    rename={
        "symbol": "s",
        "client_order_id": "c",
        "side": "S",
        "type": "o",
        "time_in_force": "f",
        "quantity": "q",
        "price": "p",
        "avg_price": "ap",
        "execution": "x",
        "status": "X",
        "order_id": "i",
        "last_qty": "l",
        "cum_qty": "z",
        "last_price": "L",
        "commission_asset": "N",
        "commission": "n",
        "trade_ms": "T",
        "trade_id": "t",
        "is_maker": "m",
        "reduce_only": "R",
        "position_side": "ps",
        "realized_pnl": "rp",
        "expiry_reason": "er",
    },
):
    """In the venue's order: the decoder looks for each key first where the last one was."""

    symbol: str
    client_order_id: str
    side: Side
    type: str
    time_in_force: str = "GTC"
    quantity: Decimal
    price: Decimal
    avg_price: Decimal = ZERO
    execution: str
    status: str
    order_id: Whole
    last_qty: Decimal = ZERO
    cum_qty: Decimal
    last_price: Decimal = ZERO
    commission_asset: str | None = None
    commission: Decimal | None = None
    trade_ms: Whole = 0
    trade_id: Whole = 0
    is_maker: bool = False
    reduce_only: bool = False
    position_side: PositionSide = PositionSide.BOTH
    realized_pnl: Decimal = ZERO
    expiry_reason: str | int = "0"


class OrderTradeUpdate(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    gc=False,
    tag_field="e",
    tag="ORDER_TRADE_UPDATE",
    rename={"event_ms": "E", "transaction_ms": "T", "order": "o"},
):
    event_ms: Whole
    transaction_ms: Whole
    order: OrderBlock


class ExecutionReport(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    gc=False,
    tag_field="e",
    tag="executionReport",
    rename={
        "event_ms": "E",
        "symbol": "s",
        "client_order_id": "c",
        "original_client_order_id": "C",
        "side": "S",
        "type": "o",
        "time_in_force": "f",
        "quantity": "q",
        "price": "p",
        "execution": "x",
        "status": "X",
        "reject_reason": "r",
        "order_id": "i",
        "last_qty": "l",
        "cum_qty": "z",
        "last_price": "L",
        "commission_asset": "N",
        "commission": "n",
        "transaction_ms": "T",
        "trade_id": "t",
        "is_maker": "m",
        "created_ms": "O",
        "cum_quote": "Z",
    },
):
    """Spot's flat form of the same news; futures do not send it."""

    event_ms: Whole
    symbol: str
    client_order_id: str
    side: Side
    type: str
    quantity: Decimal
    price: Decimal
    execution: str
    status: str
    order_id: Whole
    cum_qty: Decimal
    transaction_ms: Whole
    original_client_order_id: str = ""  # set where `c` is the id of the cancel request
    time_in_force: str = "GTC"
    reject_reason: str = "NONE"
    last_qty: Decimal = ZERO
    last_price: Decimal = ZERO
    commission_asset: str | None = None
    commission: Decimal | None = None
    trade_id: Whole = -1
    is_maker: bool = False
    created_ms: Whole = 0
    cum_quote: Decimal | None = None


class AlgoBlock(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={
        "client_algo_id": "caid",
        "algo_id": "aid",
        "type": "o",
        "symbol": "s",
        "side": "S",
        "quantity": "q",
        "status": "X",
        "order_id": "ai",
        "trigger_price": "tp",
        "price": "p",
        "reject_reason": "rm",
        "position_side": "ps",
        "reduce_only": "R",
        "close_position": "cp",
        "working_type": "wt",
        "time_in_force": "f",
        "price_protect": "pP",
    },
):
    client_algo_id: str
    algo_id: Whole
    type: str
    symbol: str
    side: Side
    status: str
    quantity: Decimal = ZERO
    order_id: str | int | None = ""  # text, empty until it became an order
    trigger_price: Decimal = ZERO
    price: Decimal = ZERO
    reject_reason: str | None = ""
    position_side: PositionSide = PositionSide.BOTH
    reduce_only: bool = False
    close_position: bool = False
    working_type: str = "CONTRACT_PRICE"
    time_in_force: str = "GTC"
    price_protect: bool = False


class AlgoUpdateMessage(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="ALGO_UPDATE",
    rename={"event_ms": "E", "order": "o"},
):
    event_ms: Whole
    order: AlgoBlock


class TradeLite(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="TRADE_LITE"):
    """Early, poorer news of a fill that comes again as ORDER_TRADE_UPDATE: ignored."""


class StrategyUpdate(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="STRATEGY_UPDATE"
):
    """Of the venue's own bots: ignored, as the next two are."""


class GridUpdate(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="GRID_UPDATE"):
    pass


class TriggerReject(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="CONDITIONAL_ORDER_TRIGGER_REJECT",
):
    """Deprecated: the reason travels in ALGO_UPDATE."""
