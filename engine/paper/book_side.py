"""One side of the paper exchange's book: price levels, each an ordered queue.

Prices are ticks and quantities are steps, both plain integers. The best price
comes from a heap whose emptied levels are dropped only when they reach the top,
so adding, cancelling and matching cost the same with ten orders resting as with
a hundred thousand.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from enum import StrEnum, unique
from heapq import heapify, heappop, heappush

import msgspec

from engine.trading_types import Side, TimeInForce


@unique
class StpMode(StrEnum):
    """Self-trade prevention; the taker's mode decides."""

    NONE = "NONE"
    EXPIRE_TAKER = "EXPIRE_TAKER"
    EXPIRE_MAKER = "EXPIRE_MAKER"
    EXPIRE_BOTH = "EXPIRE_BOTH"


class RestingOrder(msgspec.Struct, eq=False, kw_only=True):
    """An order the book knows; changed by the book alone.

    `price` is in ticks and 0 for a market order, `remaining` and `original` are
    in steps. `tag` is the caller's own and never looked at.
    """

    order_id: int
    owner: str
    side: Side
    price: int
    remaining: int
    original: int
    time_ms: int
    tif: TimeInForce = TimeInForce.GTC
    stp: StpMode = StpMode.NONE
    reduce_only: bool = False
    tag: object = None

    @property
    def executed(self) -> int:
        return self.original - self.remaining


class PriceLevel:
    """All orders at one price, oldest first.

    An OrderedDict because a plain dict walks over its deleted entries again
    each time the first one is asked for: a long queue would cost its square.
    """

    __slots__ = ("orders", "price", "qty")

    def __init__(self, price: int) -> None:
        self.price = price
        self.qty = 0
        self.orders: OrderedDict[int, RestingOrder] = OrderedDict()


class BookSide:
    """Levels keyed by `sign * price`, so that the smallest key is the best price."""

    __slots__ = ("_heap", "_listed", "levels", "sign", "touched")

    def __init__(self, side: Side) -> None:
        self.sign = -1 if side is Side.BUY else 1
        self.levels: dict[int, PriceLevel] = {}
        self.touched: set[int] = set()
        self._heap: list[int] = []
        self._listed: set[int] = set()  # what the heap holds, emptied levels too

    def add(self, order: RestingOrder) -> None:
        key = self.sign * order.price
        level = self.levels.get(key)
        if level is None:
            level = self.levels[key] = PriceLevel(order.price)
            if key not in self._listed:
                self._listed.add(key)
                heappush(self._heap, key)
        level.orders[order.order_id] = order
        level.qty += order.remaining
        self.touched.add(order.price)

    def remove(self, order: RestingOrder) -> None:
        level = self.levels[self.sign * order.price]
        del level.orders[order.order_id]
        level.qty -= order.remaining
        self.touched.add(order.price)
        if not level.orders:
            self.drop(level)

    def drop(self, level: PriceLevel) -> None:
        """Forget an emptied level; its key leaves the heap later."""
        del self.levels[self.sign * level.price]
        if len(self._heap) > 2 * len(self.levels) + 64:
            self._listed = set(self.levels)
            self._heap = list(self._listed)
            heapify(self._heap)

    def best(self) -> PriceLevel | None:
        heap, levels = self._heap, self.levels
        while heap:
            level = levels.get(heap[0])
            if level is not None:
                return level
            self._listed.discard(heappop(heap))
        return None

    def walk(self) -> Iterator[PriceLevel]:
        """Levels best first, lazily: n of them cost O(n log n), whatever rests behind.

        The side must not change while the walk goes on.
        """
        heap, levels = self._heap, self.levels
        frontier = [(heap[0], 0)] if heap else []
        while frontier:
            key, index = heappop(frontier)
            for child in (2 * index + 1, 2 * index + 2):
                if child < len(heap):
                    heappush(frontier, (heap[child], child))
            level = levels.get(key)
            if level is not None:
                yield level
