"""A seeded market that looks alive: makers around a fair price, and takers.

The quotes follow the fair price tick by tick; each move trades a part of what
stands in its way, so that prices move by prints, and somebody else's order in
the way is traded through in the same manner. Ordinary takers come in clusters,
on the side to which the price is going, with heavy-tailed sizes. A trade that
eats through several prices moves the fair price a little, and for good.
"""

from __future__ import annotations

import math
import random
from decimal import Decimal

from engine.errors import BugError
from engine.paper.contract_specs import ContractSpec
from engine.paper.fair_price import FairPrice
from engine.paper.maker_ladder import MakerLadder
from engine.paper.market_makers import MarketMakers
from engine.paper.market_profile import MarketProfile, market_profile
from engine.paper.price_source import BookView, MakerPlace, MarketAction, TakerOrder
from engine.trading_types import Side

STEP_MS = 50
_QUIET_LEVELS = 20
_LONGEST_STEP_S = 1.0  # a machine that slept wakes to one step, not to a crash
_STICKS = 0.25  # ticks by which the fair price must leave the quotes to move them
_JITTER = 0.02  # of a usual second's move: nobody quotes as smoothly as the fair price moves
_WIDE_SHARE = 0.04  # of the moves leave two ticks between the quotes
_WIDE_S = 0.3
_LASTING_SHARE = 0.2  # of the way that a trade has eaten through the book
_CLUSTER_FADES_S = 1.5
_CLUSTER_KICK = 0.45  # takers that one taker brings along, on average
_HEAVY_TAIL = 1.3
_PRINTED_SHARE = 0.35  # of the prices that a move passes
_LARGEST_PRINT = 1000.0  # small prints
_DUST_SHARE = 0.25
_WHALE = 30.0  # small prints: such takers do not stop at the best price
_SWEEPING_SHARE = 0.2  # of the others do not either
_EATEN_AT_ONCE = 0.4  # of a usual touch: what people's orders in the way get per step


class SyntheticMarket:
    """One symbol's default market. Pure and deterministic; not thread-safe.

    Call `start` once and `step` about every STEP_MS with the server's time. The
    fair price's own path depends on the time since the start alone.
    """

    def __init__(self, spec: ContractSpec, seed: int | str) -> None:
        self._spec = spec
        self._profile: MarketProfile = market_profile(spec)
        self._rng = random.Random(f"{seed}:{spec.symbol}")  # noqa: S311 - no secret
        path_rng = random.Random(f"path:{seed}:{spec.symbol}")  # noqa: S311 - no secret
        start_ticks = spec.price_to_ticks(spec.base_price)
        self._fair = FairPrice(path_rng, start_ticks, self._profile.annual_volatility)
        self._makers = MarketMakers(spec, self._profile, self._rng)
        self._bid, self._spread = start_ticks, 1
        self._last_ms: int | None = None
        self._crowd = 0.0  # extra takers per second that earlier takers brought
        self._last_taker = Side.BUY

    def index_price(self) -> Decimal:
        """The fair price to a hundredth of a tick."""
        return self._spec.ticks_to_price(round(self._fair.ticks * 100)).scaleb(-2)

    def start(self, book_view: BookView, now_ms: int) -> list[MarketAction]:
        """A full book around the base price; people's orders may already rest in it."""
        self._last_ms = now_ms
        self._makers.begin(book_view)
        self._makers.open(self._bid, self._bid + 1)
        return self._makers.take()

    def step(self, book_view: BookView, now_ms: int) -> list[MarketAction]:
        """The market's next orders; nothing when no time has passed."""
        if self._last_ms is None:
            raise BugError("The synthetic market was stepped before it was started.")
        seconds = min((now_ms - self._last_ms) / 1000, _LONGEST_STEP_S)
        if seconds <= 0:
            return []
        self._last_ms = now_ms
        self._makers.begin(book_view)
        self._feel_trades()
        self._fair.advance(seconds)
        self._aim(seconds)
        allowance = int(self._profile.touch_steps * self._rng.uniform(0, 2 * _EATEN_AT_ONCE))
        self._makers.quote(self._bid, self._bid + self._spread, allowance, self._eats)
        self._makers.refill(seconds)
        return self._makers.take() + self._takers(seconds)

    def _feel_trades(self) -> None:
        """What has been eaten out of the book since the last step stays eaten in part."""
        bid, ask = self._makers.best_bid, self._makers.best_ask
        way = 0
        if ask is not None:
            way += max(0, ask - self._makers.asks.touch)
        if bid is not None:
            way += min(0, bid - self._makers.bids.touch)
        most = self._fair.usual_move_ticks
        self._fair.nudge(max(-most, min(_LASTING_SHARE * way, most)))

    def _aim(self, seconds: float) -> None:
        """Decide where both touches belong."""
        rng = self._rng
        fair = self._fair.ticks + rng.gauss(0, _JITTER * self._fair.usual_move_ticks)
        if self._bid - _STICKS <= fair <= self._bid + 1 + _STICKS:
            if self._spread > 1 and rng.random() < seconds / _WIDE_S:
                self._spread = 1
            return
        self._bid = math.floor(fair)
        self._spread = 2 if rng.random() < _WIDE_SHARE * self._fair.heat else 1

    def _eats(self, ladder: MakerLadder, price: int) -> int:
        """How much of a level a move trades; the rest of it cancels."""
        rng = self._rng
        if rng.random() > _PRINTED_SHARE:
            return 0
        part = ladder.qty(price) / (2 + self._fair.usual_move_ticks)
        return max(1, int(rng.random() * part + self._print_steps() * rng.random()))

    def _takers(self, seconds: float) -> list[MarketAction]:
        rate = self._profile.takers_per_s * math.sqrt(self._fair.heat)
        arrivals = self._count((rate * (1 - _CLUSTER_KICK) + self._crowd) * seconds)
        self._crowd *= math.exp(-seconds / _CLUSTER_FADES_S)
        self._crowd += arrivals * _CLUSTER_KICK / _CLUSTER_FADES_S
        return [self._taker() for _ in range(arrivals)]

    def _taker(self) -> TakerOrder:
        rng = self._rng
        if rng.random() < 0.6:
            bullish = rng.random() < 0.5 + 0.38 * math.tanh(self._fair.mood)
            self._last_taker = Side.BUY if bullish else Side.SELL
        side = self._last_taker
        slack, steps = 0, self._print_steps()
        if steps > _WHALE * self._profile.print_steps or rng.random() < _SWEEPING_SHARE:
            slack = max(2, int(rng.random() * self._fair.usual_move_ticks / 2))
        passive = self._makers.ladder(side.opposite)
        return TakerOrder(side, int(steps) or 1, passive.touch + passive.away * slack)

    def _print_steps(self) -> float:
        size = min(self._rng.paretovariate(_HEAVY_TAIL), _LARGEST_PRINT)
        if self._rng.random() < _DUST_SHARE:
            size = self._rng.random() ** 3
        return self._profile.print_steps * size

    def _count(self, mean: float) -> int:
        """A Poisson number; by hand, since random has none."""
        number, level, product = 0, math.exp(-min(mean, 30.0)), self._rng.random()
        while product > level:
            number += 1
            product *= self._rng.random()
        return number


def quiet_book(spec: ContractSpec) -> list[MakerPlace]:
    """A still, symmetric book around the base price, for tests that own the market.

    Best bid at the base price, best ask one tick above; twenty levels a side.
    """
    base = spec.price_to_ticks(spec.base_price)
    qty = 5 * market_profile(spec).touch_steps
    places: list[MakerPlace] = []
    for level in range(_QUIET_LEVELS):
        places.append(MakerPlace(2 * level + 1, Side.BUY, base - level, qty))
        places.append(MakerPlace(2 * level + 2, Side.SELL, base + 1 + level, qty))
    return places
