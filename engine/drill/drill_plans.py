"""The plans of a session: its steps, and the choice of them. Pure.

Prices lie a few ticks from the reference, so that trades reach a ladder and a
chase; a TWAP is as short as one may be.
"""

from __future__ import annotations

import random

import msgspec

from engine.drill.drill_lots import SYMBOLS
from engine.trading_types import PlanKind, Side

_KINDS = (PlanKind.CHASE, PlanKind.SCALED, PlanKind.TWAP)


class StartPlan(msgspec.Struct, frozen=True):
    """`count` orders of `lots_each` lots, a chase's one order of them all. `offset` ticks of
    a ladder's first price from the reference, `gap` ticks between its prices.
    """

    slot: int
    kind: PlanKind
    symbol: str
    side: Side
    lots_each: int
    count: int
    offset: int
    gap: int


class EndPlan(msgspec.Struct, frozen=True):
    """As a person stops it."""

    slot: int


PlanStep = StartPlan | EndPlan


class PlanPlanner:
    """Draws from the session's own chance."""

    def __init__(self, chance: random.Random) -> None:
        self._random = chance
        self._slots: list[StartPlan] = []

    def start(self) -> StartPlan:
        chance = self._random
        step = StartPlan(
            slot=len(self._slots),
            kind=chance.choice(_KINDS),
            symbol=chance.choice(SYMBOLS),
            side=chance.choice(tuple(Side)),
            lots_each=chance.randint(1, 3),
            count=chance.randint(2, 4),
            offset=chance.choice((0, 0, 1, 40)),
            gap=chance.choice((1, 2, 20)),
        )
        self._slots.append(step)
        return step

    def end(self) -> PlanStep:
        """A recent one; a first one when there is none."""
        if not self._slots:
            return self.start()
        return EndPlan(max(0, len(self._slots) - 1 - int(self._random.expovariate(1))))

    def against_newest(self) -> tuple[str, Side]:
        """Symbol and side of a trade that fills its orders, perhaps while they are placed."""
        newest = self._slots[-1] if self._slots else self.start()
        return newest.symbol, newest.side.opposite
