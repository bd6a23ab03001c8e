"""What is wrong with triggers, stops and targets, before the venue says so. Pure.

A trigger on the wrong side of the price would fire at once; the venue refuses it
(-2021). Callback rates go from 0.1 to 20 % (algoOrder's callbackRate).
"""

from __future__ import annotations

from decimal import Decimal

from engine.market.instruments import Instrument, Problem
from engine.trading_types import OrderType, Side, WorkingType
from engine.utils.decimals import is_multiple, plain

STOPS = (OrderType.STOP, OrderType.STOP_MARKET)
TARGETS = (OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_MARKET)
CONDITIONAL = (*STOPS, *TARGETS, OrderType.TRAILING_STOP_MARKET)
WITH_PRICE = (OrderType.LIMIT, OrderType.STOP, OrderType.TAKE_PROFIT)
LEAST_CALLBACK_PCT = Decimal("0.1")
MOST_CALLBACK_PCT = Decimal(20)

TYPE_WORDS = {
    OrderType.STOP_MARKET: "Stop market",
    OrderType.STOP: "Stop limit",
    OrderType.TAKE_PROFIT_MARKET: "Take-profit market",
    OrderType.TAKE_PROFIT: "Take-profit limit",
    OrderType.TRAILING_STOP_MARKET: "Trailing stop",
}


def type_words(order_type: OrderType | str) -> str:
    """As a person says it: "Stop limit" for STOP."""
    if isinstance(order_type, OrderType) and order_type in TYPE_WORDS:
        return TYPE_WORDS[order_type]
    return order_type.replace("_", " ").capitalize()


def fires_above(order_type: OrderType | str, side: Side) -> bool:
    """Whether the order waits for a price above: a stop that buys, a target that sells."""
    return (side is Side.BUY) == (order_type in STOPS)


def prospect(order_type: OrderType, working_type: WorkingType) -> str:
    price = "mark price" if working_type is WorkingType.MARK_PRICE else "last price"
    then = "a limit order" if order_type in WITH_PRICE else "a market order"
    if order_type is OrderType.TRAILING_STOP_MARKET:
        return f"Follows the best {price}; {then} once it has come back by the callback rate."
    return f"Waits at the exchange; {then} once the {price} reaches the trigger."


def trigger_problem(
    instrument: Instrument,
    side: Side,
    order_type: OrderType,
    *,
    trigger: Decimal | None,
    callback_pct: Decimal | None,
    now: Decimal | None,
) -> Problem | None:
    """`now` is the price the order watches; None while it is not known."""
    if order_type is OrderType.TRAILING_STOP_MARKET:
        found = _callback_problem(callback_pct)
        if found is not None or trigger is None:
            return found
    if trigger is None:
        return None
    found = tick_problem(instrument, "trigger", "Trigger", trigger)
    if found is not None or now is None:
        return found
    is_above = fires_above(order_type, side)
    if (trigger > now) if is_above else (trigger < now):
        return None
    where = "above" if is_above else "below"
    what = type_words(order_type).lower()
    word = "buys" if side is Side.BUY else "sells"
    name = "activation price" if order_type is OrderType.TRAILING_STOP_MARKET else "trigger"
    sentence = f"A {what} that {word} needs a {name} {where} {instrument.price_text(now)}."
    return Problem("trigger", sentence)


def tick_problem(instrument: Instrument, field: str, name: str, price: Decimal) -> Problem | None:
    if price > 0 and is_multiple(price - instrument.min_price, instrument.tick_size):
        return None
    if price <= 0:
        return Problem(field, f"{name} must be above zero.")
    fix = instrument.round_price(price)
    tick = plain(instrument.tick_size)
    sentence = f"{name} must be a multiple of {tick} - use {instrument.price_text(fix)}?"
    return Problem(field, sentence, fix)


def exit_problem(
    instrument: Instrument,
    side: Side,
    *,
    entry: Decimal,
    stop: Decimal | None,
    target: Decimal | None,
) -> Problem | None:
    """`side` is the entry's: a buy's stop lies below it and its target above."""
    for field, name, price in (("stop", "Stop", stop), ("target", "Target", target)):
        if price is None:
            continue
        found = tick_problem(instrument, field, name, price)
        if found is not None:
            return found
        must_be_below = (side is Side.BUY) == (field == "stop")
        if entry and not (price < entry if must_be_below else price > entry):
            where = "below" if must_be_below else "above"
            who = "buy" if side is Side.BUY else "sell"
            sentence = f"A {who}'s {field} must be {where} {instrument.price_text(entry)}."
            return Problem(field, sentence)
    return None


def _callback_problem(callback_pct: Decimal | None) -> Problem | None:
    if callback_pct is None:
        return None
    if not LEAST_CALLBACK_PCT <= callback_pct <= MOST_CALLBACK_PCT:
        fix = min(max(callback_pct, LEAST_CALLBACK_PCT), MOST_CALLBACK_PCT)
        least, most = plain(LEAST_CALLBACK_PCT), plain(MOST_CALLBACK_PCT)
        return Problem("callback", f"Callback rate must be from {least} to {most} %.", fix)
    return None
