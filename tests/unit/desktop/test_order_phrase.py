"""What the command palette understands, and what it must not guess."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from desktop.models.order_phrase import DeskNow, read_phrase
from engine.commands import ClosePosition, Command, PlaceOrder, SetLeverage
from engine.protection_commands import CancelOrders
from engine.trading_types import OrderType, PositionSide, Side, TimeInForce
from tests.gui.scene import INSTRUMENTS, position

D = Decimal
DESK = DeskNow(
    instruments=INSTRUMENTS,
    symbol="BTCUSDT",
    order_symbols=("BTCUSDT", "ETHUSDT"),
    positions=(position(symbol="ETHUSDT", quantity=D("-2.001")),),
    mark_prices={"BTCUSDT": D("64249.8"), "ETHUSDT": D("3131.20")},
)


def limit(quantity: str, price: str, **changes: object) -> PlaceOrder:
    fields: dict[str, object] = {"symbol": "BTCUSDT", "side": Side.BUY, "type": OrderType.LIMIT}
    fields |= {"quantity": D(quantity), "price": D(price)}
    return PlaceOrder(**(fields | changes))  # type: ignore[arg-type]


def market(side: Side, quantity: str, **changes: object) -> PlaceOrder:
    fields: dict[str, object] = {"symbol": "ETHUSDT", "side": side, "type": OrderType.MARKET}
    return PlaceOrder(**(fields | {"quantity": D(quantity)} | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("buy 0.1 btc 64000 post", (limit("0.1", "64000", time_in_force=TimeInForce.GTX),)),
        ("BUY 0.1 64,000", (limit("0.1", "64000"),)),
        ("sell 0.1 btcusdt @ 64300 ioc reduce",
         (limit("0.1", "64300", side=Side.SELL, time_in_force=TimeInForce.IOC, reduce_only=True),)),
        ("short 2 eth", (market(Side.SELL, "2"),)),
        ("buy 1 eth market ro", (market(Side.BUY, "1", reduce_only=True),)),
        ("close eth", (ClosePosition(symbol="ETHUSDT"),)),
        ("close eth 50%", (market(Side.BUY, "1.000", reduce_only=True),)),
        ("cancel", (CancelOrders(symbol="BTCUSDT"),)),
        ("cancel all", (CancelOrders(symbol="BTCUSDT"), CancelOrders(symbol="ETHUSDT"))),
        ("lev eth 25x", (SetLeverage(symbol="ETHUSDT", leverage=25),)),
    ],
)  # fmt: skip
def test_phrase_becomes_commands(text: str, commands: tuple[Command, ...]) -> None:
    assert read_phrase(text, DESK).commands == commands


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "buy 0.1 btc"),
        ("buy", "How much"),
        ("buy 1 2 3", "How much"),
        ("buy 0.1 nope 64000", "no symbol NOPE"),
        ("buy 0,1 btc 64000", "'0,1' is not a number"),
        ("buy 0.1 btc 64000.05", "multiple of 0.1"),
        ("buy 0.0001 btc 64000", "at least 0.001"),
        ("buy -1 btc 64000", "'-1' is not a number"),
        ("close btc", "no position in BTCUSDT"),
        ("close eth 150%", "'150%' is not a number"),
        ("cancel sol", "no open order"),
        ("lev btc 500", "lev btc 20"),
        ("hello world", "Not understood"),
    ],
)
def test_what_is_not_clear_sends_nothing_and_says_why(text: str, says: str) -> None:
    reading = read_phrase(text, DESK)
    assert not reading.is_ready
    assert says in reading.sentence


def test_preview_says_the_whole_order() -> None:
    reading = read_phrase("buy 0.1 btc 64000 post reduce", DESK)
    assert reading.sentence == "BUY 0.100 BTC at 64,000.0, post-only, reduce-only"


def test_symbol_alone_shows_it() -> None:
    assert read_phrase("sol", DESK).show_symbol == "SOLUSDT"


def test_hedge_mode_closes_each_side_and_no_parts() -> None:
    both = (
        position(position_side=PositionSide.LONG),
        position(position_side=PositionSide.SHORT, quantity=D("-0.1")),
    )
    hedged = replace(DESK, positions=both)
    assert read_phrase("close btc", hedged).commands == (
        ClosePosition(symbol="BTCUSDT", position_side=PositionSide.LONG),
        ClosePosition(symbol="BTCUSDT", position_side=PositionSide.SHORT),
    )
    assert not read_phrase("close btc 50%", hedged).is_ready
