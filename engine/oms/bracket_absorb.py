"""What the books say, taken into the bracket's own record. Pure.

Nothing is sent from here. What comes of exits (see bracket_outcomes) is settled at
once, so that the next decision finds it in the record.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from engine.oms.bracket_facts import Facts, Tell
from engine.oms.bracket_outcomes import FIRST_PAUSE_MS, settle
from engine.oms.bracket_record import (
    Bracket,
    Leg,
    LegKind,
    LegState,
    tries_of,
    with_tries,
    without,
)
from engine.trading_types import AlgoStatus, OrderStatus, Side
from engine.views import ZERO, OrderView

POSITION_LATE_MS = 2000  # from a fill to the account's update of it: longer is an event lost

_STATES = {
    AlgoStatus.PENDING_NEW: LegState.SENT,
    AlgoStatus.UNKNOWN: LegState.SENT,
    AlgoStatus.NEW: LegState.STANDING,
    AlgoStatus.PENDING_CANCEL: LegState.LEAVING,
    AlgoStatus.TRIGGERING: LegState.TRIGGERED,
    AlgoStatus.TRIGGERED: LegState.TRIGGERED,
    AlgoStatus.CANCELED: LegState.OVER,
    AlgoStatus.EXPIRED: LegState.EXPIRED,
}


def absorb(bracket: Bracket, facts: Facts) -> tuple[Bracket, list[Tell]]:
    told: list[Tell] = []
    bracket = _absorb_fills(bracket, facts)
    for leg in bracket.legs:
        bracket = settle(bracket, leg, facts, told)
    if not bracket.entry_id:
        bracket = _follow_position(bracket, facts)
    if bracket.leans_on_own_stop and facts.own_stop is None:
        bracket = replace(bracket, leans_on_own_stop=False)
    return bracket, told


def open_now(bracket: Bracket, facts: Facts) -> Decimal:
    """What needs exits: by the fills, and never more than the position where that is known.

    The position is the account's: others may have closed what the bracket opened.
    """
    if not bracket.entry_id or not knows_position(bracket, facts):
        return bracket.open_qty
    return min(bracket.open_qty, held(bracket, facts))


def held(bracket: Bracket, facts: Facts) -> Decimal:
    """The position in the bracket's direction."""
    if facts.position is None:
        return ZERO
    quantity = facts.position.quantity
    return max(ZERO, quantity if bracket.side is Side.BUY else -quantity)


def knows_position(bracket: Bracket, facts: Facts) -> bool:
    """Whether the position that is known is certainly younger than the newest fill.

    The venue tells of a fill and of the position after it in two events with the same
    time, and two fills may share a millisecond.
    """
    at_ms = facts.position.updated_at if facts.position is not None else 0
    return at_ms > bracket.moved_at or facts.position_read_ms >= (
        bracket.noticed_at + POSITION_LATE_MS
    )


# --- fills ---------------------------------------------------------------------------


def _absorb_fills(bracket: Bracket, facts: Facts) -> Bracket:
    moved_at = 0
    entry = facts.entry
    if entry is not None:
        if entry.executed_qty > bracket.filled_qty:
            moved_at = entry.updated_at
            bracket = replace(bracket, filled_qty=entry.executed_qty)
        is_over = entry.status.is_terminal
        if is_over is not bracket.is_entry_over:
            bracket = replace(bracket, is_entry_over=is_over)
    legs = []
    for leg in bracket.legs:
        order = facts.orders.get(leg.client_id)
        now = _leg_now(leg, facts, order)
        if now.executed != leg.executed and order is not None:
            moved_at = max(moved_at, order.updated_at)
        is_same = now.state is leg.state
        legs.append(now if is_same else replace(now, state_at=facts.now_ms))
    bracket = replace(bracket, legs=tuple(legs))
    if moved_at:
        noticed = {"moved_at": max(moved_at, bracket.moved_at), "noticed_at": facts.now_ms}
        bracket = replace(bracket, **noticed)
    return bracket


def _leg_now(leg: Leg, facts: Facts, order: OrderView | None) -> Leg:
    if not leg.is_live:
        return leg
    executed = max(leg.executed, order.executed_qty) if order is not None else leg.executed
    if leg.kind is LegKind.CLOSE:
        if order is None:
            return leg
        state = LegState.SENT
        if order.status.is_terminal:
            refused = order.status is OrderStatus.REJECTED and not executed
            state = LegState.REFUSED if refused else LegState.OVER
        return replace(leg, state=state, executed=executed, reason=order.reason)
    algo = facts.algos.get(leg.client_id)
    has_ended = order is not None and order.status.is_terminal
    if algo is None:
        return replace(leg, state=LegState.OVER, executed=executed) if has_ended else leg
    if algo.status is AlgoStatus.REJECTED:
        state = LegState.REFUSED if algo.algo_id is None else LegState.REJECTED
    elif has_ended:
        state = LegState.OVER
    else:
        # FINISHED with an order that is not known to have ended: its fills are missing
        state = _STATES.get(algo.status, LegState.TRIGGERED)
    return replace(leg, state=state, executed=executed, reason=algo.reason)


def _follow_position(bracket: Bracket, facts: Facts) -> Bracket:
    """Around an existing position: what it is, less what other brackets look after."""
    if not knows_position(bracket, facts):
        return bracket
    rest = max(ZERO, held(bracket, facts) - facts.claimed_qty)
    if rest == bracket.open_qty:
        return bracket
    return replace(bracket, filled_qty=rest + bracket.out_qty)


# --- what the shell was told about a step -------------------------------------------------


def refused(bracket: Bracket, client_id: str, code: int, reason: str) -> Bracket:
    """The venue, or our own check, has said no: the leg was never there."""
    return _changed(bracket, client_id, LegState.REFUSED, code, reason)


def unsent(bracket: Bracket, client_id: str, reason: str, now_ms: int) -> Bracket:
    """It could not be sent, for no fault of its own: again in a moment, as often as it takes."""
    leg = bracket.leg(client_id)
    if leg is None:
        return bracket
    tries = replace(tries_of(bracket, leg.kind), retry_at=now_ms + 2 * FIRST_PAUSE_MS)
    return with_tries(replace(without(bracket, leg), reason=reason), leg.kind, tries)


def absent(bracket: Bracket, client_id: str) -> Bracket:
    """Neither we nor the exchange know of it: it was written down and never sent."""
    if client_id == bracket.entry_id:
        return replace(bracket, is_entry_over=True)
    leg = bracket.leg(client_id)
    return bracket if leg is None else without(bracket, leg)


def _changed(bracket: Bracket, client_id: str, state: LegState, code: int, reason: str) -> Bracket:
    legs = tuple(
        replace(leg, state=state, code=code, reason=reason)
        if leg.client_id == client_id and leg.is_live
        else leg
        for leg in bracket.legs
    )
    return replace(bracket, legs=legs)
