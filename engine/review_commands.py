"""What a person asks about past trading. Carried out on the engine's thread `review`.

Each is answered by its event of engine.events.review, or by CommandRefused; long
work tells ReviewProgress in between and ends early after CancelReview.
"""

from __future__ import annotations

from engine.commands import Command
from engine.trading_types import PositionSide


class ReviewCommand(Command, frozen=True, kw_only=True):
    pass


class ReviewFilter(ReviewCommand, frozen=True, kw_only=True):
    """Base. Bookings from `since_ms` on and before `until_ms`; a trip counts by its end."""

    since_ms: int = 0
    until_ms: int | None = None
    symbol: str = ""  # all when empty
    tag: str = ""


class LoadReview(ReviewFilter, frozen=True, kw_only=True):
    pass


class ExportReview(ReviewFilter, frozen=True, kw_only=True):
    """The round trips, with notes and tags, as a CSV at the path `file`."""

    file: str


class TieOut(ReviewCommand, frozen=True, kw_only=True):
    """Hold the journal against the exchange's statement; it keeps three months."""

    since_ms: int = 0


class NoteTrade(ReviewCommand, frozen=True, kw_only=True):
    """Keep a note and tags with a round trip, named by the trade that opened it."""

    symbol: str
    position_side: PositionSide
    trade_id: int
    note: str = ""
    tags: tuple[str, ...] = ()


class CancelReview(ReviewCommand, frozen=True, kw_only=True):
    """Give up what is under way and what waits; notes are kept all the same."""
