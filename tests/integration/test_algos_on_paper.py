"""Conditional orders through the whole engine, on the paper exchange over real sockets."""

from __future__ import annotations

from decimal import Decimal

from engine.events import CommandDone
from engine.protection_commands import CancelOrders, MoveAlgo, PlaceAlgo
from engine.trading_types import OrderOrigin, OrderType, Side
from engine.utils.mailbox import Mailbox
from tests.helpers.waiting import wait_until

D = Decimal


def _bid(engine) -> Decimal:
    return D(str(int(engine.market.wait_for_price("BTCUSDT"))))


def test_a_stop_is_placed_moved_and_cancelled(engine):
    price = _bid(engine)
    algo = engine.oms.algos.place_algo("BTCUSDT", "BUY", "STOP_MARKET", "0.1", price + 5000)
    assert algo.status == "NEW"
    new = engine.oms.algos.move(algo, price + 4000)
    assert (algo.status, new.status) == ("CANCELED", "NEW")
    assert [a.algo_id for a in engine.gateway.get_open_algo_orders()] == [new.algo_id]
    engine.oms.algos.cancel(new)
    assert new.status == "CANCELED"
    assert engine.gateway.get_open_algo_orders() == []


def test_a_triggered_stop_becomes_an_order_that_knows_it(engine):
    engine.oms.submit_order("BTCUSDT", "SELL", "MARKET", "0.1")  # the last price is the bid
    trigger = repr(engine.market.best_ask("BTCUSDT"))
    algo = engine.oms.algos.place_algo("BTCUSDT", "BUY", "STOP_MARKET", "0.2", trigger)
    engine.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.1")  # and now the ask
    assert engine.oms.algos.wait(algo, timeout_s=30)
    assert algo.status == "FINISHED"
    wait_until(lambda: engine.oms.tracker.get_by_order_id("BTCUSDT", algo.order_id) is not None)
    order = engine.oms.tracker.get_by_order_id("BTCUSDT", algo.order_id)
    assert engine.oms.wait(order, "FILLED", timeout_s=30)
    wait_until(lambda: order.view.client_algo_id == algo.client_algo_id)
    assert order.origin is OrderOrigin.OURS


def test_commands_place_move_and_cancel_orders_of_both_services(engine):
    box = engine.hub.attach(Mailbox(), types=[CommandDone])
    price = _bid(engine)
    engine.submit(
        PlaceAlgo(
            symbol="BTCUSDT",
            side=Side.BUY,
            type=OrderType.STOP_MARKET,
            quantity=D("0.1"),
            trigger_price=price + 5000,
            client_algo_id="pd-mine",
        )
    )
    wait_until(lambda: [a.status for a in engine.oms.algos.open()] == ["NEW"])
    engine.submit(MoveAlgo(symbol="BTCUSDT", client_algo_id="pd-mine", trigger_price=price + 4000))
    wait_until(lambda: engine.oms.algos.get("pd-mine").status == "CANCELED")
    engine.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.1", price - 500)
    engine.submit(CancelOrders(symbol="BTCUSDT", side=Side.BUY))
    wait_until(lambda: not engine.oms.algos.open() and not engine.oms.open_orders())
    assert box.wait(30)
    (done,) = box.drain()
    assert done.sentence == "Cancelling 1 order and 1 conditional order."
    engine.hub.detach(box)
