"""Own fills find their candle."""

from __future__ import annotations

from decimal import Decimal

from desktop.models.fill_marks import FillMark, FillMarks
from engine.trading_types import Side
from engine.views import FillView
from tests.helpers.market_samples import MINUTE_MS, START_MS, candles

D = Decimal
CANDLES = candles(10)


def fill(trade_id: int, at_ms: int, side: Side = Side.BUY, price: str = "64000") -> FillView:
    return FillView(
        symbol="BTCUSDT",
        trade_id=trade_id,
        order_id=1,
        client_order_id="a",
        side=side,
        price=D(price),
        quantity=D("0.1"),
        time_ms=at_ms,
    )


def marks(*fills: FillView) -> list[FillMark]:
    laid = FillMarks()
    laid.set_fills(fills)
    return laid.on(CANDLES, 1)


def test_fills_of_a_candle_and_side_are_one_mark_at_their_average() -> None:
    in_third = START_MS + 2 * MINUTE_MS
    found = marks(
        fill(1, in_third, price="64000"),
        fill(2, in_third + MINUTE_MS - 1, price="64010"),
        fill(3, in_third, Side.SELL),
    )
    assert found == [
        FillMark(2, Side.BUY, D(64005), D("0.2"), 2),
        FillMark(2, Side.SELL, D(64000), D("0.1"), 1),
    ]
    assert found[0].text() == "Bought 0.2 in 2 fills"
    assert found[1].text() == "Sold 0.1"


def test_fills_outside_of_the_history_have_no_place() -> None:
    assert marks(fill(1, START_MS - 1), fill(2, START_MS + 10 * MINUTE_MS)) == []


def test_older_candles_in_front_shift_the_marks() -> None:
    laid = FillMarks()
    laid.set_fills([fill(1, START_MS)])
    assert laid.on(CANDLES, 1)[0].index == 0
    assert laid.on([*candles(5, first=-5), *CANDLES], 2)[0].index == 5
    assert FillMarks().on(CANDLES, 1) == []
