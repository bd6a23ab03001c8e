from __future__ import annotations

import threading
from decimal import Decimal

import pytest

from engine.errors import NotConnected, OrderNotAllowed
from engine.events import (
    AccountUpdate,
    Alert,
    EngineStateChanged,
    FillRecorded,
    OrderChanged,
)
from engine.oms.order_models import Order
from engine.trading_types import EngineState, OrderStatus, PositionSide, StreamState
from engine.views import BalanceView, OrderView, PositionView
from tests.helpers.account_words import account_update, position_report
from tests.helpers.fake_gateway import Loses
from tests.helpers.oms_bench import OmsBench

D = Decimal


@pytest.fixture
def bench() -> OmsBench:
    return OmsBench()


def lose_stream(bench: OmsBench) -> None:
    bench.gateway.say(StreamState.DISCONNECTED)


def come_back(bench: OmsBench) -> None:
    bench.gateway.go_live()
    bench.oms.reconciler.run()


def id_of(order: Order) -> int:
    assert order.order_id is not None
    return order.order_id


def a_position(quantity: str) -> PositionView:
    return PositionView(
        symbol="BTCUSDT",
        position_side=PositionSide.BOTH,
        quantity=D(quantity),
        entry_price=D(60000),
        leverage=5,
        updated_at=1,
    )


def test_the_end_of_an_order_during_a_gap_is_found(bench: OmsBench) -> None:
    filled, canceled, open_ = bench.buy(), bench.buy(price="60001"), bench.buy(price="60002")
    lose_stream(bench)
    bench.gateway.fill(id_of(filled), "0.1", emits=False)
    bench.gateway.end(id_of(canceled), emits=False)
    bench.gateway.fill(id_of(open_), "0.04", emits=False)
    come_back(bench)
    assert (filled.status, canceled.status) == ("FILLED", "CANCELED")
    assert (open_.status, open_.executed_qty) == ("PARTIALLY_FILLED", D("0.04"))
    assert sorted(e.fill.quantity for e in bench.log.of(FillRecorded)) == [D("0.04"), D("0.1")]
    assert filled.missing_fill_qty == 0


def test_what_changed_unseen_is_told_and_the_gap_is_measured(bench: OmsBench) -> None:
    order = bench.buy()
    lose_stream(bench)
    bench.gateway.fill(id_of(order), "0.1", emits=False)
    bench.clock.advance(12)
    come_back(bench)
    (alert,) = [a for a in bench.log.of(Alert) if a.code == "recovery.differences"]
    assert order.client_order_id in alert.sentence
    state = bench.log.of(EngineStateChanged)[-1]
    assert state.state is EngineState.LIVE
    assert state.gap_s == pytest.approx(12, abs=0.1)


def test_nothing_changed_is_told_to_nobody(bench: OmsBench) -> None:
    bench.buy()
    lose_stream(bench)
    come_back(bench)
    assert "recovery.differences" not in bench.log.alert_codes()


def test_an_order_placed_elsewhere_and_filled_in_the_gap_is_adopted(bench: OmsBench) -> None:
    bench.buy()
    lose_stream(bench)
    bench.gateway.holds_events = True
    foreign = bench.gateway.submit_order("BTCUSDT", "SELL", "MARKET", "0.3", client_order_id="web")
    bench.gateway.held.clear()
    bench.gateway.holds_events = False
    come_back(bench)
    order = bench.oms.get_order("web")
    assert order.order_id == foreign.order_id
    assert order.status == "FILLED"
    assert [e.fill.client_order_id for e in bench.log.of(FillRecorded)] == ["web"]


def test_a_trade_whose_events_were_lost_is_found_although_later_ones_were_seen(
    bench: OmsBench,
) -> None:
    bench.gateway.holds_events = True
    lost = bench.gateway.submit_order("BTCUSDT", "SELL", "MARKET", "0.3", client_order_id="web")
    bench.gateway.held.clear()
    bench.gateway.holds_events = False
    order = bench.buy()
    bench.gateway.fill(id_of(order), "0.1")  # a newer trade id, told by the stream
    lose_stream(bench)
    come_back(bench)
    assert bench.oms.get_order("web").order_id == lost.order_id
    told = [event.fill.trade_id for event in bench.log.of(FillRecorded)]
    assert sorted(told) == [trade.trade_id for trade in bench.gateway.trades]


def test_a_trade_of_an_order_that_nobody_knows_is_told_once(bench: OmsBench) -> None:
    bench.buy()
    bench.gateway.holds_events = True
    bench.gateway.submit_order("BTCUSDT", "SELL", "MARKET", "0.3", client_order_id="web")
    bench.gateway.held.clear()
    bench.gateway.holds_events = False
    bench.gateway.orders.clear()
    lose_stream(bench)
    come_back(bench)
    bench.oms.tracker.record_orphan(bench.gateway.trades[0])  # as an overlapping reading does
    assert len(bench.log.of(FillRecorded)) == 1


def test_an_order_that_the_venue_shows_later_than_its_trade_is_asked_for_again(
    bench: OmsBench,
) -> None:
    bench.buy()
    bench.gateway.holds_events = True
    web = bench.gateway.submit_order("BTCUSDT", "SELL", "MARKET", "0.3", client_order_id="web")
    bench.gateway.held.clear()
    bench.gateway.holds_events = False
    hidden = bench.gateway.orders.pop(web.order_id)
    lose_stream(bench)
    come_back(bench)
    assert bench.oms.tracker.get("web") is None
    bench.gateway.orders[web.order_id] = hidden
    for _ in range(4):
        bench.tick(1)
    order = bench.oms.get_order("web")
    assert (order.status, order.missing_fill_qty) == ("FILLED", D(0))
    assert len(bench.log.of(FillRecorded)) == 1  # told when it was read, and not again


def test_an_update_from_before_the_reading_does_not_bring_a_closed_position_back(
    bench: OmsBench,
) -> None:
    def update(quantity: str, at_ms: int) -> AccountUpdate:
        return account_update(at_ms, positions=(position_report(quantity),))

    bench.gateway.emit(update("0.1", 1000))
    lose_stream(bench)
    bench.gateway.go_live()
    bench.gateway.emit(update("0.4", 2000))  # waits; what closed the position is never told
    bench.gateway.positions = []
    bench.oms.reconciler.run()
    assert bench.oms.positions.positions() == []


def test_events_during_the_reading_come_on_top_of_it(bench: OmsBench) -> None:
    order = bench.buy()
    lose_stream(bench)
    bench.gateway.fill(id_of(order), "0.04", emits=False)
    bench.gateway.go_live()
    shown: list[D] = []

    def fills_meanwhile() -> None:
        bench.gateway.fill(id_of(order), "0.01")
        shown.append(order.executed_qty)

    bench.gateway.plan("positions", fills_meanwhile)
    bench.oms.reconciler.run()
    assert shown == [D(0)]  # held back
    assert order.executed_qty == D("0.05")
    assert order.missing_fill_qty == 0


def test_a_second_gap_while_reading_reads_again(bench: OmsBench) -> None:
    order = bench.buy()
    lose_stream(bench)
    bench.gateway.go_live()

    def drops() -> None:
        bench.gateway.say(StreamState.STALE)
        bench.gateway.fill(id_of(order), "0.1", emits=False)
        bench.gateway.go_live()

    bench.gateway.plan("balance", drops)
    bench.oms.reconciler.run()
    assert order.status == "FILLED"
    assert bench.gateway.count("open_orders") == 2


def test_a_failed_reading_is_degraded_lets_events_through_and_keeps_the_gate_shut(
    bench: OmsBench,
) -> None:
    order = bench.buy()
    lose_stream(bench)
    bench.gateway.go_live()
    bench.gateway.plan("open_orders", NotConnected("The exchange cannot be reached."))
    with pytest.raises(NotConnected):
        bench.oms.reconciler.run()
    assert bench.log.of(EngineStateChanged)[-1].state is EngineState.DEGRADED
    bench.gateway.fill(id_of(order), "0.1")
    assert order.status == "FILLED"
    with pytest.raises(OrderNotAllowed, match="reading the account"):
        bench.buy()


def test_recover_tries_until_it_succeeds(bench: OmsBench) -> None:
    offline = NotConnected("The exchange cannot be reached.")
    bench.gateway.plan("open_orders", offline, offline)
    results: list[object] = []
    thread = threading.Thread(
        target=lambda: results.append(bench.oms.reconciler.recover(threading.Event()))
    )
    thread.start()
    while thread.is_alive():
        bench.clock.advance(0.5)
        thread.join(0.01)
    assert results[0] is not None
    assert bench.gateway.count("open_orders") == 3


def test_recover_ends_when_told_to_stop(bench: OmsBench) -> None:
    stop = threading.Event()
    stop.set()
    assert bench.oms.reconciler.recover(stop) is None


def test_an_order_that_the_venue_does_not_list_is_unknown_not_gone(bench: OmsBench) -> None:
    order = bench.buy()
    lose_stream(bench)
    venue_order = bench.gateway.orders.pop(id_of(order))
    come_back(bench)
    assert order.status == "UNKNOWN"
    bench.gateway.orders[id_of(order)] = venue_order  # it was only slow to show it
    bench.tick(0)
    bench.tick(0.6)
    assert order.status == "NEW"


def test_an_order_that_the_venue_has_forgotten_ends(bench: OmsBench) -> None:
    order = bench.buy()
    lose_stream(bench)
    del bench.gateway.orders[id_of(order)]
    come_back(bench)
    bench.tick(0)
    for _ in range(30):
        bench.tick(1)
    assert order.status == "CANCELED"
    assert "no longer knows" in order.reason


def test_positions_and_balances_are_read_and_a_position_that_is_gone_is_flat(
    bench: OmsBench,
) -> None:
    bench.gateway.positions = [a_position("0.5")]
    bench.gateway.balances = [BalanceView(asset="USDT", wallet_balance=D(1000))]
    lose_stream(bench)
    come_back(bench)
    positions = bench.oms.positions
    assert [p.quantity for p in positions.positions()] == [D("0.5")]
    assert positions.leverage("BTCUSDT") == 5
    balance = positions.balance("USDT")
    assert balance is not None
    assert balance.wallet_balance == 1000
    bench.gateway.positions = []
    lose_stream(bench)
    come_back(bench)
    assert positions.positions() == []
    alerts = [a.sentence for a in bench.log.of(Alert) if a.code == "recovery.differences"]
    assert "position BTCUSDT 0.5 -> 0" in alerts[-1]


def test_an_order_in_flight_is_left_to_its_own_answer(bench: OmsBench) -> None:
    statuses: list[OrderStatus] = []

    def reads_the_account() -> None:
        bench.oms.reconciler.run()
        statuses.append(bench.oms.open_orders()[0].status)

    bench.gateway.plan("submit", reads_the_account)
    order = bench.buy()
    assert statuses == [OrderStatus.PENDING_NEW]
    assert order.status == "NEW"


# --- restart --------------------------------------------------------------------------


def restarted(old: OmsBench, *views: OrderView, last_trade_id: int = 0) -> OmsBench:
    """A new process at the same venue that remembers `views` from its journal."""
    new = OmsBench(live=False, gateway=old.gateway)
    last = {"BTCUSDT": last_trade_id} if last_trade_id else {}
    new.oms.restore(views, [], last)
    new.gateway.go_live()
    new.oms.reconciler.run()
    return new


def unknown(view: OrderView) -> OrderView:
    from msgspec.structs import replace

    return replace(view, status=OrderStatus.UNKNOWN)


def test_a_restart_finds_what_became_of_every_order(bench: OmsBench) -> None:
    open_, filled = bench.buy(), bench.buy(price="60001")
    bench.gateway.fill(id_of(filled), "0.1", emits=False)
    new = restarted(bench, unknown(open_.view), unknown(filled.view))
    assert new.oms.get_order(open_.client_order_id).status == "NEW"
    found = new.oms.get_order(filled.client_order_id)
    assert found.status == "FILLED"
    assert found.missing_fill_qty == 0
    assert [e.fill.quantity for e in new.log.of(FillRecorded)] == [D("0.1")]


def test_an_intent_killed_before_its_answer_is_found_and_not_sent_again(bench: OmsBench) -> None:
    bench.gateway.holds_events = True
    bench.gateway.plan("submit", Loses.AFTER)
    order = bench.buy()
    new = restarted(bench, order.view)
    assert new.oms.get_order(order.client_order_id).status == "NEW"
    assert len(bench.gateway.orders) == 1


def test_an_intent_killed_before_sending_ends_as_never_arrived(bench: OmsBench) -> None:
    bench.gateway.plan("submit", Loses.BEFORE)
    order = bench.buy()
    new = restarted(bench, order.view)
    assert new.oms.get_order(order.client_order_id).status == "UNKNOWN"
    new.tick(0)
    for _ in range(30):
        new.tick(1)
    assert new.oms.get_order(order.client_order_id).status == "REJECTED"


def test_fills_known_from_the_journal_are_not_told_again(bench: OmsBench) -> None:
    order = bench.buy()
    bench.gateway.fill(id_of(order), "0.04")
    (fill,) = [e.fill for e in bench.log.of(FillRecorded)]
    new = OmsBench(live=False, gateway=bench.gateway)
    new.oms.restore([unknown(order.view)], [fill], {"BTCUSDT": fill.trade_id})
    new.gateway.go_live()
    new.oms.reconciler.run()
    found = new.oms.get_order(order.client_order_id)
    assert new.log.of(FillRecorded) == []
    assert found.executed_qty == D("0.04")
    assert found.missing_fill_qty == 0
    assert new.log.of(OrderChanged)[-1].order.status == "PARTIALLY_FILLED"


def test_a_gap_that_took_two_readings_is_measured_from_its_beginning(bench: OmsBench) -> None:
    lose_stream(bench)
    bench.clock.advance(5)
    bench.gateway.go_live()
    bench.gateway.plan("open_orders", NotConnected("The exchange cannot be reached."))
    with pytest.raises(NotConnected):
        bench.oms.reconciler.run()
    bench.clock.advance(7)
    assert bench.oms.reconciler.run().gap_s == pytest.approx(12, abs=0.1)


def test_an_order_that_only_turned_out_to_be_open_is_no_surprise(bench: OmsBench) -> None:
    order = bench.buy()
    new = restarted(bench, unknown(order.view))
    assert "recovery.differences" not in new.log.alert_codes()
