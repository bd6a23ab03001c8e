"""Sizes offered for a share of the account."""

from __future__ import annotations

from decimal import Decimal

import pytest

from desktop.models.sizing import closing_size, initial_margin, opening_size
from engine.trading_types import OrderType
from tests.gui.scene import INSTRUMENTS

BTC = INSTRUMENTS["BTCUSDT"]
LIMIT = OrderType.LIMIT


@pytest.mark.parametrize(
    ("share_pct", "leverage", "size"),
    [(100, 1, "0.015"), (100, 20, "0.309"), (25, 20, "0.077"), (100, 0, "0.015")],
)
def test_opening_size_leaves_room_for_the_fee(share_pct: int, leverage: int, size: str) -> None:
    offered = opening_size(
        share_pct,
        available=Decimal(1000),
        leverage=leverage,
        price=Decimal(64000),
        instrument=BTC,
        order_type=LIMIT,
    )
    assert offered == Decimal(size)
    cost = offered * 64000 * (1 / Decimal(max(1, leverage)) + Decimal("0.0005"))
    assert cost <= Decimal(1000) * share_pct / 100


@pytest.mark.parametrize(("available", "price"), [("0", "64000"), ("-5", "64000"), ("10", "0")])
def test_nothing_is_offered_without_money_or_price(available: str, price: str) -> None:
    offered = opening_size(
        100,
        available=Decimal(available),
        leverage=20,
        price=Decimal(price),
        instrument=BTC,
        order_type=LIMIT,
    )
    assert offered == 0


def test_less_than_the_smallest_quantity_is_nothing() -> None:
    assert closing_size(25, held=Decimal("0.003"), instrument=BTC, order_type=LIMIT) == 0


def test_closing_takes_the_whole_of_a_short() -> None:
    size = closing_size(100, held=Decimal("-0.250"), instrument=BTC, order_type=LIMIT)
    assert size == Decimal("0.250")


def test_margin_without_known_leverage_is_the_whole_value() -> None:
    assert initial_margin(Decimal(640), 0) == 640
    assert initial_margin(Decimal(640), 20) == 32
