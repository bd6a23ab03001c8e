"""A reviewed round trip as a line of a CSV file. Pure."""

from __future__ import annotations

from engine.journal.fifo_pnl import TRIP_COLUMNS, trip_row
from engine.review_views import ReviewedTrip

REVIEW_COLUMNS = (*TRIP_COLUMNS, "opened_trade_id", "tags", "note")

# a table program would take a cell that begins so for a formula
_FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")


def review_row(one: ReviewedTrip) -> list[object]:
    """Tags separated by a comma. Words of a person never become a formula."""
    words = (", ".join(one.tags), one.note)
    return [*trip_row(one.trip), one.trip.opened_trade_id, *map(_harmless, words)]


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_MARKS) else text
