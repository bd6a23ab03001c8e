from __future__ import annotations

from decimal import Decimal

import pytest

from engine.events.review import IncomeRecorded
from engine.review.review_loader import ReviewGivenUp
from engine.review.statement_reader import KEPT_MS, PAGE, read_statement
from engine.review.tie_out_run import tie_out
from engine.views import IncomeView
from tests.helpers.trade_history import BEGIN_MS, fill, journal_of

D = Decimal
NOW_MS = BEGIN_MS + 3_600_000


def line(kind: str, amount: str, at_ms: int = BEGIN_MS + 1, **changes: object) -> IncomeView:
    values: dict[str, object] = {
        "kind": kind,
        "income": D(amount),
        "asset": "USDT",
        "symbol": "BTCUSDT",
        "time_ms": at_ms,
    }
    return IncomeView(**(values | changes))  # type: ignore[arg-type]


class Statement:
    """Answers as the venue does: oldest first from the start time on, `limit` at the most."""

    def __init__(self, *lines: IncomeView) -> None:
        self.lines = sorted(lines, key=lambda one: one.time_ms)
        self.calls = 0

    def server_now_ms(self) -> int:
        return NOW_MS

    def get_income(self, symbol=None, kind=None, *, start_ms=None, end_ms=None, limit=PAGE):
        self.calls += 1
        return [
            one
            for one in self.lines
            if start_ms <= one.time_ms <= end_ms and kind in (None, one.kind)
        ][:limit]


def compare(reader, *lines: IncomeView, since_ms: int = 0, now_ms: int = NOW_MS):
    return tie_out(reader, Statement(*lines), since_ms, now_ms, lambda *_: None, flush=lambda: None)


@pytest.fixture
def reader(tmp_path):
    fills = [
        fill(1, "BUY", "1", "100", commission=D("0.04")),
        fill(2, "SELL", "1", "103", commission=D("0.001"), commission_asset="BNB",
             realized_pnl=D(3)),
    ]  # fmt: skip
    funding = line("FUNDING_FEE", "-0.5", BEGIN_MS + 90_000, transaction_id=5)
    return journal_of(tmp_path / "j.db", fills, IncomeRecorded(rows=(funding,)))


OURS = (
    line("COMMISSION", "-0.04", BEGIN_MS + 60_000, trade_id="1"),
    line("COMMISSION", "-0.001", BEGIN_MS + 120_000, trade_id="2", asset="BNB"),
    line("REALIZED_PNL", "3", BEGIN_MS + 120_000, trade_id="2"),
    line("FUNDING_FEE", "-0.5", BEGIN_MS + 90_000, transaction_id=5),
)


def test_what_agrees_has_no_difference(reader) -> None:
    compared = compare(reader, *OURS)
    assert compared.differences == ()
    assert compared.unknown_income == ()
    sums = {(one.kind, one.asset): (one.venue, one.journal) for one in compared.result.lines}
    assert sums["COMMISSION", "BNB"] == (D("-0.001"), D("-0.001"))
    assert sums["REALIZED_PNL", "USDT"] == (D(3), D(3))


def test_every_difference_is_listed_with_both_sides(reader) -> None:
    wrong = line("COMMISSION", "-0.05", BEGIN_MS + 60_000, trade_id="1")
    foreign = line("REALIZED_PNL", "7", BEGIN_MS + 200_000, trade_id="9")
    found = compare(reader, wrong, OURS[1], foreign).differences
    assert [(one.kind, one.trade_id, one.venue, one.journal) for one in found] == [
        ("COMMISSION", "1", D("-0.05"), D("-0.04")),
        ("FUNDING_FEE", "5", None, D("-0.5")),
        ("REALIZED_PNL", "2", None, D(3)),
        ("REALIZED_PNL", "9", D(7), None),
    ]


def test_funding_and_transfers_that_are_new_are_given_back_to_be_kept(reader) -> None:
    transfer = line("TRANSFER", "100", BEGIN_MS + 300_000, symbol="", transaction_id=8)
    compared = compare(reader, *OURS, transfer)
    assert compared.unknown_income == (transfer,)
    assert compared.differences == ()


def test_what_is_nought_may_be_left_out(tmp_path) -> None:
    reader = journal_of(tmp_path / "free.db", [fill(1, "BUY", "1", "100")])
    assert compare(reader).differences == ()
    assert compare(reader, line("COMMISSION", "0", trade_id="1")).differences == ()


def test_a_trade_with_ourselves_is_added_up(tmp_path) -> None:
    sides = [
        fill(1, "BUY", "1", "100", commission=D("0.04")),
        fill(1, "SELL", "1", "100", commission=D("0.02"), order_id=7),
    ]
    reader = journal_of(tmp_path / "self.db", sides)
    lines = [
        line("COMMISSION", text, BEGIN_MS + 60_000, trade_id="1") for text in ("-0.04", "-0.02")
    ]
    assert compare(reader, *lines).differences == ()


def test_nothing_is_compared_from_before_the_journal_or_the_statement(reader) -> None:
    before = line("REALIZED_PNL", "99", BEGIN_MS, trade_id="77")
    compared = compare(reader, before, *OURS)
    assert compared.differences == ()
    assert "beginning" in compared.result.sentence
    late = BEGIN_MS + KEPT_MS + 100_000
    clipped = compare(reader, now_ms=late)
    assert clipped.result.since_ms == late - KEPT_MS
    assert "three months" in clipped.result.sentence
    assert compare(reader, *OURS, since_ms=BEGIN_MS + 100_000).result.sentence == ""


def test_a_statement_of_many_pages_is_read_once_each() -> None:
    lines = [
        line("COMMISSION", "-1", BEGIN_MS + number // 3, trade_id=str(number))
        for number in range(3 * PAGE)
    ]
    source = Statement(*lines)
    found = list(read_statement(source, BEGIN_MS, NOW_MS))
    assert found == lines
    assert source.calls <= 5


def test_a_millisecond_fuller_than_a_page_does_not_hang() -> None:
    lines = [line("COMMISSION", "-1", BEGIN_MS, trade_id=str(n)) for n in range(PAGE + 50)]
    later = line("COMMISSION", "-1", BEGIN_MS + 1, trade_id="x")
    found = list(read_statement(Statement(*lines, later), BEGIN_MS, NOW_MS))
    assert len(found) == PAGE + 1


def test_giving_up_ends_it_between_pages() -> None:
    def on_page(_at_ms: int) -> None:
        raise ReviewGivenUp

    with pytest.raises(ReviewGivenUp):
        list(read_statement(Statement(), BEGIN_MS, NOW_MS, on_page=on_page))
