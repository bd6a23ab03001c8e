"""Reads what a person types into the command palette. Pure; sends nothing.

buy 0.1 btc 64000 post      limit order, post-only
sell 2 eth reduce           market order, reduce-only
close eth [50%]             the position, or a part of it
cancel btc | cancel all     open orders
lev btc 20                  leverage
chase, scale, twap, deadman what goes on by itself: see plan_phrase
btc                         show the symbol
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from desktop.formatting import parse_number
from desktop.models.command_words import order_words
from desktop.models.plan_phrase import EXAMPLES, read_plan
from desktop.models.sizing import closing_size
from engine.commands import ClosePosition, Command, PlaceOrder, SetLeverage
from engine.market.instruments import Instrument
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the phrase means. Without `is_ready` the sentence says what is amiss."""

    sentence: str
    commands: tuple[Command, ...] = ()
    show_symbol: str = ""

    @property
    def is_ready(self) -> bool:
        return bool(self.commands or self.show_symbol)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskNow:
    """What a phrase may lean on, as it stands now."""

    instruments: Mapping[str, Instrument]
    symbol: str  # meant where none is named
    order_symbols: tuple[str, ...]
    positions: tuple[PositionView, ...]
    mark_prices: Mapping[str, Decimal]


def read_phrase(text: str, desk: DeskNow) -> Reading:
    words = text.lower().split()
    if not words:
        return Reading(sentence="buy 0.1 btc 64000 post · close eth 50% · cancel btc · lev btc 20")
    readers: dict[str, Callable[[list[str], DeskNow], Reading]] = {
        "buy": lambda rest, at: _read_order(Side.BUY, rest, at),
        "long": lambda rest, at: _read_order(Side.BUY, rest, at),
        "sell": lambda rest, at: _read_order(Side.SELL, rest, at),
        "short": lambda rest, at: _read_order(Side.SELL, rest, at),
        "close": _read_close,
        "cancel": _read_cancel,
        "lev": _read_leverage,
    }
    if words[0] in EXAMPLES:
        return _read_plan(words, desk)
    reader = readers.get(words[0], _read_symbol)
    return reader(words if reader is _read_symbol else words[1:], desk)


def _read_plan(words: list[str], desk: DeskNow) -> Reading:
    read = read_plan(words, desk.symbol, lambda word: find_symbol(word, desk))
    commands = () if read.command is None else (read.command,)
    return Reading(sentence=read.sentence, commands=commands)


def find_symbol(word: str, desk: DeskNow) -> str:
    """BTC, btcusdt: the symbol, or "" when there is none of that name."""
    upper = word.upper()
    if upper in desk.instruments:
        return upper
    return next((name for name, rules in desk.instruments.items() if rules.base_asset == upper), "")


def _not_found(word: str) -> Reading:
    if any(digit.isdigit() for digit in word):
        return Reading(sentence=f"{word!r} is not a number that is meant here.")
    return Reading(sentence=f"There is no symbol {word.upper()}.")


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
                return _not_found(word)
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
                return _not_found(word)
    held = [position for position in desk.positions if position.symbol == symbol]
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
    word = words[0] if words else ""
    symbol = find_symbol(word, desk) if word and word != "all" else desk.symbol
    if word and word != "all" and not symbol:
        return _not_found(word)
    symbols = desk.order_symbols if word == "all" else (symbol,)
    symbols = tuple(name for name in symbols if name in desk.order_symbols)
    if not symbols:
        return Reading(sentence="There is no open order to cancel.")
    return Reading(
        sentence=f"Cancel all orders in {', '.join(symbols)}",
        commands=tuple(CancelOrders(symbol=name) for name in symbols),
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
        known = "buy, sell, close, cancel, lev, chase, scale, twap, deadman"
        return Reading(sentence=f"Not understood. Try: {known} or a symbol.")
    return Reading(sentence=f"Show {symbol}", show_symbol=symbol)
