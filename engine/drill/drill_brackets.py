"""The brackets of a session: its steps, and the choice of them. Pure.

Exits lie a few ticks from the reference, so that trades reach them, or far away.
"""

from __future__ import annotations

import random

import msgspec

from engine.drill.drill_lots import SYMBOLS
from engine.trading_types import Side

_NEAR_AND_FAR = (1, 2, 3, 3, 60, 200, 400)


class EnterBracket(msgspec.Struct, frozen=True):
    """`offset` ticks of the entry from the reference; None: at market. Exits in ticks
    from the reference; None: none.
    """

    slot: int
    symbol: str
    side: Side
    lots: int
    offset: int | None
    stop: int | None
    target: int | None


class CancelEntry(msgspec.Struct, frozen=True):
    slot: int


class MoveExits(msgspec.Struct, frozen=True):
    slot: int
    stop: int


class Protect(msgspec.Struct, frozen=True):
    """Whatever is open, if anything."""

    symbol: str
    stop: int


BracketStep = EnterBracket | CancelEntry | MoveExits | Protect


class BracketPlanner:
    """Draws from the session's own chance."""

    def __init__(self, chance: random.Random) -> None:
        self._random = chance
        self._slots: list[EnterBracket] = []

    def enter(self) -> EnterBracket:
        chance = self._random
        step = EnterBracket(
            slot=len(self._slots),
            symbol=chance.choice(SYMBOLS),
            side=chance.choice(tuple(Side)),
            lots=chance.randint(1, 6),
            offset=chance.choice((None, 0, 0, 0, 2)),
            stop=chance.choice((*_NEAR_AND_FAR, None)) if self._slots else 3,
            target=chance.choice((None, *_NEAR_AND_FAR)),
        )
        if step.stop is None and step.target is None:
            step = msgspec.structs.replace(step, stop=60)
        self._slots.append(step)
        return step

    def change(self) -> BracketStep:
        """Of a recent one; a first one when there is none."""
        chance = self._random
        if not self._slots:
            return self.enter()
        slot = self._slots[max(0, len(self._slots) - 1 - int(chance.expovariate(1)))].slot
        if chance.random() < 0.4:
            return CancelEntry(slot)
        return MoveExits(slot, chance.choice(_NEAR_AND_FAR))

    def protect(self) -> Protect:
        return Protect(self._random.choice(SYMBOLS), self._random.choice(_NEAR_AND_FAR))

    def against_newest(self) -> tuple[str, Side]:
        """Symbol and side of a trade that fills the newest entry, and then reaches its stop."""
        newest = self._slots[-1] if self._slots else self.enter()
        return newest.symbol, newest.side.opposite
