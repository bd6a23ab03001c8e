"""Closing a share, turning a position round, and cancelling many orders at once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.commands import ClosePosition
from engine.errors import NotConnected, OrderNotAllowed, OrderRefused, ShuttingDown
from engine.oms.risk_rules import RiskLimits
from engine.protection_commands import CancelOrders, ReversePosition
from engine.trading_types import OrderStatus, OrderType, PositionSide, Side
from engine.views import PositionView
from tests.helpers.fake_gateway import Loses
from tests.helpers.oms_bench import OmsBench

D = Decimal
DOWN = NotConnected("The exchange cannot be reached.")


def holding(quantity: str, side=PositionSide.BOTH, risk: RiskLimits | None = None) -> OmsBench:
    bench = OmsBench(live=False, risk=risk)
    bench.gateway.is_hedge = side is not PositionSide.BOTH
    bench.gateway.positions = [
        PositionView(
            symbol="BTCUSDT", position_side=side, quantity=D(quantity), entry_price=D(60_000),
            updated_at=1,
        )
    ]  # fmt: skip
    bench.gateway.go_live()
    bench.oms.reconciler.run()
    bench.marks["BTCUSDT"] = D(60_000)
    return bench


# --- close -------------------------------------------------------------------------------


def test_a_share_is_rounded_down_to_the_step():
    bench = holding("0.101")
    closed = bench.oms.close_position(ClosePosition(symbol="BTCUSDT", share_pct=D(50)))
    assert (closed.view.orig_qty, closed.view.side) == (D("0.05"), Side.SELL)
    assert closed.view.reduce_only


def test_all_of_a_short_is_bought_back():
    bench = holding("-0.101")
    closed = bench.oms.close_position(ClosePosition(symbol="BTCUSDT"))
    assert (closed.view.orig_qty, closed.view.side) == (D("0.101"), Side.BUY)


def test_a_limit_price_makes_it_a_limit_order():
    bench = holding("0.1")
    closed = bench.oms.close_position(ClosePosition(symbol="BTCUSDT", price=D(61_000)))
    assert (closed.view.type, closed.view.price) == (OrderType.LIMIT, D(61_000))


def test_one_side_of_a_hedge_is_closed_without_reduce_only():
    bench = holding("0.1", PositionSide.LONG)
    closed = bench.oms.close_position(
        ClosePosition(symbol="BTCUSDT", position_side=PositionSide.LONG)
    )
    assert not closed.view.reduce_only
    assert closed.view.position_side is PositionSide.LONG


@pytest.mark.parametrize(
    ("share", "words"),
    [("0", "above 0"), ("101", "at most 100"), ("0.5", "less than the smallest order, 0.001")],
)
def test_a_share_that_cannot_be_is_refused(share, words):
    bench = holding("0.1")
    with pytest.raises(OrderNotAllowed, match=words):
        bench.oms.close_position(ClosePosition(symbol="BTCUSDT", share_pct=D(share)))


def test_closing_nothing_is_refused():
    with pytest.raises(OrderNotAllowed, match="no open position"):
        OmsBench().oms.close_position(ClosePosition(symbol="BTCUSDT"))


# --- reverse -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "side", "orders"),
    [
        ("0.1", PositionSide.BOTH, [("SELL", True, "BOTH"), ("SELL", False, "BOTH")]),
        ("-0.1", PositionSide.BOTH, [("BUY", True, "BOTH"), ("BUY", False, "BOTH")]),
        ("0.1", PositionSide.LONG, [("SELL", False, "LONG"), ("SELL", False, "SHORT")]),
        ("-0.1", PositionSide.SHORT, [("BUY", False, "SHORT"), ("BUY", False, "LONG")]),
    ],
)
def test_reversing_closes_and_opens_as_much_the_other_way(held, side, orders):
    bench = holding(held, side)
    opened = bench.oms.reverse(
        ReversePosition(symbol="BTCUSDT", position_side=side, request_id="r")
    )
    assert opened.status is OrderStatus.FILLED
    sent = list(bench.gateway.orders.values())
    assert [(o.side, o.reduce_only, o.position_side) for o in sent] == orders
    assert {o.orig_qty for o in sent} == {D("0.1")}


def test_reversing_nothing_is_refused():
    with pytest.raises(OrderNotAllowed, match="no open position"):
        OmsBench().oms.reverse(ReversePosition(symbol="BTCUSDT"))


def test_the_guard_is_asked_before_anything_is_closed():
    bench = holding("0.1", risk=RiskLimits(max_order_usdt=D(100)))
    with pytest.raises(OrderNotAllowed, match="max_order_usdt"):
        bench.oms.reverse(ReversePosition(symbol="BTCUSDT"))
    assert bench.gateway.orders == {}


def test_reversing_is_judged_from_flat():
    bench = holding("0.1", risk=RiskLimits(max_position_qty={"BTCUSDT": D("0.1")}))
    bench.gateway.positions = []  # as the stream would say after the first order
    closed = bench.oms.reconciler.refresh_account
    real_fill = bench.gateway.fill

    def fill(*given, **more):
        update = real_fill(*given, **more)
        closed()
        return update

    bench.gateway.fill = fill  # type: ignore[method-assign]
    opened = bench.oms.reverse(ReversePosition(symbol="BTCUSDT"))
    assert opened.status is OrderStatus.FILLED


def test_nothing_is_opened_when_the_close_is_refused():
    bench = holding("0.1")
    bench.gateway.plan("submit", OrderRefused(-2022, "ReduceOnly Order is rejected.", 400))
    with pytest.raises(OrderNotAllowed, match=r"0 of 0\.1 BTCUSDT were closed"):
        bench.oms.reverse(ReversePosition(symbol="BTCUSDT"))
    assert bench.gateway.orders == {}


# --- cancel many ---------------------------------------------------------------------------


def many() -> OmsBench:
    """A bid and an ask in two symbols each, and a conditional order on each side of one."""
    bench = OmsBench()
    for symbol in ("BTCUSDT", "ETHUSDT"):
        bench.oms.submit_order(symbol, "BUY", "LIMIT", 1, 60_000)
        bench.oms.submit_order(symbol, "SELL", "LIMIT", 1, 70_000)
    for side in ("BUY", "SELL"):
        bench.gateway.place_algo_order("BTCUSDT", side, "STOP_MARKET", 1, trigger_price=65_000)
    return bench


def left(bench: OmsBench) -> tuple[list[tuple[str, str]], list[str]]:
    orders = [(order.symbol, order.side) for order in bench.gateway.get_book_orders()]
    return orders, [algo.side for algo in bench.gateway.get_open_algo_orders()]


@pytest.mark.parametrize(
    ("command", "orders", "algos"),
    [
        (CancelOrders(), [], []),
        (CancelOrders(symbol="BTCUSDT"), [("ETHUSDT", "BUY"), ("ETHUSDT", "SELL")], []),
        (CancelOrders(side=Side.BUY), [("BTCUSDT", "SELL"), ("ETHUSDT", "SELL")], ["SELL"]),
        (
            CancelOrders(symbol="BTCUSDT", side=Side.SELL),
            [("BTCUSDT", "BUY"), ("ETHUSDT", "BUY"), ("ETHUSDT", "SELL")],
            ["BUY"],
        ),
    ],
)
def test_the_named_ones_of_both_services_go_and_the_others_stay(command, orders, algos):
    bench = many()
    done = bench.oms.cancel_orders(command)
    assert left(bench) == (orders, algos)
    assert done.failures == ()
    assert "conditional order" in done.sentence


def test_one_failure_does_not_stop_the_rest_and_is_told():
    bench = many()
    bench.gateway.plan("cancel_all", DOWN)
    done = bench.oms.cancel_orders(CancelOrders())
    assert left(bench) == ([("BTCUSDT", "BUY"), ("BTCUSDT", "SELL")], [])
    assert "Not cancelled: BTCUSDT (The exchange cannot be reached.)" in done.sentence


def test_what_could_not_be_read_is_told():
    bench = many()
    bench.gateway.plan("open_algos", DOWN)
    done = bench.oms.cancel_orders(CancelOrders(side=Side.BUY))
    assert "conditional orders (The exchange" in done.failures[0]


def test_a_conditional_order_that_has_just_ended_is_no_failure():
    bench = many()
    bench.gateway.plan("cancel_algo", OrderRefused(-2011, "Unknown order sent.", 400))
    assert bench.oms.cancel_orders(CancelOrders(side=Side.BUY)).failures == ()
    bench.gateway.plan("cancel_algo", OrderRefused(-2015, "Invalid API-key.", 401))
    assert bench.oms.cancel_orders(CancelOrders(side=Side.SELL)).failures != ()


def test_closing_down_ends_it():
    bench = many()
    bench.gateway.plan("open_algos", ShuttingDown("Closing."))
    with pytest.raises(ShuttingDown):
        bench.oms.cancel_orders(CancelOrders())


def test_a_full_disk_does_not_stop_what_reduces():
    bench = holding("0.1")
    bench.journal.breaks = True
    closed = bench.oms.close_position(ClosePosition(symbol="BTCUSDT"))
    assert closed.status is OrderStatus.FILLED
    assert "journal.bypassed" in bench.log.alert_codes()


def test_a_lost_answer_of_a_close_leaves_it_unknown():
    bench = holding("0.1")
    bench.gateway.plan("submit", Loses.BEFORE)
    closed = bench.oms.close_position(ClosePosition(symbol="BTCUSDT"))
    assert closed.status is OrderStatus.UNKNOWN
