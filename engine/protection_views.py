"""What a reader sees of conditional orders, brackets, plans and the guard: frozen snapshots.

The rules of engine.views hold: nothing handed over ever changes, money is Decimal,
times are ms since 1970 UTC.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.protection_commands import PlaceAlgo
from engine.trading_types import (
    AlgoStatus,
    BracketState,
    KillState,
    OrderOrigin,
    OrderType,
    PlanKind,
    PlanState,
    PositionSide,
    Side,
    TimeInForce,
    WorkingType,
)
from engine.views import ZERO


class AlgoView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One conditional order at one moment. `order_id`: the order it has become.

    `quantity` is 0 with `close_position`; `price` is 0 for a market order at the
    trigger; `callback_pct` and `activate_price` are a trailing stop's.
    """

    client_algo_id: str
    symbol: str
    side: Side
    type: OrderType | str
    status: AlgoStatus
    quantity: Decimal = ZERO
    trigger_price: Decimal = ZERO
    price: Decimal = ZERO
    callback_pct: Decimal = ZERO
    activate_price: Decimal = ZERO
    algo_id: int | None = None
    order_id: int | None = None
    close_position: bool = False
    reduce_only: bool = False
    position_side: PositionSide = PositionSide.BOTH
    working_type: WorkingType | str = WorkingType.CONTRACT_PRICE
    price_protect: bool = False
    time_in_force: TimeInForce | str = TimeInForce.GTC
    created_at: int = 0
    updated_at: int = 0
    origin: OrderOrigin = OrderOrigin.OURS
    reason: str = ""  # why REJECTED, EXPIRED or UNKNOWN, as a sentence
    replaces: str = ""  # client algo id of the one it was moved from

    @property
    def only_reduces(self) -> bool:
        return self.reduce_only or self.close_position


class BracketView(msgspec.Struct, frozen=True, kw_only=True):
    """An entry with its exits. `side` is the entry's; the exits are on the other side.

    `entry_id` is a client order id ("" for a bracket around an existing position),
    `stop_id` and `target_id` are client algo ids ("" while there is none).
    """

    bracket_id: str
    symbol: str
    side: Side
    state: BracketState
    quantity: Decimal
    stop_price: Decimal | None = None
    target_price: Decimal | None = None
    position_side: PositionSide = PositionSide.BOTH
    entry_id: str = ""
    stop_id: str = ""
    target_id: str = ""
    filled_qty: Decimal = ZERO
    protected_qty: Decimal = ZERO
    unprotected_since_ms: int | None = None
    is_stop_released: bool = False  # cancelled by somebody else: not placed again
    reason: str = ""
    created_at: int = 0
    updated_at: int = 0


class PlanView(msgspec.Struct, frozen=True, kw_only=True):
    """One parent intent that is carried out by several orders: chase, scaled, TWAP."""

    plan_id: str
    kind: PlanKind
    symbol: str
    side: Side
    state: PlanState
    quantity: Decimal
    executed_qty: Decimal = ZERO
    avg_price: Decimal = ZERO
    child_ids: tuple[str, ...] = ()  # client order ids
    reason: str = ""
    created_at: int = 0
    updated_at: int = 0


class GuardView(msgspec.Struct, frozen=True, kw_only=True):
    """The risk guard now. `locked_until_ms`: no new risk before then; None: not locked."""

    day_pnl: Decimal = ZERO  # realized, with fees and funding, since the day began
    day_began_ms: int = 0
    locked_until_ms: int | None = None
    sentence: str = ""


class LockOut(msgspec.Struct, frozen=True, kw_only=True):
    """No new risk between `at_ms` and `until_ms`."""

    at_ms: int
    until_ms: int
    sentence: str


class KillView(msgspec.Struct, frozen=True, kw_only=True):
    """How far the kill switch is. `left` names what is still there, as phrases.

    `symbols` is empty when it is about everything; a flatten names its own.
    """

    state: KillState
    sentence: str
    left: tuple[str, ...] = ()
    rounds: int = 0
    symbols: tuple[str, ...] = ()


class DeadManView(msgspec.Struct, frozen=True, kw_only=True):
    """The exchange cancels the symbol's regular orders unless renewed. 0 s: off."""

    symbol: str
    countdown_s: int
    renewed_ms: int = 0
    sentence: str = ""


def pending_algo(command: PlaceAlgo, at_ms: int) -> AlgoView:
    """What is shown between the intent and the exchange's answer."""
    return AlgoView(
        client_algo_id=command.client_algo_id,
        symbol=command.symbol,
        side=command.side,
        type=command.type,
        status=AlgoStatus.PENDING_NEW,
        quantity=command.quantity or ZERO,
        trigger_price=command.trigger_price or ZERO,
        price=command.price or ZERO,
        callback_pct=command.callback_pct or ZERO,
        activate_price=command.activate_price or ZERO,
        close_position=command.close_position,
        reduce_only=command.reduce_only,
        position_side=command.position_side,
        working_type=command.working_type,
        price_protect=command.price_protect,
        time_in_force=TimeInForce.GTC if command.price is None else command.time_in_force,
        created_at=at_ms,
        updated_at=at_ms,
        replaces=command.replaces,
    )
