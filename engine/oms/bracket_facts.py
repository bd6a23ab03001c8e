"""What a bracket's decision is made from, and what it may decide. Frozen, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from engine.oms.bracket_record import Bracket, Leg
from engine.protection_views import AlgoView, BracketView
from engine.trading_types import AlertLevel
from engine.views import ZERO, OrderView, PositionView


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the books say at `now_ms` (local).

    `orders` by the id of a leg: the closing orders, and what exits have become.
    `position_read_ms`: when the positions were last asked for by REST, with an answer.
    `claimed_qty`: of the position, by other brackets.
    `own_stop`, `own_target`: the person's orders that close the whole position.
    `is_killed`: the kill switch is working on this symbol.
    `can_act` is false while the account is being read, or a step is on its way.
    """

    now_ms: int
    entry: OrderView | None = None
    is_entry_sending: bool = False
    algos: Mapping[str, AlgoView] = {}
    orders: Mapping[str, OrderView] = {}
    position: PositionView | None = None
    position_read_ms: int = 0
    claimed_qty: Decimal = ZERO
    own_stop: AlgoView | None = None
    own_target: AlgoView | None = None
    is_killed: bool = False
    can_act: bool = True


class PlaceExit(msgspec.Struct, frozen=True):
    """A stop or a target at the algo service, which only reduces."""

    leg: Leg


class CloseRest(msgspec.Struct, frozen=True):
    """Reduce at market."""

    leg: Leg


class CancelExit(msgspec.Struct, frozen=True):
    client_id: str


class CancelEntry(msgspec.Struct, frozen=True):
    pass


class AskEntry(msgspec.Struct, frozen=True):
    """The entry is in no book of ours."""


class AskLeg(msgspec.Struct, frozen=True):
    """The exit, or the order that it has become, is in no book of ours."""

    leg: Leg


class AskPosition(msgspec.Struct, frozen=True):
    """Fills and position disagree for longer than events take."""


class Tell(msgspec.Struct, frozen=True):
    level: AlertLevel
    code: str
    sentence: str


Action = PlaceExit | CloseRest | CancelExit | CancelEntry | AskEntry | AskLeg | AskPosition


class Decision(msgspec.Struct, frozen=True):
    """`wake_at_ms`: look again then, whatever happens; None: when something has happened."""

    bracket: Bracket
    view: BracketView
    actions: tuple[Action, ...] = ()
    told: tuple[Tell, ...] = ()
    wake_at_ms: int | None = None
