"""Where an amend is refused for good: cancelled, and the rest placed anew."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.commands import AmendOrder, CancelOrder, PlaceOrder
from engine.errors import InsufficientBalance, JournalError, OrderNotAllowed, OrderRefused
from engine.events import Alert, CommandRefused, OrderReplaced
from engine.oms.order_models import Order
from engine.trading_types import AlertLevel, OrderStatus, PositionSide, TimeInForce
from tests.helpers.fake_gateway import Loses
from tests.helpers.oms_bench import OmsBench

D = Decimal

TOO_OFTEN = OrderRefused(-5026, "Exceed maximum modify order limit.", 400)


@pytest.fixture
def bench() -> OmsBench:
    bench = OmsBench()
    bench.gateway.plan("modify", TOO_OFTEN)
    return bench


def live(bench: OmsBench) -> list[tuple[Decimal, Decimal]]:
    """Price and rest of what the venue holds."""
    return [(o.price, o.orig_qty - o.executed_qty) for o in bench.gateway.get_book_orders()]


def told(bench: OmsBench) -> Alert:
    (alert,) = [a for a in bench.log.of(Alert) if a.code.startswith("order.")]
    return alert


def filled_first(bench: OmsBench, quantity: str) -> Order:
    order = bench.buy("0.1")
    assert order.order_id is not None
    bench.gateway.fill(order.order_id, quantity)
    return order


def test_the_rest_is_placed_anew_after_the_cancel_is_confirmed(bench: OmsBench) -> None:
    order = filled_first(bench, "0.04")
    new = bench.oms.modify_order(order, price="59000", quantity="0.2")
    assert (order.status, order.executed_qty) == (OrderStatus.CANCELED, D("0.04"))
    assert (new.status, new.price, new.orig_qty) == (OrderStatus.NEW, D(59000), D("0.16"))
    assert live(bench) == [(D(59000), D("0.16"))]
    calls = [name for name, _ in bench.gateway.calls if name in ("modify", "cancel", "submit")]
    assert calls == ["submit", "modify", "cancel", "submit"]
    kinds = [type(intent) for intent in bench.journal.intents]
    assert kinds == [PlaceOrder, AmendOrder, CancelOrder, PlaceOrder]
    (link,) = bench.log.of(OrderReplaced)
    assert link.old_client_order_id == order.client_order_id
    assert link.new_client_order_id == new.client_order_id
    assert told(bench).level is AlertLevel.INFO
    assert new.client_order_id in told(bench).sentence
    assert bench.log.of(CommandRefused) == []


def test_the_new_order_keeps_what_was_not_changed(bench: OmsBench) -> None:
    bench.oms.mode.learn(True)
    order = bench.oms.submit_order(
        "BTCUSDT", "SELL", "LIMIT", "0.1", "61000", time_in_force="GTX", position_side="LONG"
    )
    new = bench.oms.modify_order(order, price="61500")
    assert (new.time_in_force, new.position_side) == (TimeInForce.GTX, PositionSide.LONG)
    assert new.orig_qty == D("0.1")


def test_filled_while_it_was_being_cancelled_leaves_nothing_to_place(bench: OmsBench) -> None:
    order = bench.buy("0.1")
    order_id = order.order_id
    assert order_id is not None
    bench.gateway.plan("cancel", lambda: bench.gateway.fill(order_id, "0.1") and None)
    assert bench.oms.modify_order(order, price="59000") is order
    assert order.status is OrderStatus.FILLED
    assert bench.gateway.count("submit") == 1
    assert "filled before" in told(bench).sentence


def test_filled_as_far_as_the_new_total_leaves_nothing_to_place(bench: OmsBench) -> None:
    order = bench.buy("0.1")
    order_id = order.order_id
    assert order_id is not None
    bench.gateway.plan("cancel", lambda: bench.gateway.fill(order_id, "0.06") and None)
    assert bench.oms.modify_order(order, quantity="0.06") is order
    assert (order.status, order.executed_qty) == (OrderStatus.CANCELED, D("0.06"))
    assert bench.gateway.count("submit") == 1


@pytest.mark.parametrize("loses", list(Loses))
def test_a_cancel_of_unknown_fate_places_nothing(bench: OmsBench, loses: Loses) -> None:
    order = bench.buy("0.1")
    bench.gateway.holds_events = True
    bench.gateway.plan("cancel", loses)
    with pytest.raises(OrderRefused):
        bench.oms.modify_order(order, price="59000")
    assert bench.gateway.count("submit") == 1
    assert "order.not_replaced" in bench.log.alert_codes()
    assert len(bench.log.of(CommandRefused)) == 1


def test_an_order_that_somebody_else_cancelled_first_is_not_brought_back(bench: OmsBench) -> None:
    order = bench.buy("0.1")
    order_id = order.order_id
    assert order_id is not None
    bench.gateway.plan("cancel", lambda: bench.gateway.end(order_id) and None)
    with pytest.raises(OrderRefused):
        bench.oms.modify_order(order, price="59000")
    assert live(bench) == []
    assert bench.gateway.count("submit") == 1


def test_a_refused_cancel_leaves_the_order_as_it_was(bench: OmsBench) -> None:
    order = bench.buy("0.1")
    bench.gateway.plan("cancel", OrderRefused(-4117, "Stop order is triggering.", 400))
    with pytest.raises(OrderRefused, match="triggering"):
        bench.oms.modify_order(order, price="59000")
    assert order.status is OrderStatus.NEW
    assert bench.gateway.count("submit") == 1


def test_what_could_not_be_placed_anew_is_not_cancelled(bench: OmsBench) -> None:
    order = filled_first(bench, "0.0995")
    with pytest.raises(OrderNotAllowed, match="placed anew: Quantity must be at least"):
        bench.oms.modify_order(order, price="59000", quantity="0.1")
    assert order.status is OrderStatus.PARTIALLY_FILLED
    assert bench.gateway.count("cancel") == 0


def test_the_last_free_place_of_open_orders_is_enough(bench: OmsBench) -> None:
    orders = [bench.buy("0.1", str(60000 + step)) for step in range(10)]
    assert bench.oms.modify_order(orders[0], price="59000").status is OrderStatus.NEW


def test_a_new_order_that_is_refused_is_an_error_in_words(bench: OmsBench) -> None:
    order = bench.buy("0.1")
    bench.gateway.plan("submit", InsufficientBalance(-2019, "Margin is insufficient.", 400))
    new = bench.oms.modify_order(order, price="59000")
    assert (order.status, new.status) == (OrderStatus.CANCELED, OrderStatus.REJECTED)
    assert told(bench).level is AlertLevel.ERROR
    assert "Nothing stands in its stead" in told(bench).sentence


def test_a_journal_that_breaks_after_the_cancel_is_an_error_in_words(bench: OmsBench) -> None:
    order = bench.buy("0.1")
    bench.gateway.plan("cancel", lambda: setattr(bench.journal, "breaks", True))
    with pytest.raises(JournalError):
        bench.oms.modify_order(order, price="59000")
    assert live(bench) == []
    assert "order.not_replaced" in bench.log.alert_codes()


def test_an_order_that_cannot_be_said_again_is_left_as_it_is(bench: OmsBench) -> None:
    order = bench.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.1", "60000", time_in_force="GTD")
    with pytest.raises(OrderRefused):
        bench.oms.modify_order(order, price="59000")
    assert order.status is OrderStatus.NEW
    assert bench.gateway.count("cancel") == 0
