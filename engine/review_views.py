"""What a review of past trading is made of: frozen answers and the notes a person keeps.

Money is Decimal, in the asset that the sentence beside it names; times are ms since
1970 UTC. None means: not known, and is then not shown. What there may be a hundred
thousand of is kept out of the garbage collector's rounds (gc=False): they take longer
than the work itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from engine.trading_types import OrderType, PositionSide, Side
from engine.views import ZERO


class RoundTrip(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """From flat to flat. `side` opened it; `quantity` is all that was closed.

    (symbol, position side, `opened_trade_id`) is its identity. `other_fees`: by asset,
    what was not paid in the quote asset.
    """

    symbol: str
    position_side: PositionSide
    side: Side
    opened_trade_id: int
    opened_ms: int
    closed_ms: int
    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal
    pnl: Decimal
    fees: Decimal
    venue_pnl: Decimal
    other_fees: Mapping[str, Decimal]

    @property
    def net(self) -> Decimal:
        return self.pnl - self.fees


TripKey = tuple[str, PositionSide, int]


def trip_key(trip: RoundTrip) -> TripKey:
    return trip.symbol, trip.position_side, trip.opened_trade_id


class TradeNote(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a person wrote about one round trip; empty takes it away."""

    symbol: str
    position_side: PositionSide
    trade_id: int  # the trade that opened it
    note: str = ""
    tags: tuple[str, ...] = ()
    at_ms: int = 0


class ReviewedTrip(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    trip: RoundTrip
    note: str = ""
    tags: tuple[str, ...] = ()


class Execution(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One order of ours as our own clock saw it. Latencies in ms since the intent.

    `bid` and `ask` are the best prices known at the intent. `fill_ms` is set when
    all of it is filled.
    """

    symbol: str
    client_order_id: str
    side: Side
    type: OrderType | str
    at_ms: int
    bid: Decimal | None = None
    ask: Decimal | None = None
    ack_ms: float | None = None
    fill_ms: float | None = None


class OrderQuality(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How one order was carried out. `slippage` above 0 is a cost, in the quote asset.

    `arrival_price` is what the order would have met at the intent: the ask for a
    buy, the bid for a sell.
    """

    execution: Execution
    quantity: Decimal = ZERO
    average_price: Decimal | None = None
    arrival_price: Decimal | None = None
    slippage: Decimal | None = None
    slippage_bps: Decimal | None = None


class QualitySummary(msgspec.Struct, frozen=True, kw_only=True):
    """Of market orders, where price and latency are the venue's doing; None: none known.

    Acknowledgements are of every order. Latencies in ms.
    """

    orders: int = 0
    slippage: Decimal | None = None
    slippage_bps: Decimal | None = None  # weighed by worth
    ack_p50_ms: float | None = None
    ack_p99_ms: float | None = None
    fill_p50_ms: float | None = None
    fill_p99_ms: float | None = None


class TripFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Statistics over round trips, after fees in the quote asset, before funding.

    A trip that ended at exactly 0 is neither won nor lost. Averages are None
    without such a trip; `profit_factor` is None while nothing was lost.
    """

    trips: int = 0
    wins: int = 0
    losses: int = 0
    net: Decimal = ZERO
    fees: Decimal = ZERO
    gross_profit: Decimal = ZERO
    gross_loss: Decimal = ZERO  # below 0
    win_rate_pct: Decimal | None = None
    average_win: Decimal | None = None
    average_loss: Decimal | None = None
    expectancy: Decimal | None = None  # net by trip
    profit_factor: Decimal | None = None
    largest_win: Decimal | None = None
    largest_loss: Decimal | None = None
    longest_wins: int = 0  # in a row
    longest_losses: int = 0
    average_held_ms: int | None = None


class TripGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The trips of one symbol, hour, weekday, side or tag. `funding` by symbol alone."""

    key: str
    figures: TripFigures
    funding: Decimal | None = None


class ReviewDay(msgspec.Struct, frozen=True, kw_only=True):
    """What was booked on one day: realised profit, fees and funding. `day` is 2026-11-28."""

    day: str
    net: Decimal
    bookings: int


class CurvePoint(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """All that was booked until then, and how far that lies below its highest."""

    at_ms: int
    net: Decimal
    drawdown: Decimal  # 0 or above


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """What was booked, by the exchange's word. `net` is realized - fees + funding."""

    fills: int = 0
    realized: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    net: Decimal = ZERO
    max_drawdown: Decimal = ZERO
    other_fees: Mapping[str, Decimal] = {}
    unmatched_fills: int = 0  # closed what was opened before the journal began
    left_out: tuple[str, ...] = ()  # symbols that are not settled in dollars


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer. Trips oldest first; the curve has at most some 2,000 points."""

    totals: Totals
    figures: TripFigures
    trips: tuple[ReviewedTrip, ...]
    curve: tuple[CurvePoint, ...]
    days: tuple[ReviewDay, ...]
    by_symbol: tuple[TripGroup, ...]
    by_hour: tuple[TripGroup, ...]
    by_weekday: tuple[TripGroup, ...]
    by_side: tuple[TripGroup, ...]
    by_tag: tuple[TripGroup, ...]
    orders: tuple[OrderQuality, ...]
    quality: QualitySummary
    symbols: tuple[str, ...] = ()  # all that were traded, whatever the filter
    tags: tuple[str, ...] = ()


class TieOutLine(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of one kind and asset: the exchange's statement, and the journal."""

    kind: str
    asset: str
    venue: Decimal
    journal: Decimal
    venue_rows: int
    journal_rows: int


class TieOutDifference(msgspec.Struct, frozen=True, kw_only=True):
    """One booking that is not the same on both sides; None: it is not there at all."""

    kind: str
    symbol: str
    asset: str
    trade_id: str
    time_ms: int
    venue: Decimal | None
    journal: Decimal | None


class TieOutResult(msgspec.Struct, frozen=True, kw_only=True):
    """`added`: lines of the statement that were new here (funding, transfers) and are kept now."""

    since_ms: int
    until_ms: int
    lines: tuple[TieOutLine, ...]
    differences: tuple[TieOutDifference, ...]
    added: int = 0
    sentence: str = ""
