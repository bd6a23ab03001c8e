"""A value typed over an open order: the command it makes, or what is wrong with it. Pure."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from desktop.formatting import price_text, quantity_text
from desktop.models.conditional_rules import tick_problem
from engine.commands import AmendOrder
from engine.market.instruments import Instrument
from engine.protection_commands import MoveAlgo
from engine.protection_views import AlgoView
from engine.trading_types import OrderType
from engine.views import OrderView


class EditRefused(msgspec.Struct, frozen=True, kw_only=True):
    """An edit found wrong before anything was sent. `fixed` would be accepted."""

    sentence: str
    fixed: AmendOrder | MoveAlgo | None = None
    fix_text: str = ""


def read_move(
    algo: AlgoView, trigger: Decimal, instrument: Instrument | None
) -> MoveAlgo | EditRefused:
    """Another trigger. Without known rules the venue decides."""
    problem = tick_problem(instrument, "trigger", "Trigger", trigger) if instrument else None
    if problem is None:
        return _move(algo, trigger)
    if problem.fix is None:
        return EditRefused(sentence=problem.sentence)
    return EditRefused(
        sentence=problem.sentence,
        fixed=_move(algo, problem.fix),
        fix_text=f"Use {price_text(problem.fix, instrument)}",
    )


def read_amend(
    order: OrderView, number: Decimal, instrument: Instrument | None, *, is_price: bool
) -> AmendOrder | EditRefused:
    """Another price or another TOTAL quantity."""
    if not is_price and number <= order.executed_qty:
        sentence = f"{order.executed_qty:f} is filled already: the total must be above that."
        return EditRefused(sentence=sentence)
    if instrument is None:
        return _amend(order, number, is_price=is_price)
    problems = instrument.problems(
        side=order.side,
        order_type=OrderType.LIMIT,  # no other can be moved
        quantity=order.orig_qty if is_price else number,
        price=number if is_price else order.price,
        reduce_only=order.reduce_only,
    )
    if not problems:
        return _amend(order, number, is_price=is_price)
    problem = problems[0]
    if problem.field != ("price" if is_price else "quantity") or problem.fix is None:
        return EditRefused(sentence=problem.sentence)
    show = price_text if is_price else quantity_text
    return EditRefused(
        sentence=problem.sentence,
        fixed=_amend(order, problem.fix, is_price=is_price),
        fix_text=f"Use {show(problem.fix, instrument)}",
    )


def _move(algo: AlgoView, trigger: Decimal) -> MoveAlgo:
    """A limit beyond the trigger keeps its distance from it."""
    price = algo.price + trigger - algo.trigger_price if algo.price else None
    return MoveAlgo(
        symbol=algo.symbol,
        client_algo_id=algo.client_algo_id,
        trigger_price=trigger,
        price=price,
    )


def _amend(order: OrderView, number: Decimal, *, is_price: bool) -> AmendOrder:
    return AmendOrder(
        symbol=order.symbol,
        client_order_id=order.client_order_id,
        price=number if is_price else None,
        quantity=None if is_price else number,
    )
