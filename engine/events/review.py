"""What came of a question about past trading, and what is kept in the journal for it."""

from __future__ import annotations

from collections.abc import Hashable

from engine.events.event import Event
from engine.review_views import Execution, Review, TieOutResult, TradeNote
from engine.views import IncomeView


class ReviewProgress(Event, frozen=True, kw_only=True):
    """How far long work is: 0 to 1, None while that is not known."""

    request_id: str
    share: float | None
    sentence: str

    def latest_key(self) -> Hashable | None:
        return ("review", self.request_id)


class ReviewLoaded(Event, frozen=True, kw_only=True):
    request_id: str
    review: Review


class ReviewExported(Event, frozen=True, kw_only=True):
    request_id: str
    file: str
    rows: int


class ReviewCancelled(Event, frozen=True, kw_only=True):
    request_id: str


class TieOutDone(Event, frozen=True, kw_only=True):
    request_id: str
    result: TieOutResult


class TradeNoted(Event, frozen=True, kw_only=True):
    note: TradeNote


class ExecutionMeasured(Event, frozen=True, kw_only=True):
    """An order of ours was acknowledged or filled; the newest word replaces the others."""

    execution: Execution


class IncomeRecorded(Event, frozen=True, kw_only=True):
    """Lines of the account's statement that no fill tells: funding, transfers."""

    rows: tuple[IncomeView, ...]
