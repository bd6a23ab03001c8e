"""What happens in one session of the drill: a list of steps, made from the seed alone.

Pure. Prices are ticks from a reference that is read when the session starts,
quantities are lots: a seed names the same session on any book.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec

from engine.drill.drill_brackets import BracketPlanner, BracketStep
from engine.drill.drill_faults import PlannedFault, plan_fault
from engine.drill.drill_lots import SYMBOLS
from engine.drill.drill_plans import PlanPlanner, PlanStep
from engine.drill.drill_stops import StopPlanner, StopStep
from engine.trading_types import OrderType, Side, TimeInForce

KILL_EVERY = 10
RESTART_EVERY = 25
_LONGEST_LIFE_S = 0.45
_LINGER_S = 1.1  # a TWAP sends its second order after a second
_LINGERING = 0.15


class Place(msgspec.Struct, frozen=True):
    """`offset` ticks from the reference, away from the other side of the book."""

    slot: int
    symbol: str
    side: Side
    type: OrderType
    lots: int
    offset: int = 0
    time_in_force: TimeInForce = TimeInForce.GTC
    reduce_only: bool = False


class Amend(msgspec.Struct, frozen=True):
    slot: int
    offset: int | None
    lots: int | None


class Cancel(msgspec.Struct, frozen=True):
    slot: int


class CancelAll(msgspec.Struct, frozen=True):
    symbol: str


class Close(msgspec.Struct, frozen=True):
    """Reduce-only market order over the whole position, as the window sends it."""

    symbol: str


class Counter(msgspec.Struct, frozen=True):
    """The other account takes so many lots from the best orders, ours among them."""

    symbol: str
    side: Side
    lots: int


class Elsewhere(msgspec.Struct, frozen=True):
    """Our account trades by another program: a market order, or one that rests."""

    symbol: str
    side: Side
    lots: int
    rests: bool


class Refresh(msgspec.Struct, frozen=True):
    """Positions and balances are read while the stream tells of them, too."""


class KillAll(msgspec.Struct, frozen=True):
    """The kill switch, in the middle of whatever goes on; then the exchange must be flat."""


class RestartVenue(msgspec.Struct, frozen=True):
    """The exchange is killed and comes back with its state kept."""


class Fault(msgspec.Struct, frozen=True):
    planned: PlannedFault


class Together(msgspec.Struct, frozen=True):
    """At the same moment, each on a thread of its own."""

    steps: tuple[Step, ...]


Step = (
    Place
    | Amend
    | Cancel
    | CancelAll
    | Close
    | Counter
    | Elsewhere
    | Refresh
    | KillAll
    | RestartVenue
    | Fault
    | Together
    | StopStep
    | BracketStep
    | PlanStep
)


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """`killed_after_s`: the trading process is killed so long after its first step.
    `lingers_s`: plans go on for so long after the last one.
    """

    seed: int
    steps: tuple[Step, ...]
    lingers_s: float = 0.0
    killed_after_s: float | None = None

    @property
    def faults(self) -> list[PlannedFault]:
        return [step.planned for step in self.steps if isinstance(step, Fault)]

    @property
    def may_lose_events(self) -> bool:
        """Some fault hides events without a trace: only looking again can tell."""
        return any(fault.loses_events for fault in self.faults)


def plan_session(seed: int) -> Session:
    return _Planner(seed).plan()


class _Planner:
    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = random.Random(f"drill:{seed}")  # noqa: S311 - chance that can be repeated
        self._slots: list[Place] = []
        self._stops = StopPlanner(self._random)
        self._brackets = BracketPlanner(self._random)
        self._plans = PlanPlanner(self._random)
        self._is_killed = seed % KILL_EVERY == KILL_EVERY - 1

    def plan(self) -> Session:
        chance = self._random
        steps: list[Step] = [self._place()]
        wanted = chance.randint(10, 24)
        faults = chance.choice((0, 1, 2, 3, 4, 5))
        at = sorted(chance.sample(range(wanted), faults))
        for number in range(wanted):
            if number in at:
                steps.append(Fault(plan_fault(chance)))
            steps.append(self._step())
        if self._seed % RESTART_EVERY == RESTART_EVERY - 3:
            steps.insert(chance.randint(3, len(steps)), RestartVenue())
        steps += self._last_words()
        life_s = chance.uniform(0.0, _LONGEST_LIFE_S) if self._is_killed else None
        lingers_s = _LINGER_S if self._is_killed or chance.random() < _LINGERING else 0.0
        return Session(
            seed=self._seed, steps=tuple(steps), lingers_s=lingers_s, killed_after_s=life_s
        )

    def _last_words(self) -> list[Step]:
        """Fills of which nothing but the stream tells, and nothing later speaks of again."""
        steps: list[Step] = []
        for symbol in SYMBOLS:
            place = Place(
                slot=len(self._slots), symbol=symbol, side=Side.BUY, type=OrderType.LIMIT, lots=2
            )
            self._slots.append(place)
            steps += [place, Counter(symbol, Side.SELL, 1), Counter(symbol, Side.SELL, 1)]
        return steps

    def _step(self) -> Step:
        makers: dict[Callable[[], Step], int] = {
            self._place: 14,
            self._amend: 5,
            self._cancel: 6,
            self._counter: 8,
            self._race: 4,
            self._pair: 3,
            self._close: 2,
            self._cancel_all: 1,
            Refresh: 1,
            self._stops.place: 6,
            self._stops.move: 4,
            self._stops.cancel: 2,
            self._stops.cancel_all: 1,
            self._stop_race: 3,
            self._brackets.enter: 5,
            self._brackets.change: 2,
            self._brackets.protect: 1,
            self._bracket_race: 5,
            self._plans.start: 7,
            self._plans.end: 2,
            self._plan_race: 5,
            KillAll: 1,
        }
        if not self._is_killed:  # nobody watches what is done elsewhere before a first start
            makers[self._elsewhere] = 2
            makers[self._stops.elsewhere] = 1
        return self._random.choices(list(makers), list(makers.values()))[0]()

    def _place(self) -> Place:
        chance = self._random
        is_limit = chance.random() < 0.75
        order = Place(
            slot=len(self._slots),
            symbol=chance.choice(SYMBOLS),
            side=chance.choice(tuple(Side)),
            type=OrderType.LIMIT if is_limit else OrderType.MARKET,
            lots=chance.randint(1, 9),
            offset=chance.choice((0, 0, 0, 1, 2, 40, 200)),
            time_in_force=chance.choice((TimeInForce.GTC,) * 6 + (TimeInForce.GTX, TimeInForce.IOC))
            if is_limit
            else TimeInForce.GTC,
            reduce_only=chance.random() < 0.08,
        )
        self._slots.append(order)
        return order

    def _old_slot(self) -> int:
        """Mostly a recent order: what is old has mostly ended."""
        return max(0, len(self._slots) - 1 - int(self._random.expovariate(0.8)))

    def _amend(self) -> Amend:
        chance = self._random
        what = chance.choice(("price", "quantity", "both"))
        return Amend(
            slot=self._old_slot(),
            offset=chance.choice((0, 1, 3, 60)) if what != "quantity" else None,
            lots=chance.randint(2, 12) if what != "price" else None,
        )

    def _cancel(self) -> Cancel:
        return Cancel(self._old_slot())

    def _cancel_all(self) -> CancelAll:
        return CancelAll(self._random.choice(SYMBOLS))

    def _close(self) -> Close:
        return Close(self._random.choice(SYMBOLS))

    def _counter(self) -> Counter:
        """Against an order of ours that may rest."""
        order = self._slots[self._old_slot()]
        side = Side.SELL if order.side is Side.BUY else Side.BUY
        return Counter(order.symbol, side, self._random.randint(1, 6))

    def _elsewhere(self) -> Elsewhere:
        chance = self._random
        return Elsewhere(
            symbol=chance.choice(SYMBOLS),
            side=chance.choice(tuple(Side)),
            lots=chance.randint(1, 4),
            rests=chance.random() < 0.5,
        )

    def _race(self) -> Together:
        """A cancel or an amend against a fill."""
        slot = self._old_slot()
        order = self._slots[slot]
        ours = self._random.choice((Cancel(slot), Amend(slot=slot, offset=2, lots=None)))
        side = Side.SELL if order.side is Side.BUY else Side.BUY
        return Together((ours, Counter(order.symbol, side, self._random.randint(1, 9))))

    def _stop_race(self) -> Together:
        """A change of a conditional order against the trade that may trigger it."""
        change, symbol, side = self._stops.change_of_newest()
        return Together((change, Counter(symbol, side, self._random.randint(1, 4))))

    def _bracket_race(self) -> Step:
        """A trade that fills a bracket's entry in part or reaches its stop, perhaps while the
        bracket is being changed.
        """
        symbol, side = self._brackets.against_newest()
        counter = Counter(symbol, side, self._random.randint(1, 4))
        if self._random.random() < 0.6:
            return counter
        return Together((self._brackets.change(), counter))

    def _plan_race(self) -> Step:
        """A trade against a plan's orders, perhaps while it is being stopped."""
        symbol, side = self._plans.against_newest()
        counter = Counter(symbol, side, self._random.randint(1, 4))
        if self._random.random() < 0.6:
            return counter
        return Together((self._plans.end(), counter))

    def _pair(self) -> Together:
        return Together((self._place(), self._place()))
