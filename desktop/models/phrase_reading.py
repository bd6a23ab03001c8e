"""What a typed phrase turned out to mean, and what it may lean on."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from desktop.formatting import parse_number
from engine.commands import Command
from engine.market.instruments import Instrument
from engine.views import PositionView


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What the phrase means. Without `is_ready` the sentence says what is amiss."""

    sentence: str
    commands: tuple[Command, ...] = ()
    show_symbol: str = ""

    @property
    def is_ready(self) -> bool:
        return bool(self.commands or self.show_symbol)


class DeskNow(msgspec.Struct, frozen=True, kw_only=True):
    """What a phrase may lean on, as it stands now."""

    instruments: Mapping[str, Instrument]
    symbol: str  # meant where none is named
    order_symbols: tuple[str, ...]
    positions: tuple[PositionView, ...]
    mark_prices: Mapping[str, Decimal]

    def held(self, symbol: str) -> list[PositionView]:
        return [position for position in self.positions if position.symbol == symbol]


def find_symbol(word: str, desk: DeskNow) -> str:
    """BTC, btcusdt: the symbol, or "" when there is none of that name."""
    upper = word.upper()
    if upper in desk.instruments:
        return upper
    return next((name for name, rules in desk.instruments.items() if rules.base_asset == upper), "")


def not_found(word: str) -> Reading:
    if any(digit.isdigit() for digit in word):
        return Reading(sentence=f"{word!r} is not a number that is meant here.")
    return Reading(sentence=f"There is no symbol {word.upper()}.")


def symbol_and_numbers(
    words: list[str], desk: DeskNow
) -> tuple[str, list[Decimal], Reading | None]:
    """The symbol that is named or shown, and every number; the reading says what is neither."""
    symbol, numbers = desk.symbol, []
    for word in words:
        number = parse_number(word)
        if number is not None:
            numbers.append(number)
        elif word not in ("at", "@"):
            symbol = find_symbol(word, desk)
            if not symbol:
                return "", [], not_found(word)
    return symbol, numbers, None
