"""What the books say, taken into the bracket's own record. Pure.

Nothing is sent from here. What comes of an exit that has ended, was refused or
has triggered is settled at once, so that the next decision finds it in the record.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from engine.oms.bracket_facts import Facts, Tell
from engine.oms.bracket_record import Bracket, Leg, LegKind, LegState, Tries
from engine.trading_types import AlertLevel, AlgoStatus, OrderStatus, Side
from engine.utils.decimals import plain
from engine.views import ZERO, OrderView

WOULD_TRIGGER = -2021
OWN_EXIT_STANDS = -4130
MOST_REFUSALS = 3
POSITION_LATE_MS = 2000  # from a fill to the account's update of it: longer is an event lost
_FIRST_PAUSE_MS = 500

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
        bracket = _settle(bracket, leg, facts, told)
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
        legs.append(now)
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


# --- what has become of exits ------------------------------------------------------------


def _settle(bracket: Bracket, leg: Leg, facts: Facts, told: list[Tell]) -> Bracket:
    if leg.state is LegState.TRIGGERED:
        return _closing(bracket, _reached(leg))
    if leg.state is LegState.STANDING:
        return _with_tries(bracket, leg.kind, Tries())
    if leg.is_live:
        return bracket
    bracket = _without(bracket, leg)
    if leg.state is LegState.REJECTED:
        return _settle_rejection(bracket, leg, told)
    if leg.state is LegState.REFUSED or (leg.state is LegState.EXPIRED and not leg.cancel_at):
        return _settle_refusal(bracket, leg, facts, told)
    if leg.kind is LegKind.CLOSE:
        is_done = leg.executed >= leg.quantity
        return bracket if is_done else _count_refusal(bracket, leg, facts)
    if leg.executed:
        return _closing(bracket, _reached(leg))
    return bracket if leg.cancel_at else _settle_foreign_cancel(bracket, leg, told)


def _settle_rejection(bracket: Bracket, leg: Leg, told: list[Tell]) -> Bracket:
    why = f"The {leg.kind} at {plain(leg.trigger_price)} was refused when it triggered"
    if bracket.open_qty > 0:
        sentence = f"{_name(bracket)}: {why} ({leg.reason}). What is open is closed at market."
        told.append(Tell(AlertLevel.ERROR, "bracket.rejected", sentence))
    return _closing(bracket, f"{why}.")


def _settle_foreign_cancel(bracket: Bracket, leg: Leg, told: list[Tell]) -> Bracket:
    """Somebody else's will, perhaps the kill switch's: it is not undone."""
    if bracket.open_qty <= 0 or bracket.closing:
        return bracket
    if leg.kind is LegKind.STOP:
        if bracket.legs_of(LegKind.STOP, LegState.STANDING):
            return bracket  # the newer one stands already
        bracket = replace(bracket, is_stop_released=True)
        code, what = "bracket.stop_cancelled", "Nothing protects it now: protect it or close it"
    else:
        bracket = replace(bracket, target_price=None)
        code, what = "bracket.target_cancelled", "The stop stays"
    sentence = f"{_name(bracket)}: the {leg.kind} was cancelled, not by this bracket. {what}."
    told.append(Tell(AlertLevel.WARNING, code, sentence))
    return bracket


def _settle_refusal(bracket: Bracket, leg: Leg, facts: Facts, told: list[Tell]) -> Bracket:
    if leg.kind is LegKind.CLOSE:
        return _count_refusal(bracket, leg, facts)
    if _is_replacement(bracket, leg):
        return _stay_where_it_was(bracket, leg, told)
    if leg.kind is LegKind.STOP:
        return _settle_refused_stop(bracket, leg, facts, told)
    return _settle_refused_target(bracket, leg, facts, told)


def _settle_refused_stop(bracket: Bracket, leg: Leg, facts: Facts, told: list[Tell]) -> Bracket:
    if leg.code == OWN_EXIT_STANDS and facts.own_stop is not None:
        own = plain(facts.own_stop.trigger_price)
        sentence = (
            f"{_name(bracket)}: the exchange keeps your own stop at {own}, which closes the whole"
            " position, and takes no second one. That stop stays and protects what is filled."
        )
        told.append(Tell(AlertLevel.WARNING, "bracket.own_stop", sentence))
        return replace(bracket, leans_on_own_stop=True)
    bracket = _count_refusal(bracket, leg, facts)
    if leg.code != WOULD_TRIGGER and bracket.stop_tries.refusals < MOST_REFUSALS:
        return bracket
    why = f"The stop at {plain(leg.trigger_price)} was refused"
    sentence = f"{_name(bracket)}: {why} ({leg.reason}). What is filled is closed at market."
    told.append(Tell(AlertLevel.ERROR, "bracket.stop_refused", sentence))
    return _closing(bracket, f"{why}.")


def _settle_refused_target(bracket: Bracket, leg: Leg, facts: Facts, told: list[Tell]) -> Bracket:
    if leg.code == WOULD_TRIGGER:
        why = f"The target at {plain(leg.trigger_price)} was reached before it could stand"
        sentence = f"{_name(bracket)}: {why}. What is filled is closed at market."
        told.append(Tell(AlertLevel.WARNING, "bracket.target_reached", sentence))
        return _closing(bracket, f"{why}.")
    bracket = _count_refusal(bracket, leg, facts)
    is_own = leg.code == OWN_EXIT_STANDS and facts.own_target is not None
    if not is_own and bracket.target_tries.refusals < MOST_REFUSALS:
        return bracket
    sentence = f"{_name(bracket)}: the target was refused ({leg.reason}) and is given up."
    told.append(Tell(AlertLevel.WARNING, "bracket.target_refused", sentence))
    return replace(bracket, target_price=None)


def _is_replacement(bracket: Bracket, leg: Leg) -> bool:
    """The one at the old price stands for all that is open: nothing is lost by the refusal."""
    return any(
        other.quantity >= bracket.open_qty and other.trigger_price != leg.trigger_price
        for other in bracket.legs_of(leg.kind, LegState.STANDING)
    )


def _stay_where_it_was(bracket: Bracket, leg: Leg, told: list[Tell]) -> Bracket:
    standing = bracket.legs_of(leg.kind, LegState.STANDING)[-1].trigger_price
    sentence = (
        f"{_name(bracket)}: the {leg.kind} was not moved to {plain(leg.trigger_price)}"
        f" ({leg.reason}). It stays at {plain(standing)}."
    )
    told.append(Tell(AlertLevel.WARNING, f"bracket.{leg.kind}_not_moved", sentence))
    if leg.kind is LegKind.STOP:
        return replace(bracket, stop_price=standing)
    return replace(bracket, target_price=standing)


def _count_refusal(bracket: Bracket, leg: Leg, facts: Facts) -> Bracket:
    refusals = tries_of(bracket, leg.kind).refusals + 1
    pause_ms = _FIRST_PAUSE_MS * 2 ** min(refusals - 1, 4)
    tries = Tries(refusals=refusals, retry_at=facts.now_ms + pause_ms)
    return _with_tries(replace(bracket, reason=leg.reason), leg.kind, tries)


def tries_of(bracket: Bracket, kind: LegKind) -> Tries:
    if kind is LegKind.STOP:
        return bracket.stop_tries
    return bracket.target_tries if kind is LegKind.TARGET else bracket.close_tries


def _with_tries(bracket: Bracket, kind: LegKind, tries: Tries) -> Bracket:
    if tries_of(bracket, kind) == tries:
        return bracket
    if kind is LegKind.STOP:
        return replace(bracket, stop_tries=tries)
    if kind is LegKind.TARGET:
        return replace(bracket, target_tries=tries)
    return replace(bracket, close_tries=tries)


def _without(bracket: Bracket, leg: Leg) -> Bracket:
    legs = tuple(other for other in bracket.legs if other is not leg)
    return replace(bracket, legs=legs, closed_qty=bracket.closed_qty + leg.executed)


def _closing(bracket: Bracket, why: str) -> Bracket:
    return bracket if bracket.closing else replace(bracket, closing=why)


def _reached(leg: Leg) -> str:
    return f"The {leg.kind} at {plain(leg.trigger_price)} was reached."


def _name(bracket: Bracket) -> str:
    return f"Bracket {bracket.symbol} {bracket.side} {plain(bracket.open_qty)}"


# --- what the shell was told about a step -------------------------------------------------


def refused(bracket: Bracket, client_id: str, code: int, reason: str) -> Bracket:
    """The venue, or our own check, has said no: the leg was never there."""
    return _changed(bracket, client_id, LegState.REFUSED, code, reason)


def unsent(bracket: Bracket, client_id: str, reason: str, now_ms: int) -> Bracket:
    """It could not be sent, for no fault of its own: again in a moment, as often as it takes."""
    leg = bracket.leg(client_id)
    if leg is None:
        return bracket
    tries = replace(tries_of(bracket, leg.kind), retry_at=now_ms + 2 * _FIRST_PAUSE_MS)
    return _with_tries(replace(_without(bracket, leg), reason=reason), leg.kind, tries)


def absent(bracket: Bracket, client_id: str) -> Bracket:
    """Neither we nor the exchange know of it: it was written down and never sent."""
    if client_id == bracket.entry_id:
        return replace(bracket, is_entry_over=True)
    leg = bracket.leg(client_id)
    return bracket if leg is None else _without(bracket, leg)


def _changed(bracket: Bracket, client_id: str, state: LegState, code: int, reason: str) -> Bracket:
    legs = tuple(
        replace(leg, state=state, code=code, reason=reason)
        if leg.client_id == client_id and leg.is_live
        else leg
        for leg in bracket.legs
    )
    return replace(bracket, legs=legs)
