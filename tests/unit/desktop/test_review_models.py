from __future__ import annotations

from decimal import Decimal

import pytest

from desktop.models.curve_shape import CurveShape, money_ticks
from desktop.models.profit_month import ProfitMonths, month_after, month_name
from desktop.models.review_tables import duration_text
from engine.review_views import CurvePoint, ReviewDay

D = Decimal


def point(at_ms: int, net: str, drawdown: str = "0") -> CurvePoint:
    return CurvePoint(at_ms=at_ms, net=D(net), drawdown=D(drawdown))


def test_time_goes_across_and_money_up() -> None:
    shape = CurveShape([point(0, "0"), point(50, "10"), point(100, "-10", "20")], 200, 100, 0.2)
    assert shape.curve() == [(0, 40), (100, 0), (200, 80)]
    assert [y for _, y in shape.drawdown()] == [90, 90, 100]
    assert shape.nearest(0).net == 0
    assert shape.nearest(110).net == 10
    assert shape.nearest(999).net == -10


def test_one_booking_and_a_flat_line_have_a_place() -> None:
    shape = CurveShape([point(5, "0")], 200, 100)
    assert shape.curve() == [(0, 0)]
    assert shape.nearest(70).at_ms == 5


@pytest.mark.parametrize(
    ("lowest", "highest", "values"),
    [
        (0, 100, [0, 25, 50, 75, 100]),
        (-750, 30, [-600, -400, -200, 0]),
        (0, 0.04, [0, 0.01, 0.02, 0.03, 0.04]),
    ],
)
def test_ticks_are_round_amounts(lowest: float, highest: float, values: list[float]) -> None:
    assert money_ticks(lowest, highest).values == pytest.approx(values)


def test_a_month_has_its_weeks_monday_first_and_its_sum() -> None:
    months = ProfitMonths(
        [
            ReviewDay(day="2026-10-31", net=D(5), bookings=1),
            ReviewDay(day="2026-11-01", net=D(-10), bookings=2),
            ReviewDay(day="2026-11-30", net=D(4), bookings=3),
        ]
    )
    assert (months.oldest(), months.newest()) == ("2026-10", "2026-11")
    weeks = months.weeks("2026-11")
    assert weeks[0][:6] == [None] * 6
    assert (weeks[0][6].net, weeks[0][6].bookings) == (D(-10), 2)
    assert weeks[1][0].net is None
    assert months.net("2026-11") == D(-6)
    assert (months.share(D(-10)), months.share(D(5))) == (1.0, 0.5)
    assert ProfitMonths().share(D(0)) == 0.0
    assert (ProfitMonths().newest(), month_name("")) == ("", "")


def test_months_follow_each_other() -> None:
    assert month_after("2026-12", 1) == "2027-01"
    assert month_after("2026-01", -1) == "2025-12"
    assert month_name("2026-11") == "November 2026"


@pytest.mark.parametrize(
    ("span_ms", "text"),
    [
        (900, "0 s"),
        (45_000, "45 s"),
        (750_000, "12 m 30 s"),
        (12_000_000, "3 h 20 m"),
        (190_800_000, "2 d 5 h"),
    ],
)
def test_durations_are_read_at_a_glance(span_ms: int, text: str) -> None:
    assert duration_text(span_ms) == text
