"""The thread that answers: progress, giving up, closing, and a hundred thousand fills."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal

import pytest

from engine.clock import FakeClock
from engine.errors import NotConnected, ShuttingDown
from engine.events import AccountUpdate, CommandRefused, Event
from engine.events.review import (
    IncomeRecorded,
    ReviewCancelled,
    ReviewLoaded,
    ReviewProgress,
    TieOutDone,
    TradeNoted,
)
from engine.journal.journal_rows import INSERT_FILL
from engine.journal.journal_writer import JournalWriter
from engine.journal.review_rows import REVIEW_EVENTS
from engine.review.review_desk import ReviewDesk
from engine.review_commands import CancelReview, LoadReview, NoteTrade, TieOut
from engine.trading_types import PositionSide
from engine.views import IncomeView
from tests.helpers.trade_history import BEGIN_MS
from tests.helpers.waiting import wait_until

D = Decimal
FILLS = 100_000


class Source:
    """A statement of one funding line; may be held back, and may be out of reach."""

    def __init__(self) -> None:
        self.may_go = threading.Event()
        self.may_go.set()
        self.entered = threading.Event()
        self.is_down = False
        self.calls = 0

    def server_now_ms(self) -> int:
        return BEGIN_MS + 1_000_000

    def get_income(self, symbol=None, kind=None, *, start_ms=None, end_ms=None, limit=1000):
        self.calls += 1
        self.entered.set()
        assert self.may_go.wait(30)
        if self.is_down:
            raise NotConnected("The exchange is not reached.")
        line = IncomeView(
            kind="FUNDING_FEE",
            income=D("-0.5"),
            asset="USDT",
            time_ms=BEGIN_MS + 1,
            symbol="BTCUSDT",
            transaction_id=5,
        )
        return [line] if start_ms <= line.time_ms <= end_ms else []


class Bench:
    def __init__(self, path) -> None:
        self.clock = FakeClock(BEGIN_MS + 1_000_000)
        self.source = Source()
        self.told: list[Event] = []
        self.journal = JournalWriter(path, self.clock, self.told.append)
        self.journal.start()
        self.desk = ReviewDesk(self.journal, self.source, self.publish, self.clock, lambda *_: None)
        self.desk.start()

    def publish(self, event: Event) -> None:
        self.told.append(event)
        if isinstance(event, REVIEW_EVENTS):
            self.journal.record_event(event)

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in list(self.told) if isinstance(event, kind)]

    def wait(self, kind: type[Event]) -> Event:
        wait_until(lambda: self.of(kind), what=kind.__name__, timeout_s=60)
        return self.of(kind)[-1]

    def trade(self, count: int) -> None:
        """Straight into the file: long and flat in turn, a cent a trade in fees."""
        rows = (
            ("BTCUSDT", n, n, f"pd-{n}", "SELL" if n % 2 else "BUY", "101" if n % 2 else "100",
             "1", "0.01", "USDT", "1" if n % 2 else "0", 0, "BOTH", BEGIN_MS + n)
            for n in range(count)
        )  # fmt: skip
        with closing(sqlite3.connect(self.journal.path)) as connection, connection:
            connection.executemany(INSERT_FILL, rows)


@pytest.fixture
def bench(tmp_path) -> Iterator[Bench]:
    made = Bench(tmp_path / "journal.db")
    yield made
    made.source.may_go.set()
    assert made.desk.stop(30)
    assert made.journal.close()


@pytest.mark.long
def test_a_hundred_thousand_fills_are_reviewed_with_progress(bench: Bench) -> None:
    bench.trade(FILLS)
    bench.desk.submit(LoadReview(request_id="all"))
    review = bench.wait(ReviewLoaded).review
    assert (review.totals.fills, review.figures.trips) == (FILLS, FILLS // 2)
    assert review.totals.net == FILLS // 2 - D("0.01") * FILLS == review.curve[-1].net
    shares = [event.share for event in bench.of(ReviewProgress)]
    assert shares == sorted(shares)
    assert len(shares) > 50


def test_giving_up_ends_what_runs_and_what_waits_but_keeps_notes(bench: Bench) -> None:
    bench.trade(10)
    bench.source.may_go.clear()
    bench.desk.submit(TieOut(request_id="runs"))
    assert bench.source.entered.wait(30)
    bench.desk.submit(LoadReview(request_id="waits"))
    note = NoteTrade(symbol="BTCUSDT", position_side=PositionSide.BOTH, trade_id=0, note="kept")
    bench.desk.submit(note)
    bench.desk.submit(CancelReview())
    bench.desk.submit(LoadReview(request_id="later"))
    bench.source.may_go.set()
    assert bench.wait(ReviewLoaded).request_id == "later"
    assert [event.request_id for event in bench.of(ReviewCancelled)] == ["runs", "waits"]
    assert bench.of(ReviewLoaded)[0].review.trips[0].note == bench.wait(TradeNoted).note.note


def test_closing_gives_up_and_answers_what_waits(bench: Bench) -> None:
    bench.trade(10)
    bench.source.may_go.clear()
    bench.desk.submit(TieOut(request_id="runs"))
    assert bench.source.entered.wait(30)
    bench.desk.submit(LoadReview(request_id="waits"))
    assert not bench.desk.stop(0.01)  # the network still holds it
    assert bench.of(ReviewCancelled)[0].request_id == "waits"
    with pytest.raises(ShuttingDown):
        bench.desk.submit(LoadReview())
    bench.desk.tick()  # says nothing: there is nobody to tell


def test_an_exchange_out_of_reach_is_said(bench: Bench) -> None:
    bench.source.is_down = True
    bench.desk.submit(TieOut(request_id="t"))
    assert "not reached" in bench.wait(CommandRefused).sentence


def test_funding_is_read_soon_after_it_was_paid_and_hourly_otherwise(bench: Bench) -> None:
    bench.desk.tick()
    bench.desk.submit(LoadReview(request_id="barrier"))
    bench.wait(ReviewLoaded)
    assert bench.source.calls == 0  # an empty journal has nothing to keep it for
    bench.trade(1)
    funding = AccountUpdate(
        reason="FUNDING_FEE", event_ms=1, transaction_ms=1, balances=(), positions=()
    )
    for _ in range(10):  # of as many symbols: one look is enough
        bench.desk.on_account_event(funding)
        bench.desk.tick()
    bench.clock.advance(2)
    bench.desk.tick()
    bench.desk.tick()
    recorded = bench.wait(IncomeRecorded)
    assert [row.income for row in recorded.rows] == [D("-0.5")]
    bench.desk.submit(TieOut(request_id="t"))
    result = bench.wait(TieOutDone).result
    assert result.differences != ()  # a fee without its booking, also at the second look
    assert bench.source.calls == 1 + 2
    assert len(bench.of(IncomeRecorded)) == 1  # known by now
    bench.clock.advance(3_600)
    bench.desk.tick()
    wait_until(lambda: bench.source.calls == 4, what="the hourly look")


def test_funding_out_of_reach_is_tried_again(bench: Bench) -> None:
    bench.trade(1)
    bench.source.is_down = True
    bench.desk.tick()
    wait_until(lambda: bench.source.calls == 1, what="a try")
    bench.desk.submit(LoadReview(request_id="barrier"))
    bench.wait(ReviewLoaded)
    bench.source.is_down = False
    bench.clock.advance(60)
    bench.desk.tick()
    bench.wait(IncomeRecorded)


def test_a_tie_out_of_days_to_come_compares_nothing(bench: Bench) -> None:
    bench.trade(2)
    bench.desk.submit(TieOut(request_id="t", since_ms=BEGIN_MS + 9_000_000))
    assert bench.wait(TieOutDone).result.differences == ()
