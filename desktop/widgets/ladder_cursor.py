"""The place on the ladder that keys have chosen: a price, and on which side an order would be.

It stands on its price: rows that move take it along, so that Enter never means another one.
"""

from __future__ import annotations

from desktop.models.ladder_model import LadderModel
from engine.trading_types import Side


class LadderCursor:
    """`bucket` is None while no key has chosen a place."""

    def __init__(self, model: LadderModel) -> None:
        self._model = model
        self._grouping = 0  # that `bucket` counts in
        self._bucket: int | None = None
        self.side = Side.BUY

    @property
    def bucket(self) -> int | None:
        """None, too, once rows of another step have taken its place."""
        return self._bucket if self._grouping == self._model.grouping else None

    def step(self, rows: int) -> None:
        """Up is positive. The first step goes to the best price there: ask upwards, bid down."""
        model = self._model
        if self.bucket is None:
            self.side = Side.SELL if rows > 0 else Side.BUY
            best = model.best_ask if rows > 0 else model.best_bid
            self._bucket = best if best is not None else model.middle()
            self._grouping = model.grouping
        elif self._bucket is not None:
            self._bucket = max(self._bucket + rows, 1)
        self._bring_into_view()

    def choose(self, side: Side) -> None:
        if self.bucket is None:
            self.step(1 if side is Side.SELL else -1)
        self.side = side

    def drop(self) -> bool:
        """True if there was one."""
        was_there, self._bucket = self._bucket is not None, None
        return was_there

    def is_in_view(self) -> bool:
        return self.bucket is not None and self._model.is_in_view(self.bucket)

    def _bring_into_view(self) -> None:
        if self.bucket is None:
            return
        row, last = self._model.row_of(self.bucket), self._model.row_count - 1
        if row < 0:
            self._model.scroll(-row)
        elif row > last:
            self._model.scroll(last - row)
