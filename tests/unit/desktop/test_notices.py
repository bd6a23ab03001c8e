"""When funding and liquidation are told, and what is expected."""

from __future__ import annotations

from decimal import Decimal

import pytest

from desktop.models.notices import (
    NoticeChoices,
    NoticeWatch,
    expected_funding,
    liquidation_distance_pct,
)
from tests.gui.scene import NOW_MS, position

D = Decimal
CHOICES = NoticeChoices(funding_min=10, liquidation_pct=5.0)
IN_9_MIN, IN_11_MIN = NOW_MS + 540_000, NOW_MS + 660_000


def test_funding_is_told_once_and_not_early() -> None:
    watch = NoticeWatch()
    assert not watch.funding_due("BTCUSDT", IN_11_MIN, NOW_MS, CHOICES)
    assert watch.funding_due("BTCUSDT", IN_9_MIN, NOW_MS, CHOICES)
    assert not watch.funding_due("BTCUSDT", IN_9_MIN, NOW_MS + 1000, CHOICES)
    assert watch.funding_due("ETHUSDT", IN_9_MIN, NOW_MS, CHOICES)


def test_funding_that_is_past_or_switched_off_is_not_told() -> None:
    watch = NoticeWatch()
    assert not watch.funding_due("BTCUSDT", NOW_MS - 1, NOW_MS, CHOICES)
    assert not watch.funding_due("BTCUSDT", NOW_MS + 1, NOW_MS, NoticeChoices(funding_min=0))


@pytest.mark.parametrize(
    ("quantity", "rate", "expected"),
    [("0.250", 0.0001, "-1.60625"), ("-0.250", 0.0001, "1.60625"), ("2", -0.0001, "12.85")],
)
def test_a_long_pays_while_the_rate_is_above_zero(
    quantity: str, rate: float, expected: str
) -> None:
    held = position(quantity=D(quantity))
    assert expected_funding(held, 64250.0, rate) == D(expected)


def test_liquidation_is_told_once_until_the_price_has_gone_away() -> None:
    watch, held = NoticeWatch(), position(liquidation_price=D(95))
    assert not watch.is_newly_near(held, 101.0, CHOICES)  # 5.9 %
    assert watch.is_newly_near(held, 99.0, CHOICES)  # 4.0 %
    assert not watch.is_newly_near(held, 98.0, CHOICES)
    assert not watch.is_newly_near(held, 100.5, CHOICES)  # 5.5 %: still about there
    assert not watch.is_newly_near(held, 99.0, CHOICES)
    assert not watch.is_newly_near(held, 110.0, CHOICES)
    assert watch.is_newly_near(held, 99.0, CHOICES)


def test_without_a_liquidation_price_there_is_no_distance() -> None:
    assert liquidation_distance_pct(position(liquidation_price=D(0)), 100.0) is None
    assert liquidation_distance_pct(position(quantity=D(0)), 100.0) is None
    off = NoticeChoices(liquidation_pct=0)
    assert not NoticeWatch().is_newly_near(position(liquidation_price=D(100)), 100.0, off)
