"""Triggers, stops and targets: on which side of the price they belong."""

from decimal import Decimal

import pytest

from desktop.models.conditional_rules import (
    exit_problem,
    fires_above,
    prospect,
    tick_problem,
    trigger_problem,
    type_words,
)
from engine.trading_types import OrderType, Side, WorkingType
from tests.gui.scene import INSTRUMENTS

D = Decimal
BTC = INSTRUMENTS["BTCUSDT"]
NOW = D("64250.0")


@pytest.mark.parametrize(
    ("order_type", "side", "is_above"),
    [
        (OrderType.STOP_MARKET, Side.BUY, True),
        (OrderType.STOP, Side.SELL, False),
        (OrderType.TAKE_PROFIT, Side.BUY, False),
        (OrderType.TAKE_PROFIT_MARKET, Side.SELL, True),
        (OrderType.TRAILING_STOP_MARKET, Side.SELL, True),
    ],
)
def test_a_trigger_waits_on_its_side_of_the_price(order_type, side, is_above):
    assert fires_above(order_type, side) is is_above
    for distance in (D(50), D(-50), D(0)):
        found = trigger_problem(
            BTC, side, order_type, trigger=NOW + distance, callback_pct=D(1), now=NOW
        )
        assert (found is None) is (distance > 0 if is_above else distance < 0)


def test_without_a_known_price_only_the_grid_is_checked():
    def problem(trigger):
        return trigger_problem(
            BTC, Side.BUY, OrderType.STOP, trigger=trigger, callback_pct=None, now=None
        )

    assert problem(D(1000)) is None
    assert problem(None) is None
    assert problem(D("1000.05")).fix in (D("1000.0"), D("1000.1"))


@pytest.mark.parametrize(("pct", "fix"), [("0.05", "0.1"), ("25", "20"), ("1.5", None)])
def test_callback_rates_have_their_range(pct, fix):
    found = trigger_problem(
        BTC,
        Side.SELL,
        OrderType.TRAILING_STOP_MARKET,
        trigger=None,
        callback_pct=D(pct),
        now=NOW,
    )
    assert (found.fix if found else None) == (D(fix) if fix else None)


def test_a_price_of_zero_has_no_fix():
    assert tick_problem(BTC, "stop", "Stop", D(0)).fix is None


@pytest.mark.parametrize(
    ("side", "stop", "target", "field"),
    [
        (Side.BUY, 64000, 65000, None),
        (Side.BUY, 65000, None, "stop"),
        (Side.BUY, None, 64000, "target"),
        (Side.SELL, 65000, 64000, None),
        (Side.SELL, 64000, None, "stop"),
        (Side.SELL, None, 65000, "target"),
    ],
)
def test_exits_lie_on_both_sides_of_the_entry(side, stop, target, field):
    found = exit_problem(
        BTC,
        side,
        entry=NOW,
        stop=D(stop) if stop else None,
        target=D(target) if target else None,
    )
    assert (found.field if found else None) == field


def test_words_are_those_of_a_person():
    assert type_words("TRAILING_STOP_MARKET") == "Trailing stop market"
    assert type_words(OrderType.TRAILING_STOP_MARKET) == "Trailing stop"
    assert "comes back" not in prospect(OrderType.STOP, WorkingType.MARK_PRICE)
    assert "mark price" in prospect(OrderType.STOP, WorkingType.MARK_PRICE)
    assert "callback" in prospect(OrderType.TRAILING_STOP_MARKET, WorkingType.CONTRACT_PRICE)
