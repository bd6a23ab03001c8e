"""The market's own orders of one side, as far as they are known to rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from engine.paper.price_source import MAKERS, BookView
from engine.trading_types import Side

_FARTHEST_TICKS = 100_000  # no ladder is as long


class MakerOrder(NamedTuple):
    key: int
    qty: int


class MakerLadder:
    """Price -> orders, oldest first. No own order is ever better than `touch`.

    `barrier` is the best price at which somebody else's order still stands in
    the way after this step: the other side must stay behind it.
    """

    def __init__(self, side: Side) -> None:
        self.side = side
        self.away = -1 if side is Side.BUY else 1  # the direction of worse prices
        self.touch = 0
        self.barrier: int | None = None
        self.orders: dict[int, list[MakerOrder]] = {}
        self._qty: dict[int, int] = {}
        self._taken: dict[int, int] = {}  # sent takers against, in this step
        self._swept: set[int] = set()

    def __len__(self) -> int:
        return len(self.orders)

    def qty(self, price: int) -> int:
        """Steps of own orders at a price; traded ones are out, at the latest, at `sync`."""
        return self._qty.get(price, 0) - self._taken.get(price, 0)

    def sync(self, view: BookView) -> int | None:
        """Forget what has traded since the last step. The best price of this side.

        Takers eat from the touch on, so the first whole level ends the search;
        only our own prints may have been elsewhere.
        """
        for price in self._taken:
            self._trim(price, view)
        for price in range(self.touch, self.touch + self.away * _FARTHEST_TICKS, self.away):
            if not self.orders or not self._trim(price, view):
                break
        self._taken.clear()
        self._swept.clear()
        self.barrier = None
        return view.best_bid() if self.side is Side.BUY else view.best_ask()

    def _trim(self, price: int, view: BookView) -> bool:
        """Forget what has traded at a price, the oldest first; False if all of it rests."""
        orders = self.orders.get(price)
        if orders is None:
            return True
        gone = self._qty[price] - view.owner_qty(self.side, price, MAKERS)
        if gone == 0:
            return False
        while orders and gone > 0:
            oldest = orders[0]
            if oldest.qty > gone:
                orders[0] = MakerOrder(oldest.key, oldest.qty - gone)
                break
            gone -= oldest.qty
            del orders[0]
        self._settle(price, orders)
        return True

    def add(self, key: int, price: int, qty: int) -> None:
        self.orders.setdefault(price, []).append(MakerOrder(key, qty))
        self._qty[price] = self._qty.get(price, 0) + qty

    def drop_newest(self, price: int) -> MakerOrder:
        orders = self.orders[price]
        order = orders.pop()
        self._settle(price, orders)
        return order

    def drop_all(self, price: int) -> list[MakerOrder]:
        self._qty.pop(price, None)
        self._taken.pop(price, None)
        return self.orders.pop(price, [])

    def _settle(self, price: int, orders: list[MakerOrder]) -> None:
        if orders:
            self._qty[price] = sum(order.qty for order in orders)
        else:
            del self.orders[price], self._qty[price]

    def note_taker(self, price: int, qty: int) -> None:
        """A taker has been sent to this price; what it takes is seen at the next `sync`."""
        self._taken[price] = self._taken.get(price, 0) + qty

    def others_qty(self, view: BookView, price: int) -> int:
        """Steps of people's orders at a price that this step has not yet traded through."""
        if price in self._swept:
            return 0
        return view.level_qty(self.side, price) - view.owner_qty(self.side, price, MAKERS)

    def note_swept(self, price: int) -> None:
        self._swept.add(price)

    def oldest_price(self) -> int:
        """Each price in turn, one a call; the ladder must not be empty."""
        price = next(iter(self.orders))
        self.orders[price] = self.orders.pop(price)
        return price

    def prices_between(self, best: int | None, end: int) -> Iterator[int]:
        """Prices better than `end`, best first, from the best that may hold an order."""
        start = self.touch
        if best is not None and self.away * (best - start) < 0:
            start = best
        return iter(range(start, end, self.away))
