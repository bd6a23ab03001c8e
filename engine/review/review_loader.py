"""From the journal to a review: one pass over the fills, then pure figures.

100,000 fills take seconds: for the engine's thread `review`. `tell` hears how far
it is and may raise ReviewGivenUp to end the work early.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import tzinfo
from decimal import Decimal

from engine.journal.fifo_pnl import FifoPnl, is_quote
from engine.journal.journal_reader import JournalReader
from engine.review import trip_figures
from engine.review.bookings import Booking, days_of, equity_curve, is_dollar_symbol, thinned
from engine.review.execution_quality import Filled, orders_quality, summary_of
from engine.review_commands import ReviewFilter
from engine.review_views import (
    Execution,
    Review,
    ReviewedTrip,
    RoundTrip,
    Totals,
    TradeNote,
    trip_key,
)
from engine.utils.letting_go import let_go
from engine.views import ZERO, FillView, IncomeView

Tell = Callable[[float | None, str], None]  # share of the work, and what is done

FUNDING_KINDS = ("FUNDING_FEE", "SPECIAL_FUNDING_FEE")
_STEP = 1_000  # fills between two words of progress
READING = 0.8  # the share of the work that reading is


class ReviewGivenUp(Exception):
    """Raised by `tell`: the person has given up waiting."""


class _Pass:
    """Everything that is gathered while the fills go by once."""

    def __init__(self, wanted: ReviewFilter, measured: Iterable[Execution] = ()) -> None:
        self._wanted = wanted
        self._measured = {(one.symbol, one.client_order_id) for one in measured}
        self.pnl = FifoPnl()
        self.bookings: list[Booking] = []
        self.filled: dict[tuple[str, str], Filled] = {}
        self.symbols: set[str] = set()
        self.left_out: set[str] = set()
        self.fills = 0
        self.realized = self.fees = ZERO
        self.other_fees: defaultdict[str, Decimal] = defaultdict(Decimal)

    def take(self, fill: FillView) -> None:
        self.symbols.add(fill.symbol)
        if self._wanted.symbol not in ("", fill.symbol):
            return
        if not is_dollar_symbol(fill.symbol):
            self.left_out.add(fill.symbol)
            return
        self.pnl.take(fill)
        if not is_within(fill.time_ms, self._wanted):
            return
        fee = fill.commission if is_quote(fill.symbol, fill.commission_asset) else ZERO
        if not fee and fill.commission:
            self.other_fees[fill.commission_asset] += fill.commission
        self.fills += 1
        self.realized += fill.realized_pnl
        self.fees += fee
        self.bookings.append((fill.time_ms, fill.realized_pnl - fee))
        key = (fill.symbol, fill.client_order_id)
        if key in self._measured:
            quantity, worth = self.filled.get(key, (ZERO, ZERO))
            self.filled[key] = (quantity + fill.quantity, worth + fill.quote_quantity)


def load_review(
    reader: JournalReader, wanted: ReviewFilter, tell: Tell, zone: tzinfo | None = None
) -> Review:
    """Days and hours are those of `zone`, the machine's own when None. Raises JournalError."""
    executions = _executions(reader, wanted)
    seen = _Pass(wanted, executions)
    _read_fills(reader, seen, tell)
    tell(READING, "Working out the figures")
    trips, tags = _reviewed(seen.pnl, reader.trade_notes(), wanted)
    funding = _funding(reader.income(since_ms=wanted.since_ms), wanted)
    tell(0.9, "Working out the figures")
    bookings = _bookings(seen, funding, trips, wanted)
    points, deepest = equity_curve(bookings)
    money = _money(seen, funding, trips, wanted)
    by_symbol: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in funding:
        by_symbol[row.symbol] += row.income
    orders = orders_quality(executions, seen.filled)
    tell(0.95, "Working out the figures")
    review = Review(
        totals=_totals(seen, wanted, money, deepest),
        figures=trip_figures.figures_of(one.trip for one in trips),
        trips=trips,
        curve=tuple(thinned(points)),
        days=tuple(days_of(bookings, zone)),
        by_symbol=trip_figures.by_symbol(trips, {} if wanted.tag else by_symbol),
        by_hour=trip_figures.by_hour(trips, zone),
        by_weekday=trip_figures.by_weekday(trips, zone),
        by_side=trip_figures.by_side(trips),
        by_tag=trip_figures.by_tag(trips),
        orders=tuple(orders),
        quality=summary_of(orders),
        symbols=tuple(sorted(seen.symbols)),
        tags=tags,
    )
    for gathered in (points, bookings, seen.bookings):
        let_go(gathered)
    seen.pnl.let_go()
    return review


def load_trips(reader: JournalReader, wanted: ReviewFilter, tell: Tell) -> tuple[ReviewedTrip, ...]:
    """The round trips alone, with their notes."""
    seen = _Pass(wanted)
    _read_fills(reader, seen, tell)
    return _reviewed(seen.pnl, reader.trade_notes(), wanted)[0]


def is_within(at_ms: int, wanted: ReviewFilter) -> bool:
    return at_ms >= wanted.since_ms and (wanted.until_ms is None or at_ms < wanted.until_ms)


def _read_fills(reader: JournalReader, seen: _Pass, tell: Tell) -> None:
    count = reader.fill_count()
    for number, fill in enumerate(reader.every_fill()):
        if number % _STEP == 0:
            tell(READING * min(1.0, number / count), f"{number:,} of {count:,} fills read")
        seen.take(fill)


def _reviewed(
    pnl: FifoPnl, notes: Iterable[TradeNote], wanted: ReviewFilter
) -> tuple[tuple[ReviewedTrip, ...], tuple[str, ...]]:
    """The trips that are wanted, and every tag in use."""
    by_trip = {(note.symbol, note.position_side, note.trade_id): note for note in notes}
    found = (
        _with_note(trip, by_trip.get(trip_key(trip)))
        for trip in pnl.round_trips()
        if is_within(trip.closed_ms, wanted)
    )
    trips = tuple(one for one in found if not wanted.tag or wanted.tag in one.tags)
    return trips, tuple(sorted({tag for note in by_trip.values() for tag in note.tags}))


def _with_note(trip: RoundTrip, note: TradeNote | None) -> ReviewedTrip:
    if note is None:
        return ReviewedTrip(trip=trip)
    return ReviewedTrip(trip=trip, note=note.note, tags=note.tags)


def _funding(income: Iterable[IncomeView], wanted: ReviewFilter) -> list[IncomeView]:
    return [
        row
        for row in income
        if row.kind in FUNDING_KINDS
        and is_within(row.time_ms, wanted)
        and wanted.symbol in ("", row.symbol)
        and is_dollar_symbol(row.symbol)
    ]


def _bookings(
    seen: _Pass, funding: list[IncomeView], trips: Iterable[ReviewedTrip], wanted: ReviewFilter
) -> list[Booking]:
    """A tag names trips, so that with one the curve is made of their ends."""
    if wanted.tag:
        return [(one.trip.closed_ms, one.trip.net) for one in trips]
    bookings = seen.bookings + [(row.time_ms, row.income) for row in funding]
    return sorted(bookings, key=lambda booking: booking[0])


def _money(
    seen: _Pass, funding: list[IncomeView], trips: Iterable[ReviewedTrip], wanted: ReviewFilter
) -> tuple[Decimal, Decimal, Decimal]:
    """Realised profit, fees, funding: with a tag, of its trips alone."""
    if wanted.tag:
        named = [one.trip for one in trips]
        return sum((t.pnl for t in named), ZERO), sum((t.fees for t in named), ZERO), ZERO
    return seen.realized, seen.fees, sum((row.income for row in funding), ZERO)


def _totals(
    seen: _Pass, wanted: ReviewFilter, money: tuple[Decimal, Decimal, Decimal], deepest: Decimal
) -> Totals:
    realized, fees, funding = money
    unmatched = sum(bool(c.unmatched) for c in seen.pnl.closes() if is_within(c.time_ms, wanted))
    return Totals(
        fills=seen.fills,
        realized=realized,
        fees=fees,
        funding=funding,
        net=realized - fees + funding,
        max_drawdown=deepest,
        other_fees=dict(seen.other_fees),
        unmatched_fills=unmatched,
        left_out=tuple(sorted(seen.left_out)),
    )


def _executions(reader: JournalReader, wanted: ReviewFilter) -> list[Execution]:
    return [
        one
        for one in reader.executions(since_ms=wanted.since_ms)
        if is_within(one.at_ms, wanted) and wanted.symbol in ("", one.symbol)
    ]
