"""Plans and the dead-man switch, as typed into the command palette. Pure; sends nothing.

chase buy 0.1 btc [64000]       follow the best bid, never beyond a price
scale buy 0.5 btc 64000 63000 5 five limit orders between two prices
twap sell 2 eth 10 20m          ten market orders within 20 minutes
deadman btc 60 | deadman off    the exchange cancels unless it hears from us
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec

from desktop.formatting import parse_number
from engine.commands import Command
from engine.protection_commands import SetDeadMan, StartChase, StartScaled, StartTwap
from engine.trading_types import Side

_SIDES = {"buy": Side.BUY, "long": Side.BUY, "sell": Side.SELL, "short": Side.SELL}
_SECONDS = {"s": 1, "m": 60, "h": 3600}
EXAMPLES = {
    "chase": "chase buy 0.1 btc, with a limit: chase buy 0.1 btc 64000",
    "scale": "scale buy 0.5 btc 64000 63000 5",
    "twap": "twap sell 2 eth 10 20m",
    "deadman": "deadman btc 60, or deadman off",
}


class PlanPhrase(msgspec.Struct, frozen=True):
    """Without a command the sentence says what is amiss."""

    sentence: str
    command: Command | None = None


def read_plan(words: list[str], shown: str, find: Callable[[str], str]) -> PlanPhrase:
    """`words` begin with the kind; `find` makes a symbol of a word, "" when there is none."""
    kind = words[0]
    parts = _Parts(shown)
    for word in words[1:]:
        if not parts.take(word, find):
            return PlanPhrase(f"{word!r} is not understood. For example: {EXAMPLES[kind]}")
    command = _dead_man(parts) if kind == "deadman" else _plan(kind, parts)
    if command is None:
        return PlanPhrase(f"For example: {EXAMPLES[kind]}")
    return PlanPhrase(plan_words(command), command)


class _Parts:
    """What was typed, by what it can be."""

    def __init__(self, shown: str) -> None:
        self.symbol = shown
        self.side: Side | None = None
        self.numbers: list[Decimal] = []
        self.seconds = 0
        self.reduce_only = False
        self.is_off = False

    def take(self, word: str, find: Callable[[str], str]) -> bool:
        number = parse_number(word)
        if number is not None:
            self.numbers.append(number)
        elif word[-1] in _SECONDS and word[:-1].isdecimal():
            self.seconds = int(word[:-1]) * _SECONDS[word[-1]]
        elif word in _SIDES:
            self.side = _SIDES[word]
        elif word in ("reduce", "ro"):
            self.reduce_only = True
        elif word == "off":
            self.is_off = True
        elif found := find(word):
            self.symbol = found
        else:
            return False
        return True


def _dead_man(parts: _Parts) -> Command | None:
    seconds = parts.seconds or (int(parts.numbers[0]) if parts.numbers else 0)
    if not seconds and not parts.is_off:
        return None
    return SetDeadMan(symbol=parts.symbol, countdown_s=0 if parts.is_off else seconds)


def _plan(kind: str, parts: _Parts) -> Command | None:
    if parts.side is None or not parts.numbers:
        return None
    size, *rest = parts.numbers
    if kind == "chase" and len(rest) < 2:
        return StartChase(
            symbol=parts.symbol,
            side=parts.side,
            quantity=size,
            limit_price=rest[0] if rest else None,
            longest_s=parts.seconds or 300,
            reduce_only=parts.reduce_only,
        )
    if kind == "scale" and len(rest) == 3:
        return StartScaled(
            symbol=parts.symbol,
            side=parts.side,
            quantity=size,
            first_price=rest[0],
            last_price=rest[1],
            count=int(rest[2]),
            reduce_only=parts.reduce_only,
        )
    if kind == "twap" and len(rest) == 1 and parts.seconds:
        return StartTwap(
            symbol=parts.symbol,
            side=parts.side,
            quantity=size,
            count=int(rest[0]),
            duration_s=parts.seconds,
            reduce_only=parts.reduce_only,
        )
    return None


def plan_words(command: Command) -> str:
    """What would go on by itself, in words."""
    match command:
        case StartChase():
            limit = f", never beyond {command.limit_price:f}" if command.limit_price else ""
            return (
                f"Chase: {command.side} {command.quantity:f} {command.symbol} post-only at the best"
                f" price{limit}, for {command.longest_s} s at most"
            )
        case StartScaled():
            return (
                f"Scaled: {command.side} {command.quantity:f} {command.symbol} by {command.count}"
                f" limit orders from {command.first_price:f} to {command.last_price:f}"
            )
        case StartTwap():
            return (
                f"TWAP: {command.side} {command.quantity:f} {command.symbol} by {command.count}"
                f" market orders in {command.duration_s} s"
            )
        case SetDeadMan(countdown_s=0):
            return f"Dead-man switch of {command.symbol} off"
        case SetDeadMan():
            return (
                f"Dead-man switch: the exchange cancels the orders of {command.symbol} unless it"
                f" hears from Perpdesk for {command.countdown_s} s"
            )
    return ""
