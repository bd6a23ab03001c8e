"""Placing a conditional order: checks, intent on disk, PENDING_NEW shown, sent, answer applied."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from msgspec.structs import replace

from engine.commands import Command
from engine.errors import OrderNotAllowed
from engine.events import AlgoUpdate
from engine.oms.algo_changes import AlgoConcluded
from engine.oms.algo_checks import LIMIT_TYPES, check_algo
from engine.oms.algo_desk import AlgoDesk
from engine.oms.algo_models import AlgoOrder
from engine.oms.client_ids import new_client_order_id
from engine.oms.order_changes import Write
from engine.oms.order_sender import Accepted, Lost, Refused
from engine.oms.pre_trade_checks import check_position_side
from engine.oms.risk_guard import RiskGuard
from engine.protection_commands import PlaceAlgo
from engine.protection_views import AlgoView, pending_algo
from engine.trading_types import AlgoStatus

logger = logging.getLogger(__name__)

_REQUESTS_KEPT = 10_000


class AlgoPlacing:
    def __init__(self, desk: AlgoDesk, guard: RiskGuard, why_closed: Callable[[], str]) -> None:
        self._desk = desk
        self._guard = guard
        self._why_closed = why_closed
        self._lock = threading.Lock()
        self._by_request: dict[str, AlgoOrder] = {}

    def place(self, command: PlaceAlgo) -> AlgoOrder:
        """Blocks until answered. The same request id never places twice: a double click
        gets the order of the first click.
        """
        orders = self._desk.orders
        orders.instrument(command.symbol)  # so that an unknown symbol is said before all else
        with self._desk.turn(command.symbol):
            earlier = self.of_request(command.request_id)
            if earlier is not None:
                return earlier
            self.check(command)
            return self.place_in_turn(command, command)

    # --- for whoever holds the symbol's turn ---------------------------------------------

    def check(self, command: PlaceAlgo, instead_of: AlgoView | None = None) -> None:
        """Raises OrderNotAllowed. `instead_of` goes when this one is there."""
        instrument = self._desk.orders.instrument(command.symbol)
        tracker = self._desk.tracker
        check_position_side(
            command.side,
            command.position_side,
            reduces=command.reduce_only or command.close_position,
            is_hedge_mode=self._desk.orders.mode.is_hedge,
        )
        check_algo(
            command,
            instrument,
            waiting=sum(not algo.has_triggered for algo in tracker.open_algos()),
            lost=tracker.lost(),
            price_now=self._desk.price_now(command.symbol, command.working_type),
            closed_because=self._why_closed(),
        )
        self._guard.check_algo(command, instrument, instead_of)

    def place_in_turn(self, command: PlaceAlgo, asked: Command) -> AlgoOrder:
        """`asked` is what the person gave; a refusal names it."""
        command, algo = self.prepare(command)
        self.send(algo, command, asked)
        return algo

    def prepare(self, command: PlaceAlgo) -> tuple[PlaceAlgo, AlgoOrder]:
        """The intent is on disk and PENDING_NEW is shown; nothing has been sent."""
        orders = self._desk.orders
        command = self._with_client_id(command)
        now_ms = orders.clock.now_ms()
        orders.journal.record_intent(command, now_ms)
        algo = AlgoOrder(pending_algo(command, now_ms))
        self._desk.tracker.add(algo)
        self._remember(command.request_id, algo)
        return command, algo

    def send(self, algo: AlgoOrder, command: PlaceAlgo, asked: Command) -> None:
        desk, orders = self._desk, self._desk.orders
        is_answered = False
        if not self._is_wanted(algo):  # the kill switch was quicker
            return
        try:
            answer = desk.send(
                algo.symbol,
                lambda: self._request(command),
                lambda: self._is_wanted(algo),
            )
            is_answered = True
        finally:
            if not is_answered:  # our own mistake, somewhere after the first byte
                desk.lose(algo, Write.PLACE, "Perpdesk failed while waiting for the answer")
        if isinstance(answer, Accepted):
            desk.tracker.apply_update(answer.reply)
            logger.info("ALGO_PLACED algo=%s id=%s", algo.client_algo_id, algo.algo_id)
        elif isinstance(answer, Refused):
            self.give_up(algo, str(answer.error))
            orders.tell_refusal(asked, answer.error)
            orders.mode.heed(answer.error)
        elif isinstance(answer, Lost):
            desk.lose(algo, Write.PLACE, answer.sentence)

    def _is_wanted(self, algo: AlgoOrder) -> bool:
        """An event about it is an answer too, and so is a cancel during a pause."""
        if algo.status is not AlgoStatus.PENDING_NEW:
            return False
        why = self._guard.why_halted(algo.symbol)
        if why:
            self.give_up(algo, why)
        return not why

    def give_up(self, algo: AlgoOrder, reason: str) -> None:
        """It does not exist at the exchange, and will not."""
        end = AlgoConcluded(AlgoStatus.REJECTED, reason, self._desk.orders.clock.now_ms())
        self._desk.tracker.apply(algo, end)

    def of_request(self, request_id: str) -> AlgoOrder | None:
        with self._lock:
            return self._by_request.get(request_id) if request_id else None

    # --- within ------------------------------------------------------------------------

    def _request(self, command: PlaceAlgo) -> AlgoUpdate:
        is_limit = command.type in LIMIT_TYPES
        return self._desk.orders.gateway.place_algo_order(
            command.symbol,
            command.side,
            command.type,
            command.quantity,
            trigger_price=command.trigger_price,
            price=command.price,
            callback_pct=command.callback_pct,
            activate_price=command.activate_price,
            close_position=command.close_position,
            reduce_only=command.reduce_only,
            position_side=command.position_side,
            working_type=command.working_type,
            price_protect=command.price_protect,
            time_in_force=command.time_in_force if is_limit else None,
            client_algo_id=command.client_algo_id,
        )

    def _with_client_id(self, command: PlaceAlgo) -> PlaceAlgo:
        if not command.client_algo_id:
            return replace(command, client_algo_id=new_client_order_id(self._desk.orders.clock))
        if self._desk.tracker.get(command.client_algo_id) is not None:
            raise OrderNotAllowed(
                "client_algo_id", f"The id {command.client_algo_id} is used already."
            )
        return command

    def _remember(self, request_id: str, algo: AlgoOrder) -> None:
        if not request_id:
            return
        with self._lock:
            self._by_request[request_id] = algo
            if len(self._by_request) > _REQUESTS_KEPT:
                del self._by_request[next(iter(self._by_request))]
