"""Carries out a bracket's steps: blocks on the network, never raises, tells what came of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol

import msgspec

from engine.clock import Clock
from engine.commands import PlaceOrder
from engine.errors import (
    BadInput,
    JournalError,
    OrderRefused,
    PerpdeskError,
    UnknownSymbol,
)
from engine.events import CommandRefused
from engine.exchange.gateway import ExchangeGateway
from engine.oms.bracket_absorb import absent, refused, unsent
from engine.oms.bracket_facts import (
    Action,
    AskEntry,
    AskLeg,
    AskPosition,
    CancelEntry,
    CancelExit,
    CloseRest,
    PlaceExit,
)
from engine.oms.bracket_outcomes import WOULD_TRIGGER
from engine.oms.bracket_owners import BracketOwners
from engine.oms.bracket_record import Bracket, Leg, LegKind, body_of
from engine.oms.order_desk import NO_SUCH_ORDER
from engine.oms.order_manager import OrderManager
from engine.protection_commands import PlaceAlgo
from engine.trading_types import AlgoStatus, OrderStatus, OrderType

logger = logging.getLogger(__name__)

# no word about the order itself: no line, too many requests, the clock, an overload
_NOT_ABOUT_THE_ORDER = frozenset({0, -1001, -1003, -1008, -1015, -1021, -5028})

Change = Callable[[Bracket], Bracket]


class BracketJournal(Protocol):
    def record_bracket(self, bracket_id: str, body: bytes, *, is_ended: bool, at_ms: int) -> None:
        """Returns when the record survives a kill. Raises JournalError."""


class Step(msgspec.Struct, frozen=True):
    """What came of a step. `position_read_ms`: positions were asked for then; 0: not."""

    changes: tuple[Change, ...] = ()
    position_read_ms: int = 0


class BracketHands:
    """Any thread; steps of one bracket one after the other."""

    def __init__(
        self,
        oms: OrderManager,
        gateway: ExchangeGateway,
        journal: BracketJournal,
        owners: BracketOwners,
        clock: Clock,
    ) -> None:
        self._oms = oms
        self._owners = owners
        self._gateway = gateway
        self._journal = journal
        self._clock = clock
        self._codes: dict[str, int] = {}
        self._placing: set[str] = set()

    def note_refusal(self, event: CommandRefused) -> None:
        """The venue's code is told by this event alone. On the placing thread itself."""
        command = event.command
        if isinstance(command, PlaceAlgo) and command.client_algo_id in self._placing:
            self._codes[command.client_algo_id] = event.code
        elif isinstance(command, PlaceOrder) and command.client_order_id in self._placing:
            self._codes[command.client_order_id] = event.code

    def write_down(self, bracket: Bracket) -> None:
        """Raises JournalError."""
        self._journal.record_bracket(
            bracket.bracket_id,
            body_of(bracket),
            is_ended=bracket.is_ended,
            at_ms=self._clock.now_ms(),
        )

    def keep(self, bracket: Bracket) -> None:
        """Write down, or say in the log that it could not be."""
        try:
            self.write_down(bracket)
        except JournalError as error:
            logger.warning("bracket=%s is not written down: %s", bracket.bracket_id, error)
        if bracket.is_ended:
            self._owners.release(bracket.bracket_id)

    def carry_out(self, bracket: Bracket, actions: Iterable[Action]) -> Step:
        # also unwritten: what it does only reduces, and a position without a stop is worse
        # than a gap in a file
        self.keep(bracket)
        changes: list[Change] = []
        read_ms = 0
        for action in actions:
            if isinstance(action, AskPosition):
                read_ms = self._read_position() or read_ms
                continue
            change = self._carry_out(bracket, action)
            if change is not None:
                changes.append(change)
        return Step(tuple(changes), read_ms)

    def _carry_out(self, bracket: Bracket, action: Action) -> Change | None:
        match action:
            case PlaceExit(leg=leg):
                return self._place(leg, partial(self._place_exit, bracket, leg))
            case CloseRest(leg=leg):
                return self._place(leg, partial(self._close, bracket, leg))
            case CancelExit(client_id=client_id):
                self._try(partial(self._oms.algos.cancel, client_id), f"cancel {client_id}")
            case CancelEntry():
                cancel = partial(self._oms.cancel_order, bracket.entry_id)
                self._try(cancel, f"cancel {bracket.entry_id}")
            case AskEntry():
                return self._ask(bracket, bracket.entry_id, self._ask_order)
            case AskLeg(leg=leg):
                ask = self._ask_order if leg.kind is LegKind.CLOSE else self._ask_exit
                return self._ask(bracket, leg.client_id, ask)
            case _:
                pass
        return None

    # --- placing -----------------------------------------------------------------------

    def _place(self, leg: Leg, place: Callable[[], str | None]) -> Change | None:
        """`place` returns the reason of a refusal. None: sent, and events tell the rest."""
        self._placing.add(leg.client_id)
        try:
            reason = place()
        except BadInput as error:
            return self._not_allowed(leg, error)
        except UnknownSymbol as error:
            return partial(refused, client_id=leg.client_id, code=0, reason=str(error))
        except PerpdeskError as error:
            return self._unsent(leg, str(error))
        finally:
            self._placing.discard(leg.client_id)
            code = self._codes.pop(leg.client_id, 0)
        if reason is None:
            return None
        logger.warning("bracket leg=%s refused code=%d: %s", leg.client_id, code, reason)
        if code in _NOT_ABOUT_THE_ORDER:
            return self._unsent(leg, reason)
        return partial(refused, client_id=leg.client_id, code=code, reason=reason)

    def _not_allowed(self, leg: Leg, error: BadInput) -> Change:
        """Our own check. Its only word about the trigger is that it is reached already; one
        without a field may be about a lost twin, and is asked again.
        """
        logger.warning("bracket leg=%s not allowed: %s", leg.client_id, error)
        if not error.field and self._oms.algos.tracker.lost():
            return self._unsent(leg, str(error))
        code = WOULD_TRIGGER if error.field == "trigger_price" else 0
        return partial(refused, client_id=leg.client_id, code=code, reason=str(error))

    def _unsent(self, leg: Leg, reason: str) -> Change:
        now_ms = self._clock.now_ms()
        return partial(unsent, client_id=leg.client_id, reason=reason, now_ms=now_ms)

    def _place_exit(self, bracket: Bracket, leg: Leg) -> str | None:
        is_stop = leg.kind is LegKind.STOP
        command = PlaceAlgo(
            symbol=bracket.symbol,
            side=bracket.exit_side,
            type=OrderType.STOP_MARKET if is_stop else OrderType.TAKE_PROFIT_MARKET,
            quantity=leg.quantity,
            trigger_price=leg.trigger_price,
            reduce_only=bracket.reduces_by_flag,
            position_side=bracket.position_side,
            working_type=bracket.working_type,
            client_algo_id=leg.client_id,
        )
        view = self._oms.algos.place(command).view
        is_refused = view.status is AlgoStatus.REJECTED and view.algo_id is None
        return view.reason if is_refused else None

    def _close(self, bracket: Bracket, leg: Leg) -> str | None:
        command = PlaceOrder(
            symbol=bracket.symbol,
            side=bracket.exit_side,
            type=OrderType.MARKET,
            quantity=leg.quantity,
            reduce_only=bracket.reduces_by_flag,
            position_side=bracket.position_side,
            client_order_id=leg.client_id,
        )
        view = self._oms.place(command).view
        return view.reason if view.status is OrderStatus.REJECTED else None

    # --- asking ------------------------------------------------------------------------

    def _ask(
        self, bracket: Bracket, client_id: str, ask: Callable[[Bracket, str], None]
    ) -> Change | None:
        try:
            ask(bracket, client_id)
        except OrderRefused as error:
            if error.code == NO_SUCH_ORDER:
                return partial(absent, client_id=client_id)
            logger.info("asking for %s: %s", client_id, error)
        except PerpdeskError as error:
            logger.info("asking for %s: %s", client_id, error)
        return None

    def _ask_order(self, bracket: Bracket, client_id: str) -> None:
        update = self._gateway.query_order(bracket.symbol, client_order_id=client_id)
        self._oms.tracker.apply_update(update)

    def _ask_exit(self, bracket: Bracket, client_id: str) -> None:
        known = self._oms.algos.tracker.get(client_id)
        order_id = None if known is None else known.view.order_id
        if order_id is not None:
            update = self._gateway.query_order(bracket.symbol, order_id=order_id)
            self._oms.tracker.apply_update(update)
        elif known is not None:
            self._oms.algos.ask_again(known)
        else:
            algo = self._gateway.query_algo_order(client_algo_id=client_id)
            self._oms.algos.tracker.apply_update(algo)

    def _read_position(self) -> int:
        began_ms = self._clock.now_ms()
        done = self._try(self._oms.reconciler.refresh_account, "read positions")
        return began_ms if done else 0

    def _try(self, work: Callable[[], object], what: str) -> bool:
        """A failure is no news: the next decision sees that nothing has changed."""
        try:
            work()
        except PerpdeskError as error:
            logger.info("bracket could not %s: %s", what, error)
            return False
        return True
