"""An amount of any unit and the quantity it makes."""

from decimal import Decimal

import pytest

from desktop.models.size_unit import SizeAsked, SizeUnit
from engine.trading_types import OrderType
from tests.gui.scene import INSTRUMENTS

D = Decimal
BTC = INSTRUMENTS["BTCUSDT"]


def asked(unit, amount="100", **changes):
    fields = {
        "amount": D(amount) if amount else None,
        "unit": unit,
        "price": D(64000),
        "equity": D(10_000),
        "stop_price": D(63_000),
        "order_type": OrderType.LIMIT,
    }
    return SizeAsked(**(fields | changes))


@pytest.mark.parametrize(
    ("unit", "amount", "quantity"),
    [
        (SizeUnit.BASE, "0.12345", "0.12345"),  # what was typed is checked, not bent
        (SizeUnit.QUOTE, "1000", "0.015"),
        (SizeUnit.EQUITY_PCT, "10", "0.015"),
        (SizeUnit.RISK, "100", "0.1"),
        (SizeUnit.QUOTE, "10", "0"),  # below the smallest
    ],
)
def test_amount_becomes_a_quantity_rounded_down(unit, amount, quantity):
    assert asked(unit, amount).quantity(BTC) == D(quantity)
    assert asked(unit, amount).hint() == ""


@pytest.mark.parametrize(
    ("unit", "changes", "words"),
    [
        (SizeUnit.RISK, {"stop_price": None}, "needs a stop"),
        (SizeUnit.RISK, {"stop_price": D(64000)}, "needs a stop"),
        (SizeUnit.QUOTE, {"price": D(0)}, "until a price is known"),
        (SizeUnit.EQUITY_PCT, {"equity": D(0)}, "until a price is known"),
    ],
)
def test_what_is_missing_is_said(unit, changes, words):
    size = asked(unit, **changes)
    assert size.quantity(BTC) is None
    assert words in size.hint()


def test_nothing_typed_is_no_mistake():
    assert asked(SizeUnit.RISK, "").hint() == ""
    assert asked(SizeUnit.RISK, "").quantity(BTC) is None
