"""What is refused of a conditional order before a byte is sent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.errors import OrderNotAllowed
from engine.oms.algo_checks import MAX_WAITING, check_algo
from engine.protection_commands import PlaceAlgo
from engine.trading_types import OrderType, PositionSide, Side
from tests.helpers.fake_gateway import BTC

D = Decimal
STOP = PlaceAlgo(
    symbol="BTCUSDT",
    side=Side.SELL,
    type=OrderType.STOP_MARKET,
    quantity=D("0.1"),
    trigger_price=D(59000),
)
LIMIT: dict[str, Any] = {"type": OrderType.STOP, "price": D(58900)}
CLOSE: dict[str, Any] = {"close_position": True, "quantity": None}
TRAILING: dict[str, Any] = {
    "type": OrderType.TRAILING_STOP_MARKET,
    "trigger_price": None,
    "callback_pct": D(1),
}


def check(
    command: PlaceAlgo, price: str | None = "60000", closed: str = "", waiting: int = 0
) -> None:
    price_now = None if price is None else D(price)
    check_algo(command, BTC, waiting=waiting, lost=(), price_now=price_now, closed_because=closed)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        LIMIT,
        CLOSE,
        TRAILING,
        {**TRAILING, "activate_price": D(61000)},
        {"type": OrderType.TAKE_PROFIT_MARKET, "trigger_price": D(61000)},
        {"side": Side.BUY, "trigger_price": D(61000)},
        {**CLOSE, "position_side": PositionSide.LONG},
        # worth 5.9: only what reduces may be so small
        {"quantity": D("0.0001") * 10, "trigger_price": D(5900), "reduce_only": True},
    ],
)
def test_what_the_exchange_would_take_passes(changes: dict[str, Any]) -> None:
    check(replace(STOP, **changes))


@pytest.mark.parametrize(
    ("changes", "field", "fix"),
    [
        ({"type": OrderType.LIMIT}, "type", None),
        ({"trigger_price": None}, "trigger_price", None),
        ({"trigger_price": D("59000.02")}, "trigger_price", "59000"),
        ({"trigger_price": D(-1)}, "trigger_price", None),
        ({"trigger_price": D(60000)}, "trigger_price", "59999.9"),
        ({"side": Side.BUY}, "trigger_price", "60000.1"),
        ({"type": OrderType.TAKE_PROFIT_MARKET}, "trigger_price", "60000.1"),
        ({"callback_pct": D(1)}, "callback_pct", None),
        ({"activate_price": D(1)}, "activate_price", None),
        ({"price": D(1)}, "price", None),
        ({**LIMIT, "price": None}, "price", None),
        ({**LIMIT, "price": D("58900.02")}, "price", "58900"),
        ({"quantity": None}, "quantity", None),
        ({"quantity": D("0.0005")}, "quantity", "0.001"),
        ({"quantity": D("0.001"), "trigger_price": D(5900)}, "quantity", "0.009"),
        ({"close_position": True}, "quantity", None),
        ({**CLOSE, **LIMIT}, "close_position", None),
        ({**CLOSE, "reduce_only": True}, "reduce_only", None),
        ({**CLOSE, "position_side": PositionSide.SHORT}, "side", None),
        (
            {**CLOSE, "side": Side.BUY, "trigger_price": D(61000),
             "position_side": PositionSide.LONG},
            "side", None,
        ),
        ({"reduce_only": True, "position_side": PositionSide.LONG}, "reduce_only", None),
        ({**TRAILING, "callback_pct": None}, "callback_pct", None),
        ({**TRAILING, "callback_pct": D("0.05")}, "callback_pct", "0.1"),
        ({**TRAILING, "callback_pct": D(25)}, "callback_pct", "20"),
        ({**TRAILING, "trigger_price": D(59000)}, "trigger_price", None),
        ({**TRAILING, "activate_price": D(59000)}, "activate_price", "60000.1"),
        ({**TRAILING, "activate_price": D("61000.02")}, "activate_price", "61000"),
    ],
)  # fmt: skip
def test_what_it_would_refuse_is_refused_with_the_field_and_the_fix(
    changes: dict[str, Any], field: str, fix: str | None
) -> None:
    with pytest.raises(OrderNotAllowed) as caught:
        check(replace(STOP, **changes))
    assert (caught.value.field, caught.value.fix) == (field, fix)
    assert str(caught.value).endswith(("?", "."))


def test_without_a_price_the_side_is_left_to_the_exchange() -> None:
    check(replace(STOP, trigger_price=D(61000)), price=None)


def test_a_price_that_may_be_old_refuses_no_protection() -> None:
    command = replace(STOP, trigger_price=D(61000), reduce_only=True)
    check(command, closed="The account stream is not live.")
    with pytest.raises(OrderNotAllowed, match="not live"):
        check(STOP, closed="The account stream is not live.")


def test_the_exchanges_limit_of_waiting_ones_is_kept() -> None:
    with pytest.raises(OrderNotAllowed, match="200"):
        check(STOP, waiting=MAX_WAITING)
