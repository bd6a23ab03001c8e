"""A live order and the one door through which it changes.

Rules of `apply`, in this order:

- a trade is taken once, by its trade id, however late or often it is reported;
- of two words of the venue the newer counts: by update time, then by executed
  quantity, then by rank of status; executed quantity never shrinks;
- a terminal word is final whenever it arrives; after it only late fills count;
- our own conclusions (refused, never arrived) yield to any word of the venue.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from engine.events import OrderUpdate
from engine.oms.order_changes import STALE, Applied, Change, Impossible, Outcome, Write
from engine.oms.order_fills import OrderFills, add_amounts, add_fill
from engine.oms.order_own_side import OwnSide
from engine.oms.order_transitions import RANK, TRANSITIONS, settled
from engine.trading_types import TERMINAL_STATUSES, ExecutionType, OrderOrigin, OrderStatus
from engine.views import ZERO, AmendInFlight, FillView, OrderView


class Order(OwnSide):
    """Read from any thread; `apply` only under the order tracker's lock."""

    __slots__ = ("_amended_ms", "_fills", "_newest", "_newest_ms")

    def __init__(self, view: OrderView) -> None:
        super().__init__(view)
        self._newest: OrderUpdate | None = None  # the venue's newest word about the state
        self._newest_ms = 0
        self._amended_ms = 0  # the venue's time of our newest amend
        self._fills: OrderFills | None = None  # most orders never trade

    @property
    def filled_qty(self) -> Decimal:
        """Sum of the trades seen, which may lag behind `executed_qty`."""
        return ZERO if self._fills is None else self._fills.quantity

    @property
    def missing_fill_qty(self) -> Decimal:
        """Executed by the venue's word, but the trades have not been seen."""
        return self._view.executed_qty - self.filled_qty

    @property
    def misses_fills(self) -> bool:
        """Whether `missing_fill_qty` is any, without working it out: every change asks."""
        executed, fills = self._view.executed_qty, self._fills
        return bool(executed) if fills is None else executed != fills.quantity

    def apply(self, change: Change) -> Outcome:
        """The only mutator. Never raises, and never blocks."""
        if type(change) is OrderUpdate:
            return self._apply_update(change)
        if isinstance(change, FillView):
            return self._apply_fill(change)
        assert not isinstance(change, OrderUpdate)
        return self._apply_local(change)

    def remember_fill(self, fill: FillView) -> None:
        """A trade that was counted before a restart: known, and not news."""
        self._own_fills().take(fill)

    # --- the venue's word about the order -----------------------------------------

    def _apply_update(self, update: OrderUpdate) -> Outcome:
        old = self._view
        if update.symbol != old.symbol or update.side is not old.side:
            return Impossible(
                f"Order {old.client_order_id} was reported with another side or symbol."
            )
        said = settled(update.status, update.executed_qty, update.orig_qty)
        fill = None
        if update.trade_id > 0:
            fill = self._own_fills().take_from(update, old.client_order_id)
        if old.status in TERMINAL_STATUSES and not self._concluded:
            return self._after_the_end(update, said, fill)
        return self._while_open(update, said, fill)

    def _while_open(
        self, update: OrderUpdate, said: OrderStatus | None, fill: FillView | None
    ) -> Outcome:
        is_newer = self._is_newer(update)
        newest = self._newest
        # compared with the venue's own word: trades may have told of more already
        if is_newer and newest is not None and update.executed_qty < newest.executed_qty:
            return self._contradiction(fill, "reports less executed than before")
        if is_newer or said in TERMINAL_STATUSES:
            return self._accept(update, said, fill)
        if update.executed_qty > self._view.executed_qty:
            return self._accept_quantity(update, fill)
        return self._fill_alone(fill)

    def _is_newer(self, update: OrderUpdate) -> bool:
        if update.update_ms != self._newest_ms:
            return update.update_ms > self._newest_ms
        newest = self._newest
        if newest is None:
            return True
        if self._ends_amend(update) and update.executed_qty >= newest.executed_qty:
            return True  # two amends within a millisecond: the one on its way is the later
        is_amend = update.execution is ExecutionType.AMENDMENT
        if is_amend and update.update_ms == self._amended_ms:
            return False  # a copy, or the earlier one
        return self._wins_tie(update, newest)

    def _wins_tie(self, update: OrderUpdate, newest: OrderUpdate) -> bool:
        """Both of the same millisecond."""
        mine, theirs = _tie_break(newest), _tie_break(update)
        if theirs != mine:
            return theirs > mine
        if update.execution is not ExecutionType.QUERY:
            return False
        # the same word again, but asked for now: it settles a doubt, and it shows
        # an amend of the same millisecond whose event was lost
        old = self._view
        return (
            old.status is OrderStatus.UNKNOWN
            or update.price != old.price
            or update.orig_qty != old.orig_qty
        )

    def _ends_amend(self, update: OrderUpdate) -> bool:
        amend = self._view.amend
        return amend is not None and _is_done(amend, update)

    def _accept(
        self, update: OrderUpdate, said: OrderStatus | None, fill: FillView | None
    ) -> Outcome:
        old = self._view
        current = OrderStatus.UNKNOWN if self._concluded else old.status
        word = said or OrderStatus.UNKNOWN
        if word is OrderStatus.NEW and old.executed_qty:
            word = OrderStatus.PARTIALLY_FILLED  # from before a trade that was seen already
        status = TRANSITIONS[current].get(word)
        if status is None:
            return self._contradiction(fill, f"went from {old.status} to {said}")
        is_end = status in TERMINAL_STATUSES
        reason = notice = ""
        if is_end or said is None or self._concluded:  # rarely
            reason, notice = self._words_on(update, said, status)
        changes: dict[str, Any] = {
            "order_id": update.order_id,
            "type": update.type,
            "status": status,
            "price": update.price,
            "orig_qty": update.orig_qty,
            "time_in_force": update.time_in_force,
            "updated_at": update.update_ms,
            "reason": reason,
        }
        if update.created_ms:
            changes["created_at"] = update.created_ms
        if old.amend is not None:
            ends_amend = _is_done(old.amend, update)
            if ends_amend:
                self._amended_ms = update.update_ms
            if is_end or ends_amend:
                changes["amend"] = None
        self._note_progress(update, is_end)
        return self._publishable(changes, update, fill, notice)

    def _words_on(
        self, update: OrderUpdate, said: OrderStatus | None, status: OrderStatus
    ) -> tuple[str, str]:
        """The order's reason, and what a person is told."""
        old = self._view
        if said is None:
            reason = f"The exchange calls this order {update.status!r}, which is not known here."
            notice = "" if reason == old.reason else f"Order {old.client_order_id}: {reason}"
            return reason, notice
        reason = notice = ""
        if status in TERMINAL_STATUSES and update.expiry_reason:
            reason = f"The exchange ended it: {update.expiry_reason}."
        if self._concluded:
            notice = f"Order {old.client_order_id} was taken for {old.status}, but it is {status}."
        return reason, notice

    def _note_progress(self, update: OrderUpdate, is_end: bool) -> None:
        if update.update_ms >= self._newest_ms:
            self._newest_ms = update.update_ms
            self._newest = update
        self._concluded = False
        if self._lost_write is None:
            return
        amend = self._view.amend
        settles_amend = self._lost_write is Write.AMEND and amend and _is_done(amend, update)
        if is_end or self._lost_write is Write.PLACE or settles_amend:
            self._lost_write = None

    def _accept_quantity(self, update: OrderUpdate, fill: FillView | None) -> Outcome:
        """An older word that knows of more executed: only the quantity is news."""
        return self._publishable({"status": OrderStatus.PARTIALLY_FILLED}, update, fill)

    def _after_the_end(
        self, update: OrderUpdate, said: OrderStatus | None, fill: FillView | None
    ) -> Outcome:
        old = self._view
        if update.executed_qty > old.executed_qty:
            return self._publishable({}, update, fill)
        if said is not old.status and self._is_newer(update):
            return self._contradiction(fill, f"was {old.status} and is now called {update.status}")
        return self._fill_alone(fill)

    # --- trades --------------------------------------------------------------------

    def _apply_fill(self, fill: FillView) -> Outcome:
        """A trade read from the account's trade list. FILLED stays the venue's own word:
        our idea of the total may be older than an amend made elsewhere.
        """
        old = self._view
        if not self._own_fills().take(fill):
            return STALE
        changes: dict[str, Any] = {"order_id": fill.order_id}
        is_open = self._concluded or old.status not in TERMINAL_STATUSES
        if is_open and (self.filled_qty > old.executed_qty or self._concluded):
            changes["status"] = OrderStatus.PARTIALLY_FILLED
            changes["reason"] = ""
            self._concluded = False
        fill = replace(fill, client_order_id=old.client_order_id)
        return self._publishable(changes, None, fill)

    def _own_fills(self) -> OrderFills:
        if self._fills is None:
            self._fills = OrderFills()
        return self._fills

    def _fill_alone(self, fill: FillView | None) -> Outcome:
        return STALE if fill is None else self._publishable({}, None, fill)

    def _contradiction(self, fill: FillView | None, what: str) -> Outcome:
        sentence = f"Order {self._view.client_order_id} {what}; that cannot happen and is ignored."
        if fill is None:
            return Impossible(sentence)
        return self._publishable({}, None, fill, sentence)  # a trade is never dropped

    # --- the new state -------------------------------------------------------------

    def _publishable(
        self,
        changes: dict[str, Any],
        update: OrderUpdate | None,
        fill: FillView | None,
        notice: str = "",
    ) -> Applied:
        old = self._view
        fills = self._fills
        executed = old.executed_qty
        if update is not None and update.executed_qty > executed:
            executed = update.executed_qty
        if fills is not None and fills.quantity > executed:
            executed = fills.quantity
        if executed:
            changes["executed_qty"] = executed
            add_amounts(changes, old, executed, update, fills)
        if fill is not None:
            add_fill(changes, old, fill)
        view = replace(old, **changes)
        self._view = view
        return Applied(view, fill, notice)


def order_from(update: OrderUpdate, origin: OrderOrigin) -> Order:
    """An order that somebody else placed, or that we forgot. Apply `update` to it next."""
    return Order(
        OrderView(
            client_order_id=update.client_order_id,
            symbol=update.symbol,
            side=update.side,
            type=update.type,
            status=OrderStatus.UNKNOWN,
            price=update.price,
            orig_qty=update.orig_qty,
            order_id=update.order_id,
            position_side=update.position_side,
            reduce_only=update.reduce_only,
            created_at=update.created_ms or update.update_ms,
            origin=origin,
        )
    )


def _tie_break(update: OrderUpdate) -> tuple[Decimal, int, int]:
    said = settled(update.status, update.executed_qty, update.orig_qty)
    # with the same quantity executed an amend comes after the trade or the placing
    # that it shares a millisecond with
    amended = update.event_ms if update.execution is ExecutionType.AMENDMENT else 0
    return update.executed_qty, RANK[said or OrderStatus.UNKNOWN], amended


def _is_done(amend: AmendInFlight, update: OrderUpdate) -> bool:
    return amend.price == update.price and amend.quantity == update.orig_qty
