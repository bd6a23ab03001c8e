"""A second opinion on who was first: the plainest possible list beside a matching book."""

from __future__ import annotations

from typing import Any, NamedTuple

from engine.paper.matching_book import MatchingBook, PlaceResult
from engine.trading_types import Side


class Waiting(NamedTuple):
    """`turn` counts everybody who has ever come to the book."""

    side: Side
    price: int
    turn: int

    @property
    def rank(self) -> tuple[int, int]:
        return (-self.price if self.side is Side.BUY else self.price, self.turn)


class FifoWatch:
    """Put between a book and those who use it; AssertionError when somebody jumps the queue."""

    def __init__(self, book: MatchingBook) -> None:
        self._book = book
        self._turn = 0
        self.waiting: dict[int, Waiting] = {}
        for side in (Side.BUY, Side.SELL):
            for level in book._side(side).walk():
                for order in level.orders.values():
                    self._queue_up(order.order_id, side, level.price)
        self._place, self._amend, self._cancel = book.place, book.amend, book.cancel
        book.place = self._on_place  # type: ignore[method-assign]
        book.amend = self._on_amend  # type: ignore[method-assign]
        book.cancel = self._on_cancel  # type: ignore[method-assign]

    def _queue_up(self, order_id: int, side: Side, price: int) -> None:
        self._turn += 1
        self.waiting[order_id] = Waiting(side, price, self._turn)

    def queue(self, order_ids: set[int]) -> list[int]:
        """Those of them that wait, by side, price and turn."""
        mine = [(w.side, w.rank, number) for number, w in self.waiting.items()]
        return [number for _, _, number in sorted(mine) if number in order_ids]

    def _on_place(self, order_id: int, *args: Any, **options: Any) -> PlaceResult:
        return self._watched(self._place(order_id, *args, **options))

    def _on_amend(self, order_id: int, *args: Any, **options: Any) -> PlaceResult | None:
        result = self._amend(order_id, *args, **options)
        self.waiting.pop(order_id, None)
        return None if result is None else self._watched(result)

    def _on_cancel(self, order_id: int) -> Any:
        self.waiting.pop(order_id, None)
        return self._cancel(order_id)

    def _watched(self, result: PlaceResult) -> PlaceResult:
        for expired in result.expired_makers:
            del self.waiting[expired.order_id]
        for match in result.matches:
            maker = self.waiting[match.maker_order.order_id]
            assert match.price == maker.price, "a match happens at the maker's price"
            assert match.qty > 0
            first = min(w.rank for w in self.waiting.values() if w.side is maker.side)
            assert maker.rank == first, f"{match} jumped the queue"
            if match.maker_remaining == 0:
                del self.waiting[match.maker_order.order_id]
        if result.rested:
            self._queue_up(result.order.order_id, result.order.side, result.order.price)
        return result
