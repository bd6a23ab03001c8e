"""What a person asks for beyond single orders: conditional orders, brackets, plans, the end of all.

As in engine.commands: frozen, carried out on the engine's threads, answered by events.
"""

from __future__ import annotations

from decimal import Decimal

from engine.commands import Command
from engine.trading_types import (
    MarginType,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
    WorkingType,
)


class PlaceAlgo(Command, frozen=True, kw_only=True):
    """STOP, STOP_MARKET, TAKE_PROFIT, TAKE_PROFIT_MARKET or TRAILING_STOP_MARKET.

    `quantity` is None with `close_position`. A trailing stop has `callback_pct`
    (0.1 to 20) and perhaps `activate_price` instead of `trigger_price`.
    """

    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal | None = None
    trigger_price: Decimal | None = None
    price: Decimal | None = None  # STOP and TAKE_PROFIT only
    callback_pct: Decimal | None = None
    activate_price: Decimal | None = None
    close_position: bool = False
    reduce_only: bool = False
    position_side: PositionSide = PositionSide.BOTH
    working_type: WorkingType = WorkingType.CONTRACT_PRICE
    price_protect: bool = False
    time_in_force: TimeInForce = TimeInForce.GTC
    client_algo_id: str = ""  # made by the order manager when empty
    replaces: str = ""  # client algo id of the one that goes when this one stands: a move


class CancelAlgo(Command, frozen=True, kw_only=True):
    symbol: str
    client_algo_id: str


class MoveAlgo(Command, frozen=True, kw_only=True):
    """The same conditional order at another trigger (and price): a new one, then the old goes.

    None keeps what it has. The exchange cannot amend conditional orders.
    """

    symbol: str
    client_algo_id: str
    trigger_price: Decimal | None = None
    price: Decimal | None = None
    quantity: Decimal | None = None


class CancelOrders(Command, frozen=True, kw_only=True):
    """Orders of both services; None: of every symbol, of both sides."""

    symbol: str | None = None
    side: Side | None = None


class ReversePosition(Command, frozen=True, kw_only=True):
    """Close at market, then the same size the other way, under the guard as any new risk."""

    symbol: str
    position_side: PositionSide = PositionSide.BOTH


class Flatten(Command, frozen=True, kw_only=True):
    """Cancel and close everything of a symbol; None: of all of them, which is Kill."""

    symbol: str


class Kill(Command, frozen=True, kw_only=True):
    """Cancel all of both services, close reduce-only, verify by REST, until flat."""


class StopKill(Command, frozen=True, kw_only=True):
    """Stop trying; KillChanged says what is left."""


class PlaceBracket(Command, frozen=True, kw_only=True):
    """An entry with its stop and target, as one intent. LIMIT when `price` is given."""

    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal | None = None
    stop_price: Decimal | None = None
    target_price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    position_side: PositionSide = PositionSide.BOTH
    working_type: WorkingType = WorkingType.CONTRACT_PRICE


class ProtectPosition(Command, frozen=True, kw_only=True):
    """Stop and target for an existing position; None leaves that exit as it is."""

    symbol: str
    position_side: PositionSide = PositionSide.BOTH
    stop_price: Decimal | None = None
    target_price: Decimal | None = None
    working_type: WorkingType = WorkingType.CONTRACT_PRICE


class CancelBracket(Command, frozen=True, kw_only=True):
    """Cancel the entry's rest; its exits stay while something is filled."""

    symbol: str
    bracket_id: str


class SetDeadMan(Command, frozen=True, kw_only=True):
    """0 switches it off."""

    symbol: str
    countdown_s: int


class SetMarginType(Command, frozen=True, kw_only=True):
    symbol: str
    margin_type: MarginType


class SetHedgeMode(Command, frozen=True, kw_only=True):
    is_on: bool


class StartChase(Command, frozen=True, kw_only=True):
    """A post-only limit that follows the best price by amends, for so long at the most."""

    symbol: str
    side: Side
    quantity: Decimal
    limit_price: Decimal | None = None  # never beyond this
    longest_s: int = 300
    reduce_only: bool = False
    position_side: PositionSide = PositionSide.BOTH


class StartScaled(Command, frozen=True, kw_only=True):
    """`count` limit orders from `first_price` to `last_price`, the same size each."""

    symbol: str
    side: Side
    quantity: Decimal
    first_price: Decimal
    last_price: Decimal
    count: int
    reduce_only: bool = False
    position_side: PositionSide = PositionSide.BOTH


class StartTwap(Command, frozen=True, kw_only=True):
    """`count` market orders spread evenly over `duration_s`."""

    symbol: str
    side: Side
    quantity: Decimal
    count: int
    duration_s: int
    reduce_only: bool = False
    position_side: PositionSide = PositionSide.BOTH


class StopPlan(Command, frozen=True, kw_only=True):
    """Place nothing more and cancel what rests of it."""

    plan_id: str
