"""What comes of an exit that stands, has triggered, was refused or has ended. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from engine.oms.bracket_facts import Facts, Tell
from engine.oms.bracket_record import (
    Bracket,
    Leg,
    LegKind,
    LegState,
    Tries,
    tries_of,
    with_tries,
    without,
)
from engine.trading_types import AlertLevel
from engine.utils.decimals import plain

WOULD_TRIGGER = -2021
OWN_EXIT_STANDS = -4130
FIRST_PAUSE_MS = 500
_MOST_REFUSALS = 3


def settle(bracket: Bracket, leg: Leg, facts: Facts, told: list[Tell]) -> Bracket:
    if leg.state is LegState.TRIGGERED:
        return _closing(bracket, _reached(leg))
    if leg.state is LegState.STANDING:
        return with_tries(bracket, leg.kind, Tries())
    if leg.is_live:
        return bracket
    return _settle_end(without(bracket, leg), leg, facts, told)


def _settle_end(bracket: Bracket, leg: Leg, facts: Facts, told: list[Tell]) -> Bracket:
    if leg.state is LegState.REJECTED:
        return _settle_rejection(bracket, leg, told)
    if leg.state is LegState.REFUSED or (leg.state is LegState.EXPIRED and not leg.cancel_at):
        return _settle_refusal(bracket, leg, facts, told)
    if leg.kind is LegKind.CLOSE:
        is_done = leg.executed >= leg.quantity
        return bracket if is_done else _count_refusal(bracket, leg, facts)
    if leg.executed:
        return _closing(bracket, _reached(leg))
    return bracket if leg.cancel_at else _settle_foreign_cancel(bracket, leg, facts, told)


def _settle_rejection(bracket: Bracket, leg: Leg, told: list[Tell]) -> Bracket:
    why = f"The {leg.kind} at {plain(leg.trigger_price)} was refused when it triggered"
    if bracket.open_qty > 0:
        sentence = f"{_name(bracket)}: {why} ({leg.reason}). What is open is closed at market."
        told.append(Tell(AlertLevel.ERROR, "bracket.rejected", sentence))
    return _closing(bracket, f"{why}.")


def _settle_foreign_cancel(bracket: Bracket, leg: Leg, facts: Facts, told: list[Tell]) -> Bracket:
    """Somebody else's will, perhaps the kill switch's: it is not undone."""
    if bracket.open_qty <= 0 or bracket.closing:
        return bracket
    if leg.kind is LegKind.STOP:
        if bracket.legs_of(LegKind.STOP, LegState.STANDING, LegState.SENT):
            return bracket  # there is a newer one, or it is on its way
        bracket = replace(bracket, is_stop_released=True)
        code, what = "bracket.stop_cancelled", "Nothing protects it now: protect it or close it"
    else:
        bracket = replace(bracket, target_price=None)
        code, what = "bracket.target_cancelled", "The stop stays"
    if facts.is_killed:
        told.append(Tell(AlertLevel.INFO, "bracket.killed", _killed(bracket, leg)))
        return bracket
    sentence = f"{_name(bracket)}: the {leg.kind} was cancelled, not by this bracket. {what}."
    told.append(Tell(AlertLevel.WARNING, code, sentence))
    return bracket


def _killed(bracket: Bracket, leg: Leg) -> str:
    return (
        f"{_name(bracket)}: the kill switch has taken the {leg.kind} away and is closing what is"
        " open."
    )


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
    if leg.code != WOULD_TRIGGER and bracket.stop_tries.refusals < _MOST_REFUSALS:
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
    if not is_own and bracket.target_tries.refusals < _MOST_REFUSALS:
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
    pause_ms = FIRST_PAUSE_MS * 2 ** min(refusals - 1, 4)
    tries = Tries(refusals=refusals, retry_at=facts.now_ms + pause_ms)
    return with_tries(replace(bracket, reason=leg.reason), leg.kind, tries)


def _closing(bracket: Bracket, why: str) -> Bracket:
    return bracket if bracket.closing else replace(bracket, closing=why)


def _reached(leg: Leg) -> str:
    return f"The {leg.kind} at {plain(leg.trigger_price)} was reached."


def _name(bracket: Bracket) -> str:
    return f"Bracket {bracket.symbol} {bracket.side} {plain(bracket.open_qty)}"
