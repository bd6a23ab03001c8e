"""The conditional orders of a session: its steps, and the choice of them. Pure.

Triggers are ticks from the session's reference, so near that the trades of the
other account reach many of them.
"""

from __future__ import annotations

import random

import msgspec

from engine.drill.drill_lots import SYMBOLS
from engine.trading_types import OrderType, Side, WorkingType

_LIMITS = (OrderType.STOP, OrderType.TAKE_PROFIT)
_KINDS = (
    *(OrderType.STOP_MARKET,) * 5,
    *(OrderType.TAKE_PROFIT_MARKET,) * 3,
    *(OrderType.STOP,) * 2,
    OrderType.TAKE_PROFIT,
    OrderType.TRAILING_STOP_MARKET,
)
_WORKING = (*(WorkingType.CONTRACT_PRICE,) * 4, WorkingType.MARK_PRICE)


class PlaceStop(msgspec.Struct, frozen=True):
    """`offset` ticks from the reference, away from the price now.

    `closes`: over the whole position, whatever it is then.
    """

    slot: int
    symbol: str
    side: Side
    type: OrderType
    lots: int
    offset: int
    reduce_only: bool = False
    closes: bool = False
    working_type: WorkingType = WorkingType.CONTRACT_PRICE


class MoveStop(msgspec.Struct, frozen=True):
    slot: int
    offset: int


class CancelStop(msgspec.Struct, frozen=True):
    slot: int


class CancelStops(msgspec.Struct, frozen=True):
    symbol: str


class StopElsewhere(msgspec.Struct, frozen=True):
    """Our account has one placed by another program, far away."""

    symbol: str
    side: Side


StopStep = PlaceStop | MoveStop | CancelStop | CancelStops | StopElsewhere


class StopPlanner:
    """Draws from the session's own chance."""

    def __init__(self, chance: random.Random) -> None:
        self._random = chance
        self._slots: list[PlaceStop] = []

    def place(self) -> PlaceStop:
        chance = self._random
        kind = chance.choice(_KINDS)
        may_close = kind in (OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET)
        closes = may_close and chance.random() < 0.3
        stop = PlaceStop(
            slot=len(self._slots),
            symbol=chance.choice(SYMBOLS),
            side=chance.choice(tuple(Side)),
            type=kind,
            lots=chance.randint(1, 6),
            offset=chance.choice((0, 0, 1, 1, 2, 40, 200)),
            reduce_only=not closes and chance.random() < 0.4,
            closes=closes,
            working_type=chance.choice(
                (WorkingType.CONTRACT_PRICE,) * 4 + (WorkingType.MARK_PRICE,)
            ),
        )
        self._slots.append(stop)
        return stop

    def move(self) -> StopStep:
        """A first one when there is none to move."""
        if not self._slots:
            return self.place()
        return MoveStop(self._old().slot, self._random.choice((0, 1, 2, 60, 150)))

    def cancel(self) -> StopStep:
        if not self._slots:
            return self.place()
        return CancelStop(self._old().slot)

    def cancel_all(self) -> CancelStops:
        return CancelStops(self._random.choice(SYMBOLS))

    def elsewhere(self) -> StopElsewhere:
        return StopElsewhere(self._random.choice(SYMBOLS), self._random.choice(tuple(Side)))

    def change_of_newest(self) -> tuple[StopStep, str, Side]:
        """A cancel or a move, and the market order that may trigger it meanwhile."""
        stop = self._slots[-1] if self._slots else self.place()
        change: StopStep = CancelStop(stop.slot)
        if self._random.random() < 0.5:
            change = MoveStop(stop.slot, 1)
        is_above = triggers_above(stop.type, stop.side)
        return change, stop.symbol, Side.BUY if is_above else Side.SELL

    def _old(self) -> PlaceStop:
        """Mostly a recent one: what is old has mostly ended."""
        back = int(self._random.expovariate(0.8))
        return self._slots[max(0, len(self._slots) - 1 - back)]


def triggers_above(kind: OrderType, side: Side) -> bool:
    """Whether the price must rise to reach it."""
    is_stop = kind in (OrderType.STOP, OrderType.STOP_MARKET, OrderType.TRAILING_STOP_MARKET)
    return is_stop is (side is Side.BUY)


def has_limit(kind: OrderType) -> bool:
    return kind in _LIMITS
