"""Orders: the venue's reports, translated, and what order management makes of them."""

from __future__ import annotations

from decimal import Decimal

from engine.events.event import Event
from engine.trading_types import (
    ExecutionType,
    OrderStatus,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
    WorkingType,
)
from engine.views import ZERO, FillView, OrderView


class OrderUpdate(Event, frozen=True, kw_only=True, gc=False):
    """The venue's word about one order, from the stream or read by REST.

    `status` is a plain str where the venue used one we do not know. Last-fill
    fields are set when `execution` is TRADE or CALCULATED (trade_id > 0).
    """

    symbol: str
    client_order_id: str
    order_id: int
    side: Side
    type: OrderType | str
    status: OrderStatus | str
    execution: ExecutionType | str
    price: Decimal
    orig_qty: Decimal
    executed_qty: Decimal
    update_ms: int
    avg_price: Decimal = ZERO  # 0 when the venue did not say
    cum_quote: Decimal | None = None
    time_in_force: TimeInForce | str = TimeInForce.GTC
    position_side: PositionSide = PositionSide.BOTH
    reduce_only: bool = False
    created_ms: int = 0
    event_ms: int = 0
    trade_id: int = 0
    last_qty: Decimal = ZERO
    last_price: Decimal = ZERO
    commission: Decimal = ZERO
    commission_asset: str = ""
    realized_pnl: Decimal = ZERO
    is_maker: bool = False
    expiry_reason: str = ""

    @property
    def is_whole_trade(self) -> bool:
        """A frame that was damaged on its way may still be JSON, with a field less."""
        return self.last_price > ZERO and self.last_qty > ZERO


class AlgoUpdate(Event, frozen=True, kw_only=True):
    """The venue's word about a conditional order, from the stream or read by REST.

    `order_id` is 0 until it became an order; `quantity` is 0 when it closes the
    whole position. `activate_price` and `callback_pct` are a trailing stop's.
    """

    algo_id: int
    client_algo_id: str
    symbol: str
    side: Side
    type: OrderType | str
    status: str
    quantity: Decimal
    trigger_price: Decimal
    price: Decimal
    event_ms: int
    order_id: int = 0
    reject_reason: str = ""
    position_side: PositionSide = PositionSide.BOTH
    reduce_only: bool = False
    close_position: bool = False
    working_type: WorkingType | str = WorkingType.CONTRACT_PRICE
    activate_price: Decimal = ZERO
    callback_pct: Decimal = ZERO
    time_in_force: TimeInForce | str = TimeInForce.GTC
    price_protect: bool = False
    created_ms: int = 0  # 0 when the venue did not say


class OrderChanged(Event, frozen=True, kw_only=True, gc=False):
    """A partial fill is one, and has it all: `executed_qty`, `remaining_qty`, `avg_price`,
    and `realized_pnl` and `commission` of what is filled. Its trade follows as FillRecorded.
    """

    order: OrderView


class OrderReplaced(Event, frozen=True, kw_only=True):
    """An order that could not be amended was cancelled, and its rest placed anew."""

    symbol: str
    old_client_order_id: str
    new_client_order_id: str
    at_ms: int


class FillRecorded(Event, frozen=True, kw_only=True, gc=False):
    fill: FillView


class HistoryLoaded(Event, frozen=True, kw_only=True):
    """What the journal knows of earlier days, oldest first; told once at the start."""

    orders: tuple[OrderView, ...]
    fills: tuple[FillView, ...]
