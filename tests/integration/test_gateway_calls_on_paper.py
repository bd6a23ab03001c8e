"""Conditional orders, batches, modes and settings of the shipped gateway, on a real exchange."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from engine.errors import BadInput, KeyRefused, OrderRefused
from engine.events import Alert, AlgoUpdate, Event, OrderUpdate, StreamStateChanged
from engine.exchange.binance_gateway import BinanceGateway
from engine.exchange.gateway_orders import BatchResult, NewOrder, OrderAmendment
from engine.paper.paper_process import PaperProcess
from engine.trading_types import (
    MarginType,
    OrderStatus,
    PositionSide,
    Side,
    StreamState,
    WorkingType,
)
from tests.helpers.gateways import Gateways
from tests.helpers.paper import PaperClient
from tests.helpers.waiting import wait_until

D = Decimal
BTC = "BTCUSDT"


@pytest.fixture
def alerts() -> list[Alert]:
    return []


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def gateway(
    paper: PaperProcess, gateways: Gateways, alerts: list[Alert], events: list[Event]
) -> Iterator[BinanceGateway]:
    made = gateways.open(
        paper.hosts,
        api_key=paper.api_key,
        api_secret=paper.api_secret,
        on_alert=alerts.append,
    )
    made.warm_up()
    made.start_user_stream(events.append)
    wait_until(
        lambda: any(
            isinstance(e, StreamStateChanged) and e.state is StreamState.LIVE for e in events
        )
    )
    yield made
    made.close()
    client = PaperClient(paper)
    client.signed("DELETE", "/fapi/v1/algoOpenOrders", symbol=BTC)
    client.clean()
    client.signed("POST", "/fapi/v1/positionSide/dual", dualSidePosition="false")


def _mid(gateway: BinanceGateway) -> Decimal:
    return D(gateway.get_depth(BTC, 5).bids[0][0]).quantize(D(1))


def _orders(results: list[BatchResult]) -> list[OrderUpdate]:
    assert all(isinstance(result, OrderUpdate) for result in results), results
    return [result for result in results if isinstance(result, OrderUpdate)]


def _bid(price: Decimal, name: str) -> NewOrder:
    return NewOrder(
        symbol=BTC, side="BUY", type="LIMIT", quantity="0.01", price=price, client_order_id=name
    )


# --- conditional orders ---------------------------------------------------------------


def test_a_stop_waits_beside_the_book_and_is_found_queried_and_cancelled(
    gateway: BinanceGateway, events: list[Event]
) -> None:
    trigger = _mid(gateway) - 3000
    placed = gateway.place_algo_order(
        BTC,
        "SELL",
        "STOP",
        "0.01",
        trigger_price=trigger,
        price=trigger - 100,
        working_type="MARK_PRICE",
        client_algo_id="stop-1",
    )
    assert (placed.status, placed.quantity, placed.trigger_price, placed.order_id) == (
        "NEW",
        D("0.01"),
        trigger,
        0,
    )
    assert (placed.price, placed.working_type) == (trigger - 100, WorkingType.MARK_PRICE)
    assert gateway.query_algo_order(client_algo_id="stop-1") == placed
    assert gateway.get_open_algo_orders(BTC) == [placed]
    assert gateway.get_book_orders(BTC) == []
    (resting,) = gateway.submit_orders([_bid(_mid(gateway) - 2000, "beside-1")])
    assert isinstance(resting, OrderUpdate)
    both = gateway.get_open_orders()
    assert [type(order) for order in both] == [OrderUpdate, AlgoUpdate]
    assert (both[0].symbol, both[1]) == (BTC, placed)
    gateway.cancel_all_orders(BTC)
    gateway.cancel_algo_order(algo_id=placed.algo_id)
    assert gateway.get_open_algo_orders() == []
    assert gateway.query_algo_order(algo_id=placed.algo_id).status == "CANCELED"
    wait_until(lambda: [e.status for e in events if isinstance(e, AlgoUpdate)][-1:] == ["CANCELED"])


def test_a_closing_stop_and_a_trailing_stop_are_placed_and_cancelled_together(
    gateway: BinanceGateway,
) -> None:
    mid = _mid(gateway)
    gateway.submit_order(BTC, "BUY", "MARKET", "0.01")
    closing = gateway.place_algo_order(
        BTC, "SELL", "STOP_MARKET", trigger_price=mid - 3000, close_position=True
    )
    trailing = gateway.place_algo_order(
        BTC,
        "SELL",
        "TRAILING_STOP_MARKET",
        "0.01",
        callback_pct="1.5",
        activate_price=mid + 3000,
        reduce_only=True,
    )
    assert (closing.close_position, closing.quantity) == (True, D(0))
    assert (trailing.callback_pct, trailing.activate_price) == (D("1.5"), mid + 3000)
    assert trailing.reduce_only
    gateway.cancel_all_algo_orders(BTC)
    assert gateway.get_open_algo_orders(BTC) == []


def test_what_the_algo_service_refuses_is_a_refusal(gateway: BinanceGateway) -> None:
    with pytest.raises(OrderRefused) as would_trigger:
        gateway.place_algo_order(
            BTC, "SELL", "STOP_MARKET", "0.01", trigger_price=_mid(gateway) + 3000
        )
    assert would_trigger.value.code == -2021
    for call, code in ((gateway.cancel_algo_order, -2011), (gateway.query_algo_order, -2013)):
        with pytest.raises(OrderRefused) as unknown:
            call(client_algo_id="never-was")
        assert unknown.value.code == code


# --- many at once ------------------------------------------------------------------------


def test_batches_place_amend_and_cancel_and_each_element_stands_alone(
    gateway: BinanceGateway,
) -> None:
    price = _mid(gateway) - 2000
    good, bad, other = gateway.submit_orders(
        [_bid(price, "b-1"), _bid(D("0.01"), "b-2"), _bid(price - 1, "b-3")]
    )
    assert isinstance(bad, OrderRefused)
    placed = _orders([good, other])
    assert [order.client_order_id for order in placed] == ["b-1", "b-3"]
    amended = gateway.modify_orders(
        [
            OrderAmendment(
                symbol=BTC, side="BUY", quantity="0.02", price=price - 5, client_order_id="b-1"
            ),
            OrderAmendment(
                symbol=BTC, side="BUY", quantity="0.02", price=price - 5, client_order_id="gone"
            ),
        ]
    )
    assert isinstance(amended[0], OrderUpdate)
    assert (amended[0].orig_qty, amended[0].price) == (D("0.02"), price - 5)
    assert isinstance(amended[1], OrderRefused)
    assert amended[1].code == -2013
    by_id = gateway.cancel_orders(BTC, order_ids=[placed[0].order_id])
    by_name = gateway.cancel_orders(BTC, client_order_ids=["b-3", "gone"])
    ended = _orders([*by_id, by_name[0]])
    assert [order.status for order in ended] == [OrderStatus.CANCELED] * 2
    assert isinstance(by_name[1], OrderRefused)


def test_a_tested_order_is_checked_and_not_placed(gateway: BinanceGateway) -> None:
    gateway.test_order(_bid(_mid(gateway) - 2000, "test-1"))
    assert gateway.get_open_orders(BTC) == []
    with pytest.raises(OrderRefused):
        gateway.test_order(_bid(D("0.01"), "test-2"))


def test_the_dead_mans_switch_cancels_when_it_is_not_reset(gateway: BinanceGateway) -> None:
    gateway.submit_orders([_bid(_mid(gateway) - 2000, "dead-1")])
    gateway.countdown_cancel_all(BTC, 60_000)
    gateway.countdown_cancel_all(BTC, 0)
    assert len(gateway.get_open_orders(BTC)) == 1
    gateway.countdown_cancel_all(BTC, 50)
    wait_until(lambda: gateway.get_open_orders(BTC) == [])
    with pytest.raises(BadInput):
        gateway.countdown_cancel_all(BTC, -1)


# --- modes and settings -----------------------------------------------------------------


def test_hedge_mode_holds_long_and_short_side_by_side(gateway: BinanceGateway) -> None:
    gateway.set_hedge_mode(True)
    gateway.set_hedge_mode(True)  # so already: no error
    assert gateway.is_hedge_mode()
    with pytest.raises(OrderRefused) as one_way:
        gateway.submit_order(BTC, "BUY", "MARKET", "0.01")
    assert one_way.value.code == -4061
    gateway.submit_order(BTC, "BUY", "MARKET", "0.02", position_side="LONG")
    gateway.submit_order(BTC, Side.SELL, "MARKET", "0.01", position_side=PositionSide.SHORT)
    held = {row.position_side: row.quantity for row in gateway.get_positions(BTC)}
    assert held == {PositionSide.LONG: D("0.02"), PositionSide.SHORT: D("-0.01")}
    with pytest.raises(OrderRefused) as busy:
        gateway.set_hedge_mode(False)
    assert busy.value.code == -4068
    resting = gateway.submit_order(
        BTC, "SELL", "LIMIT", "0.02", _mid(gateway) + 2000, position_side="LONG"
    )
    assert resting.position_side is PositionSide.LONG
    gateway.cancel_order(BTC, order_id=resting.order_id)
    gateway.submit_order(BTC, "SELL", "MARKET", "0.02", position_side="LONG")
    gateway.submit_order(BTC, "BUY", "MARKET", "0.01", position_side="SHORT")
    assert gateway.get_positions(BTC) == []
    gateway.set_hedge_mode(False)
    assert not gateway.get_account_settings().is_hedge_mode


def test_margin_type_leverage_and_brackets_are_read_and_set(gateway: BinanceGateway) -> None:
    gateway.set_margin_type(BTC, "isolated")
    gateway.set_margin_type(BTC, MarginType.ISOLATED)  # so already: no error
    gateway.set_leverage(BTC, 7)
    (settings,) = gateway.get_symbol_settings(BTC)
    assert (settings.margin_type, settings.leverage) == (MarginType.ISOLATED, 7)
    assert settings.max_notional > 0
    brackets = gateway.get_leverage_brackets(BTC)[BTC]
    assert [one.bracket for one in brackets] == sorted(one.bracket for one in brackets)
    assert brackets[0].max_leverage > brackets[-1].max_leverage
    assert brackets[0].notional_cap == brackets[1].notional_floor
    assert len(gateway.get_leverage_brackets()) > 1
    gateway.set_margin_type(BTC, "CROSSED")


def test_fees_and_the_statement_are_read(gateway: BinanceGateway) -> None:
    rates = gateway.get_commission_rates(BTC)
    assert D(0) < rates.maker < rates.taker < D("0.01")
    gateway.submit_order(BTC, "BUY", "MARKET", "0.01")
    (fee,) = gateway.get_income(BTC, "COMMISSION", limit=1)
    assert (fee.kind, fee.asset) == ("COMMISSION", "USDT")
    assert fee.income < 0
    with pytest.raises(BadInput):
        gateway.get_income(limit=1001)
    assert gateway.get_account_settings().can_trade


def test_self_trade_prevention_is_the_same_for_single_orders_and_batches(
    gateway: BinanceGateway, paper: PaperProcess
) -> None:
    price = _mid(gateway) - 2000
    gateway.submit_order(BTC, "BUY", "LIMIT", "0.01", price, client_order_id="stp-1")
    gateway.submit_orders([_bid(price, "stp-2")])
    rows = PaperClient(paper).signed("GET", "/fapi/v1/openOrders", symbol=BTC).body
    assert {row["selfTradePreventionMode"] for row in rows} == {"EXPIRE_MAKER"}
    assert len(rows) == 2


# --- alerts ---------------------------------------------------------------------------------


def test_a_refused_key_is_one_alert_however_often_it_is_met(
    paper: PaperProcess, gateways: Gateways, alerts: list[Alert]
) -> None:
    stranger = gateways.open(
        paper.hosts, api_key="x" * 64, api_secret="wrong", on_alert=alerts.append
    )
    for _ in range(3):
        with pytest.raises(KeyRefused, match="key"):
            stranger.get_account_balance()
    assert [alert.code for alert in alerts] == ["venue.key_refused"]
    assert "key" in alerts[0].sentence


def test_an_ordinary_refusal_is_no_alert(gateway: BinanceGateway, alerts: list[Alert]) -> None:
    with pytest.raises(OrderRefused):
        gateway.cancel_order(BTC, client_order_id="never-was")
    assert alerts == []
