from __future__ import annotations

from datetime import UTC
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events.review import ExecutionMeasured, IncomeRecorded, TradeNoted
from engine.journal.fifo_pnl import FifoPnl
from engine.review import trip_figures
from engine.review.bookings import CURVE_BUCKETS, days_of, equity_curve, is_dollar_symbol, thinned
from engine.review.review_loader import ReviewGivenUp, load_review, load_trips
from engine.review.trip_csv import REVIEW_COLUMNS, review_row, review_rows
from engine.review_commands import LoadReview
from engine.review_views import Execution, ReviewedTrip, TradeNote
from engine.trading_types import OrderType, PositionSide, Side
from engine.views import ZERO, FillView, IncomeView
from tests.helpers.trade_history import BEGIN_MS, fill, journal_of, random_fills

D = Decimal
BOTH = PositionSide.BOTH


def quiet(_share: float | None, _sentence: str) -> None:
    """Nobody waits."""


def funding(amount: str, at_ms: int, symbol: str = "BTCUSDT", number: int = 1) -> IncomeView:
    return IncomeView(
        kind="FUNDING_FEE",
        income=D(amount),
        asset="USDT",
        time_ms=at_ms,
        symbol=symbol,
        transaction_id=number,
    )


# BTC long +10 in two fills, ETH short -6, BTC long 0, BTC short +2, and one still open
FILLS = [
    fill(1, "BUY", "2", "100", commission=D("0.1")),
    fill(2, "SELL", "1", "104", commission=D("0.1"), realized_pnl=D(4)),
    fill(3, "SELL", "1", "106", commission=D("0.1"), realized_pnl=D(6)),
    fill(4, "SELL", "1", "50", symbol="ETHUSDT", commission=D("0.2")),
    fill(5, "BUY", "1", "56", symbol="ETHUSDT", commission=D("0.2"), realized_pnl=D(-6)),
    fill(6, "BUY", "1", "100"),
    fill(7, "SELL", "1", "100"),
    fill(8, "SELL", "1", "102", commission=D("0.001"), commission_asset="BNB"),
    fill(9, "BUY", "1", "100", realized_pnl=D(2)),
    fill(10, "BUY", "1", "100", commission=D("0.5")),
]


@pytest.fixture
def reader(tmp_path):
    return journal_of(
        tmp_path / "journal.db",
        FILLS,
        IncomeRecorded(rows=(funding("-0.25", BEGIN_MS + 150_000),)),
        TradeNoted(
            note=TradeNote(
                symbol="ETHUSDT", position_side=BOTH, trade_id=4, note="too early", tags=("news",)
            )
        ),
    )


def test_figures_of_an_afternoon_are_those_worked_out_by_hand(reader) -> None:
    review = load_review(reader, LoadReview(), quiet, UTC)
    figures, totals = review.figures, review.totals
    assert (figures.trips, figures.wins, figures.losses) == (4, 2, 1)
    # 10 - 0.3, -6 - 0.4, 0, 2
    assert figures.net == D("5.3")
    assert figures.gross_profit == D("11.7")
    assert figures.gross_loss == D("-6.4")
    assert figures.win_rate_pct == 50
    assert figures.average_win == D("5.85")
    assert figures.average_loss == D("-6.4")
    assert figures.expectancy == D("1.325")
    assert figures.profit_factor == D("11.7") / D("6.4")
    assert (figures.largest_win, figures.largest_loss) == (D("9.7"), D("-6.4"))
    assert (figures.longest_wins, figures.longest_losses) == (1, 1)
    assert figures.average_held_ms == (120_000 + 60_000 + 60_000 + 60_000) // 4
    assert (totals.fills, totals.realized, totals.fees) == (10, D(6), D("1.2"))
    assert (totals.funding, totals.net) == (D("-0.25"), D("4.55"))
    assert totals.other_fees == {"BNB": D("0.001")}
    # from 9.45 (all of the first trip and the funding) down to 3.05
    assert totals.max_drawdown == D("6.4")
    assert review.symbols == ("BTCUSDT", "ETHUSDT")
    assert review.tags == ("news",)


def test_groups_split_the_trips(reader) -> None:
    review = load_review(reader, LoadReview(), quiet, UTC)
    by_symbol = {group.key: (group.figures.net, group.funding) for group in review.by_symbol}
    assert by_symbol == {"BTCUSDT": (D("11.7"), D("-0.25")), "ETHUSDT": (D("-6.4"), None)}
    assert {g.key: g.figures.trips for g in review.by_side} == {"Long": 2, "Short": 2}
    assert [(g.key, g.figures.net) for g in review.by_tag] == [("news", D("-6.4"))]


def test_a_tag_shows_its_trips_alone(reader) -> None:
    review = load_review(reader, LoadReview(tag="news"), quiet, UTC)
    assert [one.note for one in review.trips] == ["too early"]
    assert review.totals.net == review.curve[-1].net == review.figures.net == D("-6.4")
    assert review.totals.funding == 0


def test_a_symbol_and_a_span_narrow_the_review(reader) -> None:
    review = load_review(reader, LoadReview(symbol="ETHUSDT"), quiet, UTC)
    assert (review.figures.trips, review.totals.net) == (1, D("-6.4"))
    assert review.symbols == ("BTCUSDT", "ETHUSDT")  # so that another can be chosen
    late = LoadReview(since_ms=FILLS[5].time_ms, until_ms=FILLS[7].time_ms)
    review = load_review(reader, late, quiet, UTC)
    assert (review.figures.trips, review.totals.fills) == (1, 2)


def test_a_symbol_that_is_not_settled_in_dollars_is_left_out(tmp_path) -> None:
    odd = fill(1, "BUY", "1", "0.05", symbol="ETHBTC", commission_asset="BTC")
    review = load_review(journal_of(tmp_path / "j.db", [odd]), LoadReview(), quiet)
    assert review.totals.left_out == ("ETHBTC",)
    assert review.totals.fills == 0
    assert is_dollar_symbol("BTCUSDT_261225")


def test_fills_that_close_what_is_not_known_are_counted(tmp_path) -> None:
    closing = fill(1, "SELL", "1", "100", realized_pnl=D(5))
    review = load_review(journal_of(tmp_path / "j.db", [closing]), LoadReview(), quiet)
    assert (review.totals.unmatched_fills, review.totals.realized) == (1, D(5))
    assert review.figures.trips == 0


def test_an_empty_journal_is_an_empty_review(tmp_path) -> None:
    review = load_review(journal_of(tmp_path / "j.db", []), LoadReview(), quiet)
    assert review.curve == review.days == review.trips == ()
    assert review.figures.win_rate_pct is None


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 120))
def test_the_parts_add_up_to_the_whole(seed: int, count: int) -> None:
    """Over symbols, hours, weekdays and sides; days and curve end at the same sum."""
    fills = sorted(random_fills(count, seed), key=lambda one: one.time_ms)
    trips = tuple(ReviewedTrip(trip=trip) for trip in FifoPnl(fills).round_trips())
    whole = trip_figures.figures_of(one.trip for one in trips)
    for groups in (
        trip_figures.by_symbol(trips, {}),
        trip_figures.by_hour(trips, UTC),
        trip_figures.by_weekday(trips, UTC),
        trip_figures.by_side(trips),
    ):
        assert sum(g.figures.trips for g in groups) == whole.trips
        assert sum((g.figures.net for g in groups), ZERO) == whole.net
        assert sum((g.figures.fees for g in groups), ZERO) == whole.fees
    assert whole.gross_profit + whole.gross_loss == whole.net
    bookings = [(one.time_ms, one.realized_pnl - one.commission) for one in fills]
    points, deepest = equity_curve(bookings)
    assert sum((day.net for day in days_of(bookings, UTC)), ZERO) == points[-1].net
    assert points[-1].net == _net_of(fills)
    assert max(point.drawdown for point in points) == deepest


def _net_of(fills: list[FillView]) -> Decimal:
    return sum((one.realized_pnl - one.commission for one in fills), ZERO)


def test_a_thinned_curve_keeps_its_ends_and_its_extremes() -> None:
    bookings = [(number, D((number * 7919) % 101 - 50)) for number in range(20_000)]
    points, deepest = equity_curve(bookings)
    fewer = thinned(points)
    assert len(fewer) <= 4 * CURVE_BUCKETS
    assert fewer[-1] == points[-1]
    assert max(p.drawdown for p in fewer) == deepest
    assert min(p.net for p in fewer) == min(p.net for p in points)
    assert max(p.net for p in fewer) == max(p.net for p in points)


def test_days_begin_at_midnight_of_the_zone() -> None:
    midnight = 1_795_132_800_000
    days = days_of([(midnight - 1, D(1)), (midnight, D(2)), (midnight + 5, D(-3))], UTC)
    assert [(day.net, day.bookings) for day in days] == [(D(1), 1), (D(-1), 2)]


def test_slippage_is_against_the_price_at_the_click_and_not_guessed(tmp_path) -> None:
    def execution(number: int, side: Side, **known: object) -> ExecutionMeasured:
        values = {"symbol": "BTCUSDT", "client_order_id": f"pd-{number}", "side": side} | known
        values.setdefault("type", OrderType.MARKET)
        return ExecutionMeasured(execution=Execution(at_ms=BEGIN_MS, **values))  # type: ignore[arg-type]

    reader = journal_of(
        tmp_path / "j.db",
        [
            fill(1, "BUY", "1", "101"),
            fill(2, "BUY", "1", "103", client_order_id="pd-1"),
            fill(3, "SELL", "2", "99"),
            fill(4, "SELL", "1", "99"),
        ],
        execution(1, Side.BUY, bid=D(99), ask=D(100), ack_ms=3.0, fill_ms=5.0),
        execution(3, Side.SELL, bid=D(100), ask=D(101), ack_ms=1.0, fill_ms=7.0),
        execution(4, Side.SELL, ack_ms=2.0),
        execution(5, Side.SELL, bid=D(100), type=OrderType.LIMIT, ack_ms=9.0),
    )
    review = load_review(reader, LoadReview(), quiet)
    found = {q.execution.client_order_id: (q.slippage, q.slippage_bps) for q in review.orders}
    assert found == {
        "pd-1": (D(4), D(200)),
        "pd-3": (D(2), D(100)),
        "pd-4": (None, None),
        "pd-5": (None, None),
    }
    quality = review.quality
    assert (quality.orders, quality.slippage, quality.slippage_bps) == (4, D(6), D(150))
    assert (quality.ack_p50_ms, quality.ack_p99_ms) == (2.0, 9.0)
    assert (quality.fill_p50_ms, quality.fill_p99_ms) == (5.0, 7.0)


def test_giving_up_ends_the_reading(reader) -> None:
    def tell(_share: float | None, _sentence: str) -> None:
        raise ReviewGivenUp

    with pytest.raises(ReviewGivenUp):
        load_review(reader, LoadReview(), tell)


def test_notes_and_tags_are_in_the_csv_and_are_no_formula(reader, tmp_path) -> None:
    trips = load_trips(reader, LoadReview(symbol="ETHUSDT"), quiet)
    row = dict(zip(REVIEW_COLUMNS, review_row(trips[0]), strict=True))
    assert (row["note"], row["tags"], row["net"]) == ("too early", "news", "-6.4")
    assert review_row(ReviewedTrip(trip=trips[0].trip, note="=1+1"))[-1] == "'=1+1"


def test_lines_of_the_csv_tell_how_far_they_are_and_end_when_given_up(reader) -> None:
    trips = load_trips(reader, LoadReview(symbol="ETHUSDT"), quiet) * 2_500
    told: list[tuple[float | None, str]] = []

    def tell(share: float | None, sentence: str) -> None:
        told.append((share, sentence))
        if len(told) == 3:
            raise ReviewGivenUp

    rows = review_rows(trips, tell)
    assert [next(rows)[-1] for _ in range(2_000)] == ["too early"] * 2_000
    with pytest.raises(ReviewGivenUp):
        next(rows)
    assert [sentence for _, sentence in told] == [
        f"{n} of 2,500 round trips written" for n in ("0", "1,000", "2,000")
    ]
    assert [share for share, _ in told] == pytest.approx([0.8, 0.88, 0.96])
