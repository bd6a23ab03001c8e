"""A seeded market that looks alive: makers around a fair price, and takers.

The makers keep a ladder on each side that follows the fair price with a little
lag; orders are born near the touch more often than far away and die at random,
and some stand as walls on round prices. When the fair price leaves the quotes,
most makers in its way cancel and a taker sweeps the rest, so that the price
moves by prints; somebody else's order standing in the way is traded through in
the same manner. Ordinary takers come in clusters, with heavy-tailed sizes.

The market is not told of its fills: own orders priced better than the best
price of their side must be gone, and that is all it needs to know. It never
crosses the book, because it places only against the best prices it was shown,
and everything else it does takes orders away.
"""

from __future__ import annotations

import math
import random
from decimal import Decimal

from engine.errors import BugError
from engine.paper.contract_specs import ContractSpec
from engine.paper.fair_price import FairPrice
from engine.paper.market_profile import MarketProfile, market_profile
from engine.paper.price_source import (
    BookView,
    MakerCancel,
    MakerPlace,
    MarketAction,
    TakerOrder,
)
from engine.trading_types import Side

STEP_MS = 50
LADDER_LEVELS = 100
_QUIET_LEVELS = 20
_LONGEST_STEP_S = 1.0  # a machine that slept wakes to one step, not to a crash
_NEAR_SHARE = 0.45
_WALL_SHARE = 0.04
_LIFE_S = 40.0  # a far order's mean life
_NEAR_CHANGES_PER_S = 4.0  # each side
_CLUSTER_FADES_S = 1.5
_CLUSTER_KICK = 0.45  # takers that one taker brings along, on average
_SAME_SIDE = 0.68


class _Ladder:
    """The market's own orders of one side: price -> (key, steps), one order a price."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.away = -1 if side is Side.BUY else 1  # the direction of worse prices
        self.orders: dict[int, tuple[int, int]] = {}
        self.touch = 0

    def forget_traded(self, best: int | None) -> None:
        away = self.away
        if best is None:
            self.orders.clear()
            return
        for price in [p for p in self.orders if away * (p - best) < 0]:
            del self.orders[price]

    def in_the_way(self) -> list[int]:
        """Prices better than the wanted touch, the best (first to trade) first."""
        away, touch = self.away, self.touch
        return sorted((p for p in self.orders if away * (p - touch) < 0), key=lambda p: away * p)


class SyntheticMarket:
    """One symbol's default market. Pure and deterministic; not thread-safe.

    Call `start` once and `step` about every STEP_MS with the server's time.
    """

    def __init__(self, spec: ContractSpec, seed: int) -> None:
        self._spec = spec
        self._profile: MarketProfile = market_profile(spec)
        self._rng = random.Random(f"{seed}:{spec.symbol}")  # noqa: S311 - no secret
        start_ticks = spec.price_to_ticks(spec.base_price)
        self._fair = FairPrice(self._rng, start_ticks, self._profile.annual_volatility)
        self._quoted = self._fair.ticks  # the fair price of the last quotes
        self._bids, self._asks = _Ladder(Side.BUY), _Ladder(Side.SELL)
        self._last_key = 0
        self._last_ms: int | None = None
        self._crowd = 0.0  # extra takers per second that earlier takers brought
        self._last_taker = Side.BUY

    def index_price(self) -> Decimal:
        """The fair price to a hundredth of a tick."""
        return self._spec.ticks_to_price(round(self._fair.ticks * 100)).scaleb(-2)

    def start(self, book_view: BookView, now_ms: int) -> list[MarketAction]:
        """A full book around the base price; people's orders may already rest in it."""
        self._last_ms = now_ms
        self._aim()
        actions: list[MarketAction] = []
        for _ in range(4 * LADDER_LEVELS):
            for ladder in (self._bids, self._asks):
                if len(ladder.orders) < LADDER_LEVELS:
                    self._give_birth(ladder, book_view, actions)
        self._hold_touch(book_view, actions)
        return actions

    def step(self, book_view: BookView, now_ms: int) -> list[MarketAction]:
        """The market's next orders; nothing when no time has passed."""
        if self._last_ms is None:
            raise BugError("The synthetic market was stepped before it was started.")
        seconds = min((now_ms - self._last_ms) / 1000, _LONGEST_STEP_S)
        if seconds <= 0:
            return []
        self._last_ms = now_ms
        self._fair.advance(seconds)
        self._bids.forget_traded(book_view.best_bid())
        self._asks.forget_traded(book_view.best_ask())
        usual = self._fair.usual_move_ticks
        if abs(self._fair.ticks - self._quoted) > max(0.6, usual * math.sqrt(self._fair.heat)):
            self._aim()
        actions: list[MarketAction] = []
        self._clear_the_way(book_view, actions)
        self._live_and_die(seconds, book_view, actions)
        self._hold_touch(book_view, actions)
        self._send_takers(seconds, book_view, actions)
        return actions

    def _aim(self) -> None:
        """Decide where both touches belong."""
        self._quoted = self._fair.ticks
        wide = self._rng.random() < 0.04 * self._fair.heat
        self._bids.touch = math.floor(self._quoted)
        self._asks.touch = self._bids.touch + (2 if wide else 1)

    def _clear_the_way(self, book_view: BookView, actions: list[MarketAction]) -> None:
        """Cancel own orders the fair price has passed; a taker trades what is left there."""
        bid, ask = book_view.best_bid(), book_view.best_ask()
        if bid is not None and bid >= self._asks.touch:
            self._sweep(self._bids, self._asks.touch, actions)
        if ask is not None and ask <= self._bids.touch:
            self._sweep(self._asks, self._bids.touch, actions)
        for ladder in (self._bids, self._asks):
            for price in ladder.in_the_way():
                self._cancel(ladder, price, actions)

    def _sweep(self, ladder: _Ladder, limit: int, actions: list[MarketAction]) -> None:
        left_standing = ladder.in_the_way()[: self._rng.randint(1, 3)]
        qty = self._steps(self._profile.touch_steps * self._rng.uniform(0.2, 1.5))
        for price in left_standing:
            qty += ladder.orders[price][1]
        for price in ladder.in_the_way()[len(left_standing) :]:
            self._cancel(ladder, price, actions)
        actions.append(TakerOrder(ladder.side.opposite, qty, limit))

    def _live_and_die(
        self, seconds: float, book_view: BookView, actions: list[MarketAction]
    ) -> None:
        for ladder in (self._bids, self._asks):
            missing = LADDER_LEVELS - len(ladder.orders)
            for _ in range(self._count(missing * 3.0 * seconds)):
                self._give_birth(ladder, book_view, actions)
            for _ in range(self._count(len(ladder.orders) * seconds / _LIFE_S)):
                self._cancel(ladder, self._rng.choice(list(ladder.orders)), actions)
            for _ in range(self._count(_NEAR_CHANGES_PER_S * seconds)):
                self._change_near(ladder, book_view, actions)
            reach = 1.5 * self._profile.reach_ticks
            for price in [p for p in ladder.orders if abs(p - ladder.touch) > reach][:2]:
                self._cancel(ladder, price, actions)

    def _change_near(
        self, ladder: _Ladder, book_view: BookView, actions: list[MarketAction]
    ) -> None:
        """A maker near the touch changes its mind about its size."""
        prices = sorted(ladder.orders, key=lambda price: ladder.away * price)
        rank = int(self._rng.expovariate(1 / 3))
        if rank < len(prices):
            self._cancel(ladder, prices[rank], actions)
            self._place(ladder, prices[rank], 1.0, book_view, actions)

    def _give_birth(
        self, ladder: _Ladder, book_view: BookView, actions: list[MarketAction]
    ) -> None:
        rng, reach = self._rng, self._profile.reach_ticks
        if rng.random() < _NEAR_SHARE:
            width = rng.choice((3.0, max(4.0, self._fair.usual_move_ticks / 3)))
            distance = int(rng.expovariate(1 / width))
        else:
            distance = int(reach * rng.random() ** 2)
        price, wall = ladder.touch + ladder.away * distance, 1.0
        if distance > 8 and rng.random() < _WALL_SHARE:
            price -= price % self._profile.round_ticks
            wall = rng.uniform(5, 12)
        while price in ladder.orders:
            price += ladder.away
        self._place(ladder, price, wall, book_view, actions)

    def _hold_touch(self, book_view: BookView, actions: list[MarketAction]) -> None:
        """Somebody always quotes at the touch, or as near as the book lets them."""
        bid, ask = book_view.best_bid(), book_view.best_ask()
        wanted_bid, wanted_ask = self._bids.touch, self._asks.touch
        if ask is not None:
            wanted_bid = min(wanted_bid, ask - 1)
        if bid is not None:
            wanted_ask = max(wanted_ask, bid + 1)
        for ladder, price in ((self._bids, wanted_bid), (self._asks, wanted_ask)):
            if price not in ladder.orders:
                self._place(ladder, price, 1.0, book_view, actions)

    def _send_takers(
        self, seconds: float, book_view: BookView, actions: list[MarketAction]
    ) -> None:
        rate = self._profile.takers_per_s * math.sqrt(self._fair.heat)
        arrivals = self._count((rate * (1 - _CLUSTER_KICK) + self._crowd) * seconds)
        self._crowd *= math.exp(-seconds / _CLUSTER_FADES_S)
        for _ in range(arrivals):
            self._crowd += _CLUSTER_KICK / _CLUSTER_FADES_S
            self._send_taker(book_view, actions)

    def _send_taker(self, book_view: BookView, actions: list[MarketAction]) -> None:
        rng = self._rng
        if rng.random() > _SAME_SIDE:
            bullish = rng.random() < 0.5 + self._fair.trend
            self._last_taker = Side.BUY if bullish else Side.SELL
        side = self._last_taker
        best = book_view.best_ask() if side is Side.BUY else book_view.best_bid()
        if best is None:
            return
        # Pareto with a mean of about five times its smallest, cut where books would break
        size = 0.004 * min(rng.paretovariate(1.25), 1500.0)
        slack = max(3, self._profile.reach_ticks // 20)
        limit = best + (slack if side is Side.BUY else -slack)
        actions.append(TakerOrder(side, self._steps(self._profile.touch_steps * size), limit))

    def _place(
        self,
        ladder: _Ladder,
        price: int,
        wall: float,
        book_view: BookView,
        actions: list[MarketAction],
    ) -> None:
        """Rest one order unless it could cross what the book showed at the step's start."""
        opposite = book_view.best_ask() if ladder.side is Side.BUY else book_view.best_bid()
        if opposite is not None and ladder.away * (price - opposite) <= 0:
            return
        if ladder.away * (price - ladder.touch) < 0 or price <= 0:
            return  # better than the touch we want
        far = min(1.0, abs(price - ladder.touch) / self._profile.reach_ticks)
        size = wall * (1 + 3 * math.sqrt(far)) * self._rng.lognormvariate(-0.4, 0.9)
        qty = self._steps(self._profile.touch_steps * size)
        self._last_key += 1
        ladder.orders[price] = (self._last_key, qty)
        actions.append(MakerPlace(self._last_key, ladder.side, price, qty))

    def _cancel(self, ladder: _Ladder, price: int, actions: list[MarketAction]) -> None:
        actions.append(MakerCancel(ladder.orders.pop(price)[0]))

    def _steps(self, size: float) -> int:
        largest = self._spec.qty_to_steps(self._spec.market_max_qty)
        return max(1, min(int(size), largest))

    def _count(self, mean: float) -> int:
        """A Poisson number; by hand, since random has none."""
        if mean <= 0:
            return 0
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
