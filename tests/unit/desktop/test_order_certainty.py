"""What chart and ladder say about an order, and what they let a person do to it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from desktop.models.order_certainty import (
    Certainty,
    can_cancel,
    can_move,
    certainty_of,
    is_at_a_price,
    least_certain,
    tag_text,
)
from engine.trading_types import OrderStatus, OrderType, Side
from engine.views import AmendInFlight, OrderView


def order(status: OrderStatus = OrderStatus.NEW, **more: object) -> OrderView:
    fields: dict[str, object] = {
        "client_order_id": "mine",
        "symbol": "BTCUSDT",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "price": Decimal(64000),
        "orig_qty": Decimal("0.150"),
    }
    return OrderView(status=status, **(fields | more))


AMEND = AmendInFlight(price=Decimal(64010), quantity=Decimal("0.150"))


@pytest.mark.parametrize(
    ("status", "certainty", "movable", "cancellable"),
    [
        (OrderStatus.PENDING_NEW, Certainty.IN_FLIGHT, False, True),
        (OrderStatus.NEW, Certainty.CONFIRMED, True, True),
        (OrderStatus.PARTIALLY_FILLED, Certainty.CONFIRMED, True, True),
        (OrderStatus.PENDING_CANCEL, Certainty.IN_FLIGHT, False, False),
        (OrderStatus.UNKNOWN, Certainty.UNKNOWN, False, True),
        (OrderStatus.FILLED, Certainty.IN_FLIGHT, False, False),
    ],
)
def test_each_status_has_its_certainty_and_its_rights(
    status: OrderStatus, certainty: Certainty, movable: bool, cancellable: bool
) -> None:
    assert certainty_of(order(status)) is certainty
    assert can_move(order(status)) is movable
    assert can_cancel(order(status)) is cancellable


def test_an_amend_in_flight_bars_another_move_but_no_cancel() -> None:
    assert not can_move(order(amend=AMEND))
    assert can_cancel(order(amend=AMEND))


def test_only_limit_orders_can_be_moved() -> None:
    assert not can_move(order(type=OrderType.STOP))


def test_the_least_certain_order_speaks_for_a_row() -> None:
    sure, sent, unknown = Certainty.CONFIRMED, Certainty.IN_FLIGHT, Certainty.UNKNOWN
    assert least_certain([sure, sure]) is Certainty.CONFIRMED
    assert least_certain([sure, sent]) is Certainty.IN_FLIGHT
    assert least_certain([sure, sent, unknown]) is Certainty.UNKNOWN


def test_orders_without_a_price_and_orders_that_are_over_are_nowhere() -> None:
    assert is_at_a_price(order())
    assert not is_at_a_price(order(price=Decimal(0)))
    assert not is_at_a_price(order(OrderStatus.EXPIRED))


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (order(), "BUY LIMIT 0.150"),
        (order(OrderStatus.PENDING_NEW), "BUY LIMIT 0.150 sending"),
        (order(OrderStatus.PENDING_CANCEL), "BUY LIMIT 0.150 cancelling"),
        (order(OrderStatus.UNKNOWN), "BUY LIMIT 0.150 unknown"),
        (order(amend=AMEND), "BUY LIMIT 0.150 moving"),
        (
            order(OrderStatus.PARTIALLY_FILLED, executed_qty=Decimal("0.050")),
            "BUY LIMIT 0.100/0.150",
        ),
    ],
)
def test_the_tag_says_the_state_in_words(shown: OrderView, text: str) -> None:
    assert tag_text(shown) == text
