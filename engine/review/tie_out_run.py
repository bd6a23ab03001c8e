"""Reads both sides of a tie-out: the exchange's statement, and the journal.

Blocks on the network and on the disk: for the engine's thread `review`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec
from msgspec.structs import replace

from engine.journal.fifo_pnl import is_quote
from engine.journal.journal_reader import JournalReader
from engine.review.bookings import DOLLARS
from engine.review.review_loader import Tell
from engine.review.statement_reader import KEPT_MS, StatementSource, read_statement
from engine.review.tie_out import (
    BY_TRADE,
    TieOutSides,
    bookings_of_fill,
    bookings_of_statement,
    quote_assets,
)
from engine.review_views import TieOutDifference, TieOutResult
from engine.views import FillView, IncomeView

_STEP = 1_000
_CLIPPED = "The exchange keeps its statement for three months: what is older was not compared."
_BEGUN = "Compared from the journal's beginning on."


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """`unknown_income`: lines that the journal has not kept yet."""

    result: TieOutResult
    unknown_income: tuple[IncomeView, ...]

    @property
    def differences(self) -> tuple[TieOutDifference, ...]:
        return self.result.differences

    def told(self, added: int) -> TieOutResult:
        return replace(self.result, added=added)


def tie_out(
    reader: JournalReader,
    source: StatementSource,
    since_ms: int,
    until_ms: int,
    tell: Tell,
    *,
    flush: Callable[[], None],
) -> Compared:
    """Every booking from `since_ms` to `until_ms`, both ends included.

    Raises what the gateway raises, JournalError, and what `tell` raises.
    """
    begin_ms, sentence = _begin(reader, since_ms, until_ms)
    span_ms = max(1, until_ms - begin_ms)

    def on_page(at_ms: int) -> None:
        tell(0.8 * (at_ms - begin_ms) / span_ms, "Reading the exchange's statement")

    statement = list(read_statement(source, begin_ms, until_ms, on_page=on_page))
    flush()  # only now: what the statement has must have been written here
    known = reader.income(since_ms=begin_ms)
    unknown = _unknown(statement, known)
    sides = TieOutSides()
    sides.venue(bookings_of_statement(statement))
    sides.journal(bookings_of_statement(row for row in known if row.time_ms <= until_ms))
    sides.journal(bookings_of_statement(unknown))
    _take_fills(sides, _fills(reader, begin_ms, until_ms), quote_assets(statement), tell)
    result = TieOutResult(
        since_ms=begin_ms,
        until_ms=until_ms,
        lines=tuple(sides.lines()),
        differences=tuple(sides.differences()),
        sentence=sentence,
    )
    return Compared(result=result, unknown_income=tuple(unknown))


def _begin(reader: JournalReader, since_ms: int, until_ms: int) -> tuple[int, str]:
    """Not before the journal began, nor before what the venue still knows."""
    oldest_ms = until_ms - KEPT_MS
    begun_ms = reader.first_ms() or 0
    begin_ms = min(until_ms, max(since_ms, oldest_ms, begun_ms))
    if begin_ms <= since_ms:
        return begin_ms, ""
    return begin_ms, _BEGUN if begin_ms == begun_ms else _CLIPPED


def _take_fills(
    sides: TieOutSides, fills: Iterable[FillView], assets: Mapping[str, str], tell: Tell
) -> None:
    for number, fill in enumerate(fills):
        if number % _STEP == 0:
            tell(0.9, "Comparing with the journal")
        sides.journal(bookings_of_fill(fill, assets.get(fill.symbol) or _quote_of(fill)))


def _fills(reader: JournalReader, since_ms: int, until_ms: int) -> Iterable[FillView]:
    return (fill for fill in reader.every_fill() if since_ms <= fill.time_ms <= until_ms)


def _unknown(statement: Iterable[IncomeView], known: Iterable[IncomeView]) -> list[IncomeView]:
    kept = set(known)
    return [row for row in statement if row.kind not in BY_TRADE and row not in kept]


def _quote_of(fill: FillView) -> str:
    """When the statement says nothing of the symbol."""
    if is_quote(fill.symbol, fill.commission_asset):
        return fill.commission_asset
    name = fill.symbol.partition("_")[0]
    return next((asset for asset in DOLLARS if name.endswith(asset)), fill.commission_asset)
