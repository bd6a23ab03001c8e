"""Our own side of an order: what we sent, what we wait for, what we concluded.

Never final: any word of the venue counts more, and how the two meet is decided
in `order_models`.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from engine.oms.order_changes import (
    STALE,
    AmendEnded,
    AmendSent,
    Applied,
    CancelFailed,
    CancelSent,
    Concluded,
    Doubted,
    LocalChange,
    Outcome,
    OutcomeLost,
    ParentKnown,
    Write,
)
from engine.oms.order_face import OrderFace
from engine.trading_types import TERMINAL_STATUSES, OrderStatus
from engine.views import ZERO, AmendInFlight, OrderView


class OwnSide(OrderFace):
    __slots__ = ("_concluded", "_lost_write")

    def __init__(self, view: OrderView) -> None:
        super().__init__(view)
        self._concluded = False
        # an order that starts as unknown was sent before a restart
        is_unknown = view.status is OrderStatus.UNKNOWN
        self._lost_write: Write | None = Write.PLACE if is_unknown else None

    @property
    def lost_write(self) -> Write | None:
        """The request whose answer was lost and whose effect nobody has seen yet."""
        return self._lost_write

    @property
    def needs_asking(self) -> bool:
        """Only the exchange can say what became of it."""
        view = self._view
        if view.status in TERMINAL_STATUSES:
            return False
        if view.status is OrderStatus.UNKNOWN or self._lost_write is not None:
            return True
        return view.executed_qty >= view.orig_qty > ZERO  # and yet not called FILLED

    def _apply_local(self, change: LocalChange) -> Outcome:
        if isinstance(change, ParentKnown):
            return self._apply_parent(change)
        status = self._view.status
        if status in TERMINAL_STATUSES:
            return STALE
        changes: dict[str, Any] | None
        match change:
            case CancelSent():
                changes = {"status": OrderStatus.PENDING_CANCEL} if status.is_resting else None
            case CancelFailed():
                changes = self._after_failed_cancel()
            case AmendSent():
                changes = {"amend": AmendInFlight(price=change.price, quantity=change.quantity)}
            case AmendEnded():
                changes = {"amend": None, "reason": ""} if self._view.amend is not None else None
                self._settle(Write.AMEND)
            case OutcomeLost():
                changes = self._after_lost_answer(change)
            case Doubted():
                changes = {"status": OrderStatus.UNKNOWN, "reason": change.reason}
                self._lost_write = Write.PLACE
            case Concluded():
                changes = self._after_conclusion(change)
        if changes is None:
            return STALE
        view = replace(self._view, updated_at=max(change.at_ms, self._view.updated_at), **changes)
        self._view = view
        return Applied(view)

    def _apply_parent(self, change: ParentKnown) -> Outcome:
        """Also after the end: a market order has traded before its parent is told."""
        old = self._view
        if old.client_algo_id == change.client_algo_id:
            return STALE
        self._view = replace(old, client_algo_id=change.client_algo_id, origin=change.origin)
        return Applied(self._view)

    def _after_failed_cancel(self) -> dict[str, Any] | None:
        changes: dict[str, Any] = {}
        if self._lost_write is Write.CANCEL:
            self._lost_write = None
            # an amend left from before had lost its answer too: asking has settled both
            changes["amend"] = None
        if self._view.status is OrderStatus.PENDING_CANCEL:
            has_traded = bool(self._view.executed_qty)
            changes["status"] = OrderStatus.PARTIALLY_FILLED if has_traded else OrderStatus.NEW
            changes["reason"] = ""
        return changes or None

    def _after_lost_answer(self, change: OutcomeLost) -> dict[str, Any] | None:
        status = self._view.status
        if change.write is Write.PLACE:
            if status is not OrderStatus.PENDING_NEW:
                return None  # an event came first: its fate is known
            self._lost_write = change.write
            return {"status": OrderStatus.UNKNOWN, "reason": change.reason}
        if self._lost_write is Write.PLACE:
            return None  # whether it exists at all is the larger question
        self._lost_write = change.write
        return {"reason": change.reason}

    def _after_conclusion(self, change: Concluded) -> dict[str, Any] | None:
        if self._view.status is not OrderStatus.PENDING_NEW and not self.needs_asking:
            return None  # an event came first, and the venue's word counts more
        self._concluded = True
        self._lost_write = None
        return {"status": change.status, "reason": change.reason, "amend": None}

    def _settle(self, write: Write) -> None:
        if self._lost_write is write:
            self._lost_write = None
