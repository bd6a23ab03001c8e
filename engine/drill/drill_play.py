"""Carrying out a session's steps with a real trader against the real paper exchange."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial

from engine.drill.drill_bracket_play import BracketPlay
from engine.drill.drill_brackets import BracketStep
from engine.drill.drill_lots import LOTS
from engine.drill.drill_plan_play import PlanPlay
from engine.drill.drill_plans import PlanStep
from engine.drill.drill_session import (
    Amend,
    Cancel,
    CancelAll,
    Close,
    Counter,
    Elsewhere,
    Fault,
    KillAll,
    Place,
    Refresh,
    RestartVenue,
    Session,
    Step,
    Together,
)
from engine.drill.drill_stop_play import StopPlay
from engine.drill.drill_stops import StopStep
from engine.drill.drill_trader import DrillTrader
from engine.drill.drill_venue import DrillVenue, Reference
from engine.errors import PerpdeskError
from engine.oms.order_models import Order
from engine.trading_types import KillState, OrderType, Side, TimeInForce
from engine.utils.threads import StoppableThread

logger = logging.getLogger(__name__)

_STEP_S = 15.0
_KILL_S = 15.0


class DrillPlay:
    """`restart_venue` blocks until the exchange is back."""

    def __init__(
        self,
        session: Session,
        trader: DrillTrader,
        account: DrillVenue,
        counterparty: DrillVenue,
        references: Mapping[str, Reference],
        restart_venue: Callable[[], None],
    ) -> None:
        self._session = session
        self._trader = trader
        self._account = account
        self._counterparty = counterparty
        self._references = references
        self._restart_venue = restart_venue
        self._orders: dict[int, Order] = {}
        self._stops = StopPlay(trader, account, references)
        self._brackets = BracketPlay(trader, references)
        self._plans = PlanPlay(trader, references)
        self.placed = 0
        self.hung: list[str] = []
        self.not_flat: list[str] = []  # what the exchange had although the kill switch said flat

    def run(self, stop: threading.Event) -> None:
        for step in self._session.steps:
            if stop.is_set():
                return
            self._do(step)

    def _do(self, step: Step) -> None:
        """A refusal is an answer like any other: what counts is the books at the end."""
        try:
            if isinstance(step, StopStep):
                self._stops.carry_out(step)
            elif isinstance(step, BracketStep):
                self._brackets.carry_out(step)
            elif isinstance(step, PlanStep):
                self._plans.carry_out(step)
            else:
                self._carry_out(step)
        except PerpdeskError as error:
            logger.debug("step %s: %s", step, error)

    def _carry_out(self, step: Step) -> None:
        match step:
            case Place():
                self._place(step)
            case Amend():
                self._amend(step)
            case Cancel(slot):
                if slot in self._orders:
                    self._trader.oms.cancel_order(self._orders[slot])
            case CancelAll(symbol):
                self._trader.oms.cancel_all(symbol)
            case Close(symbol):
                self._close(symbol)
            case Counter():
                self._counter(step)
            case Elsewhere():
                self._elsewhere(step)
            case Refresh():
                self._trader.refresh()
            case _:
                self._disturb(step)

    def _disturb(self, step: Step) -> None:
        match step:
            case KillAll():
                self._kill_all()
            case RestartVenue():
                self._restart_venue()
            case Fault(planned):
                self._account.add_faults(self._session.seed, planned.rule)
            case Together(steps):
                self._together(steps)

    def _place(self, step: Place) -> None:
        is_limit = step.type is OrderType.LIMIT
        self.placed += 1
        self._orders[step.slot] = self._trader.oms.submit_order(
            step.symbol,
            step.side,
            step.type,
            LOTS[step.symbol] * step.lots,
            self._price(step.symbol, step.side, step.offset) if is_limit else None,
            time_in_force=step.time_in_force,
            reduce_only=step.reduce_only,
        )

    def _amend(self, step: Amend) -> None:
        order = self._orders.get(step.slot)
        if order is None:
            return
        price = None
        if step.offset is not None:
            price = self._price(order.symbol, order.side, step.offset)
        lots = None if step.lots is None else LOTS[order.symbol] * step.lots
        self._trader.oms.modify_order(order, price, lots)

    def _close(self, symbol: str) -> None:
        view = self._trader.oms.positions.position(symbol)
        if view is None or not view.quantity:
            return
        side = Side.SELL if view.quantity > 0 else Side.BUY
        self.placed += 1
        self._trader.oms.submit_order(
            symbol, side, OrderType.MARKET, abs(view.quantity), reduce_only=True
        )

    def _kill_all(self) -> None:
        switch = self._trader.oms.kill_switch
        switch.start()
        if not switch.join(_KILL_S):
            self.hung.append(f"not flat within {_KILL_S:g} s: {switch.view.sentence}")
            switch.stop()
        elif switch.view.state is KillState.FLAT:
            self.not_flat += self._account.left()

    def _counter(self, step: Counter) -> None:
        self._counterparty.order(step.symbol, step.side, LOTS[step.symbol] * step.lots)

    def _elsewhere(self, step: Elsewhere) -> None:
        quantity = LOTS[step.symbol] * step.lots
        if not step.rests:
            self._account.order(step.symbol, step.side, quantity)
            return
        price = self._price(step.symbol, step.side, 30)
        self._account.order(
            step.symbol,
            step.side,
            quantity,
            type="LIMIT",
            price=price,
            timeInForce=TimeInForce.GTC.value,
        )

    def _price(self, symbol: str, side: Side, offset: int) -> Decimal:
        reference = self._references[symbol]
        away = reference.tick * offset
        return reference.bid - away if side is Side.BUY else reference.ask + away

    def _together(self, steps: tuple[Step, ...]) -> None:
        ready = threading.Barrier(len(steps))

        def do(step: Step, _stop: threading.Event) -> None:
            ready.wait()
            self._do(step)

        lanes = [
            StoppableThread(f"drill-{number}", partial(do, step), self._trader.note_crash)
            for number, step in enumerate(steps)
        ]
        for lane in lanes:
            lane.start()
        for lane, step in zip(lanes, steps, strict=True):
            if not lane.join(_STEP_S):
                self.hung.append(f"{step} did not end within {_STEP_S:g} s")
