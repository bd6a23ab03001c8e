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
from engine.oms.order_changes import (
    STALE,
    AmendEnded,
    AmendSent,
    Applied,
    CancelFailed,
    CancelSent,
    Change,
    Concluded,
    Doubted,
    Impossible,
    LocalChange,
    Outcome,
    OutcomeLost,
    Write,
)
from engine.oms.order_face import OrderFace
from engine.oms.order_transitions import RANK, TRANSITIONS, expiry_sentence, settled
from engine.trading_types import TERMINAL_STATUSES, ExecutionType, OrderOrigin, OrderStatus
from engine.views import ZERO, AmendInFlight, FillView, OrderView

_SEVERAL_ASSETS = "several"
_TRADES = (ExecutionType.TRADE, ExecutionType.CALCULATED)


class Order(OrderFace):
    """Read from any thread; `apply` only under the order tracker's lock."""

    __slots__ = (
        "_concluded",
        "_fill_ids",
        "_filled_qty",
        "_filled_quote",
        "_lost_write",
        "_tie_break",
        "_update_ms",
    )

    def __init__(self, view: OrderView) -> None:
        super().__init__(view)
        self._update_ms = 0  # the venue's time of its newest word; 0: it said nothing yet
        self._tie_break: tuple[Decimal, int, int] = (ZERO, 0, 0)
        self._concluded = False
        # an order that starts as unknown was sent before a restart
        is_unknown = view.status is OrderStatus.UNKNOWN
        self._lost_write: Write | None = Write.PLACE if is_unknown else None
        self._fill_ids: set[int] | None = None  # most orders never trade
        self._filled_qty = ZERO
        self._filled_quote = ZERO

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
        is_used_up = ZERO < view.orig_qty <= view.executed_qty  # and yet not called FILLED
        return view.status is OrderStatus.UNKNOWN or self._lost_write is not None or is_used_up

    @property
    def filled_qty(self) -> Decimal:
        """Sum of the trades seen, which may lag behind `executed_qty`."""
        return self._filled_qty

    @property
    def missing_fill_qty(self) -> Decimal:
        """Executed by the venue's word, but the trades have not been seen."""
        return self._view.executed_qty - self._filled_qty

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
        self._take(fill)

    # --- the venue's word about the order -----------------------------------------

    def _apply_update(self, update: OrderUpdate) -> Outcome:
        old = self._view
        if update.symbol != old.symbol or update.side is not old.side:
            return Impossible(
                f"Order {old.client_order_id} was reported with another side or symbol."
            )
        said = settled(update.status, update.executed_qty, update.orig_qty)
        fill = self._take_fill_of(update)
        if old.status in TERMINAL_STATUSES and not self._concluded:
            return self._after_the_end(update, said, fill)
        return self._while_open(update, said, fill)

    def _while_open(
        self, update: OrderUpdate, said: OrderStatus | None, fill: FillView | None
    ) -> Outcome:
        is_newer = self._is_newer(update, said)
        reported_before = self._tie_break[0]  # trades may have told of more already
        if is_newer and update.executed_qty < reported_before:
            return self._contradiction(fill, "reports less executed than before")
        if is_newer or said in TERMINAL_STATUSES:
            return self._accept(update, said, fill)
        if update.executed_qty > self._view.executed_qty:
            return self._accept_quantity(update, fill)
        return self._fill_alone(fill)

    def _is_newer(self, update: OrderUpdate, said: OrderStatus | None) -> bool:
        if update.update_ms != self._update_ms:
            return update.update_ms > self._update_ms
        tie_break = _tie_break(update, said)
        if tie_break != self._tie_break:
            return tie_break > self._tie_break
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
        reason = expiry_sentence(update.expiry_reason) if is_end else ""
        notice = ""
        if said is None:
            reason = f"The exchange calls this order {update.status!r}, which is not known here."
            notice = "" if reason == old.reason else f"Order {old.client_order_id}: {reason}"
        elif self._concluded:
            notice = f"Order {old.client_order_id} was taken for {old.status}, but it is {status}."
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
        if old.amend is not None and (is_end or _is_done(old.amend, update)):
            changes["amend"] = None
        self._note_progress(update, said, is_end)
        return self._publishable(changes, update, fill, notice)

    def _note_progress(self, update: OrderUpdate, said: OrderStatus | None, is_end: bool) -> None:
        if update.update_ms >= self._update_ms:
            self._update_ms = update.update_ms
            self._tie_break = _tie_break(update, said)
        self._concluded = False
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
        if said is not old.status and self._is_newer(update, said):
            return self._contradiction(fill, f"was {old.status} and is now called {update.status}")
        return self._fill_alone(fill)

    # --- trades --------------------------------------------------------------------

    def _apply_fill(self, fill: FillView) -> Outcome:
        """A trade read from the account's trade list. FILLED stays the venue's own word:
        our idea of the total may be older than an amend made elsewhere.
        """
        old = self._view
        if not self._take(fill):
            return STALE
        changes: dict[str, Any] = {"order_id": fill.order_id}
        is_open = self._concluded or old.status not in TERMINAL_STATUSES
        if is_open and (self._filled_qty > old.executed_qty or self._concluded):
            changes["status"] = OrderStatus.PARTIALLY_FILLED
            changes["reason"] = ""
            self._concluded = False
        fill = replace(fill, client_order_id=old.client_order_id)
        return self._publishable(changes, None, fill)

    def _take_fill_of(self, update: OrderUpdate) -> FillView | None:
        if update.trade_id <= 0 or update.execution not in _TRADES:
            return None
        if self._fill_ids is not None and update.trade_id in self._fill_ids:
            return None
        fill = FillView(
            symbol=update.symbol,
            trade_id=update.trade_id,
            order_id=update.order_id,
            client_order_id=self._view.client_order_id,
            side=update.side,
            price=update.last_price,
            quantity=update.last_qty,
            commission=update.commission,
            commission_asset=update.commission_asset,
            realized_pnl=update.realized_pnl,
            is_maker=update.is_maker,
            position_side=update.position_side,
            time_ms=update.update_ms,
        )
        self._take(fill)
        return fill

    def _take(self, fill: FillView) -> bool:
        if self._fill_ids is None:
            self._fill_ids = set()
        if fill.trade_id in self._fill_ids:
            return False
        self._fill_ids.add(fill.trade_id)
        self._filled_qty += fill.quantity
        self._filled_quote += fill.quantity * fill.price
        return True

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
        reported = update.executed_qty if update is not None else ZERO
        executed = max(old.executed_qty, reported, self._filled_qty)
        if executed:
            changes["executed_qty"] = executed
            self._add_amounts(changes, executed, update)
        if fill is not None:
            _add_fill(changes, old, fill)
        view = replace(old, **changes)
        self._view = view
        return Applied(view, fill, notice)

    def _add_amounts(
        self, changes: dict[str, Any], executed: Decimal, update: OrderUpdate | None
    ) -> None:
        """Quote quantity and average price, from the best source that covers `executed`."""
        if update is not None and update.executed_qty == executed and update.avg_price:
            changes["avg_price"] = update.avg_price
        if update is not None and update.executed_qty == executed and update.cum_quote:
            changes["cummulative_quote_qty"] = update.cum_quote
        elif self._filled_qty == executed:
            changes["cummulative_quote_qty"] = self._filled_quote
        elif "avg_price" in changes:
            changes["cummulative_quote_qty"] = changes["avg_price"] * executed
        quote = changes.get("cummulative_quote_qty")
        if quote and "avg_price" not in changes and not self._has_average_of(executed):
            changes["avg_price"] = quote / executed

    def _has_average_of(self, executed: Decimal) -> bool:
        return bool(self._view.avg_price) and self._view.executed_qty == executed

    # --- our own side --------------------------------------------------------------

    def _apply_local(self, change: LocalChange) -> Outcome:
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

    def _after_failed_cancel(self) -> dict[str, Any] | None:
        self._settle(Write.CANCEL)
        if self._view.status is not OrderStatus.PENDING_CANCEL:
            return None
        has_traded = bool(self._view.executed_qty)
        status = OrderStatus.PARTIALLY_FILLED if has_traded else OrderStatus.NEW
        return {"status": status, "reason": ""}

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


def _tie_break(update: OrderUpdate, said: OrderStatus | None) -> tuple[Decimal, int, int]:
    # with the same quantity executed an amend comes after the trade or the placing
    # that it shares a millisecond with
    amended = update.event_ms if update.execution is ExecutionType.AMENDMENT else 0
    return update.executed_qty, RANK[said or OrderStatus.UNKNOWN], amended


def _is_done(amend: AmendInFlight, update: OrderUpdate) -> bool:
    return amend.price == update.price and amend.quantity == update.orig_qty


def _add_fill(changes: dict[str, Any], old: OrderView, fill: FillView) -> None:
    changes["realized_pnl"] = old.realized_pnl + fill.realized_pnl
    if not fill.commission:
        return
    if old.commission_asset in ("", fill.commission_asset):
        changes["commission"] = old.commission + fill.commission
        changes["commission_asset"] = fill.commission_asset
    else:
        # a sum over different assets would be a number without a meaning
        changes["commission"] = ZERO
        changes["commission_asset"] = _SEVERAL_ASSETS
