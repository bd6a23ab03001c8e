"""The makers of one market: a full book around two quoted prices, and its prints.

A price source says where the touch belongs; the makers move their ladders
there, take away what is in the way, trade through people's orders that are, and
fill the book up again within a fraction of a second. They place only where
nothing can be crossed, so every print comes from a taker.

The market is not told of its fills; the ladders look for them at `begin`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from itertools import count

from engine.paper.book_shape import BookShape
from engine.paper.contract_specs import ContractSpec
from engine.paper.maker_ladder import MakerLadder
from engine.paper.market_profile import MarketProfile
from engine.paper.price_source import (
    BookView,
    MakerCancel,
    MakerPlace,
    MarketAction,
    TakerOrder,
)
from engine.trading_types import Side

_FILLS_PER_S = 12.0  # how fast a price near the touch gets its order
_TRIMS_PER_S = 1.5  # how fast one with too much loses it
_GROWS_PER_S = 5.0  # how fast the queue at the touch grows
_FAR_LOOKS_PER_STEP = 4
_THIN_LEVELS, _FAR_LOOKS_WHEN_THIN = 120, 40
_OLD_LOOKS_PER_STEP = 3
_FIRST_LOOKS = 3000
_NEAR_TICKS = 40
_PRINTED_PRICES = 6  # in one move; the rest of the way is cancelled

# steps of a taker against an own level in the way: (side, price) -> steps, 0 for none
Eats = Callable[[MakerLadder, int], int]


class MarketMakers:
    """Both ladders. Call `begin` at the start of every step, then any of the others.

    Actions collect in `actions`, which `take` hands over. Pure; not thread-safe.
    """

    def __init__(self, spec: ContractSpec, profile: MarketProfile, rng: random.Random) -> None:
        self._spec = spec
        self._profile = profile
        self._rng = rng
        self._shape = BookShape(rng, profile)
        self._keys = count(1)
        self._view: BookView | None = None
        self._near = min(_NEAR_TICKS, profile.dense_ticks)
        self.bids, self.asks = MakerLadder(Side.BUY), MakerLadder(Side.SELL)
        self.best_bid: int | None = None
        self.best_ask: int | None = None
        self._actions: list[MarketAction] = []

    def begin(self, view: BookView) -> None:
        self._view = view
        self.best_bid = self.bids.sync(view)
        self.best_ask = self.asks.sync(view)

    def open(self, bid: int, ask: int) -> None:
        """The whole book at once, behind what people may already have resting."""
        self.bids.touch = bid if self.best_ask is None else min(bid, self.best_ask - 1)
        self.asks.touch = ask if self.best_bid is None else max(ask, self.best_bid + 1)
        for ladder in (self.bids, self.asks):
            for distance in range(self._near):
                price = ladder.touch + ladder.away * distance
                wanted = self._shape.wanted(ladder.side, price, distance)
                if wanted:
                    self.place(ladder, price, wanted)
            for _ in range(_FIRST_LOOKS):
                self._look_far(ladder, self._near)

    def take(self) -> list[MarketAction]:
        actions, self._actions = self._actions, []
        return actions

    def ladder(self, side: Side) -> MakerLadder:
        return self.bids if side is Side.BUY else self.asks

    def quote(
        self, bid: int, ask: int, allowance: int | None = None, eats: Eats | None = None
    ) -> None:
        """Move the touch. People's orders in the way trade, up to `allowance` steps a call.

        With None they trade whole. `eats` says how much of the makers' own
        orders in the way is traded instead of cancelled.
        """
        left = self._clear(self.asks, self.best_ask, ask, bid, allowance, eats)
        self._clear(self.bids, self.best_bid, bid, ask, left, eats)
        if self.asks.barrier is None and self.bids.barrier is None:
            # what may still rest better than the touch is inside the spread
            self.best_bid, self.best_ask = ask - 1, bid + 1
        if self.asks.barrier is not None:
            bid = min(bid, self.asks.barrier - 1)
        if self.bids.barrier is not None:
            ask = max(ask, self.bids.barrier + 1)
        self._move(self.bids, bid)
        self._move(self.asks, ask)

    def requote(self) -> None:
        """Hold the touch where it is, through people's orders that have come in the way."""
        self.quote(self.bids.touch, self.asks.touch)

    def _clear(
        self,
        ladder: MakerLadder,
        best: int | None,
        touch: int,
        opposite: int,
        allowance: int | None,
        eats: Eats | None,
    ) -> int | None:
        """Empty the prices better than the new touch; what is left of the allowance.

        People's orders trade when the `opposite` touch reaches them; those
        inside the spread may stay.
        """
        assert self._view is not None
        printed = 0
        for price in ladder.prices_between(best, touch):
            people = ladder.others_qty(self._view, price)
            if eats is not None and not people and printed < _PRINTED_PRICES:
                printed += self._print(ladder, price, eats)
            self.cancel_level(ladder, price)
            if people and ladder.barrier is None and ladder.away * (price - opposite) <= 0:
                qty = people if allowance is None else min(people, allowance)
                allowance = None if allowance is None else allowance - qty
                self._trade_through(ladder, price, qty, people)
        return allowance

    def _print(self, ladder: MakerLadder, price: int, eats: Eats) -> bool:
        """Trade a part of an own level in the way."""
        if price not in ladder.orders or ladder.barrier is not None:
            return False
        qty = min(eats(ladder, price), ladder.qty(price))
        if qty > 0:
            self._actions.append(TakerOrder(ladder.side.opposite, qty, price))
        return qty > 0

    def _trade_through(self, ladder: MakerLadder, price: int, qty: int, people: int) -> None:
        """Trade people's orders in the way; where they are too large, the way ends."""
        if qty:
            self._actions.append(TakerOrder(ladder.side.opposite, qty, price))
        if qty == people:
            ladder.note_swept(price)
        else:
            ladder.barrier = price

    def _move(self, ladder: MakerLadder, touch: int) -> None:
        """Quote at the new touch at once, with little; more joins later."""
        ladder.touch = max(1, touch)
        if ladder.qty(ladder.touch) <= 0:
            share = self._rng.uniform(0.2, 0.8)
            wanted = self._shape.wanted(ladder.side, ladder.touch, 0)
            self.place(ladder, ladder.touch, max(1, int(share * wanted)))

    def place(self, ladder: MakerLadder, price: int, qty: int) -> None:
        """Rest an order; not better than the touch, which `quote` has kept free."""
        qty = min(qty, self._spec.qty_to_steps(self._spec.max_qty))
        key = next(self._keys)
        ladder.add(key, price, qty)
        self._actions.append(MakerPlace(key, ladder.side, price, qty))

    def cancel_level(self, ladder: MakerLadder, price: int) -> None:
        for order in ladder.drop_all(price):
            self._actions.append(MakerCancel(order.key))

    def trade(self, side: Side, price: int, qty: int) -> None:
        """One print of another market: quotes go to its price, then its taker trades."""
        if side is Side.BUY:
            self.quote(price - 1, price)
        else:
            self.quote(price, price + 1)
        ladder = self.ladder(side.opposite)
        missing = qty - ladder.qty(price)
        if missing > 0:
            self.place(ladder, price, missing)
        ladder.note_taker(price, qty)
        self._actions.append(TakerOrder(side, qty, price))

    def refill(self, seconds: float) -> None:
        """Let the book come nearer to what it should be."""
        chances = [
            1 - math.exp(-rate * seconds) for rate in (_GROWS_PER_S, _FILLS_PER_S, _TRIMS_PER_S)
        ]
        for ladder in (self.bids, self.asks):
            if self._rng.random() < self._profile.changes_per_s * seconds:
                distance = int(self._rng.expovariate(1 / 5))
                self._shape.change_mind(ladder.side, ladder.touch + ladder.away * distance)
            self._tend(ladder, *chances)
            self.refill_far(ladder, self._near)

    def refill_far(self, ladder: MakerLadder, nearest: int) -> None:
        """The same for the prices at least `nearest` ticks behind the touch."""
        nearest = min(max(nearest, self._near), self._profile.reach_ticks)
        thin = len(ladder) < _THIN_LEVELS
        for _ in range(_FAR_LOOKS_WHEN_THIN if thin else _FAR_LOOKS_PER_STEP):
            self._look_far(ladder, nearest)
        for _ in range(min(_OLD_LOOKS_PER_STEP, len(ladder))):
            self._look_old(ladder, ladder.oldest_price(), nearest)

    def hold(self, ladder: MakerLadder, levels: dict[int, int]) -> None:
        """Exactly these own quantities, and nothing between them."""
        last = max(levels, key=lambda price: ladder.away * price)
        for price in range(ladder.touch, last + ladder.away, ladder.away):
            wanted = levels.get(price, 0)
            while wanted < ladder.qty(price):
                self._actions.append(MakerCancel(ladder.drop_newest(price).key))
            if wanted > ladder.qty(price):
                self.place(ladder, price, wanted - ladder.qty(price))

    def _tend(self, ladder: MakerLadder, grows: float, fills: float, trims: float) -> None:
        """Look at every price near the touch."""
        rng, touch, away, side = self._rng, ladder.touch, ladder.away, ladder.side
        chance = grows
        for distance in range(self._near):
            price = touch + away * distance
            wanted = self._shape.wanted(side, price, distance)
            rests = ladder.qty(price)
            if rests < 0.6 * wanted:
                if rng.random() < chance:
                    share = rng.uniform(0.2, 0.6) if distance == 0 else rng.uniform(0.7, 1)
                    self.place(ladder, price, max(1, int(share * (wanted - rests))))
            elif rests > 2 * wanted and rng.random() < trims:
                self._trim(ladder, price, wanted)
            chance = fills

    def _trim(self, ladder: MakerLadder, price: int, wanted: int) -> None:
        self._actions.append(MakerCancel(ladder.drop_newest(price).key))
        if wanted > ladder.qty(price):
            self.place(ladder, price, wanted - ladder.qty(price))

    def _look_far(self, ladder: MakerLadder, nearest: int) -> None:
        """An order appears farther away, where one is wanted and none rests."""
        reach = self._profile.reach_ticks
        distance = int(nearest * math.exp(self._rng.random() * math.log(reach / nearest)))
        price = ladder.touch + ladder.away * distance
        if price not in ladder.orders:
            wanted = self._shape.wanted(ladder.side, price, distance)
            if wanted:
                self.place(ladder, price, wanted)

    def _look_old(self, ladder: MakerLadder, price: int, nearest: int) -> None:
        """An order far away that nobody wants any more goes."""
        distance = abs(price - ladder.touch)
        if distance >= nearest and not self._shape.wanted(ladder.side, price, distance):
            self.cancel_level(ladder, price)
