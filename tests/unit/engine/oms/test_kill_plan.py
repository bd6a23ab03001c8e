"""What is left decides what is done next."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.oms.kill_plan import Standing, counted, left_over, next_steps
from engine.trading_types import OrderStatus, OrderType, PositionSide, Side
from engine.views import OrderView, PositionView

D = Decimal


def held(quantity: str, side: PositionSide = PositionSide.BOTH, symbol="BTCUSDT") -> PositionView:
    return PositionView(
        symbol=symbol, position_side=side, quantity=D(quantity), entry_price=D(60_000)
    )


def order(status: OrderStatus) -> OrderView:
    return OrderView(
        client_order_id="pd-1", symbol="BTCUSDT", side=Side.BUY, type=OrderType.LIMIT,
        status=status, price=D(1), orig_qty=D(1),
    )  # fmt: skip


def no_limit(_symbol: str) -> Decimal:
    return D(0)


def test_nothing_proven_is_not_flat_and_nothing_read_is():
    assert not Standing().is_flat
    assert Standing(is_proven=True).is_flat


@pytest.mark.parametrize(
    "left",
    [
        {"orders": {"BTCUSDT": 1}},
        {"algos": {"BTCUSDT": 1}},
        {"positions": (held("1"),)},
        {"unanswered": (order(OrderStatus.UNKNOWN),)},
    ],
)
def test_anything_left_is_not_flat(left):
    assert not Standing(**left, is_proven=True).is_flat
    assert len(left_over(Standing(**left))) == 1


@pytest.mark.parametrize(
    ("quantity", "position_side", "side"),
    [
        ("1", PositionSide.BOTH, Side.SELL),
        ("-1", PositionSide.BOTH, Side.BUY),
        ("1", PositionSide.LONG, Side.SELL),
        ("-1", PositionSide.SHORT, Side.BUY),
    ],
)
def test_a_position_is_closed_by_what_cannot_open(quantity, position_side, side):
    standing = Standing(positions=(held(quantity, position_side),), is_proven=True)
    (closing,) = next_steps(standing, no_limit).closing
    assert (closing.side, closing.type, closing.quantity) == (side, OrderType.MARKET, D(1))
    assert (closing.reduce_only, closing.position_side) == (True, position_side)


def test_both_sides_of_a_hedge_are_closed():
    hedge = (held("1", PositionSide.LONG), held("-2", PositionSide.SHORT))
    closing = next_steps(Standing(positions=hedge), no_limit).closing
    assert [(c.side, c.quantity) for c in closing] == [(Side.SELL, D(1)), (Side.BUY, D(2))]


def test_a_position_beyond_the_largest_order_is_closed_in_pieces():
    standing = Standing(positions=(held("2.5"),))
    pieces = next_steps(standing, lambda _: D(1)).closing
    assert [piece.quantity for piece in pieces] == [D(1), D(1), D("0.5")]
    many = next_steps(Standing(positions=(held("25"),)), lambda _: D(1)).closing
    assert len(many) == 5  # and the rest in the next round


def test_what_was_not_read_is_cancelled_wherever_there_is_anything():
    standing = Standing(orders={"BTCUSDT": 2}, positions=(held("1", symbol="ETHUSDT"),))
    steps = next_steps(standing, no_limit)
    assert steps.cancel_orders == ("BTCUSDT",)
    assert steps.cancel_algos == ("BTCUSDT", "ETHUSDT")


def test_what_is_proven_is_cancelled_where_it_is():
    standing = Standing(orders={"BTCUSDT": 2}, algos={"ETHUSDT": 1}, is_proven=True)
    steps = next_steps(standing, no_limit)
    assert (steps.cancel_orders, steps.cancel_algos) == (("BTCUSDT",), ("ETHUSDT",))


def test_what_is_left_is_named_in_words():
    standing = Standing(
        orders={"BTCUSDT": 1},
        algos={"BTCUSDT": 2},
        positions=(held("0.50"), held("-3", symbol="ETHUSDT")),
        unanswered=(order(OrderStatus.UNKNOWN), order(OrderStatus.PENDING_NEW)),
    )
    assert left_over(standing) == (
        "1 order of BTCUSDT",
        "2 conditional orders of BTCUSDT",
        "0.5 BTCUSDT long",
        "3 ETHUSDT short",
        "an order of BTCUSDT whose fate is unknown",
        "an order of BTCUSDT whose fate is not answered yet",
    )


def test_counting():
    assert counted(["A", "B", "A"]) == {"A": 2, "B": 1}
