from __future__ import annotations

from decimal import Decimal

import pytest

from engine.errors import OrderRefused
from engine.events import FillRecorded, OrderUpdate
from engine.trading_types import ExecutionType, OrderStatus
from tests.helpers.fake_gateway import Loses
from tests.helpers.oms_bench import OmsBench

D = Decimal


@pytest.fixture
def bench() -> OmsBench:
    return OmsBench()


def test_an_order_that_arrived_is_found_by_asking(bench: OmsBench) -> None:
    bench.gateway.holds_events = True
    bench.gateway.plan("submit", Loses.AFTER)
    order = bench.buy()
    assert order.status == "UNKNOWN"
    bench.tick(0)
    bench.tick(0.4)
    assert bench.gateway.count("query") == 0  # the event gets a moment to tell first
    bench.tick(0.2)
    assert order.status == "NEW"
    bench.gateway.release()
    assert order.status == "NEW"
    assert len(bench.gateway.orders) == 1


def test_the_event_settles_it_without_a_question(bench: OmsBench) -> None:
    bench.gateway.holds_events = True
    bench.gateway.plan("submit", Loses.AFTER)
    order = bench.buy()
    bench.tick(0)
    bench.gateway.release()
    bench.tick(0.6)
    assert order.status == "NEW"
    assert bench.gateway.count("query") == 0
    assert "order.known" in bench.log.alert_codes()


def test_an_order_that_never_arrived_is_rejected_only_late_and_after_many_answers(
    bench: OmsBench,
) -> None:
    bench.gateway.plan("submit", Loses.BEFORE)
    order = bench.buy()
    bench.tick(0)
    asked_until_s = 0.0
    while order.status == "UNKNOWN":
        bench.tick(0.5)
        asked_until_s += 0.5
        assert asked_until_s < 60
    assert asked_until_s >= 10
    assert order.status == "REJECTED"
    assert order.reason == "It never reached the exchange."
    assert bench.gateway.count("query") >= 3
    assert bench.gateway.count("submit") == 1


def test_an_order_that_the_exchange_lists_is_not_given_up_though_no_query_finds_it(
    bench: OmsBench,
) -> None:
    bench.gateway.plan("submit", Loses.AFTER)
    bench.gateway.holds_events = True
    order = bench.buy()
    asked: list[str] = []

    def unknown(symbol: str, **_: object) -> None:
        asked.append(symbol)
        raise OrderRefused(-2013, "Order does not exist.")

    bench.gateway.query_order = unknown  # type: ignore[method-assign,assignment]
    bench.tick(0)
    for _ in range(60):
        bench.tick(0.5)
    assert len(asked) >= 3
    assert order.status == "NEW"


def test_network_errors_are_no_evidence(bench: OmsBench) -> None:
    bench.gateway.plan("submit", Loses.BEFORE)
    order = bench.buy()
    bench.gateway.is_offline = True
    bench.tick(0)
    for _ in range(100):
        bench.tick(5)
    assert order.status == "UNKNOWN"


def test_a_refusal_of_the_question_itself_is_no_evidence(bench: OmsBench) -> None:
    bench.gateway.plan("submit", Loses.BEFORE)
    order = bench.buy()
    bench.gateway.plan("query", *[OrderRefused(-1102, "Mandatory parameter.", 400)] * 50)
    bench.tick(0)
    for _ in range(20):
        bench.tick(5)
    assert order.status == "UNKNOWN"


def test_an_order_that_the_venue_shows_late_is_not_given_up(bench: OmsBench) -> None:
    bench.gateway.holds_events = True
    bench.gateway.plan("submit", Loses.AFTER)
    bench.gateway.plan("query", *[OrderRefused(-2013, "Order does not exist.", 400)] * 3)
    order = bench.buy()
    bench.tick(0)
    for _ in range(20):
        bench.tick(0.5)
    assert order.status == "NEW"


def test_an_unexplained_trade_is_looked_into_before_giving_up(bench: OmsBench) -> None:
    bench.gateway.holds_events = True
    bench.gateway.plan("submit", Loses.AFTER)
    order = bench.buy()
    (venue_order,) = bench.gateway.orders.values()
    bench.gateway.fill(venue_order.order_id, "0.1")
    bench.tick(0)
    # the venue answers -2013 to the client id, again and again
    bench.gateway.plan("query", *[OrderRefused(-2013, "Order does not exist.", 400)] * 4)
    for _ in range(40):
        bench.tick(0.5)
    assert order.status == "FILLED"
    assert order.order_id == venue_order.order_id


def test_the_venues_word_overrules_never_arrived(bench: OmsBench) -> None:
    bench.gateway.plan("submit", Loses.BEFORE)
    order = bench.buy()
    bench.tick(0)
    for _ in range(30):
        bench.tick(1)
    assert order.status == "REJECTED"
    bench.gateway.emit(
        OrderUpdate(
            symbol=order.symbol,
            client_order_id=order.client_order_id,
            order_id=99,
            side=order.side,
            type=order.type,
            status=OrderStatus.NEW,
            execution=ExecutionType.NEW,
            price=order.price,
            orig_qty=order.orig_qty,
            executed_qty=D(0),
            update_ms=bench.clock.now_ms(),
        )
    )
    assert order.status == "NEW"
    assert bench.oms.open_orders() == [order]
    assert "order.surprise" in bench.log.alert_codes()


def test_asking_by_hand_does_not_wait_for_the_next_pause(bench: OmsBench) -> None:
    bench.gateway.holds_events = True
    bench.gateway.plan("submit", Loses.AFTER)
    order = bench.buy()
    bench.oms.ask_again(order.client_order_id)
    assert order.status == "NEW"


def test_a_lost_cancel_that_was_carried_out_is_seen(bench: OmsBench) -> None:
    order = bench.buy()
    bench.gateway.holds_events = True
    bench.gateway.plan("cancel", Loses.AFTER)
    assert bench.oms.cancel_order(order).status == "PENDING_CANCEL"
    bench.tick(0)
    bench.tick(0.6)
    assert order.status == "CANCELED"


def test_a_lost_cancel_that_was_not_carried_out_gives_the_order_back(bench: OmsBench) -> None:
    order = bench.buy()
    bench.gateway.plan("cancel", Loses.BEFORE)
    assert bench.oms.cancel_order(order).status == "PENDING_CANCEL"
    bench.tick(0)
    for _ in range(8):
        bench.tick(0.5)
    assert order.status == "NEW"
    assert order.lost_write is None
    assert "order.cancel_lost" in bench.log.alert_codes()
    assert bench.oms.cancel_order(order).status == "CANCELED"


@pytest.mark.parametrize(("loses", "price"), [(Loses.BEFORE, "60000"), (Loses.AFTER, "60010")])
def test_a_lost_amend_is_settled_by_what_the_venue_shows(
    bench: OmsBench, loses: Loses, price: str
) -> None:
    order = bench.buy()
    bench.gateway.holds_events = True
    bench.gateway.plan("modify", loses)
    bench.oms.modify_order(order, price="60010")
    assert order.amend is not None
    bench.tick(0)
    for _ in range(8):
        bench.tick(0.5)
    assert order.amend is None
    assert order.price == D(price)
    assert order.status == "NEW"


def test_cancel_all_is_followed_up_when_an_event_gets_lost(bench: OmsBench) -> None:
    order = bench.buy()
    bench.gateway.holds_events = True
    bench.oms.cancel_all("BTCUSDT")
    assert order.status == "PENDING_CANCEL"
    bench.tick(0)
    bench.tick(0.6)
    assert order.status == "CANCELED"


def test_a_trade_whose_event_was_lost_is_fetched(bench: OmsBench) -> None:
    order = bench.buy("0.2")
    assert order.order_id is not None
    bench.gateway.fill(order.order_id, "0.1", emits=False)
    bench.gateway.fill(order.order_id, "0.1")
    assert order.status == "FILLED"
    assert order.missing_fill_qty == D("0.1")
    bench.tick(0)
    bench.tick(1)
    assert order.missing_fill_qty == 0
    assert len(bench.log.of(FillRecorded)) == 2
    assert order.realized_pnl == 1
    assert list(bench.oms.resolver.untold) == [order]
