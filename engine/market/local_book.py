"""A local copy of one symbol's order book: a snapshot and the changes since.

The exchange's rule for futures (it differs from spot): buffer the stream, take
a snapshot with lastUpdateId, drop changes with u < lastUpdateId, the first one
applied must satisfy U <= lastUpdateId <= u, and from then on each change's pu
must be the u before it. Anything else is a gap: buffer on, take a new snapshot.
Source: "How to manage a local order book correctly" (USDⓈ-M).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum, unique
from heapq import nlargest, nsmallest

import msgspec

from engine.events import BookView, DepthDiff

_LEVELS = msgspec.json.Decoder(list[tuple[float, float]], strict=False)
_BUFFER_LIMIT = 2000

Levels = Iterable[tuple[str, str]]


@unique
class BookStep(Enum):
    BUFFERED = "buffered"  # no snapshot yet
    APPLIED = "applied"
    STALE = "stale"  # older than the snapshot
    GAP = "gap"  # a change is missing: a new snapshot is needed


class LocalBook:
    """Pure state, no lock: lives on one thread (the public route's)."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.gaps = 0
        self._bids: dict[float, float] = {}
        self._asks: dict[float, float] = {}
        self._last_update_id = 0
        self._event_ms = 0
        self._synced = False
        self._has_applied = False
        self._buffer: list[DepthDiff] = []

    @property
    def is_synced(self) -> bool:
        return self._synced

    @property
    def is_confirmed(self) -> bool:
        """A change has followed the snapshot without a gap; until then one may be missing."""
        return self._synced and self._has_applied

    @property
    def last_update_id(self) -> int:
        return self._last_update_id

    def on_diff(self, diff: DepthDiff) -> BookStep:
        """Take one change; GAP (told once a gap) means: ask for a snapshot."""
        if not self._synced:
            self._keep(diff)
            return BookStep.BUFFERED
        step = self._apply(diff)
        if step is BookStep.GAP:
            self._lose(diff)
        return step

    def on_snapshot(self, last_update_id: int, bids: Levels, asks: Levels) -> BookStep:
        """Start from a snapshot and replay what was buffered.

        GAP: the snapshot is older than the first buffered change; take another.
        The buffer is kept, so that the next snapshot finds its connection.
        """
        self._bids = {float(price): float(quantity) for price, quantity in bids}
        self._asks = {float(price): float(quantity) for price, quantity in asks}
        self._last_update_id = last_update_id
        self._synced, self._has_applied = True, False
        waiting, self._buffer = self._buffer, []
        for index, diff in enumerate(waiting):
            if self._apply(diff) is BookStep.GAP:
                self._lose(diff)
                self._buffer = waiting[index:]
                return BookStep.GAP
        return BookStep.APPLIED

    def reset(self) -> None:
        """The connection broke: forget the chain, keep showing the old levels as stale."""
        self._synced = False
        self._buffer.clear()

    def view(self, depth: int) -> BookView:
        return BookView(
            symbol=self.symbol,
            bids=tuple(nlargest(depth, self._bids.items())),
            asks=tuple(nsmallest(depth, self._asks.items())),
            event_ms=self._event_ms,
            is_synced=self._synced,
        )

    def _keep(self, diff: DepthDiff) -> None:
        self._buffer.append(diff)
        if len(self._buffer) > _BUFFER_LIMIT:
            del self._buffer[: _BUFFER_LIMIT // 2]

    def _lose(self, diff: DepthDiff) -> None:
        self.gaps += 1
        self._synced = False
        self._keep(diff)

    def _apply(self, diff: DepthDiff) -> BookStep:
        if not self._has_applied:
            if diff.final_update_id < self._last_update_id:
                return BookStep.STALE
            follows = diff.previous_final_update_id == self._last_update_id
            if diff.first_update_id > self._last_update_id and not follows:
                return BookStep.GAP
        elif diff.previous_final_update_id != self._last_update_id:
            return BookStep.GAP
        _merge(self._bids, _LEVELS.decode(diff.bids))
        _merge(self._asks, _LEVELS.decode(diff.asks))
        self._last_update_id = diff.final_update_id
        self._event_ms = diff.event_ms
        self._has_applied = True
        return BookStep.APPLIED


def _merge(side: dict[float, float], changes: Sequence[tuple[float, float]]) -> None:
    """Quantities are absolute; 0 removes; removing an unknown level is normal."""
    for price, quantity in changes:
        if quantity:
            side[price] = quantity
        else:
            side.pop(price, None)
