"""Numbers and times as text, and text as numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from desktop import formatting
from tests.gui.scene import INSTRUMENTS

BTC = INSTRUMENTS["BTCUSDT"]


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("64250.1", "64250.1"),
        ("64,250.10", "64250.10"),
        ("1,234,567", "1234567"),
        (" 0.5 ", "0.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("64 250", "64250"),
    ],
)
def test_what_people_type_is_read_exactly(typed: str, number: str) -> None:
    assert formatting.parse_number(typed) == Decimal(number)


@pytest.mark.parametrize(
    "typed", ["", "abc", "-1", "0,5", "1,23", "1.2.3", "1e5", "NaN", "Infinity", "1,2345", "٣"]
)
def test_what_could_be_misread_is_no_number(typed: str) -> None:
    assert formatting.parse_number(typed) is None


@pytest.mark.parametrize(
    ("number", "text"),
    [(1234.5, "+1,234.50"), (-0.3, "-0.30"), (0, "0.00"), (-0.001, "0.00"), (0.004, "0.00")],
)
def test_signed_money_never_shows_a_signed_zero(number: float, text: str) -> None:
    assert formatting.signed(number, 2) == text


def test_prices_follow_the_contract() -> None:
    assert formatting.price_text(Decimal(64250), BTC) == "64,250.0"
    assert formatting.price_text(0.12345, INSTRUMENTS["DOGEUSDT"]) == "0.12345"
    assert formatting.price_text(0, BTC) == formatting.DASH
    assert formatting.average_price_text(Decimal("64250.123"), BTC) == "64,250.12"


def test_direction_is_told_by_shape() -> None:
    assert formatting.change_text(1.234) == "▲ 1.23%"
    assert formatting.change_text(-1.236) == "▼ 1.24%"
    assert formatting.change_text(0) == "■ 0.00%"


@pytest.mark.parametrize(
    ("left_ms", "text"),
    [(11_564_000, "03:12:44"), (999, "00:00:00"), (-5000, "00:00:00"), (90_000_000, "25:00:00")],
)
def test_countdown_stops_at_nothing(left_ms: int, text: str) -> None:
    assert formatting.countdown_text(left_ms) == text


@pytest.mark.parametrize(
    ("amount", "text"), [(12.84e9, "12.84B"), (1.5e6, "1.50M"), (2500, "2.50K"), (12, "12.00")]
)
def test_large_volumes_are_short(amount: float, text: str) -> None:
    assert formatting.short_amount(amount) == text


def test_round_trip_time_is_finer_below_ten() -> None:
    assert [formatting.rtt_text(rtt) for rtt in (None, 2.34, 31.7)] == ["–", "2.3", "32"]
