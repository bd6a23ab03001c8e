"""Plans from the console. A chase or a TWAP lives as long as its command: Ctrl+C stops it.

A plan that another program carries out (the window) is asked to stop by name.
"""

from __future__ import annotations

import sys
import threading
from argparse import Namespace

from engine.console.answers import DONE, NOT_KNOWN, REFUSED, table
from engine.plan_records import PlanTerms
from engine.plans.plan_runner import PlanRunner
from engine.protection_commands import StartChase, StartScaled, StartTwap
from engine.protection_views import PlanView
from engine.trading_engine import TradingEngine
from engine.trading_types import PlanState, PositionSide, Side
from engine.utils.deadline import Deadline
from engine.utils.decimals import plain, to_decimal

_LOOK_S = 0.2
_STOP_S = 10.0
_SEARCHED = 1000


def chase(engine: TradingEngine, given: Namespace) -> int:
    limit = None if given.limit is None else to_decimal(given.limit, "limit")
    return _carry_out(
        engine,
        StartChase(
            symbol=given.symbol.upper(),
            side=Side(given.side),
            quantity=to_decimal(given.quantity, "quantity"),
            limit_price=limit,
            longest_s=given.longest,
            reduce_only=given.reduce_only,
            position_side=PositionSide(given.position_side),
        ),
    )


def twap(engine: TradingEngine, given: Namespace) -> int:
    return _carry_out(
        engine,
        StartTwap(
            symbol=given.symbol.upper(),
            side=Side(given.side),
            quantity=to_decimal(given.quantity, "quantity"),
            count=given.count,
            duration_s=given.duration,
            reduce_only=given.reduce_only,
            position_side=PositionSide(given.position_side),
        ),
    )


def scaled(engine: TradingEngine, given: Namespace) -> int:
    """Its orders rest at the exchange, so the command ends when they are placed."""
    terms = StartScaled(
        symbol=given.symbol.upper(),
        side=Side(given.side),
        quantity=to_decimal(given.quantity, "quantity"),
        first_price=to_decimal(given.first_price, "first_price"),
        last_price=to_decimal(given.last_price, "last_price"),
        count=given.count,
        reduce_only=given.reduce_only,
        position_side=PositionSide(given.position_side),
    )
    view = engine.plans.start(terms)
    while view.state is PlanState.RUNNING and len(view.child_ids) < terms.count:
        engine.plans.wait(view.plan_id, _LOOK_S)
        view = engine.plans.plan(view.plan_id) or view
    return _tell(view)


def plans(engine: TradingEngine, given: Namespace) -> int:
    """The newest ones of the journal. With --resume those that were cut off are carried on."""
    if given.resume:
        engine.plans.resume()
        for view in engine.plans.plans():
            _follow(engine.plans, view)
    table(
        ("PLAN", "KIND", "SYMBOL", "SIDE", "STATE", "EXECUTED", "AVERAGE", "REASON"),
        [
            (v.plan_id, v.kind, v.symbol, v.side, v.state,
             f"{plain(v.executed_qty)}/{plain(v.quantity)}", _average(v), v.reason)
            for v in engine.plans.history()
        ],
        "No plans.",
    )  # fmt: skip
    return DONE


def plan_stop(engine: TradingEngine, given: Namespace) -> int:
    """Also of a plan that the window or another console carries out."""
    engine.plans.stop(given.plan_id)
    deadline = Deadline(engine.clock, _STOP_S)
    pause = threading.Event()
    while True:
        view = next(v for v in engine.plans.history(_SEARCHED) if v.plan_id == given.plan_id)
        if view.state.is_over or deadline.passed:
            return _tell(view)
        engine.clock.wait(pause, _LOOK_S)


def _carry_out(engine: TradingEngine, terms: PlanTerms) -> int:
    return _follow(engine.plans, engine.plans.start(terms))


def _follow(runner: PlanRunner, view: PlanView) -> int:
    """Print each change until the plan is over; Ctrl+C stops it and waits for its end."""
    told = None
    try:
        while not runner.wait(view.plan_id, _LOOK_S):
            view = runner.plan(view.plan_id) or view
            if view.executed_qty != told:
                told = view.executed_qty
                print(_line(view), flush=True)
    except KeyboardInterrupt:
        runner.stop(view.plan_id)
        runner.wait(view.plan_id, _STOP_S)
    return _tell(runner.plan(view.plan_id) or view)


def _tell(view: PlanView) -> int:
    print(_line(view), flush=True)
    if view.reason:
        print(view.reason, file=sys.stderr)
    if view.state is PlanState.STOPPING:
        return NOT_KNOWN
    return REFUSED if view.state is PlanState.STOPPED and not view.executed_qty else DONE


def _line(view: PlanView) -> str:
    price = _average(view)
    at = f" at {price}" if price else ""
    return (
        f"{view.state} {view.side} {view.kind} {view.symbol}"
        f" {plain(view.executed_qty)}/{plain(view.quantity)}{at} plan={view.plan_id}"
    )


def _average(view: PlanView) -> str:
    return plain(round(view.avg_price, 8)) if view.avg_price else ""
