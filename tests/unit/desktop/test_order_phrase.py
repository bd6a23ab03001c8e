"""What the command palette understands, and what it must not guess."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from desktop.models.order_phrase import completions, read_phrase
from desktop.models.phrase_reading import DeskNow
from engine.commands import ClosePosition, Command, PlaceOrder, SetLeverage
from engine.protection_commands import (
    CancelOrders,
    Flatten,
    PlaceBracket,
    ProtectPosition,
    ReversePosition,
    StartChase,
)
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
        ("cancel bids", (CancelOrders(symbol="BTCUSDT", side=Side.BUY),)),
        ("cancel asks eth", (CancelOrders(symbol="ETHUSDT", side=Side.SELL),)),
        ("stop eth 3200", (ProtectPosition(symbol="ETHUSDT", stop_price=D("3200")),)),
        ("tp eth 3000", (ProtectPosition(symbol="ETHUSDT", target_price=D("3000")),)),
        ("bracket buy 0.1 btc 64000 sl 63000 tp 66000",
         (PlaceBracket(symbol="BTCUSDT", side=Side.BUY, quantity=D("0.1"), price=D("64000"),
                       stop_price=D("63000"), target_price=D("66000")),)),
        ("bracket sell tp 3000 2 eth",
         (PlaceBracket(symbol="ETHUSDT", side=Side.SELL, quantity=D("2"),
                       target_price=D("3000")),)),
        ("chase buy 0.1 btc",
         (StartChase(symbol="BTCUSDT", side=Side.BUY, quantity=D("0.1")),)),
        ("chase sell 1 eth 3050",
         (StartChase(symbol="ETHUSDT", side=Side.SELL, quantity=D("1"), limit_price=D("3050")),)),
        ("flatten eth", (Flatten(symbol="ETHUSDT"),)),
        ("reverse eth", (ReversePosition(symbol="ETHUSDT"),)),
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
        ("stop eth 3000", "A sell's stop must be above 3131.20"),
        ("stop eth", "At which price"),
        ("stop btc 63000", "no position in BTCUSDT"),
        ("tp nope 1", "no symbol NOPE"),
        ("tp eth 3000.001", "multiple of 0.01"),
        ("bracket 0.1 btc", "bracket buy 0.1 btc"),
        ("bracket buy btc sl 63000", "How much"),
        ("bracket buy 0.1 btc 64000", "Say where it ends"),
        ("bracket buy 0.1 btc 64000 sl", "A price must follow sl"),
        ("bracket buy 0.1 btc 64000 sl 65000", "A buy's stop must be below 64000.0"),
        ("bracket buy 0.0001 btc 64000 sl 63000", "at least 0.001"),
        ("bracket buy 0.1 nope sl 63000", "no symbol NOPE"),
        ("chase 0.1 btc", "chase buy 0.1 btc"),
        ("chase buy btc", "How much"),
        ("chase buy 0.0001 btc", "at least 0.001"),
        ("chase buy 0.1 nope", "no symbol NOPE"),
        ("flatten sol", "no position and no order"),
        ("flatten eth 5", "For example: flatten btc"),
        ("reverse btc", "no position in BTCUSDT"),
        ("reverse nope", "no symbol NOPE"),
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


def test_a_stop_for_one_of_two_sides_is_not_guessed() -> None:
    both = (
        position(position_side=PositionSide.LONG),
        position(position_side=PositionSide.SHORT, quantity=D("-0.1")),
    )
    hedged = replace(DESK, positions=both)
    for text in ("stop btc 63000", "reverse btc"):
        assert "a long and a short" in read_phrase(text, hedged).sentence


def test_nothing_is_read_before_the_rules_are_known() -> None:
    early = replace(DESK, instruments={}, positions=(position(symbol="BTCUSDT"),))
    for text in ("stop 63000", "bracket buy 1 sl 63000", "chase buy 1", "buy 1"):
        assert "not known yet" in read_phrase(text, early).sentence


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("", ()),
        ("ca", ("cancel ",)),
        ("cancel ", ("cancel all ", "cancel bids ", "cancel asks ", "cancel btc ")),
        ("buy 0.1 b", ("buy 0.1 btc ", "buy 0.1 bnb ")),
        ("buy 0.1 btc 64000 po", ("buy 0.1 btc 64000 post ",)),
        ("do", ("doge ",)),
    ],
)
def test_the_last_word_is_completed(text: str, offered: tuple[str, ...]) -> None:
    assert completions(text, DESK)[: len(offered) or 8] == offered
