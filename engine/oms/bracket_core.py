"""What a bracket does next: from its record and what the books say, pure.

The rules, in the order of their weight:

- What is filled has a stop at the exchange, as large as what is filled and never larger.
  A larger one stands before the smaller one is cancelled.
- The target comes after the stop. When the stop triggers the target goes; when the
  target triggers the stop stays until nothing is open.
- A stop that the exchange does not take, or refuses when it triggers, is replaced by
  a reduce-only order at market.
- What somebody else cancelled is not placed again: it may be the kill switch.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from engine.oms.bracket_absorb import (
    POSITION_LATE_MS,
    absorb,
    held,
    knows_position,
    open_now,
)
from engine.oms.bracket_facts import (
    Action,
    AskEntry,
    AskLeg,
    AskPosition,
    CancelEntry,
    CancelExit,
    CloseRest,
    Decision,
    Facts,
    PlaceExit,
    Tell,
)
from engine.oms.bracket_record import Bracket, Leg, LegKind, LegState, leg_id_of, tries_of, view_of
from engine.trading_types import AlertLevel, BracketState
from engine.utils.decimals import plain
from engine.views import ZERO

ALARM_MS = 700  # the person is told within a second
_CANCEL_AGAIN_MS = 1000
_ASK_MS = 1000
_RESIZE_MS = 250  # many small fills must not use up the exchange's limit of orders


def decide(bracket: Bracket, facts: Facts) -> Decision:
    """The next state and what to do for it. `facts` of an ended bracket are ignored."""
    if bracket.is_ended:
        return Decision(bracket, view_of(bracket, ZERO))
    return _Round(bracket, facts).run()


class _Round:
    """One decision. Collects on itself; nothing of it outlives `run`."""

    def __init__(self, bracket: Bracket, facts: Facts) -> None:
        self._before = bracket
        self._facts = facts
        self._bracket, self._told = absorb(bracket, facts)
        self._open = open_now(self._bracket, facts)
        self._actions: list[Action] = []
        self._wake_at: int | None = None

    def run(self) -> Decision:
        if self._facts.can_act:
            self._act()
        protected = self._protected()
        self._judge(protected)
        changed = self._bracket != self._before
        if changed:
            self._set(updated_at=self._facts.now_ms)
        view = view_of(self._bracket, protected)
        actions = tuple(self._actions)
        return Decision(self._bracket, view, actions, tuple(self._told), self._wake_at)

    # --- acting ------------------------------------------------------------------------

    def _act(self) -> None:
        bracket = self._bracket
        self._ask()
        if bracket.closing or bracket.is_entry_unwanted:
            self._cancel_entry()
        if self._open <= 0:
            for leg in bracket.legs:
                self._cancel(leg)
        elif bracket.closing:
            self._close()
        else:
            self._protect()

    def _ask(self) -> None:
        """About what is in no book of ours, and about a position that does not fit the fills."""
        facts, bracket = self._facts, self._bracket
        if not self._is_due(bracket.asked_at + _ASK_MS):
            return
        actions: list[Action] = []
        is_missing = bracket.entry_id and facts.entry is None and not bracket.is_entry_over
        if is_missing and not facts.is_entry_sending:
            actions.append(AskEntry())
        actions += [AskLeg(leg) for leg in bracket.legs if self._is_missing(leg)]
        if self._has_odd_position():
            actions.append(AskPosition())
        if actions:
            self._actions += actions
            self._set(asked_at=facts.now_ms)

    def _is_missing(self, leg: Leg) -> bool:
        if not leg.is_live or not self._is_due(leg.state_at + _ASK_MS):
            return False
        if leg.kind is LegKind.CLOSE:
            return leg.client_id not in self._facts.orders
        if leg.client_id not in self._facts.algos:
            return True
        return leg.state is LegState.TRIGGERED and leg.client_id not in self._facts.orders

    def _has_odd_position(self) -> bool:
        """Smaller than the fills say, or (around a position) not what was followed."""
        facts, bracket = self._facts, self._bracket
        if knows_position(bracket, facts):
            return False
        size = held(bracket, facts)
        is_odd = size < self._open if bracket.entry_id else (size - facts.claimed_qty != self._open)
        return is_odd and self._is_due(bracket.noticed_at + POSITION_LATE_MS)

    def _cancel_entry(self) -> None:
        entry = self._facts.entry
        if entry is None or not entry.status.is_resting:
            return
        if self._is_due(self._bracket.entry_cancel_at + _CANCEL_AGAIN_MS):
            self._actions.append(CancelEntry())
            self._set(entry_cancel_at=self._facts.now_ms)

    def _close(self) -> None:
        """Once an exit has triggered, or could not be had: what is left goes at market."""
        bracket = self._bracket
        for leg in bracket.legs_of(LegKind.TARGET, LegState.STANDING):
            self._cancel(leg)
        is_on_its_way = any(
            leg.state is LegState.TRIGGERED or leg.kind is LegKind.CLOSE for leg in bracket.legs
        )
        if not is_on_its_way and self._is_due(bracket.close_tries.retry_at):
            self._actions.append(CloseRest(self._new_leg(LegKind.CLOSE, ZERO)))

    def _protect(self) -> None:
        bracket = self._bracket
        if bracket.stop_price is None:
            for leg in bracket.legs_of(LegKind.STOP):
                self._cancel(leg)
            has_stop = True
        elif bracket.is_stop_released:
            has_stop = False
        elif bracket.leans_on_own_stop:
            has_stop = True
        else:
            has_stop = self._keep(LegKind.STOP, bracket.stop_price)
        if bracket.target_price is None:
            for leg in bracket.legs_of(LegKind.TARGET):
                self._cancel(leg)
            has_target = True
        else:
            has_target = has_stop and self._keep(LegKind.TARGET, bracket.target_price)
        if has_stop and has_target and bracket.replaces:
            self._actions += [CancelExit(client_id) for client_id in bracket.replaces]
            self._set(replaces=())

    def _keep(self, kind: LegKind, price: Decimal) -> bool:
        """One exit of this kind, for all that is open, at this price. True: it stands alone."""
        standing = self._bracket.legs_of(kind, LegState.STANDING)
        fitting = [
            leg
            for leg in standing
            if leg.quantity == self._open and leg.trigger_price == price and not leg.cancel_at
        ]
        if fitting:
            for leg in standing:
                if leg is not fitting[-1]:
                    self._cancel(leg)
            return True
        if self._bracket.legs_of(kind, LegState.SENT) or self._is_being_taken_away(kind):
            return False  # what it became decides what is needed then
        newest_at = max((leg.sent_at for leg in standing), default=-_RESIZE_MS)
        resized_lately = not self._is_due(newest_at + _RESIZE_MS)
        if not resized_lately and self._is_due(tries_of(self._bracket, kind).retry_at):
            self._actions.append(PlaceExit(self._new_leg(kind, price)))
        return False

    def _is_being_taken_away(self, kind: LegKind) -> bool:
        """Somebody else's cancel is on its way: another exit now would be against his will."""
        return any(not leg.cancel_at for leg in self._bracket.legs_of(kind, LegState.LEAVING))

    def _cancel(self, leg: Leg) -> None:
        if leg.kind is LegKind.CLOSE or leg.state is not LegState.STANDING:
            return
        if leg.cancel_at and not self._is_due(leg.cancel_at + _CANCEL_AGAIN_MS):
            return
        asked = replace(leg, cancel_at=self._facts.now_ms)
        legs = tuple(asked if x.client_id == leg.client_id else x for x in self._bracket.legs)
        self._set(legs=legs)
        self._actions.append(CancelExit(leg.client_id))

    def _new_leg(self, kind: LegKind, price: Decimal) -> Leg:
        serial = self._bracket.serial + 1
        leg = Leg(
            client_id=leg_id_of(self._bracket.bracket_id, kind, serial),
            kind=kind,
            quantity=self._open,
            trigger_price=price,
            sent_at=self._facts.now_ms,
            state_at=self._facts.now_ms,
        )
        self._set(serial=serial, legs=(*self._bracket.legs, leg))
        return leg

    # --- judging -----------------------------------------------------------------------

    def _protected(self) -> Decimal:
        """Of what is open: by stops that the exchange has confirmed."""
        bracket = self._bracket
        if bracket.leans_on_own_stop:
            return self._open
        standing = bracket.legs_of(LegKind.STOP, LegState.STANDING)
        # the old and the new one of a move stand side by side for a moment
        largest = max((leg.quantity for leg in standing), default=ZERO)
        return max(ZERO, min(self._open, largest))

    def _judge(self, protected: Decimal) -> None:
        bracket = self._bracket
        is_over = bracket.is_entry_over and not self._facts.is_entry_sending
        if self._open > 0:
            if bracket.is_stop_released and bracket.is_entry_unwanted and is_over:
                let_go = "Let go by you; nothing protects what is open."
                self._set(state=BracketState.FAILED, reason=let_go)
            else:
                self._set_open_state(protected)
        elif not is_over:
            self._set(state=BracketState.CLOSING if bracket.closing else BracketState.ENTERING)
        elif any(leg.is_live for leg in bracket.legs):
            self._set(state=BracketState.CLOSING)
        else:
            self._end()
        self._watch(protected)

    def _set_open_state(self, protected: Decimal) -> None:
        bracket = self._bracket
        if bracket.closing:
            self._set(state=BracketState.CLOSING, reason=bracket.closing)
        elif protected == self._open:
            self._set(state=BracketState.PROTECTED, reason="")
        else:
            self._set(state=BracketState.UNPROTECTED)

    def _end(self) -> None:
        bracket, entry = self._bracket, self._facts.entry
        if bracket.filled_qty:
            reason = bracket.closing or "The position was closed."
            self._set(state=BracketState.CLOSED, reason=reason)
        elif entry is not None and entry.reason:
            self._set(state=BracketState.FAILED, reason=entry.reason)
        elif bracket.entry_id and entry is None:
            self._set(state=BracketState.FAILED, reason="The entry was never sent.")
        else:
            self._set(state=BracketState.CLOSED, reason="Ended without a fill.")

    def _watch(self, protected: Decimal) -> None:
        """Since when something is filled that a stop was asked for and does not cover."""
        bracket, now_ms = self._bracket, self._facts.now_ms
        triggered = bracket.legs_of(LegKind.STOP, LegState.TRIGGERED)
        leaving = sum((leg.quantity - leg.executed for leg in triggered), ZERO)
        naked = self._open - protected - leaving
        if naked <= 0 or bracket.stop_price is None or bracket.is_ended:
            if bracket.is_alarmed:
                self._tell_covered(now_ms - (bracket.unprotected_since or now_ms))
            self._set(unprotected_since=None, is_alarmed=False)
            return
        since = bracket.unprotected_since
        if since is None:
            since = now_ms
            self._set(unprotected_since=since)
        if not bracket.is_alarmed and self._is_due(since + ALARM_MS):
            self._set(is_alarmed=True)
            why = "The kill switch is closing it." if self._facts.is_killed else bracket.reason
            sentence = (
                f"UNPROTECTED: {plain(naked)} {bracket.symbol} is filled and has no confirmed"
                f" stop at the exchange. {why}"
            ).rstrip()
            self._told.append(Tell(AlertLevel.ERROR, "bracket.unprotected", sentence))

    def _tell_covered(self, after_ms: int) -> None:
        what = "closed" if self._open <= 0 else "protected"
        sentence = f"{self._bracket.symbol} is {what} again after {after_ms / 1000:.1f} s."
        self._told.append(Tell(AlertLevel.INFO, "bracket.protected", sentence))

    # --- small things --------------------------------------------------------------------

    def _is_due(self, at_ms: int) -> bool:
        """Whether that time has come; else wake then."""
        if self._facts.now_ms >= at_ms:
            return True
        self._wake_at = at_ms if self._wake_at is None else min(at_ms, self._wake_at)
        return False

    def _set(self, **changes: object) -> None:
        self._bracket = replace(self._bracket, **changes)
