"""What the contract's own rules refuse, as an order that is not allowed. Pure."""

from __future__ import annotations

from decimal import Decimal

from engine.errors import OrderNotAllowed
from engine.market.instruments import Instrument, Problem
from engine.trading_types import OrderType, Side
from engine.utils.decimals import plain


def refusal_of(problem: Problem) -> OrderNotAllowed:
    return OrderNotAllowed(problem.field, problem.sentence, _text(problem.fix))


def check_waiting_price(field: str, label: str, price: Decimal, instrument: Instrument) -> None:
    """Steps and limits of a price at which something triggers. Raises OrderNotAllowed.

    The band around the mark price, for which the side would matter, counts only then.
    """
    found = instrument.problems(
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        quantity=instrument.limit_quantity.minimum,
        price=price,
        reduce_only=True,
    )
    if found:
        sentence = found[0].sentence.replace("Price", label, 1)
        raise OrderNotAllowed(field, sentence, _text(found[0].fix))


def _text(fix: Decimal | None) -> str | None:
    return None if fix is None else plain(fix)
