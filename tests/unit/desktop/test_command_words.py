"""Commands in words and as calls; which of them may make risk larger."""

from decimal import Decimal

import pytest

from desktop.models.command_words import call_text, command_words
from desktop.models.risk_direction import is_new_risk
from engine.commands import AmendOrder, CancelOrder, ClosePosition, PlaceOrder, SetLeverage
from engine.protection_commands import (
    CancelOrders,
    Kill,
    MoveAlgo,
    PlaceAlgo,
    PlaceBracket,
    ReversePosition,
    StartTwap,
    StopKill,
)
from engine.trading_types import OrderType, PositionSide, Side, TimeInForce
from tests.gui.scene import INSTRUMENTS

D = Decimal


def place(**changes):
    fields = {
        "symbol": "BTCUSDT",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "quantity": D("0.1"),
        "price": D(64000),
    }
    return PlaceOrder(**(fields | changes))


def algo(**changes):
    fields = {
        "symbol": "BTCUSDT",
        "side": Side.SELL,
        "type": OrderType.STOP,
        "quantity": D("0.1"),
        "trigger_price": D(63000),
        "price": D(62990),
    }
    return PlaceAlgo(**(fields | changes))


BRACKET = PlaceBracket(
    symbol="BTCUSDT",
    side=Side.BUY,
    quantity=D("0.1"),
    price=D(64000),
    stop_price=D(63000),
    target_price=D(66000),
    time_in_force=TimeInForce.GTX,
)
TWAP = StartTwap(symbol="BTCUSDT", side=Side.BUY, quantity=D(1), count=10, duration_s=60)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (
            place(time_in_force=TimeInForce.GTX, reduce_only=True),
            "BUY 0.100 BTC at 64,000.0, post-only, reduce-only",
        ),
        (place(type=OrderType.MARKET, price=None), "BUY 0.100 BTC at market"),
        (place(symbol="NEWUSDT"), "BUY 0.100 NEWUSDT at 64,000.00"),
        (BRACKET, "BUY 0.100 BTC at 64,000.0, post-only, stop 63,000.0, target 66,000.0"),
        (
            algo(reduce_only=True),
            "Stop limit: SELL 0.100 BTC, once the price reaches 63,000.0, at 62,990.0, reduce-only",
        ),
        (
            algo(
                type=OrderType.TRAILING_STOP_MARKET,
                trigger_price=None,
                price=None,
                callback_pct=D("1.50"),
            ),
            "Trailing stop: SELL 0.100 BTC, callback 1.5 %",
        ),
        (TWAP, "BUY 1.000 BTC by twap"),
        (Kill(), "Kill()"),
    ],
)
def test_orders_are_said_in_words(command, words):
    assert command_words(command, INSTRUMENTS) == words


def test_reversal_is_said_in_words():
    assert "other way" in command_words(ReversePosition(symbol="BTCUSDT"), INSTRUMENTS)


def test_a_call_says_only_what_is_not_the_default():
    assert call_text(place(request_id="r-1")) == (
        "PlaceOrder(symbol='BTCUSDT', side=Side.BUY, type=OrderType.LIMIT,"
        ' quantity=Decimal("0.1"), price=Decimal("64000"))'
    )
    assert call_text(CancelOrders()) == "CancelOrders()"


@pytest.mark.parametrize(
    "command",
    [
        place(),
        algo(),
        BRACKET,
        TWAP,
        ReversePosition(symbol="BTCUSDT"),
        AmendOrder(symbol="BTCUSDT", client_order_id="a"),
        MoveAlgo(symbol="BTCUSDT", client_algo_id="a"),
        place(position_side=PositionSide.LONG),
    ],
)
def test_what_may_make_risk_larger(command):
    assert is_new_risk(command)


@pytest.mark.parametrize(
    "command",
    [
        place(reduce_only=True),
        place(position_side=PositionSide.SHORT),
        algo(close_position=True),
        algo(position_side=PositionSide.LONG),
        CancelOrder(symbol="BTCUSDT", client_order_id="a"),
        ClosePosition(symbol="BTCUSDT"),
        SetLeverage(symbol="BTCUSDT", leverage=5),
        Kill(),
        StopKill(),
    ],
)
def test_what_never_does(command):
    assert not is_new_risk(command)
