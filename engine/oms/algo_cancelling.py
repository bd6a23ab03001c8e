"""Cancelling conditional orders, one or all of a symbol, in the symbol's turn."""

from __future__ import annotations

import logging

from engine.commands import Command
from engine.errors import JournalError, NotConnected, OrderNotAllowed, VenueError
from engine.oms.algo_changes import AlgoConcluded, CancelAccepted
from engine.oms.algo_desk import AlgoDesk, algo_ids_of
from engine.oms.algo_models import AlgoOrder
from engine.oms.order_changes import CancelFailed, CancelSent, OutcomeLost, Write
from engine.oms.order_desk import NO_SUCH_OPEN_ORDER, NO_SUCH_ORDER
from engine.oms.order_sender import Accepted, Answer, Lost, Refused
from engine.protection_commands import CancelAlgo
from engine.trading_types import AlgoStatus

logger = logging.getLogger(__name__)

_GONE = (NO_SUCH_OPEN_ORDER, NO_SUCH_ORDER)


class AlgoCancelling:
    def __init__(self, desk: AlgoDesk) -> None:
        self._desk = desk

    def cancel(self, algo: AlgoOrder, command: CancelAlgo) -> AlgoOrder:
        """Blocks until answered. One that has ended already is no error: look at its
        status. Raises OrderNotAllowed when it has become an order, and the venue's
        refusal after it has been published.
        """
        with self._desk.turn(algo.symbol):
            self.cancel_in_turn(algo, command)
        return algo

    def cancel_in_turn(self, algo: AlgoOrder, asked: Command) -> None:
        """For whoever holds the symbol's turn. `asked` is what the person gave."""
        if algo.is_terminal:
            return
        if algo.status is AlgoStatus.PENDING_NEW:
            self._give_up(algo)
            return
        if algo.has_triggered:
            what = (
                "is becoming an order"
                if algo.order_id is None
                else (f"has become order {algo.order_id}")
            )
            raise OrderNotAllowed("client_algo_id", f"It has triggered and {what}; cancel that.")
        self._record(algo)
        self._desk.tracker.apply(algo, CancelSent(self._now_ms()))
        self._send(algo, asked)

    def cancel_all(self, symbol: str, asked: Command) -> list[AlgoOrder]:
        """Every waiting one of the symbol, also those placed elsewhere. Blocks until the venue
        took the request; each then reports for itself. Returns those known here.
        """
        desk, orders = self._desk, self._desk.orders
        with desk.turn(symbol):
            algos = [a for a in desk.tracker.open_algos(symbol) if not a.has_triggered]
            for algo in algos:
                self._record(algo)
                if algo.status is AlgoStatus.PENDING_NEW:
                    self._give_up(algo)
                desk.tracker.apply(algo, CancelSent(self._now_ms()))
            answer = desk.send(
                symbol, lambda: orders.gateway.cancel_all_algo_orders(symbol), lambda: True
            )
        if isinstance(answer, Refused):
            orders.tell_refusal(asked, answer.error)
        return self._after_cancel_all(algos, answer)

    def cancel_all_now(self, symbol: str) -> None:
        """As `OrderChanging.cancel_all_now`."""
        desk, orders = self._desk, self._desk.orders
        algos = [a for a in desk.tracker.open_algos(symbol) if a.status is AlgoStatus.NEW]
        for algo in algos:
            self._record(algo)
            desk.tracker.apply(algo, CancelSent(self._now_ms()))
        answer = orders.sender.send_once(lambda: orders.gateway.cancel_all_algo_orders(symbol))
        self._after_cancel_all(algos, answer)

    def _after_cancel_all(self, algos: list[AlgoOrder], answer: Answer[None]) -> list[AlgoOrder]:
        desk = self._desk
        if isinstance(answer, Refused):
            for algo in algos:
                desk.tracker.apply(algo, CancelFailed(self._now_ms()))
            raise answer.error
        # also after a yes: an event may get lost, and then only asking helps
        reason = "Cancelled with all others; waiting for the exchange's word."
        for algo in algos:
            desk.tracker.apply(algo, OutcomeLost(Write.CANCEL, reason, self._now_ms()))
        return algos

    def _send(self, algo: AlgoOrder, asked: Command) -> None:
        desk, orders = self._desk, self._desk.orders
        is_answered = False
        try:
            answer = desk.send(
                algo.symbol,
                lambda: orders.gateway.cancel_algo_order(**algo_ids_of(algo.view)),
                lambda: not algo.is_terminal,
            )
            is_answered = True
        finally:
            if not is_answered:
                desk.lose(algo, Write.CANCEL, "Perpdesk failed while waiting for the answer")
        if isinstance(answer, Accepted):
            desk.tracker.apply(algo, CancelAccepted(self._now_ms()))
            logger.info("ALGO_CANCELED algo=%s", algo.client_algo_id)
        elif isinstance(answer, Lost):
            desk.lose(algo, Write.CANCEL, answer.sentence)
        elif isinstance(answer, Refused):
            if isinstance(answer.error, VenueError) and answer.error.code in _GONE:
                self._ask_or_mark_lost(algo)  # triggered, ended, or not there yet
                return
            desk.tracker.apply(algo, CancelFailed(self._now_ms()))
            orders.tell_refusal(asked, answer.error)
            raise answer.error

    def _ask_or_mark_lost(self, algo: AlgoOrder) -> None:
        try:
            is_known = self._desk.ask(algo)
        except (VenueError, NotConnected) as error:
            self._desk.lose(algo, Write.CANCEL, str(error))
            return
        if is_known:
            self._desk.tracker.apply(algo, CancelFailed(self._now_ms()))
        else:
            sentence = "The exchange says that it knows no such order"
            self._desk.lose(algo, Write.CANCEL, sentence)

    def _give_up(self, algo: AlgoOrder) -> None:
        """PENDING_NEW inside its symbol's turn: refused for now, and waiting to be tried again."""
        reason = "Cancelled before it was tried again; it never reached the exchange."
        end = AlgoConcluded(AlgoStatus.REJECTED, reason, self._now_ms())
        self._desk.tracker.apply(algo, end)
        self._desk.orders.sender.wake_paused()

    def _record(self, algo: AlgoOrder) -> None:
        intent = CancelAlgo(symbol=algo.symbol, client_algo_id=algo.client_algo_id)
        try:
            self._desk.orders.journal.record_intent(intent, self._now_ms())
        except JournalError as error:
            # taking an order back must go on when the disk is full
            logger.warning("cancel goes out without a journal entry: %s", error)

    def _now_ms(self) -> int:
        return self._desk.orders.clock.now_ms()
