"""Reviewed round trips as lines of a CSV file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.journal.fifo_pnl import TRIP_COLUMNS, trip_row
from engine.review.review_loader import READING, Tell
from engine.review_views import ReviewedTrip

REVIEW_COLUMNS = (*TRIP_COLUMNS, "opened_trade_id", "tags", "note")

# a table program would take a cell that begins so for a formula
_FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")

_STEP = 1_000  # lines between two words of progress


def review_rows(trips: Sequence[ReviewedTrip], tell: Tell) -> Iterator[list[object]]:
    """Tells how far it is; raises what `tell` raises, to end early."""
    for number, one in enumerate(trips):
        if number % _STEP == 0:
            share = READING + (1 - READING) * number / len(trips)
            tell(share, f"{number:,} of {len(trips):,} round trips written")
        yield review_row(one)


def review_row(one: ReviewedTrip) -> list[object]:
    """Tags separated by a comma. Words of a person never become a formula."""
    words = (", ".join(one.tags), one.note)
    return [*trip_row(one.trip), one.trip.opened_trade_id, *map(_harmless, words)]


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_MARKS) else text
