"""A bracket as it is kept: an entry, the prices of its exits, and the exits asked for so far.

Frozen, and small enough to be written down whole before each step: after a kill
the same ids are asked about instead of placed a second time.
"""

from __future__ import annotations

import random
import secrets
from decimal import Decimal
from enum import StrEnum, unique

import msgspec
from msgspec.structs import replace

from engine.clock import Clock
from engine.oms.order_transitions import OUR_PREFIX
from engine.protection_views import BracketView
from engine.trading_types import (
    BracketState,
    PositionSide,
    Side,
    TimeInForce,
    WorkingType,
)
from engine.views import ZERO

_chance = random.Random(secrets.randbits(256))  # noqa: S311 - unique, not secret


@unique
class LegKind(StrEnum):
    STOP = "stop"
    TARGET = "target"
    CLOSE = "close"  # at market, when an exit could not do it


@unique
class LegState(StrEnum):
    SENT = "sent"  # asked for; nobody has confirmed it
    STANDING = "standing"  # the exchange has confirmed that it waits
    LEAVING = "leaving"  # a cancel is on its way
    TRIGGERED = "triggered"  # it is an order in the book, or about to be one
    OVER = "over"
    EXPIRED = "expired"  # ended by the exchange without having triggered
    REFUSED = "refused"  # never taken
    REJECTED = "rejected"  # refused when it triggered


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """One exit. Times are local ms."""

    client_id: str
    kind: LegKind
    quantity: Decimal
    trigger_price: Decimal = ZERO
    state: LegState = LegState.SENT
    executed: Decimal = ZERO
    sent_at: int = 0
    state_at: int = 0  # when it was first seen in this state
    cancel_at: int = 0  # when we last asked for its cancel; 0: we did not
    code: int = 0  # the venue's, of a refusal
    reason: str = ""

    @property
    def is_live(self) -> bool:
        return self.state in _LIVE


_LIVE = frozenset({LegState.SENT, LegState.STANDING, LegState.LEAVING, LegState.TRIGGERED})


class Tries(msgspec.Struct, frozen=True, kw_only=True):
    """How often a kind of exit has been refused in a row, and when it may be sent again."""

    refusals: int = 0
    retry_at: int = 0


class Bracket(msgspec.Struct, frozen=True, kw_only=True):
    """`quantity` is the entry's. Times are local ms, but `moved_at`, which is the venue's.

    `closing`: why what is open is being closed; from then on no exit is placed anew.
    """

    bracket_id: str
    symbol: str
    side: Side
    quantity: Decimal = ZERO
    price: Decimal | None = None
    stop_price: Decimal | None = None
    target_price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    position_side: PositionSide = PositionSide.BOTH
    working_type: WorkingType = WorkingType.CONTRACT_PRICE
    entry_id: str = ""
    state: BracketState = BracketState.ENTERING
    reason: str = ""
    created_at: int = 0
    updated_at: int = 0
    is_entry_over: bool = False
    is_entry_unwanted: bool = False
    entry_cancel_at: int = 0
    filled_qty: Decimal = ZERO
    closed_qty: Decimal = ZERO  # by legs that have ended
    moved_at: int = 0  # the newest fill of entry or exits
    noticed_at: int = 0  # when we came to know of it
    legs: tuple[Leg, ...] = ()
    serial: int = 0
    stop_tries: Tries = Tries()
    target_tries: Tries = Tries()
    close_tries: Tries = Tries()
    closing: str = ""
    # cancelled by somebody else: not ours to place again
    is_stop_released: bool = False
    # the venue keeps one order that closes the whole position, and it is the person's
    leans_on_own_stop: bool = False
    replaces: tuple[str, ...] = ()  # the person's own exits, cancelled once ours stand
    unprotected_since: int | None = None
    is_alarmed: bool = False
    asked_at: int = 0

    @property
    def is_ended(self) -> bool:
        return self.state in (BracketState.CLOSED, BracketState.FAILED)

    @property
    def open_qty(self) -> Decimal:
        """Filled and not closed again by its own exits."""
        return self.filled_qty - self.out_qty

    @property
    def out_qty(self) -> Decimal:
        return sum((leg.executed for leg in self.legs), self.closed_qty)

    @property
    def exit_side(self) -> Side:
        return self.side.opposite

    @property
    def reduces_by_flag(self) -> bool:
        """With long and short side by side the position side says it, and the flag is refused."""
        return self.position_side is PositionSide.BOTH

    def legs_of(self, kind: LegKind, *states: LegState) -> list[Leg]:
        return [
            leg for leg in self.legs if leg.kind is kind and (not states or leg.state in states)
        ]

    def leg(self, client_id: str) -> Leg | None:
        return next((leg for leg in self.legs if leg.client_id == client_id), None)


def new_bracket_id(clock: Clock) -> str:
    """`b` + 11 hex digits of the time + 10 of chance: leaves room for the exits' own ids."""
    return f"b{clock.now_ms():011x}{_chance.getrandbits(40):010x}"


def entry_id_of(bracket_id: str) -> str:
    return f"{OUR_PREFIX}{bracket_id}-e"


def leg_id_of(bracket_id: str, kind: LegKind, serial: int) -> str:
    """At most 36 characters up to serial 999,999,999."""
    return f"{OUR_PREFIX}{bracket_id}-{kind[0]}{serial}"


def bracket_id_of(client_id: str) -> str:
    """Of one of a bracket's own orders; "" for any other."""
    if not client_id.startswith(OUR_PREFIX):
        return ""
    head, dash, _ = client_id[len(OUR_PREFIX) :].partition("-")
    return head if dash else ""


def tries_of(bracket: Bracket, kind: LegKind) -> Tries:
    if kind is LegKind.STOP:
        return bracket.stop_tries
    return bracket.target_tries if kind is LegKind.TARGET else bracket.close_tries


def with_tries(bracket: Bracket, kind: LegKind, tries: Tries) -> Bracket:
    if tries_of(bracket, kind) == tries:
        return bracket
    if kind is LegKind.STOP:
        return replace(bracket, stop_tries=tries)
    if kind is LegKind.TARGET:
        return replace(bracket, target_tries=tries)
    return replace(bracket, close_tries=tries)


def without(bracket: Bracket, leg: Leg) -> Bracket:
    legs = tuple(other for other in bracket.legs if other is not leg)
    return replace(bracket, legs=legs, closed_qty=bracket.closed_qty + leg.executed)


def body_of(bracket: Bracket) -> bytes:
    """As the journal keeps it."""
    return msgspec.json.encode(bracket)


def bracket_of(body: bytes) -> Bracket:
    return msgspec.json.decode(body, type=Bracket)


def view_of(bracket: Bracket, protected_qty: Decimal) -> BracketView:
    return BracketView(
        bracket_id=bracket.bracket_id,
        symbol=bracket.symbol,
        side=bracket.side,
        state=bracket.state,
        quantity=bracket.quantity if bracket.entry_id else bracket.filled_qty,
        stop_price=bracket.stop_price,
        target_price=bracket.target_price,
        position_side=bracket.position_side,
        entry_id=bracket.entry_id,
        stop_id=_shown(bracket, LegKind.STOP),
        target_id=_shown(bracket, LegKind.TARGET),
        filled_qty=bracket.filled_qty,
        protected_qty=protected_qty,
        unprotected_since_ms=bracket.unprotected_since,
        is_stop_released=bracket.is_stop_released,
        reason=bracket.reason,
        created_at=bracket.created_at,
        updated_at=bracket.updated_at,
    )


def _shown(bracket: Bracket, kind: LegKind) -> str:
    """The one that stands, else the newest on its way."""
    legs = bracket.legs_of(kind, LegState.STANDING, LegState.TRIGGERED)
    legs = legs or [leg for leg in bracket.legs_of(kind) if leg.is_live]
    return legs[-1].client_id if legs else ""
