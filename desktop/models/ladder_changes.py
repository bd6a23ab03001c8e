"""Which rows of the ladder look different after a new book: only they are repainted."""

from __future__ import annotations

import msgspec


class LadderRows(msgspec.Struct, frozen=True):
    """What a row's look depends on, by bucket."""

    bids: dict[int, float]
    asks: dict[int, float]
    best_bid: int | None
    best_ask: int | None
    largest: float


def changed_buckets(before: LadderRows, after: LadderRows) -> set[int] | None:
    """None: the scale of the volume bars changed, so all of them."""
    if before.largest != after.largest:
        return None
    changed: set[int] = set()
    for old, new in ((before.bids, after.bids), (before.asks, after.asks)):
        changed.update(bucket for bucket, _ in old.items() ^ new.items())
    for was, now in ((before.best_bid, after.best_bid), (before.best_ask, after.best_ask)):
        if was != now:
            ends = [bucket for bucket in (was, now) if bucket is not None]
            # rows between an old and a new best price enter or leave the spread
            changed.update(range(min(ends), max(ends) + 1))
            if len(ends) == 1:
                return None
    return changed
