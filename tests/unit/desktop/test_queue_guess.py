"""The guess of what rests ahead: never less than the book allows, never more than it shows."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from desktop.models.queue_guess import QueueGuess
from desktop.models.resting_orders import RestingOrders
from engine.trading_types import OrderStatus, Side
from tests.helpers.market_samples import limit_order

PRICE = 64000.0
OWN = 0.15
ASKS = {64000.1: 3.0}


def put(queue: QueueGuess, **more: object) -> None:
    order = limit_order("mine", Side.BUY, str(more.pop("price", "64000.0")), **more)
    queue.set_orders(RestingOrders().of_orders([order]))


def bids(size: float) -> dict[float, float]:
    return {PRICE: size, 63999.9: 1.0, 63999.0: 1.0}


@pytest.fixture
def queue() -> QueueGuess:
    """Joined behind 5.0."""
    queue = QueueGuess()
    put(queue)
    queue.join(bids(5.0), ASKS)
    return queue


def test_an_order_joins_behind_all_that_is_shown(queue: QueueGuess) -> None:
    assert queue.ahead("mine") == 5.0
    queue.at_book(bids(5.0 + OWN), ASKS)
    assert queue.ahead("mine") == pytest.approx(5.0)


def test_what_comes_later_is_behind(queue: QueueGuess) -> None:
    queue.at_book(bids(50.0), ASKS)
    assert queue.ahead("mine") == 5.0


def test_prints_at_the_price_and_a_smaller_level_bring_it_forward(queue: QueueGuess) -> None:
    queue.at_trade(PRICE, 2.0, True)
    assert queue.ahead("mine") == 3.0
    queue.at_trade(PRICE, 9.0, False)  # a buyer took: not from the bids
    queue.at_trade(63999.9, 9.0, True)
    assert queue.ahead("mine") == 3.0
    queue.at_book(bids(1.0 + OWN), ASKS)
    assert queue.ahead("mine") == pytest.approx(1.0)
    queue.at_trade(PRICE, 9.0, True)
    assert queue.ahead("mine") == 0.0


def test_a_level_that_is_gone_leaves_nobody_ahead(queue: QueueGuess) -> None:
    queue.at_book({64000.5: 1.0, 63999.0: 1.0}, ASKS)
    assert queue.ahead("mine") == 0.0


def test_deeper_than_what_is_shown_nothing_changes(queue: QueueGuess) -> None:
    queue.at_book({64010.0: 1.0, 64009.0: 1.0}, ASKS)
    queue.at_book({}, {})
    assert queue.ahead("mine") == 5.0


def test_a_fill_means_the_front(queue: QueueGuess) -> None:
    put(queue, status=OrderStatus.PARTIALLY_FILLED, executed_qty=Decimal("0.05"))
    assert queue.ahead("mine") == 0.0


@pytest.mark.parametrize(
    "more", [{"price": "63999.9"}, {"orig_qty": Decimal(1)}], ids=["price", "size"]
)
def test_another_price_and_a_larger_size_join_again(more: dict[str, object]) -> None:
    queue = QueueGuess()
    put(queue)
    queue.join(bids(5.0), ASKS)
    if "orig_qty" in more:
        order = msgspec.structs.replace(limit_order("mine", Side.BUY, "64000.0"), **more)
        queue.set_orders(RestingOrders().of_orders([order]))
    else:
        put(queue, **more)
    assert queue.ahead("mine") is None


def test_only_confirmed_orders_have_a_place() -> None:
    queue = QueueGuess()
    put(queue, status=OrderStatus.PENDING_NEW)
    assert not queue.has_orders
    assert queue.ahead("mine") is None


def test_an_order_out_of_sight_has_no_guess_until_its_level_is_seen() -> None:
    queue = QueueGuess()
    put(queue)
    queue.join({64010.0: 1.0}, ASKS)
    assert queue.ahead("mine") is None
    queue.at_book(bids(2.0), ASKS)
    assert queue.ahead("mine") == 2.0


def test_a_sell_order_waits_among_the_asks() -> None:
    queue = QueueGuess()
    queue.set_orders(RestingOrders().of_orders([limit_order("mine", Side.SELL, "64000.1")]))
    queue.join(bids(1.0), ASKS)
    queue.at_trade(64000.1, 1.0, False)
    assert queue.ahead("mine") == 2.0
    queue.at_book(bids(1.0), {64000.1: 1.0, 64001.0: 1.0})
    assert queue.ahead("mine") == pytest.approx(1.0 - OWN)
