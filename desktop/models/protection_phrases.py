"""The palette's phrases for stops, targets, brackets, ends and chases. Pure; sends nothing.

stop btc 63000 | tp btc 66000                 the position's stop or target
bracket buy 0.1 btc 64000 sl 63000 tp 66000   an entry with both; without a price at market
chase buy 0.1 btc [65000]                     post-only at the best price, never beyond
flatten btc | reverse btc
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from desktop.formatting import price_text
from desktop.models.command_words import command_words
from desktop.models.conditional_rules import exit_problem
from desktop.models.phrase_reading import DeskNow, Reading, symbol_and_numbers
from engine.market.instruments import Instrument
from engine.protection_commands import (
    Flatten,
    PlaceBracket,
    ProtectPosition,
    ReversePosition,
    StartChase,
)
from engine.trading_types import OrderType, Side
from engine.views import ZERO

SIDES = {"buy": Side.BUY, "long": Side.BUY, "sell": Side.SELL, "short": Side.SELL}


class Entry(NamedTuple):
    rules: Instrument
    side: Side
    quantity: Decimal
    price: Decimal | None


_NO_RULES = Reading(sentence="The exchange's contract rules are not known yet.")


def read_stop(words: list[str], desk: DeskNow) -> Reading:
    return _read_exit(words, desk, is_stop=True)


def read_target(words: list[str], desk: DeskNow) -> Reading:
    return _read_exit(words, desk, is_stop=False)


def read_bracket(words: list[str], desk: DeskNow) -> Reading:
    example = "bracket buy 0.1 btc 64000 sl 63000 tp 66000"
    rest, exits, wrong = _take_exits(words, desk)
    entry = wrong or _read_entry(rest, desk, example)
    if isinstance(entry, Reading):
        return entry
    if not exits:
        return Reading(sentence="Say where it ends: sl 63000, tp 66000 or both.")
    bracket = PlaceBracket(
        symbol=entry.rules.symbol,
        side=entry.side,
        quantity=entry.quantity,
        price=entry.price,
        stop_price=exits.get("sl"),
        target_price=exits.get("tp"),
    )
    problem = exit_problem(
        entry.rules,
        entry.side,
        entry=entry.price or desk.mark_prices.get(bracket.symbol, ZERO),
        stop=bracket.stop_price,
        target=bracket.target_price,
    )
    if problem is not None:
        return Reading(sentence=problem.sentence)
    return Reading(sentence=command_words(bracket, desk.instruments), commands=(bracket,))


def read_chase(words: list[str], desk: DeskNow) -> Reading:
    entry = _read_entry(words, desk, "chase buy 0.1 btc")
    if isinstance(entry, Reading):
        return entry
    chase = StartChase(
        symbol=entry.rules.symbol,
        side=entry.side,
        quantity=entry.quantity,
        limit_price=entry.price,
    )
    sentence = command_words(chase, desk.instruments)
    if entry.price is not None:
        sentence += f", never beyond {price_text(entry.price, entry.rules)}"
    return Reading(sentence=sentence, commands=(chase,))


def read_flatten(words: list[str], desk: DeskNow) -> Reading:
    symbol, numbers, wrong = symbol_and_numbers(words, desk)
    if wrong is not None or numbers:
        return wrong or Reading(sentence="For example: flatten btc")
    if not desk.held(symbol) and symbol not in desk.order_symbols:
        return Reading(sentence=f"There is no position and no order in {symbol}.")
    return Reading(
        sentence=f"Flatten {symbol}: cancel its orders and close it at market",
        commands=(Flatten(symbol=symbol),),
    )


def read_reverse(words: list[str], desk: DeskNow) -> Reading:
    symbol, numbers, wrong = symbol_and_numbers(words, desk)
    if wrong is not None or numbers:
        return wrong or Reading(sentence="For example: reverse btc")
    held = desk.held(symbol)
    if len(held) != 1:
        return Reading(sentence=_which_position(symbol, len(held)))
    reverse = ReversePosition(symbol=symbol, position_side=held[0].position_side)
    return Reading(sentence=command_words(reverse, desk.instruments), commands=(reverse,))


# --- inside -------------------------------------------------------------------------


def _read_exit(words: list[str], desk: DeskNow, *, is_stop: bool) -> Reading:
    verb, example = ("stop", "stop btc 63000") if is_stop else ("tp", "tp btc 66000")
    symbol, numbers, wrong = symbol_and_numbers(words, desk)
    if wrong is not None:
        return wrong
    if len(numbers) != 1:
        return Reading(sentence=f"At which price? For example: {example}")
    held = desk.held(symbol)
    if len(held) != 1:
        return Reading(sentence=_which_position(symbol, len(held)))
    rules = desk.instruments.get(symbol)
    if rules is None:
        return _NO_RULES
    price = numbers[0]
    stop, target = (price, None) if is_stop else (None, price)
    side = Side.BUY if held[0].quantity > 0 else Side.SELL
    now = desk.mark_prices.get(symbol, ZERO)
    problem = exit_problem(rules, side, entry=now, stop=stop, target=target)
    if problem is not None:
        return Reading(sentence=problem.sentence)
    protect = ProtectPosition(
        symbol=symbol,
        position_side=held[0].position_side,
        stop_price=stop,
        target_price=target,
    )
    what = "Stop" if verb == "stop" else "Target"
    whose = "long" if side is Side.BUY else "short"
    sentence = f"{what} of the {symbol} {whose} at {price_text(price, rules)}, for all of it"
    return Reading(sentence=sentence, commands=(protect,))


def _which_position(symbol: str, count: int) -> str:
    if count:
        return f"{symbol} has a long and a short: use the position's menu to say which."
    return f"There is no position in {symbol}."


def _take_exits(
    words: list[str], desk: DeskNow
) -> tuple[list[str], dict[str, Decimal], Reading | None]:
    """`sl 63000` and `tp 66000` out of the words, wherever they stand."""
    rest = list(words)
    exits: dict[str, Decimal] = {}
    for word in ("sl", "tp"):
        if word not in rest:
            continue
        at = rest.index(word)
        _, numbers, wrong = symbol_and_numbers(rest[at + 1 : at + 2], desk)
        if wrong is not None or not numbers:
            return rest, {}, Reading(sentence=f"A price must follow {word}: {word} 63000.")
        exits[word] = numbers[0]
        del rest[at : at + 2]
    return rest, exits, None


def _read_entry(words: list[str], desk: DeskNow, example: str) -> Entry | Reading:
    """`buy 0.1 btc [64000]`, held against the contract's rules."""
    if not words or words[0] not in SIDES:
        return Reading(sentence=f"For example: {example}")
    symbol, numbers, wrong = symbol_and_numbers(words[1:], desk)
    if wrong is not None:
        return wrong
    rules = desk.instruments.get(symbol)
    if rules is None:
        return _NO_RULES
    if not 1 <= len(numbers) <= 2:
        return Reading(sentence=f"How much? For example: {example}")
    price = numbers[1] if len(numbers) == 2 else None
    problems = rules.problems(
        side=SIDES[words[0]],
        order_type=OrderType.MARKET if price is None else OrderType.LIMIT,
        quantity=numbers[0],
        price=price,
        mark_price=desk.mark_prices.get(symbol),
        reduce_only=False,
    )
    if problems:
        return Reading(sentence=problems[0].sentence)
    return Entry(rules, SIDES[words[0]], numbers[0], price)
