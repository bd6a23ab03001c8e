"""A live conditional order and the one door through which it changes.

Simpler than an order: it cannot be amended and does not trade, so its life goes
one way, and of two words of the venue the one further along is the newer.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from engine.events import AlgoUpdate
from engine.oms.algo_changes import (
    AlgoApplied,
    AlgoChange,
    AlgoConcluded,
    AlgoLocalChange,
    AlgoOutcome,
    CancelAccepted,
)
from engine.oms.algo_transitions import ALGO_RANK, ALGO_TRANSITIONS, said_status
from engine.oms.order_changes import (
    STALE,
    CancelFailed,
    CancelSent,
    Doubted,
    Impossible,
    OutcomeLost,
    Write,
)
from engine.protection_views import AlgoView
from engine.trading_types import TERMINAL_ALGO_STATUSES, AlgoStatus, OrderOrigin, Side


class AlgoOrder:
    """Read from any thread; `apply` only under the tracker's lock.

    As with `Order`, one attribute holds the whole state: to read several things
    that belong together, take `view` once and read from it.
    """

    __slots__ = ("_concluded", "_heard", "_lost_write", "_view")

    def __init__(self, view: AlgoView) -> None:
        self._view = view
        self._heard: AlgoStatus | None = None  # the furthest word of the venue
        self._concluded = False
        # one that starts as unknown was sent before a restart
        is_unknown = view.status is AlgoStatus.UNKNOWN
        self._lost_write: Write | None = Write.PLACE if is_unknown else None

    def __repr__(self) -> str:
        view = self._view
        return (
            f"<AlgoOrder {view.client_algo_id} {view.symbol} {view.side} {view.type}"
            f" {view.status} at {view.trigger_price}>"
        )

    @property
    def view(self) -> AlgoView:
        return self._view

    @property
    def client_algo_id(self) -> str:
        return self._view.client_algo_id

    @property
    def algo_id(self) -> int | None:
        """The venue's id; None until it answered."""
        return self._view.algo_id

    @property
    def order_id(self) -> int | None:
        """Of the order it has become."""
        return self._view.order_id

    @property
    def symbol(self) -> str:
        return self._view.symbol

    @property
    def side(self) -> Side:
        return self._view.side

    @property
    def status(self) -> AlgoStatus:
        return self._view.status

    @property
    def reason(self) -> str:
        return self._view.reason

    @property
    def is_terminal(self) -> bool:
        return self._view.status.is_terminal

    @property
    def waits(self) -> bool:
        """The venue has confirmed it, and it has not triggered."""
        return self._view.status is AlgoStatus.NEW

    @property
    def said_status(self) -> AlgoStatus:
        """As the venue would call it: a cancel on its way is ours alone."""
        status = self._view.status
        return AlgoStatus.NEW if status is AlgoStatus.PENDING_CANCEL else status

    @property
    def has_triggered(self) -> bool:
        """It is becoming an order, or has become one that has not ended."""
        return self._view.status in (AlgoStatus.TRIGGERING, AlgoStatus.TRIGGERED)

    @property
    def lost_write(self) -> Write | None:
        """The request whose answer was lost and whose effect nobody has seen yet."""
        return self._lost_write

    @property
    def needs_asking(self) -> bool:
        """Only the exchange can say what became of it."""
        if self.is_terminal:
            return False
        return self._view.status is AlgoStatus.UNKNOWN or self._lost_write is not None

    def apply(self, change: AlgoChange) -> AlgoOutcome:
        """The only mutator. Never raises, and never blocks."""
        if isinstance(change, AlgoUpdate):
            return self._apply_update(change)
        return self._apply_local(change)

    # --- the venue's word ----------------------------------------------------------

    def _apply_update(self, update: AlgoUpdate) -> AlgoOutcome:
        old = self._view
        if update.symbol != old.symbol or update.side is not old.side:
            return Impossible(
                f"Conditional order {old.client_algo_id} was reported with another side or symbol."
            )
        said = said_status(update.status)
        if said is None:
            return self._puzzle(update)
        heard = self._heard
        if heard is not None and ALGO_RANK[said] <= ALGO_RANK[heard]:
            return self._old_word(update, said, heard)
        return self._accept(update, said)

    def _old_word(self, update: AlgoUpdate, said: AlgoStatus, heard: AlgoStatus) -> AlgoOutcome:
        """Not further than what was heard before: a copy, a late one, or a contradiction."""
        if said is not heard:
            both_end = said in TERMINAL_ALGO_STATUSES and heard in TERMINAL_ALGO_STATUSES
            if not both_end:
                return STALE
            return Impossible(
                f"Conditional order {self.client_algo_id} was {heard} and is now called"
                f" {said}; that cannot happen and is ignored."
            )
        is_doubted = self._view.status is AlgoStatus.UNKNOWN
        is_news = bool(update.order_id) and update.order_id != self._view.order_id
        return self._accept(update, said) if is_doubted or is_news else STALE

    def _accept(self, update: AlgoUpdate, said: AlgoStatus) -> AlgoOutcome:
        old = self._view
        current = AlgoStatus.UNKNOWN if self._concluded else old.status
        status = ALGO_TRANSITIONS[current].get(said)
        if status is None:  # pragma: no cover - the ranks have sorted these out
            return STALE
        notice = ""
        if self._concluded and status is not old.status:
            notice = (
                f"Conditional order {old.client_algo_id} was taken for {old.status},"
                f" but it is {status}."
            )
        self._heard = said
        self._concluded = False
        # a cancel whose answer was lost is settled only by seeing it end or trigger
        if said is not AlgoStatus.NEW or self._lost_write is Write.PLACE:
            self._lost_write = None
        self._view = replace(
            old, status=status, reason=_reason(update, said), **_details(old, update)
        )
        return AlgoApplied(self._view, notice)

    def _puzzle(self, update: AlgoUpdate) -> AlgoOutcome:
        """A word that is not known here: no end, and somebody must know."""
        if self._heard in TERMINAL_ALGO_STATUSES:
            return STALE
        old = self._view
        reason = f"The exchange calls this order {update.status!r}, which is not known here."
        if reason == old.reason:
            return STALE
        self._concluded = False
        self._view = replace(old, status=AlgoStatus.UNKNOWN, reason=reason, **_details(old, update))
        return AlgoApplied(self._view, f"Conditional order {old.client_algo_id}: {reason}")

    # --- our own side ----------------------------------------------------------------

    def _apply_local(self, change: AlgoLocalChange) -> AlgoOutcome:
        if self.is_terminal:
            return STALE
        changes: dict[str, Any] | None
        match change:
            case CancelSent():
                changes = {"status": AlgoStatus.PENDING_CANCEL} if self.waits else None
            case CancelAccepted():
                changes = self._after_accepted_cancel()
            case CancelFailed():
                changes = self._after_failed_cancel()
            case OutcomeLost():
                changes = self._after_lost_answer(change)
            case Doubted():
                changes = {"status": AlgoStatus.UNKNOWN, "reason": change.reason}
                self._lost_write = Write.PLACE
            case AlgoConcluded():
                changes = self._after_conclusion(change)
        if changes is None:
            return STALE
        old = self._view
        self._view = replace(old, updated_at=max(change.at_ms, old.updated_at), **changes)
        return AlgoApplied(self._view)

    def _after_accepted_cancel(self) -> dict[str, Any]:
        """Late words about the time before it no longer count; that it had triggered does."""
        self._heard = self._heard or AlgoStatus.NEW
        self._concluded = True
        self._lost_write = None
        return {"status": AlgoStatus.CANCELED, "reason": ""}

    def _after_failed_cancel(self) -> dict[str, Any] | None:
        if self._lost_write is Write.CANCEL:
            self._lost_write = None
        if self._view.status is not AlgoStatus.PENDING_CANCEL:
            return None
        return {"status": AlgoStatus.NEW, "reason": ""}

    def _after_lost_answer(self, change: OutcomeLost) -> dict[str, Any] | None:
        if change.write is Write.PLACE:
            if self._view.status is not AlgoStatus.PENDING_NEW:
                return None  # an event came first: its fate is known
            self._lost_write = change.write
            return {"status": AlgoStatus.UNKNOWN, "reason": change.reason}
        if self._lost_write is Write.PLACE or self.has_triggered:
            return None  # whether it exists at all is the larger question
        self._lost_write = change.write
        return {"reason": change.reason}

    def _after_conclusion(self, change: AlgoConcluded) -> dict[str, Any] | None:
        if self._view.status is not AlgoStatus.PENDING_NEW and not self.needs_asking:
            return None  # an event came first, and the venue's word counts more
        self._heard = None
        self._concluded = True
        self._lost_write = None
        return {"status": change.status, "reason": change.reason}


def algo_from(update: AlgoUpdate, origin: OrderOrigin) -> AlgoOrder:
    """One that somebody else placed, or that we forgot. Apply `update` to it next."""
    return AlgoOrder(
        AlgoView(
            client_algo_id=update.client_algo_id,
            symbol=update.symbol,
            side=update.side,
            type=update.type,
            status=AlgoStatus.UNKNOWN,
            algo_id=update.algo_id,
            close_position=update.close_position,
            reduce_only=update.reduce_only,
            position_side=update.position_side,
            working_type=update.working_type,
            price_protect=update.price_protect,
            created_at=update.created_ms or update.event_ms,
            origin=origin,
        )
    )


def _details(old: AlgoView, update: AlgoUpdate) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "algo_id": update.algo_id or old.algo_id,
        "type": update.type,
        "quantity": update.quantity,
        "trigger_price": update.trigger_price,
        "price": update.price,
        "time_in_force": update.time_in_force,
        "updated_at": max(update.event_ms, old.updated_at),
    }
    if update.order_id:
        changes["order_id"] = update.order_id
    # the stream says nothing of these
    if update.activate_price:
        changes["activate_price"] = update.activate_price
    if update.callback_pct:
        changes["callback_pct"] = update.callback_pct
    return changes


def _reason(update: AlgoUpdate, said: AlgoStatus) -> str:
    if said is AlgoStatus.REJECTED:
        why = update.reject_reason.rstrip(".") or "no reason was given"
        return f"The exchange rejected it at the trigger: {why}."
    if said is AlgoStatus.EXPIRED:
        why = update.reject_reason.rstrip(".")
        return f"The exchange ended it: {why}." if why else "The exchange ended it."
    return ""
