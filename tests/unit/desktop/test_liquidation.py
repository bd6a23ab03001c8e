"""The estimate of a liquidation price, checked against the definition it comes from."""

from decimal import Decimal

import pytest

from desktop.models.liquidation import Holding, after, bracket_of, liquidation_price
from engine.trading_types import Side
from engine.views import LeverageBracket
from tests.gui.scene import terms

D = Decimal
BRACKETS = terms().brackets
FLAT = Holding(D(0), D(0))


@pytest.mark.parametrize("quantity", ["0.1", "-0.1", "1", "-3"])
def test_at_that_price_what_is_left_is_the_maintenance_margin(quantity):
    position, margin = Holding(D(quantity), D(64000)), D(5000)
    price = liquidation_price(position, margin, BRACKETS)
    profit = position.quantity * (price - position.entry_price)
    bracket = bracket_of(abs(position.quantity) * position.entry_price, BRACKETS)
    maintenance = abs(position.quantity) * price * bracket.maint_margin_ratio - bracket.cum
    assert abs(margin + profit - maintenance) < D("1e-15")


def test_a_position_backed_by_more_than_its_worth_has_none():
    assert liquidation_price(Holding(D("0.1"), D(64000)), D(10_000), BRACKETS) is None


def test_nothing_is_known_without_brackets_or_position():
    assert liquidation_price(Holding(D(1), D(64000)), D(100), ()) is None
    assert liquidation_price(FLAT, D(100), BRACKETS) is None


@pytest.mark.parametrize(
    ("held", "side", "quantity", "expected"),
    [
        (FLAT, Side.SELL, "1", Holding(D(-1), D(100))),
        (Holding(D(1), D(80)), Side.BUY, "1", Holding(D(2), D(90))),
        (Holding(D(-1), D(80)), Side.SELL, "3", Holding(D(-4), D(95))),
        (Holding(D(2), D(80)), Side.SELL, "1", Holding(D(1), D(80))),
        (Holding(D(1), D(80)), Side.SELL, "3", Holding(D(-2), D(100))),
        (Holding(D(1), D(80)), Side.SELL, "1", Holding(D(0), D(0))),
    ],
)
def test_the_position_after_the_fill(held, side, quantity, expected):
    assert after(held, side, D(quantity), D(100)) == expected


def test_the_bracket_is_that_of_the_worth():
    worths = {D(0): 1, D(49_999): 1, D(50_000): 2, D("1e9"): 2}
    assert {w: bracket_of(w, BRACKETS).bracket for w in worths} == worths
    only_large = LeverageBracket(
        bracket=1,
        max_leverage=5,
        notional_floor=D(100),
        notional_cap=D(200),
        maint_margin_ratio=D("0.1"),
    )
    assert bracket_of(D(50), (only_large,)) is None
