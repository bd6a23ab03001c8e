"""Placing an order: checks, intent on disk, PENDING_NEW shown, sent, answer applied."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace

from engine.commands import PlaceOrder
from engine.errors import JournalError, OrderNotAllowed
from engine.events import OrderUpdate
from engine.oms.client_ids import new_client_order_id
from engine.oms.order_changes import Concluded, Write
from engine.oms.order_desk import OrderDesk
from engine.oms.order_models import Order
from engine.oms.order_sender import Accepted, Answer, Lost, Overtaken, Refused
from engine.oms.pre_trade_checks import check_order, is_reducing
from engine.oms.risk_guard import RiskGuard
from engine.trading_types import AlertLevel, OrderStatus, OrderType, PositionSide, TimeInForce
from engine.views import ZERO, OrderView

logger = logging.getLogger(__name__)

_REQUESTS_KEPT = 10_000


class OrderPlacing:
    def __init__(self, desk: OrderDesk, guard: RiskGuard, why_closed: Callable[[], str]) -> None:
        self._desk = desk
        self._guard = guard
        self._why_closed = why_closed
        self._lock = threading.Lock()
        self._by_request: dict[str, Order] = {}

    def place(self, command: PlaceOrder) -> Order:
        """Blocks until answered. The same request id never places twice: a double click
        gets the order of the first click.
        """
        asked_at = self._guard.pulls
        instrument = self._desk.instrument(command.symbol)  # a turn is for symbols that exist
        with self._desk.sender.turn(command.symbol):
            earlier = self._order_of(command.request_id)
            if earlier is not None:
                return earlier
            self.check(command)
            self._guard.check_place(command, instrument)
            return self._place_checked(command, asked_at)

    def place_in_turn(self, command: PlaceOrder) -> Order:
        """For who holds the symbol's turn already, and has asked the guard."""
        self.check(command)
        return self._place_checked(command, self._guard.pulls)

    def _place_checked(self, command: PlaceOrder, asked_at: int) -> Order:
        order, command = self._begin(command)
        self._remember(command.request_id, order)
        self._send(order, command, lambda: self._in_turn(order, command, asked_at))
        return order

    def check(
        self, command: PlaceOrder, leaving: Iterable[Order] = (), placed_before: int = 0
    ) -> None:
        """Raises OrderNotAllowed or UnknownSymbol. `leaving`: orders that will be gone by then."""
        desk = self._desk
        check_order(
            command,
            desk.instrument(command.symbol),
            lost=desk.tracker.lost(),
            open_count=desk.tracker.open_count(command.symbol)
            - len(tuple(leaving))
            + placed_before,
            mark_price=desk.mark_price(command.symbol),
            closed_because=self._why_closed(),
            is_hedge_mode=desk.mode.is_hedge,
        )

    def check_all(self, commands: Sequence[PlaceOrder]) -> None:
        """Orders of one symbol, by every check and the guard, as if those before it were open."""
        for placed, command in enumerate(commands):
            self.check(command, placed_before=placed)
        if commands:
            instrument = self._desk.instrument(commands[0].symbol)
            self._guard.check_series(commands, instrument)

    def place_now(self, command: PlaceOrder) -> Order:
        """Only for what reduces: beside the symbol's turn, unchecked, and in a single try.

        The kill switch's way: an order that waits for an answer, or a disk that is full,
        must not hold it up, and it looks again anyway. Blocks until answered.
        """
        order, command = self._begin(command)
        self._send(order, command, lambda: self._desk.sender.send_once(self._asks(command)))
        return order

    def _begin(self, command: PlaceOrder) -> tuple[Order, PlaceOrder]:
        """On disk, then shown as PENDING_NEW."""
        desk = self._desk
        command = self._with_client_id(as_sent(command))
        now_ms = desk.clock.now_ms()
        try:
            desk.journal.record_intent(command, now_ms)
        except JournalError as error:
            if not is_reducing(command):
                raise
            # taking risk off must go on when the disk is full
            logger.warning("a reducing order goes out without a journal entry: %s", error)
            sentence = (
                f"{command.symbol}: a reducing order is sent without a journal entry. {error}"
            )
            desk.alert(AlertLevel.WARNING, "journal.bypassed", sentence)
        order = Order(pending_view(command, now_ms))
        desk.tracker.add(order)
        return order, command

    def _in_turn(self, order: Order, command: PlaceOrder, asked_at: int) -> Answer[OrderUpdate]:
        """The kill switch sees the order by now, or the order sees the kill switch."""

        def is_wanted() -> bool:
            # an event about it is an answer too, and so is a cancel during a pause
            return order.status is OrderStatus.PENDING_NEW and not why_halted()

        def why_halted() -> str:
            helps = is_reducing(command) and command.type is OrderType.MARKET
            return "" if helps else self._guard.why_halted(order.symbol, asked_at)

        answer: Answer[OrderUpdate] = Overtaken()
        if is_wanted():
            answer = self._desk.sender.send(order.symbol, self._asks(command), is_wanted)
        if isinstance(answer, Overtaken) and order.status is OrderStatus.PENDING_NEW:
            return Refused(OrderNotAllowed("", why_halted()))
        return answer

    def _send(
        self, order: Order, command: PlaceOrder, send: Callable[[], Answer[OrderUpdate]]
    ) -> None:
        desk = self._desk
        is_answered = False
        try:
            answer = send()
            is_answered = True
        finally:
            if not is_answered:  # our own mistake, somewhere after the first byte
                desk.lose(order, Write.PLACE, "Perpdesk failed while waiting for the answer")
        if isinstance(answer, Accepted):
            desk.tracker.apply_update(answer.reply)
            logger.info("ORDER_PLACED order=%s id=%s", order.client_order_id, order.order_id)
        elif isinstance(answer, Refused):
            reason = str(answer.error)
            end = Concluded(OrderStatus.REJECTED, reason, desk.clock.now_ms())
            desk.tracker.apply(order, end)
            desk.tell_refusal(command, answer.error)
            desk.mode.heed(answer.error)
        elif isinstance(answer, Lost):
            desk.lose(order, Write.PLACE, answer.sentence)

    def _asks(self, command: PlaceOrder) -> Callable[[], OrderUpdate]:
        return lambda: self._request(command)

    def _request(self, command: PlaceOrder) -> OrderUpdate:
        is_limit = command.type is OrderType.LIMIT
        return self._desk.gateway.submit_order(
            command.symbol,
            command.side,
            command.type,
            command.quantity,
            command.price if is_limit else None,
            time_in_force=command.time_in_force if is_limit else None,
            reduce_only=command.reduce_only,
            position_side=command.position_side,
            client_order_id=command.client_order_id,
        )

    def _with_client_id(self, command: PlaceOrder) -> PlaceOrder:
        if not command.client_order_id:
            return replace(command, client_order_id=new_client_order_id(self._desk.clock))
        if self._desk.tracker.get(command.client_order_id) is not None:
            raise OrderNotAllowed(
                "client_order_id", f"The id {command.client_order_id} is used already."
            )
        return command

    def _order_of(self, request_id: str) -> Order | None:
        with self._lock:
            return self._by_request.get(request_id) if request_id else None

    def _remember(self, request_id: str, order: Order) -> None:
        if not request_id:
            return
        with self._lock:
            self._by_request[request_id] = order
            if len(self._by_request) > _REQUESTS_KEPT:
                del self._by_request[next(iter(self._by_request))]


def as_sent(command: PlaceOrder) -> PlaceOrder:
    """Beside the opposite position there is no reduce-only at the venue: the side says it."""
    if command.reduce_only and command.position_side is not PositionSide.BOTH:
        return replace(command, reduce_only=False)
    return command


def pending_view(command: PlaceOrder, at_ms: int) -> OrderView:
    is_limit = command.type is OrderType.LIMIT
    return OrderView(
        client_order_id=command.client_order_id,
        symbol=command.symbol,
        side=command.side,
        type=command.type,
        status=OrderStatus.PENDING_NEW,
        price=command.price if is_limit and command.price is not None else ZERO,
        orig_qty=command.quantity,
        time_in_force=command.time_in_force if is_limit else TimeInForce.GTC,
        position_side=command.position_side,
        reduce_only=command.reduce_only,
        created_at=at_ms,
        updated_at=at_ms,
    )
