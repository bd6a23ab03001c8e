"""What is refused before a plan begins, so that none ends half-way for a foreseeable reason."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.commands import PlaceOrder
from engine.errors import BadInput, OrderNotAllowed
from engine.market.instruments import Instrument
from engine.plan_records import PlanTerms
from engine.plans.scaled import rungs, split_evenly
from engine.protection_commands import StartChase, StartScaled, StartTwap
from engine.trading_types import OrderType, TimeInForce
from engine.utils.decimals import floor_to_step, is_amount, is_multiple, plain

MOST_RUNGS = 100
MOST_SLICES = 900  # numbers of three digits
LONGEST_CHASE_S = 24 * 3600
LONGEST_TWAP_S = 7 * 24 * 3600


def read_terms(terms: PlanTerms) -> PlanTerms:
    """The same with every field of its own kind: a script may have written "BUY" for Side.BUY.

    Raises BadInput for what cannot be read.
    """
    try:
        return msgspec.convert(msgspec.to_builtins(terms), type(terms))
    except msgspec.ValidationError as error:
        raise BadInput("", f"The plan cannot be read: {error}.") from None


def orders_of(
    terms: PlanTerms, instrument: Instrument, best_price: Decimal | None
) -> list[PlaceOrder]:
    """The orders it would place, to be checked as a whole. Raises OrderNotAllowed for what
    is wrong with the plan itself. `best_price`: of its own side, None where it is not known.
    """
    _check_quantity(terms, instrument)
    if isinstance(terms, StartChase):
        return _chase_orders(terms, best_price)
    if isinstance(terms, StartScaled):
        return _scaled_orders(terms, instrument)
    return _twap_orders(terms, instrument)


def _check_quantity(terms: PlanTerms, instrument: Instrument) -> None:
    """Of the whole: each order's own size is checked with the order."""
    order_type = OrderType.MARKET if isinstance(terms, StartTwap) else OrderType.LIMIT
    step = instrument.quantity_rule(order_type).step
    if not is_amount(terms.quantity) or terms.quantity <= 0:
        raise OrderNotAllowed("quantity", "Quantity must be above zero.")
    if not is_multiple(terms.quantity, step):
        raise OrderNotAllowed(
            "quantity",
            f"Quantity must be a multiple of {plain(step)}.",
            plain(floor_to_step(terms.quantity, step)),
        )


def _chase_orders(terms: StartChase, best_price: Decimal | None) -> list[PlaceOrder]:
    _must_be_within("longest_s", terms.longest_s, 1, LONGEST_CHASE_S)
    price = terms.limit_price if terms.limit_price is not None else best_price
    if price is None:
        raise OrderNotAllowed("", f"There is no price of {terms.symbol} to follow.")
    return [_order(terms, terms.quantity, price, TimeInForce.GTX)]


def _scaled_orders(terms: StartScaled, instrument: Instrument) -> list[PlaceOrder]:
    _must_be_within("count", terms.count, 2, MOST_RUNGS)
    for field in ("first_price", "last_price"):
        price: Decimal = getattr(terms, field)
        if not is_amount(price) or price <= 0:
            raise OrderNotAllowed(field, f"{field} must be above zero.")
    ladder = rungs(terms, instrument)
    if len({rung.price for rung in ladder}) < terms.count:
        raise OrderNotAllowed(
            "count",
            f"From {plain(terms.first_price)} to {plain(terms.last_price)} there is no room for"
            f" {terms.count} different prices.",
        )
    return [_order(terms, rung.quantity, rung.price) for rung in ladder]


def _twap_orders(terms: StartTwap, instrument: Instrument) -> list[PlaceOrder]:
    _must_be_within("count", terms.count, 2, MOST_SLICES)
    _must_be_within("duration_s", terms.duration_s, terms.count, LONGEST_TWAP_S)
    parts = split_evenly(terms.quantity, terms.count, instrument.market_quantity.step)
    return [_order(terms, quantity, None) for quantity in parts]


def _order(
    terms: PlanTerms,
    quantity: Decimal,
    price: Decimal | None,
    time_in_force: TimeInForce = TimeInForce.GTC,
) -> PlaceOrder:
    return PlaceOrder(
        symbol=terms.symbol,
        side=terms.side,
        type=OrderType.MARKET if price is None else OrderType.LIMIT,
        quantity=quantity,
        price=price,
        time_in_force=time_in_force,
        reduce_only=terms.reduce_only,
        position_side=terms.position_side,
    )


def _must_be_within(field: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise OrderNotAllowed(field, f"{field} must be from {least} to {most}, not {value}.")
