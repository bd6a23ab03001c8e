"""Regular and conditional orders as chart and ladder see them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from desktop.models.order_certainty import Certainty
from desktop.models.resting_orders import Resting, RestingOrders, explained
from engine.protection_views import AlgoView
from engine.trading_types import AlgoStatus, OrderStatus, OrderType, Side, WorkingType
from engine.views import AmendInFlight, OrderView
from tests.helpers.market_samples import limit_order, stop_order

D = Decimal
AMEND = AmendInFlight(price=D("64010.0"), quantity=D("0.150"))


def of_order(**more: object) -> Resting:
    (resting,) = RestingOrders().of_orders([limit_order("mine", Side.BUY, "64000.0", **more)])
    return resting


def of_algo(**more: object) -> Resting:
    (resting,) = RestingOrders().of_algos([stop_order("stop", Side.SELL, "63900.0", **more)])
    return resting


def test_the_two_kinds_never_share_a_key() -> None:
    (order,) = RestingOrders().of_orders([limit_order("same", Side.BUY, "1.0")])
    (algo,) = RestingOrders().of_algos([stop_order("same", Side.SELL, "1.0")])
    assert order.key != algo.key
    assert (order.id, algo.id) == ("same", "same")
    assert (order.is_conditional, algo.is_conditional) == (False, True)


@pytest.mark.parametrize(
    ("status", "certainty", "can_move", "can_cancel"),
    [
        (AlgoStatus.NEW, Certainty.CONFIRMED, True, True),
        (AlgoStatus.PENDING_NEW, Certainty.IN_FLIGHT, False, True),
        (AlgoStatus.TRIGGERING, Certainty.IN_FLIGHT, False, True),
        (AlgoStatus.PENDING_CANCEL, Certainty.IN_FLIGHT, False, False),
        (AlgoStatus.UNKNOWN, Certainty.UNKNOWN, False, True),
    ],
)
def test_what_is_known_decides_what_can_be_done(
    status: AlgoStatus, certainty: Certainty, can_move: bool, can_cancel: bool
) -> None:
    algo = of_algo(status=status)
    assert (algo.certainty, algo.can_move, algo.can_cancel) == (certainty, can_move, can_cancel)


@pytest.mark.parametrize(
    "status", [AlgoStatus.TRIGGERED, AlgoStatus.FINISHED, AlgoStatus.CANCELED, AlgoStatus.REJECTED]
)
def test_what_waits_no_longer_is_nowhere(status: AlgoStatus) -> None:
    assert RestingOrders().of_algos([stop_order("stop", Side.SELL, "63900.0", status=status)]) == ()


def trailing(activate_price: str) -> AlgoView:
    return AlgoView(
        client_algo_id="trail",
        symbol="BTCUSDT",
        side=Side.SELL,
        type=OrderType.TRAILING_STOP_MARKET,
        status=AlgoStatus.NEW,
        quantity=D("0.1"),
        callback_pct=D("0.50"),
        activate_price=D(activate_price),
    )


def test_a_trailing_stop_stands_where_it_starts_and_is_not_moved() -> None:
    (algo,) = RestingOrders().of_algos([trailing("65000")])
    assert (algo.price, algo.can_move, algo.can_cancel) == (D(65000), False, True)
    assert algo.label == "SELL TRAILING STOP MARKET 0.5% 0.1"
    assert "0.5% behind the last price" in explained(algo)
    assert RestingOrders().of_algos([trailing("0")]) == ()


def test_a_conditional_order_says_its_type_and_state() -> None:
    assert of_algo().label == "SELL STOP MARKET 0.150"
    assert of_algo(status=AlgoStatus.UNKNOWN).label == "SELL STOP MARKET 0.150 unknown"
    assert of_algo(close_position=True).label == "SELL STOP MARKET position"
    assert (of_algo().short_type, of_order().short_type) == ("S", "")
    assert of_algo(type="NEW_KIND", activate_price=D(1)).short_type == "?"


@pytest.mark.parametrize(
    ("resting", "words"),
    [
        (of_order(), "Confirmed by the exchange"),
        (of_order(), "Drag to move it"),
        (of_order(status=OrderStatus.PENDING_NEW), "not answered yet"),
        (of_order(status=OrderStatus.PENDING_CANCEL), "may still trade"),
        (of_order(status=OrderStatus.UNKNOWN), "not known"),
        (of_order(status=OrderStatus.UNKNOWN), "cannot be moved now, but cancelled"),
        (of_order(status=OrderStatus.UNKNOWN, reason="The line broke."), "The line broke."),
        (of_order(amend=AMEND), "A move to 64010.0 was sent"),
        (
            of_order(status=OrderStatus.PARTIALLY_FILLED, executed_qty=D("0.050")),
            "0.050 filled",
        ),
        (of_order(reduce_only=True), "reduce-only"),
        (of_algo(), "when the last price reaches 63900.0, a market order is sent to SELL 0.150"),
        (of_algo(working_type=WorkingType.MARK_PRICE), "the mark price"),
        (of_algo(close_position=True), "the whole position"),
        (of_algo(type=OrderType.STOP, price=D("63890.0")), "a limit order at 63890.0"),
        (of_algo(), "a new one is placed, then this one goes"),
        (of_algo(status=AlgoStatus.TRIGGERING), "becoming an order"),
        (of_algo(status=AlgoStatus.PENDING_NEW), "not answered yet"),
    ],
)
def test_hovering_explains(resting: Resting, words: str) -> None:
    assert words in explained(resting)


def test_an_amend_names_the_price_it_wants() -> None:
    assert of_order(amend=AMEND).wanted_price == D("64010.0")
    same = AmendInFlight(price=D("64000.0"), quantity=D("0.2"))
    assert of_order(amend=same).wanted_price is None


def test_orders_without_a_price_are_nowhere() -> None:
    market: OrderView = limit_order("m", Side.BUY, "0", type=OrderType.MARKET)
    assert RestingOrders().of_orders([market]) == ()


def test_what_did_not_change_is_kept_and_what_did_is_made_anew() -> None:
    kept = RestingOrders()
    orders = [limit_order("a", Side.BUY, "1.0"), limit_order("b", Side.BUY, "2.0")]
    algos = [stop_order("s", Side.SELL, "1.0")]
    first, second = kept.of_orders(orders)
    (stop,) = kept.of_algos(algos)
    moved = limit_order("b", Side.BUY, "3.0")
    again, other = kept.of_orders([orders[0], moved])
    assert again is first
    assert other is not second
    assert other.price == D("3.0")
    assert kept.of_algos(algos)[0] is stop
