"""Carrying out a step: ordinary orders through order management, and what came of it."""

from __future__ import annotations

import logging

from engine.clock import Clock
from engine.commands import PlaceOrder
from engine.errors import PerpdeskError, ShuttingDown
from engine.oms.order_manager import OrderManager
from engine.plans.plan_book import PlanBook
from engine.plans.plan_models import Amend, Cancel, End, Halt, Place, Rest, Step
from engine.plans.plan_run import PlanRun
from engine.plans.plan_steps import halt
from engine.trading_types import OrderType, PlanState

logger = logging.getLogger(__name__)

_PAUSE_AFTER_REFUSAL_S = 1.0


class PlanHands:
    """Blocks on the network: the thread `plans` alone. Raises ShuttingDown, nothing else."""

    def __init__(self, oms: OrderManager, book: PlanBook, clock: Clock) -> None:
        self._oms = oms
        self._book = book
        self._clock = clock

    def carry_out(self, run: PlanRun, step: Step) -> None:
        match step:
            case Place():
                self._place(run, step)
            case Amend():
                self._amend(run, step)
            case Cancel():
                self._cancel(run, step)
            case Halt():
                self._book.halt(run, step.reason, cancels_rest=step.cancels_rest)
            case End():
                self._book.end(run, step.state, step.reason)
            case Rest():
                pass

    def _place(self, run: PlanRun, step: Place) -> None:
        plan = run.plan
        if plan.state is not PlanState.RUNNING:  # stopped while this was being decided
            return
        run.pace.note(self._clock.monotonic())
        terms = plan.terms
        child_id = plan.child_id(step.index)
        command = PlaceOrder(
            request_id=child_id,
            symbol=terms.symbol,
            side=terms.side,
            type=OrderType.MARKET if step.price is None else OrderType.LIMIT,
            quantity=step.quantity,
            price=step.price,
            time_in_force=step.time_in_force,
            reduce_only=terms.reduce_only,
            position_side=terms.position_side,
            client_order_id=child_id,
        )
        try:
            self._book.take_number(run, step.index)
            run.add(step.index, self._oms.place(command))
        except ShuttingDown:
            raise
        except PerpdeskError as error:
            self._halt(run, str(error))

    def _amend(self, run: PlanRun, step: Amend) -> None:
        order = run.order(step.client_order_id)
        assert order is not None, "what is open is followed live"
        run.pace.note(self._clock.monotonic())
        try:
            moved = self._oms.modify_order(order, price=step.price, request_id=step.client_order_id)
            if moved is not order:  # amended too often: its replacement has no number of ours
                self._halt(run, "The exchange does not amend its order any more.")
                self._oms.cancel_order(moved)
        except ShuttingDown:
            raise
        except PerpdeskError as error:
            # filled or ended meanwhile: the next look sees that by itself
            if not order.is_terminal:
                self._halt(run, str(error))
            return
        run.note_amend(order)

    def _cancel(self, run: PlanRun, step: Cancel) -> None:
        for client_order_id in step.client_order_ids:
            try:
                self._oms.cancel_order(client_order_id, request_id=client_order_id)
            except ShuttingDown:
                raise
            except PerpdeskError as error:
                logger.warning("not cancelled order=%s: %s", client_order_id, error)
                run.not_before_s = self._clock.monotonic() + _PAUSE_AFTER_REFUSAL_S

    def _halt(self, run: PlanRun, reason: str) -> None:
        step = halt(run.plan, reason)
        self._book.halt(run, step.reason, cancels_rest=step.cancels_rest)
