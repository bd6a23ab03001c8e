"""Moving a conditional order, which the venue cannot amend: a new one, and the old goes.

The new one is placed first and the old one cancelled when the new one stands, so
that there is no moment without either. Two orders that close the position are not
allowed side by side (-4130): there the old one goes first, the new one is placed
at once, and if it is refused the old one is placed again.

A move that was cut short, by a lost answer or by the end of the program, is
finished by `tick`: what is left to do follows from the states of the two.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from enum import Enum, auto

from msgspec.structs import replace

from engine.errors import OrderNotAllowed, PerpdeskError
from engine.oms.algo_cancelling import AlgoCancelling
from engine.oms.algo_checks import LIMIT_TYPES
from engine.oms.algo_desk import AlgoDesk
from engine.oms.algo_models import AlgoOrder
from engine.oms.algo_placing import AlgoPlacing
from engine.oms.algo_tracker import describe
from engine.protection_commands import CancelAlgo, MoveAlgo, PlaceAlgo
from engine.protection_views import AlgoView
from engine.trading_types import AlertLevel, AlgoStatus, OrderType, TimeInForce, WorkingType

logger = logging.getLogger(__name__)

_PAUSE_S = 1.0  # between tries to finish a move


class MoveStep(Enum):
    """What a move that has begun needs next."""

    WAIT = auto()  # for an answer or an event
    CANCEL_OLD = auto()
    CANCEL_NEW = auto()  # the old one has triggered: the new one would come on top
    TELL_UNPROTECTED = auto()
    DONE = auto()


class AlgoMoving:
    """`tick` belongs to one thread; `move` may be called from any."""

    def __init__(self, desk: AlgoDesk, placing: AlgoPlacing, cancelling: AlgoCancelling) -> None:
        self._desk = desk
        self._placing = placing
        self._cancelling = cancelling
        self._moves: dict[AlgoOrder, str] = {}  # new one -> client id of the old one
        self._next_try_s: dict[AlgoOrder, float] = {}

    def move(self, algo: AlgoOrder, command: MoveAlgo) -> AlgoOrder:
        """Blocks until answered. Returns the new one: REJECTED when the old one stands.

        Raises OrderNotAllowed before sending, and the venue's refusal of the cancel
        after it has been published; then both are there until `tick` is through.
        """
        with self._desk.turn(algo.symbol):
            earlier = self._placing.of_request(command.request_id)
            if earlier is not None:
                return earlier
            _check_movable(algo)
            target = moved(algo.view, command)
            if _terms(target) == _terms(again(algo.view)):
                return algo
            self._placing.check(target, algo.view)
            if algo.view.close_position:
                return self._swap(algo, target, command)
            return self._overlap(algo, target, command)

    def restore(self, views: Iterable[AlgoView]) -> None:
        """Moves that were on their way when the program ended."""
        for view in views:
            algo = self._desk.tracker.get(view.client_algo_id)
            if view.replaces and algo is not None:
                self._moves[algo] = view.replaces

    def tick(self, now_s: float) -> None:
        """Finish what was cut short. Blocks on the network then; errors are logged."""
        for new, old_id in list(self._moves.items()):
            if now_s >= self._next_try_s.get(new, 0.0):
                self._next_try_s[new] = now_s + _PAUSE_S
                self._finish(new, self._desk.tracker.get(old_id))

    # --- both at a time ------------------------------------------------------------------

    def _overlap(self, old: AlgoOrder, target: PlaceAlgo, asked: MoveAlgo) -> AlgoOrder:
        placed, new = self._placing.prepare(target)
        self._begin(new, old)
        self._placing.send(new, placed, asked)
        if next_step(old.view, new.view) is MoveStep.CANCEL_OLD:
            self._cancelling.cancel_in_turn(old, asked)
        self._forget_if_done(new, old)
        return new

    # --- one at a time --------------------------------------------------------------------

    def _swap(self, old: AlgoOrder, target: PlaceAlgo, asked: MoveAlgo) -> AlgoOrder:
        placed, new = self._placing.prepare(target)
        self._begin(new, old)
        try:
            self._cancelling.cancel_in_turn(old, asked)
        except PerpdeskError as error:
            self._placing.give_up(new, f"The old one could not be cancelled: {error}")
            self._forget(new)
            raise
        if old.has_triggered or old.status in (AlgoStatus.FINISHED, AlgoStatus.EXPIRED):
            self._placing.give_up(new, f"The old one is {old.status}; there is nothing to move.")
            self._forget(new)
            return new
        # also when the cancel's answer was lost: while the old one stands, the venue refuses
        if new.status is AlgoStatus.PENDING_NEW:
            self._placing.send(new, placed, asked)
        if new.status is AlgoStatus.REJECTED and old.status is AlgoStatus.CANCELED:
            self._put_back(old, new)
        self._forget_if_done(new, old)
        return new

    def _put_back(self, old: AlgoOrder, new: AlgoOrder) -> None:
        self._forget(new)
        command = replace(again(old.view), replaces=old.client_algo_id)
        command, back = self._placing.prepare(command)
        self._begin(back, old)
        self._placing.send(back, command, command)
        if back.status is AlgoStatus.REJECTED:
            self._forget(back)
            self._tell_unprotected(back)
            return
        self._desk.orders.alert(
            AlertLevel.WARNING,
            "algo.move_failed",
            f"{describe(old.view)} could not be moved: {new.reason} It was placed again where"
            f" it was, as {back.client_algo_id} ({back.status}).",
        )
        self._forget_if_done(back, old)

    # --- finishing ------------------------------------------------------------------------

    def _finish(self, new: AlgoOrder, old: AlgoOrder | None) -> None:
        step = next_step(None if old is None else old.view, new.view)
        try:
            if step is MoveStep.CANCEL_OLD and old is not None:
                self._cancel(old)
            elif step is MoveStep.CANCEL_NEW:
                self._tell_withdrawn(new)
                self._cancel(new)
            elif step is MoveStep.TELL_UNPROTECTED:
                self._tell_unprotected(new)
                self._forget(new)
            elif step is MoveStep.DONE:
                self._forget(new)
        except PerpdeskError as error:
            logger.info("move to algo=%s is not finished: %s", new.client_algo_id, error)

    def _cancel(self, algo: AlgoOrder) -> None:
        command = CancelAlgo(symbol=algo.symbol, client_algo_id=algo.client_algo_id)
        self._cancelling.cancel(algo, command)

    def _tell_withdrawn(self, new: AlgoOrder) -> None:
        sentence = f"The order that {describe(new.view)} was to replace has triggered: withdrawn."
        self._desk.orders.alert(AlertLevel.WARNING, "algo.withdrawn", sentence)

    def _tell_unprotected(self, new: AlgoOrder) -> None:
        sentence = (
            f"UNPROTECTED: {describe(new.view)} does not stand, and the order before it is"
            f" cancelled. {new.reason} Place it again now, or close the position."
        )
        self._desk.orders.alert(AlertLevel.ERROR, "order.unprotected", sentence)

    def _begin(self, new: AlgoOrder, old: AlgoOrder) -> None:
        # the turn's holder goes on at once: the tick waits until that is over
        self._next_try_s[new] = self._desk.orders.clock.monotonic() + _PAUSE_S
        self._moves[new] = old.client_algo_id

    def _forget_if_done(self, new: AlgoOrder, old: AlgoOrder) -> None:
        if next_step(old.view, new.view) is MoveStep.DONE:
            self._forget(new)

    def _forget(self, new: AlgoOrder) -> None:
        self._moves.pop(new, None)
        self._next_try_s.pop(new, None)


def next_step(old: AlgoView | None, new: AlgoView) -> MoveStep:
    """Pure. `old` None: it had ended before a restart."""
    if new.status is AlgoStatus.REJECTED:
        return _after_rejection(old, new)
    if new.status in _IN_DOUBT:
        return MoveStep.WAIT
    if old is None or new.status in (AlgoStatus.CANCELED, AlgoStatus.EXPIRED):
        return MoveStep.DONE
    step = _AFTER_NEW.get(old.status, MoveStep.WAIT)
    if step is MoveStep.CANCEL_NEW and new.status is not AlgoStatus.NEW:
        return MoveStep.DONE  # both have triggered
    return step


_IN_DOUBT = (AlgoStatus.PENDING_NEW, AlgoStatus.UNKNOWN, AlgoStatus.PENDING_CANCEL)
_AFTER_NEW = {
    AlgoStatus.NEW: MoveStep.CANCEL_OLD,
    AlgoStatus.TRIGGERING: MoveStep.CANCEL_NEW,
    AlgoStatus.TRIGGERED: MoveStep.CANCEL_NEW,
    AlgoStatus.FINISHED: MoveStep.CANCEL_NEW,
    AlgoStatus.CANCELED: MoveStep.DONE,
    AlgoStatus.REJECTED: MoveStep.DONE,
    AlgoStatus.EXPIRED: MoveStep.DONE,
}


def _after_rejection(old: AlgoView | None, new: AlgoView) -> MoveStep:
    was_cancelled = old is None or old.status is AlgoStatus.CANCELED
    is_told = new.algo_id is not None  # rejected at its trigger: an alert of its own
    if was_cancelled and new.only_reduces and not is_told:
        return MoveStep.TELL_UNPROTECTED
    if old is None or old.status.is_terminal or _stands(old):
        return MoveStep.DONE
    return MoveStep.WAIT


def _stands(view: AlgoView) -> bool:
    return view.status in (AlgoStatus.NEW, AlgoStatus.TRIGGERING, AlgoStatus.TRIGGERED)


def again(view: AlgoView) -> PlaceAlgo:
    """The command that would place this one once more. Raises OrderNotAllowed for a kind
    that Perpdesk does not know.
    """
    if not isinstance(view.type, OrderType) or not isinstance(view.working_type, WorkingType):
        raise OrderNotAllowed("type", f"{view.type} orders are not known here.")
    is_limit = view.type in LIMIT_TYPES
    tif = view.time_in_force
    return PlaceAlgo(
        symbol=view.symbol,
        side=view.side,
        type=view.type,
        quantity=None if view.close_position else view.quantity,
        trigger_price=view.trigger_price or None,
        price=view.price if is_limit else None,
        callback_pct=view.callback_pct or None,
        activate_price=view.activate_price or None,
        close_position=view.close_position,
        reduce_only=view.reduce_only and not view.close_position,
        position_side=view.position_side,
        working_type=view.working_type,
        price_protect=view.price_protect,
        time_in_force=tif if isinstance(tif, TimeInForce) and is_limit else TimeInForce.GTC,
    )


def moved(view: AlgoView, command: MoveAlgo) -> PlaceAlgo:
    """Raises OrderNotAllowed for a change that its kind does not have."""
    target = again(view)
    if command.trigger_price is not None and target.type is OrderType.TRAILING_STOP_MARKET:
        raise OrderNotAllowed(
            "trigger_price", "A trailing stop moves by itself; cancel it and place another."
        )
    changes = {
        name: value
        for name in ("trigger_price", "price", "quantity")
        if (value := getattr(command, name)) is not None
    }
    ids = {"request_id": command.request_id, "replaces": view.client_algo_id}
    return replace(target, **changes, **ids)


def _check_movable(algo: AlgoOrder) -> None:
    if algo.waits:
        return
    words = {
        AlgoStatus.PENDING_NEW: "The exchange has not confirmed the order yet.",
        AlgoStatus.PENDING_CANCEL: "A cancel of this order is on its way.",
        AlgoStatus.UNKNOWN: "Nobody knows yet whether this order exists;"
        " the exchange is being asked.",
    }
    sentence = words.get(algo.status, f"The order is {algo.status}; it cannot be moved.")
    raise OrderNotAllowed("client_algo_id", sentence)


def _terms(command: PlaceAlgo) -> tuple[object, ...]:
    return command.trigger_price, command.price, command.quantity
