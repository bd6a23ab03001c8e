from __future__ import annotations

import re
import threading
from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.errors import (
    BadInput,
    InsufficientBalance,
    JournalError,
    KeyRefused,
    NotConnected,
    OrderNotAllowed,
    OrderRefused,
    ShuttingDown,
    TemporarilyRefused,
    UnknownSymbol,
)
from engine.events import CommandRefused, FillRecorded, OrderChanged
from engine.oms.order_models import Order
from engine.trading_types import OrderStatus, StreamState
from tests.helpers.fake_gateway import Loses
from tests.helpers.oms_bench import OmsBench
from tests.helpers.waiting import wait_until

D = Decimal


@pytest.fixture
def bench() -> OmsBench:
    return OmsBench()


# --- placing --------------------------------------------------------------------------


def test_a_placed_order_is_live_and_exact(bench: OmsBench) -> None:
    order = bench.oms.submit_order("BTCUSDT", "BUY", "LIMIT", 0.1, 60000)
    assert order.status == "NEW"
    assert (order.orig_qty, order.price) == (D("0.1"), D(60000))
    assert order.order_id is not None
    assert bench.oms.open_orders("BTCUSDT") == [order]
    assert bench.oms.get_order(order.client_order_id) is order


def test_the_intent_is_on_disk_before_the_order_is_shown_or_sent(bench: OmsBench) -> None:
    seen: list[tuple[int, int]] = []
    bench.gateway.plan(
        "submit", lambda: seen.append((len(bench.journal.intents), len(bench.log.of(OrderChanged))))
    )
    order = bench.buy()
    assert seen == [(1, 1)]
    assert bench.journal.intents[0].client_order_id == order.client_order_id
    assert [e.order.status for e in bench.log.of(OrderChanged)][:2] == ["PENDING_NEW", "NEW"]


def test_client_ids_are_ours_valid_unique_and_sorted_by_time(bench: OmsBench) -> None:
    first = bench.buy(price="60000")
    second = bench.buy(price="60000.1")
    assert re.fullmatch(r"pd-[\.A-Z:/a-z0-9_-]{1,33}", first.client_order_id)
    assert first.client_order_id < second.client_order_id


def test_a_market_order_fills_and_counts_its_trade(bench: OmsBench) -> None:
    order = bench.oms.submit_order("BTCUSDT", "SELL", "MARKET", "0.1")
    assert order.status == "FILLED"
    assert order.avg_price == 60000
    assert len(bench.log.of(FillRecorded)) == 1


def test_a_refusal_comes_back_as_a_rejected_order_with_the_reason(bench: OmsBench) -> None:
    bench.gateway.plan("submit", InsufficientBalance(-2019, "Margin is insufficient.", 400))
    order = bench.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.1", "60000", request_id="click-1")
    assert order.status == "REJECTED"
    assert "Margin is insufficient" in order.reason
    (refused,) = bench.log.of(CommandRefused)
    assert refused.command.request_id == "click-1"
    assert refused.code == -2019
    assert bench.gateway.count("submit") == 1


def test_a_refused_key_stops_with_an_alert(bench: OmsBench) -> None:
    bench.gateway.plan("submit", KeyRefused(-2015, "Invalid API-key.", 401))
    assert bench.buy().status == "REJECTED"
    assert "key.refused" in bench.log.alert_codes()


def test_what_could_not_be_sent_is_rejected(bench: OmsBench) -> None:
    bench.gateway.plan("submit", NotConnected("The exchange cannot be reached."))
    assert bench.buy().status == "REJECTED"


def test_an_order_of_a_wrong_step_is_refused_before_sending_with_a_fix(bench: OmsBench) -> None:
    with pytest.raises(OrderNotAllowed) as caught:
        bench.buy(price="60000.05")
    assert caught.value.field == "price"
    assert caught.value.fix in ("60000", "60000.1")
    assert bench.journal.intents == []
    assert bench.gateway.count("submit") == 0


@pytest.mark.parametrize(
    ("side", "kind", "quantity"),
    [("HOLD", "LIMIT", "1"), ("BUY", "ICEBERG", "1"), ("BUY", "LIMIT", "lots")],
)
def test_values_that_cannot_be_read_name_themselves(
    bench: OmsBench, side: str, kind: str, quantity: str
) -> None:
    with pytest.raises(BadInput):
        bench.oms.submit_order("BTCUSDT", side, kind, quantity, "60000")


def test_an_unknown_symbol_is_said(bench: OmsBench) -> None:
    with pytest.raises(UnknownSymbol):
        bench.oms.submit_order("NOPEUSDT", "BUY", "LIMIT", "1", "1")


def test_the_venues_limit_of_open_orders_is_kept(bench: OmsBench) -> None:
    for step in range(10):
        bench.buy(price=str(60000 + step))
    with pytest.raises(OrderNotAllowed, match="10 open orders"):
        bench.buy(price="59000")


def test_a_double_click_makes_one_order(bench: OmsBench) -> None:
    first = bench.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.1", "60000", request_id="r1")
    second = bench.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.1", "60000", request_id="r1")
    assert second is first
    assert bench.gateway.count("submit") == 1


def test_a_given_client_id_is_used_once(bench: OmsBench) -> None:
    order = bench.oms.submit_order(
        "BTCUSDT", "BUY", "LIMIT", "0.1", "60000", client_order_id="mine-1"
    )
    assert order.client_order_id == "mine-1"
    with pytest.raises(OrderNotAllowed):
        bench.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.1", "1", client_order_id="mine-1")


def test_a_full_disk_stops_orders_and_lets_cancels_go(bench: OmsBench) -> None:
    order = bench.buy()
    bench.journal.breaks = True
    with pytest.raises(JournalError):
        bench.buy(price="60001")
    with pytest.raises(JournalError):
        bench.oms.modify_order(order, price="60001")
    assert bench.gateway.count("submit") == 1
    assert bench.gateway.count("modify") == 0
    assert bench.oms.cancel_order(order).status == "CANCELED"


def test_an_answer_lost_after_its_event_leaves_no_doubt(bench: OmsBench) -> None:
    bench.gateway.plan("submit", Loses.AFTER)
    order = bench.buy()
    assert order.status == "NEW"  # the event told its fate before the answer was lost
    assert "order.unknown" not in bench.log.alert_codes()


def test_a_lost_answer_without_an_event_is_unknown_and_blocks_its_twin(bench: OmsBench) -> None:
    bench.gateway.plan("submit", Loses.BEFORE)
    order = bench.buy()
    assert order.status == "UNKNOWN"
    assert "order.unknown" in bench.log.alert_codes()
    with pytest.raises(OrderNotAllowed, match=order.client_order_id):
        bench.buy()
    assert bench.buy(price="60000.1").status == "NEW"


def test_a_used_client_id_is_no_refusal_but_a_question(bench: OmsBench) -> None:
    bench.gateway.plan("submit", OrderRefused(-4116, "ClientOrderId is duplicated.", 400))
    assert bench.buy().status == "UNKNOWN"


def test_an_unexpected_failure_after_sending_leaves_the_order_unknown(bench: OmsBench) -> None:
    def fails() -> None:
        raise ZeroDivisionError

    bench.gateway.plan("submit", fails)
    with pytest.raises(ZeroDivisionError):
        bench.buy()
    (order,) = bench.oms.open_orders()
    assert order.status == "UNKNOWN"


# --- trying again ---------------------------------------------------------------------


def in_thread(call: object) -> threading.Thread:
    assert callable(call)
    thread = threading.Thread(target=call)
    thread.start()
    return thread


def test_a_temporary_refusal_is_tried_again_with_the_same_id(bench: OmsBench) -> None:
    busy = TemporarilyRefused(-1008, "Request throttled.", 503)
    bench.gateway.plan("submit", busy, busy)
    orders: list[Order] = []
    thread = in_thread(lambda: orders.append(bench.buy()))
    wait_until(lambda: bench.gateway.count("submit") == 1)
    while thread.is_alive():
        bench.clock.advance(0.5)
        thread.join(0.01)
    assert orders[0].status == "NEW"
    ids = {what for name, what in bench.gateway.calls if name == "submit"}
    assert ids == {orders[0].client_order_id}
    assert len(bench.journal.intents) == 1


def test_after_the_last_try_it_is_rejected(bench: OmsBench) -> None:
    busy = TemporarilyRefused(-1008, "Request throttled.", 503)
    bench.gateway.plan("submit", busy, busy, busy, busy)
    orders: list[Order] = []
    thread = in_thread(lambda: orders.append(bench.buy()))
    while thread.is_alive():
        bench.clock.advance(0.5)
        thread.join(0.01)
    assert orders[0].status == "REJECTED"
    assert bench.gateway.count("submit") == 3


def test_a_cancel_during_the_pause_ends_the_order_without_a_request(bench: OmsBench) -> None:
    bench.gateway.plan("submit", TemporarilyRefused(-1008, "Request throttled.", 503))
    thread = in_thread(bench.buy)
    wait_until(lambda: bench.gateway.count("submit") == 1 and bench.oms.open_orders())
    (order,) = bench.oms.open_orders()
    bench.oms.cancel_order(order)
    thread.join(30)
    assert not thread.is_alive()
    assert order.status == "REJECTED"
    assert "never reached" in order.reason
    assert bench.gateway.count("submit") == 1
    assert bench.gateway.count("cancel") == 0


def test_closing_ends_a_pause_and_takes_no_more(bench: OmsBench) -> None:
    bench.gateway.plan("submit", TemporarilyRefused(-1008, "Request throttled.", 503))
    thread = in_thread(bench.buy)
    wait_until(lambda: bench.gateway.count("submit") == 1)
    bench.oms.close()
    thread.join(30)
    assert not thread.is_alive()
    assert [o.status for o in bench.oms.orders()] == ["REJECTED"]
    with pytest.raises(ShuttingDown):
        bench.buy()


# --- amending -------------------------------------------------------------------------


def test_an_amend_changes_price_and_total(bench: OmsBench) -> None:
    order = bench.buy()
    bench.oms.modify_order(order, price="59999.9", quantity="0.2")
    assert (order.price, order.orig_qty) == (D("59999.9"), D("0.2"))
    assert order.amend is None
    assert order.status == "NEW"


def test_an_amend_in_flight_is_seen_as_a_property(bench: OmsBench) -> None:
    order = bench.buy()
    seen: list[object] = []
    bench.gateway.plan("modify", lambda: seen.append(order.amend))
    bench.oms.modify_order(order.client_order_id, price="59000")
    assert seen[0] is not None
    assert seen[0].price == D(59000)  # type: ignore[attr-defined]


def test_an_amend_that_changes_nothing_is_not_sent(bench: OmsBench) -> None:
    order = bench.buy()
    bench.oms.modify_order(order, price="60000.0")
    assert bench.gateway.count("modify") == 0


def test_a_refused_amend_rolls_back_and_raises(bench: OmsBench) -> None:
    order = bench.buy()
    bench.gateway.plan("modify", OrderRefused(-4016, "Limit price can't be higher.", 400))
    with pytest.raises(OrderRefused):
        bench.oms.modify_order(order, price="60010", request_id="drag")
    assert order.amend is None
    assert order.price == 60000
    assert bench.log.of(CommandRefused)[0].command.request_id == "drag"


def test_a_total_below_what_is_filled_is_refused_here(bench: OmsBench) -> None:
    order = bench.buy("0.3")
    assert order.order_id is not None
    bench.gateway.fill(order.order_id, "0.2")
    with pytest.raises(OrderNotAllowed, match="filled already"):
        bench.oms.modify_order(order, quantity="0.2")


@pytest.mark.parametrize("how", ["unknown", "ended"])
def test_only_a_resting_order_is_amended(bench: OmsBench, how: str) -> None:
    if how == "unknown":
        bench.gateway.plan("submit", Loses.BEFORE)
    order = bench.buy()
    if how == "ended":
        bench.oms.cancel_order(order)
    with pytest.raises(OrderNotAllowed):
        bench.oms.modify_order(order, price="60010")


def test_an_amend_of_an_order_that_is_gone_shows_what_became_of_it(bench: OmsBench) -> None:
    order = bench.buy()
    assert order.order_id is not None
    bench.gateway.fill(order.order_id, "0.1", emits=False)
    with pytest.raises(OrderRefused):
        bench.oms.modify_order(order, price="60010")
    assert order.status == "FILLED"


# --- cancelling -----------------------------------------------------------------------


def test_a_cancel_shows_pending_and_then_canceled(bench: OmsBench) -> None:
    order = bench.buy()
    assert bench.oms.cancel_order(order).status == "CANCELED"
    words = [e.order.status for e in bench.log.of(OrderChanged)]
    assert "PENDING_CANCEL" in words
    assert bench.oms.open_orders() == []


def test_a_cancel_too_late_shows_the_fill(bench: OmsBench) -> None:
    order = bench.buy()
    assert order.order_id is not None
    bench.gateway.fill(order.order_id, "0.1", emits=False)
    assert bench.oms.cancel_order(order).status == "FILLED"
    assert bench.log.of(CommandRefused) == []


def test_a_refused_cancel_gives_the_order_back(bench: OmsBench) -> None:
    order = bench.buy()
    bench.gateway.plan("cancel", OrderRefused(-4117, "Stop order is triggering.", 400))
    with pytest.raises(OrderRefused):
        bench.oms.cancel_order(order)
    assert order.status == "NEW"


def test_cancelling_an_ended_order_does_nothing(bench: OmsBench) -> None:
    order = bench.buy()
    bench.oms.cancel_order(order)
    bench.oms.cancel_order(order)
    assert bench.gateway.count("cancel") == 1


def test_cancel_all_ends_every_open_order_of_the_symbol(bench: OmsBench) -> None:
    orders = [bench.buy(price=p) for p in ("60000", "60001", "60002")]
    other = bench.oms.submit_order("ETHUSDT", "BUY", "LIMIT", "1", "3000")
    assert bench.oms.cancel_all("BTCUSDT") == orders
    assert [o.status for o in orders] == ["CANCELED"] * 3
    assert other.status == "NEW"


def test_a_refused_cancel_all_gives_the_orders_back(bench: OmsBench) -> None:
    order = bench.buy()
    bench.gateway.plan("cancel_all", OrderRefused(-1130, "No.", 400))
    with pytest.raises(OrderRefused):
        bench.oms.cancel_all("BTCUSDT")
    assert order.status == "NEW"


# --- waiting, gates -------------------------------------------------------------------


def test_wait_returns_at_the_change_it_waits_for(bench: OmsBench) -> None:
    order = bench.buy()
    assert order.order_id is not None
    results: list[bool] = []
    thread = in_thread(lambda: results.append(bench.oms.wait(order, "FILLED", 30)))
    bench.gateway.fill(order.order_id, "0.05")
    bench.gateway.fill(order.order_id, "0.05")
    thread.join(30)
    assert results == [True]


def test_wait_gives_up_in_time(bench: OmsBench) -> None:
    assert not bench.oms.wait(bench.buy(), ["FILLED", "CANCELED"], 0)


def test_wait_takes_a_condition(bench: OmsBench) -> None:
    order = bench.buy()
    assert bench.oms.wait(order, lambda o: o.executed_qty == 0, 0)


def test_who_waits_for_a_fill_learns_its_price(
    bench: OmsBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The venue's answer to an order has no average; the event that follows it has."""
    end = bench.gateway._end
    monkeypatch.setattr(
        bench.gateway, "_end", lambda *given: replace(end(*given), avg_price=D(0), cum_quote=None)
    )
    bench.gateway.holds_events = True
    order = bench.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.1")
    assert (order.status, order.avg_price) == ("FILLED", 0)
    assert not bench.oms.wait(order, "FILLED", 0)
    assert bench.oms.wait(order, lambda o: o.status == "FILLED", 0)
    bench.gateway.release()
    assert bench.oms.wait(order, "FILLED", 0)
    assert bench.oms.wait(order, timeout_s=0)
    assert order.avg_price == 60000


def test_without_the_account_stream_only_reducing_orders_go_out() -> None:
    bench = OmsBench(live=False)
    with pytest.raises(OrderNotAllowed, match="stream"):
        bench.buy()
    order = bench.oms.submit_order("BTCUSDT", "SELL", "MARKET", "0.1", reduce_only=True)
    assert order.status == "FILLED"


def test_after_the_stream_is_back_the_account_is_read_before_new_orders(bench: OmsBench) -> None:
    bench.gateway.say(StreamState.DISCONNECTED)
    bench.gateway.say(StreamState.LIVE)
    assert bench.gaps == 2  # the start was the first
    with pytest.raises(OrderNotAllowed, match="reading the account"):
        bench.buy()
    bench.oms.reconciler.run()
    assert bench.buy().status == "NEW"


def test_a_foreign_order_can_be_cancelled(bench: OmsBench) -> None:
    bench.gateway.submit_order("BTCUSDT", "BUY", "LIMIT", "0.1", "50000", client_order_id="web_1")
    order = bench.oms.get_order("web_1")
    assert order.origin == "elsewhere"
    assert bench.oms.cancel_order(order).status == "CANCELED"


def test_a_cancel_never_overtakes_its_place(bench: OmsBench) -> None:
    entered, proceed = threading.Event(), threading.Event()

    def slow() -> None:
        entered.set()
        assert proceed.wait(30)

    bench.gateway.plan("submit", slow)
    placing = in_thread(bench.buy)
    assert entered.wait(30)
    (order,) = bench.oms.open_orders()
    assert order.status is OrderStatus.PENDING_NEW
    cancelling = in_thread(lambda: bench.oms.cancel_order(order))
    assert bench.gateway.count("cancel") == 0
    proceed.set()
    placing.join(30)
    cancelling.join(30)
    assert order.status == "CANCELED"
    assert [name for name, _ in bench.gateway.calls] == ["submit", "cancel"]
