"""Amending and cancelling: of a known order, in its symbol's turn."""

from __future__ import annotations

import logging

from engine.commands import AmendOrder, CancelAllOrders, CancelOrder, PlaceOrder
from engine.errors import JournalError, NotConnected, PerpdeskError, VenueError
from engine.oms.intent_journal import Intent
from engine.oms.order_changes import (
    AmendEnded,
    AmendSent,
    CancelFailed,
    CancelSent,
    Concluded,
    OutcomeLost,
    Write,
)
from engine.oms.order_desk import NO_SUCH_OPEN_ORDER, NO_SUCH_ORDER, OrderDesk, ids_of
from engine.oms.order_models import Order
from engine.oms.order_placing import OrderPlacing
from engine.oms.order_replacing import OrderReplacing, can_replace
from engine.oms.order_sender import Accepted, Answer, Lost, Refused
from engine.oms.pre_trade_checks import check_amend, check_rules
from engine.oms.risk_guard import RiskGuard
from engine.trading_types import OrderStatus, OrderType

logger = logging.getLogger(__name__)

_NOTHING_TO_CHANGE = -5027
_GONE = (NO_SUCH_OPEN_ORDER, NO_SUCH_ORDER)


class OrderChanging:
    def __init__(self, desk: OrderDesk, placing: OrderPlacing, guard: RiskGuard) -> None:
        self._desk = desk
        self._guard = guard
        self._replacing = OrderReplacing(
            desk, placing.check, self._cancel_in_turn, placing.place_in_turn
        )

    # --- amend -----------------------------------------------------------------------

    def amend(self, order: Order, command: AmendOrder) -> Order:
        """The amended order; another one where it had to be cancelled and placed anew.

        Blocks until answered. Raises OrderNotAllowed before sending, and the venue's
        refusal after it has been published as CommandRefused.
        """
        desk = self._desk
        instrument = desk.instrument(order.symbol)
        with desk.sender.turn(order.symbol):
            view = order.view
            target = self._target(order, command)
            check_amend(view, target.quantity)
            if target.price == view.price and target.quantity == view.orig_qty:
                return order
            check_rules(target, instrument, desk.mark_price(order.symbol))
            self._guard.check_amend(view, target, instrument)
            desk.journal.record_intent(command, desk.clock.now_ms())
            refusal = self._send_amend(order, command, target)
            if refusal is not None:
                return self._replacing.replace(order, target, command, refusal)
        return order

    def _target(self, order: Order, command: AmendOrder) -> PlaceOrder:
        """The order as it would be: the contract's rules are the same as for a new one."""
        view = order.view
        return PlaceOrder(
            symbol=view.symbol,
            side=view.side,
            type=OrderType.LIMIT,
            quantity=view.orig_qty if command.quantity is None else command.quantity,
            price=view.price if command.price is None else command.price,
            reduce_only=view.reduce_only,
            position_side=view.position_side,
        )

    def _send_amend(
        self, order: Order, command: AmendOrder, target: PlaceOrder
    ) -> PerpdeskError | None:
        """The refusal after which only cancelling and placing anew is left; None: all is said."""
        desk = self._desk
        price = target.price
        assert price is not None  # check_rules has seen it
        desk.tracker.apply(order, AmendSent(price, target.quantity, desk.clock.now_ms()))
        is_answered = False
        try:
            answer = desk.sender.send(
                order.symbol,
                lambda: desk.gateway.modify_order(
                    order.symbol, order.side, target.quantity, price, **ids_of(order)
                ),
                lambda: order.status.is_resting,
            )
            is_answered = True
        finally:
            if not is_answered:
                desk.lose(order, Write.AMEND, "Perpdesk failed while waiting for the answer")
        if isinstance(answer, Lost):
            desk.lose(order, Write.AMEND, answer.sentence)
            return None
        if isinstance(answer, Accepted):
            desk.tracker.apply_update(answer.reply)
            logger.info("ORDER_MODIFIED order=%s", order.client_order_id)
        desk.tracker.apply(order, AmendEnded(desk.clock.now_ms()))
        if isinstance(answer, Refused):
            if can_replace(order.view, answer.error):
                return answer.error
            self._after_refused_amend(order, command, answer.error)
        return None

    def _after_refused_amend(self, order: Order, command: AmendOrder, error: PerpdeskError) -> None:
        code = _code(error)
        if code == _NOTHING_TO_CHANGE:
            return
        if code in _GONE:
            self._ask_or_mark_lost(order, Write.AMEND)
        self._desk.tell_refusal(command, error)
        raise error

    # --- cancel ----------------------------------------------------------------------

    def cancel(self, order: Order, command: CancelOrder) -> Order:
        """Blocks until answered. An order that has ended already is no error: look at its
        status. Raises the venue's refusal after it has been published.
        """
        desk = self._desk
        with desk.sender.turn(order.symbol):
            if order.is_terminal:
                return order
            if order.status is OrderStatus.PENDING_NEW:
                self._give_up(order)
                return order
            self._cancel_in_turn(order, command)
        return order

    def _cancel_in_turn(self, order: Order, command: CancelOrder) -> bool:
        """True: the exchange has confirmed this very cancel."""
        self._record_cancel(command)
        self._desk.tracker.apply(order, CancelSent(self._desk.clock.now_ms()))
        return self._send_cancel(order, command)

    def _give_up(self, order: Order) -> None:
        """PENDING_NEW inside its symbol's turn: refused for now, and waiting to be tried again."""
        desk = self._desk
        reason = "Cancelled before it was tried again; it never reached the exchange."
        desk.tracker.apply(order, Concluded(OrderStatus.REJECTED, reason, desk.clock.now_ms()))
        desk.sender.wake_paused()

    def _send_cancel(self, order: Order, command: CancelOrder) -> bool:
        desk = self._desk
        is_answered = False
        try:
            answer = desk.sender.send(
                order.symbol,
                lambda: desk.gateway.cancel_order(order.symbol, **ids_of(order)),
                lambda: not order.is_terminal,
            )
            is_answered = True
        finally:
            if not is_answered:
                desk.lose(order, Write.CANCEL, "Perpdesk failed while waiting for the answer")
        if isinstance(answer, Accepted):
            desk.tracker.apply_update(answer.reply)
            logger.info("ORDER_CANCELED order=%s", order.client_order_id)
        elif isinstance(answer, Lost):
            desk.lose(order, Write.CANCEL, answer.sentence)
        elif isinstance(answer, Refused):
            self._after_refused_cancel(order, command, answer.error)
        return isinstance(answer, Accepted)

    def _after_refused_cancel(
        self, order: Order, command: CancelOrder, error: PerpdeskError
    ) -> None:
        desk = self._desk
        if _code(error) in _GONE:
            # not open any more, or not yet: only its own state can tell
            self._ask_or_mark_lost(order, Write.CANCEL)
            return
        desk.tracker.apply(order, CancelFailed(desk.clock.now_ms()))
        desk.tell_refusal(command, error)
        raise error

    def cancel_all(self, command: CancelAllOrders) -> list[Order]:
        """Every open order of the symbol, also those placed elsewhere. Blocks until the venue
        took the request; each order then reports for itself. Returns those known here.
        """
        desk = self._desk
        with desk.sender.turn(command.symbol):
            orders = desk.tracker.open_orders(command.symbol)
            for order in orders:
                self._record_cancel(_cancel_of(order, command.request_id))
                if order.status is OrderStatus.PENDING_NEW:
                    self._give_up(order)
                desk.tracker.apply(order, CancelSent(desk.clock.now_ms()))
            answer = desk.sender.send(
                command.symbol,
                lambda: desk.gateway.cancel_all_orders(command.symbol),
                lambda: True,
            )
        if isinstance(answer, Refused):
            desk.tell_refusal(command, answer.error)
        return self._after_cancel_all(orders, answer)

    def cancel_all_now(self, symbol: str) -> None:
        """Every open order of the symbol, beside its turn and in a single try: see
        `OrderPlacing.place_now`. Raises the venue's refusal; whoever asked tells it.
        """
        desk = self._desk
        orders = [order for order in desk.tracker.open_orders(symbol) if order.status.is_resting]
        for order in orders:
            self._record_cancel(_cancel_of(order, ""))
            desk.tracker.apply(order, CancelSent(desk.clock.now_ms()))
        answer = desk.sender.send_once(lambda: desk.gateway.cancel_all_orders(symbol))
        self._after_cancel_all(orders, answer)

    def _after_cancel_all(self, orders: list[Order], answer: Answer[None]) -> list[Order]:
        desk = self._desk
        if isinstance(answer, Refused):
            for order in orders:
                desk.tracker.apply(order, CancelFailed(desk.clock.now_ms()))
            raise answer.error
        # also after a yes: an event may get lost, and then only asking helps
        reason = "Cancelled with all others; waiting for the exchange's word."
        for order in orders:
            desk.tracker.apply(order, OutcomeLost(Write.CANCEL, reason, desk.clock.now_ms()))
        return orders

    # --- shared ----------------------------------------------------------------------

    def _ask_or_mark_lost(self, order: Order, write: Write) -> None:
        try:
            is_known = self._desk.ask(order)
        except (VenueError, NotConnected) as error:
            self._desk.lose(order, write, str(error))
            return
        if not is_known:
            self._desk.lose(order, write, "The exchange says that it knows no such order")
        elif write is Write.CANCEL:
            self._desk.tracker.apply(order, CancelFailed(self._desk.clock.now_ms()))

    def _record_cancel(self, command: Intent) -> None:
        try:
            self._desk.journal.record_intent(command, self._desk.clock.now_ms())
        except JournalError as error:
            # taking risk off must go on when the disk is full
            logger.warning("cancel goes out without a journal entry: %s", error)


def _cancel_of(order: Order, request_id: str) -> CancelOrder:
    return CancelOrder(
        symbol=order.symbol, client_order_id=order.client_order_id, request_id=request_id
    )


def _code(error: PerpdeskError) -> int:
    return error.code if isinstance(error, VenueError) else 0
