from __future__ import annotations

from decimal import Decimal

import pytest

from engine.errors import NotConnected
from engine.events import Alert
from engine.trading_types import PositionSide, StreamState
from engine.views import BalanceView, PositionView
from tests.helpers.oms_bench import OmsBench

D = Decimal


@pytest.fixture
def bench() -> OmsBench:
    return OmsBench()


def look(bench: OmsBench, seconds: float) -> None:
    bench.clock.advance(seconds)
    bench.oms.tick(bench.clock.monotonic())


def alerts(bench: OmsBench) -> list[str]:
    return [a.sentence for a in bench.log.of(Alert) if a.code == "stream.lost_events"]


def test_a_fill_whose_event_was_lost_is_found_and_the_stream_made_anew(bench: OmsBench) -> None:
    order = bench.buy()
    assert order.order_id is not None
    bench.gateway.fill(order.order_id, "0.1", emits=False)
    look(bench, 31)
    assert alerts(bench) == []  # its event may be on its way
    look(bench, 2.5)
    (sentence,) = alerts(bench)
    assert order.client_order_id in sentence
    assert bench.gateway.count("renew_user_stream") == 1
    bench.gateway.say(StreamState.DISCONNECTED)
    bench.gateway.go_live()
    bench.oms.reconciler.run()
    assert order.status == "FILLED"
    assert order.missing_fill_qty == 0


def test_a_partial_fill_whose_event_was_lost_is_found(bench: OmsBench) -> None:
    order = bench.buy()
    assert order.order_id is not None
    bench.gateway.fill(order.order_id, "0.04", emits=False)
    look(bench, 31)
    look(bench, 2.5)
    assert "PARTIALLY_FILLED 0.04" in alerts(bench)[0]


def test_an_event_that_comes_between_two_looks_was_only_late(bench: OmsBench) -> None:
    order = bench.buy()
    assert order.order_id is not None
    bench.gateway.holds_events = True
    bench.gateway.fill(order.order_id, "0.04")
    look(bench, 31)
    bench.gateway.holds_events = False
    bench.gateway.release()
    look(bench, 2.5)
    look(bench, 31)
    look(bench, 2.5)
    assert alerts(bench) == []
    assert bench.gateway.count("renew_user_stream") == 0


def test_a_position_and_a_wallet_that_differ_are_found(bench: OmsBench) -> None:
    bench.gateway.balances = [BalanceView(asset="USDT", wallet_balance=D(100))]
    bench.oms.reconciler.run()
    bench.gateway.balances = [BalanceView(asset="USDT", wallet_balance=D(90))]
    bench.gateway.positions = [
        PositionView(
            symbol="BTCUSDT",
            position_side=PositionSide.BOTH,
            quantity=D("0.5"),
            entry_price=D(60000),
        )
    ]
    look(bench, 31)
    look(bench, 2.5)
    (sentence,) = alerts(bench)
    assert "position BTCUSDT is 0.5" in sentence
    assert "the USDT wallet holds 90" in sentence


def test_when_all_is_equal_nothing_is_said_and_the_account_is_asked_twice_a_minute(
    bench: OmsBench,
) -> None:
    bench.buy()
    for _ in range(60):
        look(bench, 1.0)
    assert bench.gateway.count("open_orders") == 1 + 1
    assert alerts(bench) == []


def test_while_the_stream_is_down_nothing_is_compared(bench: OmsBench) -> None:
    bench.gateway.say(StreamState.DISCONNECTED)
    look(bench, 31)
    assert bench.gateway.count("open_orders") == 0


def test_a_failed_look_forgets_no_suspicion_and_raises_nothing(bench: OmsBench) -> None:
    order = bench.buy()
    assert order.order_id is not None
    bench.gateway.fill(order.order_id, "0.1", emits=False)
    look(bench, 31)
    bench.gateway.plan("open_orders", NotConnected("The exchange cannot be reached."))
    look(bench, 2.5)
    assert alerts(bench) == []
    look(bench, 31)
    assert len(alerts(bench)) == 1


def test_events_that_wait_for_a_reading_count_as_taken_only_after_it(bench: OmsBench) -> None:
    order = bench.buy()
    bench.gateway.say(StreamState.DISCONNECTED)
    bench.gateway.go_live()
    before = bench.oms.events_taken
    assert order.order_id is not None
    bench.gateway.fill(order.order_id, "0.04")
    assert bench.oms.events_taken == before
    bench.oms.reconciler.run()
    assert bench.oms.events_taken == before + 1


def test_mostly_the_symbols_in_use_are_asked_for_and_now_and_then_all(bench: OmsBench) -> None:
    bench.buy()
    before = len(bench.gateway.calls)
    for _ in range(11):
        look(bench, 31)
    asked = [what for call, what in bench.gateway.calls[before:] if call == "open_orders"]
    assert asked == ["", *["BTCUSDT"] * 9, ""]


def test_an_order_in_a_symbol_that_nobody_uses_here_is_found_by_a_whole_look(
    bench: OmsBench,
) -> None:
    bench.buy()
    look(bench, 31)  # a whole one
    bench.gateway.holds_events = True
    bench.gateway.submit_order("ETHUSDT", "BUY", "LIMIT", "1", "2000", client_order_id="web")
    bench.gateway.held.clear()
    bench.gateway.holds_events = False
    for _ in range(9):
        look(bench, 31)
    assert alerts(bench) == []
    look(bench, 31)
    look(bench, 2.5)
    assert "is open and not known here" in alerts(bench)[0]
