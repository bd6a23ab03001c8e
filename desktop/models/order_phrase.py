"""Reads what a person types into the command palette. Pure; sends nothing.

buy 0.1 btc 64000 post      limit order, post-only
sell 2 eth reduce           market order, reduce-only
close eth [50%]             the position, or a part of it
cancel btc | all | bids     open orders
lev btc 20                  leverage
chase, scale, twap, deadman what goes on by itself: see plan_phrase
btc                         show the symbol

Stops, brackets and ends are read by protection_phrases.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial

from desktop.formatting import parse_number
from desktop.models.command_words import order_words
from desktop.models.phrase_reading import DeskNow, Reading, find_symbol, not_found
from desktop.models.plan_phrase import EXAMPLES, read_plan
from desktop.models.protection_phrases import (
    SIDES,
    read_bracket,
    read_chase,
    read_flatten,
    read_reverse,
    read_stop,
    read_target,
)
from desktop.models.sizing import closing_size
from engine.commands import ClosePosition, PlaceOrder, SetLeverage
from engine.protection_commands import CancelOrders
from engine.trading_types import OrderType, PositionSide, Side, TimeInForce
from engine.views import PositionView

_TIMES = {
    "post": TimeInForce.GTX,
    "gtx": TimeInForce.GTX,
    "ioc": TimeInForce.IOC,
    "fok": TimeInForce.FOK,
    "gtc": TimeInForce.GTC,
}
_REDUCE = ("reduce", "ro")
_BOOK_SIDES = {"bids": Side.BUY, "asks": Side.SELL}
_MOST = 8


def read_phrase(text: str, desk: DeskNow) -> Reading:
    words = text.lower().split()
    if not words:
        return Reading(sentence="buy 0.1 btc 64000 post · stop btc 63000 · close eth 50%")
    reader = _READERS.get(words[0], _read_symbol)
    return reader(words if reader is _read_symbol else words[1:], desk)


def _read_plan(kind: str, words: list[str], desk: DeskNow) -> Reading:
    read = read_plan([kind, *words], desk.symbol, lambda word: find_symbol(word, desk))
    commands = () if read.command is None else (read.command,)
    return Reading(sentence=read.sentence, commands=commands)


def _read_order(side: Side, words: list[str], desk: DeskNow) -> Reading:
    numbers: list[Decimal] = []
    symbol, time_in_force, reduce_only = desk.symbol, TimeInForce.GTC, False
    for word in words:
        number = parse_number(word)
        if number is not None:
            numbers.append(number)
        elif word in _TIMES:
            time_in_force = _TIMES[word]
        elif word in _REDUCE:
            reduce_only = True
        elif word not in ("at", "@", "limit", "market"):
            symbol = find_symbol(word, desk)
            if not symbol:
                return not_found(word)
    if not numbers or len(numbers) > 2:
        return Reading(sentence=f"How much? For example: {side.lower()} 0.1 btc 64000")
    price = numbers[1] if len(numbers) == 2 else None
    return _checked_order(
        PlaceOrder(
            symbol=symbol,
            side=side,
            type=OrderType.MARKET if price is None else OrderType.LIMIT,
            quantity=numbers[0],
            price=price,
            time_in_force=TimeInForce.GTC if price is None else time_in_force,
            reduce_only=reduce_only,
        ),
        desk,
    )


def _checked_order(order: PlaceOrder, desk: DeskNow) -> Reading:
    rules = desk.instruments.get(order.symbol)
    if rules is None:
        return Reading(sentence="The exchange's contract rules are not known yet.")
    problems = rules.problems(
        side=order.side,
        order_type=order.type,
        quantity=order.quantity,
        price=order.price,
        mark_price=desk.mark_prices.get(order.symbol),
        reduce_only=order.reduce_only,
    )
    if problems:
        return Reading(sentence=problems[0].sentence)
    return Reading(sentence=order_words(order, rules), commands=(order,))


def _read_close(words: list[str], desk: DeskNow) -> Reading:
    symbol, share_pct = desk.symbol, 100
    for word in words:
        if word.endswith("%") and word[:-1].isdecimal() and 0 < int(word[:-1]) <= 100:
            share_pct = int(word[:-1])
        else:
            symbol = find_symbol(word, desk)
            if not symbol:
                return not_found(word)
    held = desk.held(symbol)
    if not held:
        return Reading(sentence=f"There is no position in {symbol}.")
    if share_pct == 100:
        closes = tuple(
            ClosePosition(symbol=symbol, position_side=position.position_side) for position in held
        )
        return Reading(sentence=f"Close {symbol} at market", commands=closes)
    return _close_part(held, share_pct, desk)


def _close_part(held: list[PositionView], share_pct: int, desk: DeskNow) -> Reading:
    position = held[0]
    if position.position_side is not PositionSide.BOTH:
        return Reading(sentence="In hedge mode only a whole position can be closed from here.")
    size = closing_size(
        share_pct,
        held=position.quantity,
        instrument=desk.instruments[position.symbol],
        order_type=OrderType.MARKET,
    )
    return _checked_order(
        PlaceOrder(
            symbol=position.symbol,
            side=Side.SELL if position.quantity > 0 else Side.BUY,
            type=OrderType.MARKET,
            quantity=size,
            reduce_only=True,
        ),
        desk,
    )


def _read_cancel(words: list[str], desk: DeskNow) -> Reading:
    """cancel | cancel btc | cancel all | cancel bids [btc] | cancel asks [btc]"""
    side = next((side for word, side in _BOOK_SIDES.items() if word in words), None)
    rest = [word for word in words if word not in _BOOK_SIDES]
    word = rest[0] if rest else ""
    symbol = find_symbol(word, desk) if word and word != "all" else desk.symbol
    if word and word != "all" and not symbol:
        return not_found(word)
    symbols = desk.order_symbols if word == "all" else (symbol,)
    symbols = tuple(name for name in symbols if name in desk.order_symbols)
    if not symbols:
        return Reading(sentence="There is no open order to cancel.")
    what = {None: "orders", Side.BUY: "bids", Side.SELL: "asks"}[side]
    return Reading(
        sentence=f"Cancel all {what} in {', '.join(symbols)}",
        commands=tuple(CancelOrders(symbol=name, side=side) for name in symbols),
    )


def _read_leverage(words: list[str], desk: DeskNow) -> Reading:
    symbol, leverage = desk.symbol, 0
    for word in words:
        digits = word.removesuffix("x")
        if digits.isdecimal():
            leverage = int(digits)
        else:
            symbol = find_symbol(word, desk)
    if not symbol or not 1 <= leverage <= 125:
        return Reading(sentence="For example: lev btc 20 (1 to 125)")
    return Reading(
        sentence=f"Leverage of {symbol} to {leverage}x",
        commands=(SetLeverage(symbol=symbol, leverage=leverage),),
    )


def _read_symbol(words: list[str], desk: DeskNow) -> Reading:
    symbol = find_symbol(words[0], desk)
    if not symbol or len(words) > 1:
        known = "buy, sell, stop, close, cancel, chase, twap"
        return Reading(sentence=f"Not understood. Try: {known} or a symbol.")
    return Reading(sentence=f"Show {symbol}", show_symbol=symbol)


_READERS: dict[str, Callable[[list[str], DeskNow], Reading]] = {
    **{word: partial(_read_order, side) for word, side in SIDES.items()},
    "bracket": read_bracket,
    "stop": read_stop,
    "sl": read_stop,
    "tp": read_target,
    "close": _read_close,
    "reverse": read_reverse,
    "flatten": read_flatten,
    "cancel": _read_cancel,
    **{kind: partial(_read_plan, kind) for kind in EXAMPLES if kind != "chase"},
    "chase": read_chase,
    "lev": _read_leverage,
}
VERBS = tuple(_READERS)
_AFTER = {
    "bracket": ("buy", "sell", "sl", "tp"),
    **dict.fromkeys(("chase", "scale", "twap"), ("buy", "sell")),
    "cancel": ("all", "bids", "asks"),
    "close": ("25%", "50%", "75%"),
    **dict.fromkeys(SIDES, ("post", "ioc", "fok", "reduce", "market")),
}


def completions(text: str, desk: DeskNow) -> tuple[str, ...]:
    """Whole phrases that the last word may become: verbs, symbols, options; at most eight."""
    *before, word = text.lower().split(" ")
    verb = before[0] if before else ""
    bases = [rules.base_asset.lower() for rules in desk.instruments.values()]
    known = [*_AFTER.get(verb, ()), *bases] if verb else [*VERBS, *bases]
    if not word and not verb:
        return ()
    fit = dict.fromkeys(each for each in known if each.startswith(word) and each != word)
    fresh = [each for each in fit if each not in before]
    return tuple(" ".join([*before, each]) + " " for each in fresh[:_MOST])
