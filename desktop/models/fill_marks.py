"""Own fills on the chart: one mark for each candle and side. Pure, GUI thread."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from engine.trading_types import Side
from engine.views import ZERO, Candle, FillView


class FillMark(msgspec.Struct, frozen=True, gc=False):
    """`price` is the average of `count` fills."""

    index: int
    side: Side
    price: Decimal
    quantity: Decimal
    count: int

    def text(self) -> str:
        word = "Bought" if self.side is Side.BUY else "Sold"
        fills = "" if self.count == 1 else f" in {self.count} fills"
        return f"{word} {self.quantity:f}{fills}"


class FillMarks:
    """Lays fills out on candles; done again only when either changed."""

    def __init__(self) -> None:
        self._fills: Sequence[FillView] = ()
        self.version = 0
        self._marks: list[FillMark] = []
        self._marks_of: object = None

    def set_fills(self, fills: Sequence[FillView]) -> None:
        self._fills = fills
        self.version += 1

    def on(self, candles: Sequence[Candle], version: int) -> list[FillMark]:
        """`version` is the candles'. Fills outside of the loaded history have no place."""
        marks_of = (self.version, version)
        if marks_of != self._marks_of:
            self._marks_of = marks_of
            self._marks = self._lay_out(candles)
        return self._marks

    def _lay_out(self, candles: Sequence[Candle]) -> list[FillMark]:
        if not candles or not self._fills:
            return []
        opens = [candle.open_ms for candle in candles]
        sums: dict[tuple[int, Side], tuple[Decimal, Decimal, int]] = {}
        for fill in self._fills:
            index = bisect_right(opens, fill.time_ms) - 1
            if index < 0 or fill.time_ms > candles[index].close_ms:
                continue
            quantity, value, count = sums.get((index, fill.side), (ZERO, ZERO, 0))
            sums[index, fill.side] = (
                quantity + fill.quantity,
                value + fill.quote_quantity,
                count + 1,
            )
        return [
            FillMark(index, side, value / quantity, quantity, count)
            for (index, side), (quantity, value, count) in sums.items()
        ]
