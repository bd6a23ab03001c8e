from decimal import Decimal

import pytest

from engine.market.instruments import instrument_from
from engine.trading_types import OrderType, Side

D = Decimal

BTC = instrument_from(
    {
        "symbol": "BTCUSDT",
        "baseAsset": "BTC",
        "quoteAsset": "USDT",
        "status": "TRADING",
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": "0.10",
                "maxPrice": "1000000",
                "tickSize": "0.10",
            },
            {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
            {
                "filterType": "MARKET_LOT_SIZE",
                "minQty": "0.001",
                "maxQty": "120",
                "stepSize": "0.001",
            },
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MIN_NOTIONAL", "notional": "50"},
            {"filterType": "PERCENT_PRICE", "multiplierUp": "1.05", "multiplierDown": "0.95"},
        ],
    }
)


def first(
    side=Side.BUY, order_type=OrderType.LIMIT, quantity="0.1", price="60000", mark="60000", **rest
):
    problems = BTC.problems(
        side=side,
        order_type=order_type,
        quantity=D(quantity),
        price=D(price) if price else None,
        mark_price=D(mark) if mark else None,
        **rest,
    )
    return problems[0] if problems else None


def test_a_good_order_has_no_problem():
    assert first() is None
    assert first(order_type=OrderType.MARKET, price=None) is None


@pytest.mark.parametrize(
    ("order", "field", "fix", "words"),
    [
        ({"price": "64250.13", "mark": "64000"}, "price", "64250.1", "use 64250.1?"),
        ({"price": "0"}, "price", None, "above zero"),
        ({"price": None}, "price", None, "needs a price"),
        ({"price": "63000.1"}, "price", "63000.0", "at most 63000.0"),
        ({"price": "56999.9", "side": Side.SELL}, "price", "57000.0", "at least 57000.0"),
        ({"price": "2000000", "mark": None}, "price", "1000000", "between"),
        ({"quantity": "0"}, "quantity", "0.001", "above zero"),
        ({"quantity": "-1"}, "quantity", "0.001", "above zero"),
        ({"quantity": "0.0005"}, "quantity", "0.001", "at least 0.001 BTC"),
        ({"quantity": "0.1005"}, "quantity", "0.100", "multiple of 0.001"),
        ({"quantity": "1001"}, "quantity", "1000", "at most 1000"),
        ({"quantity": "121", "order_type": OrderType.MARKET}, "quantity", "120", "at most 120"),
        ({"quantity": "0.001", "price": "40000", "mark": "0"}, "quantity", "0.002", "at least 50"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_field_and_a_value_that_would_pass(order, field, fix, words):
    problem = first(**order)
    assert problem.field == field
    assert words in problem.sentence
    assert problem.fix == (D(fix) if fix else None)
    if fix:
        assert first(**{**order, field: fix}) is None


def test_reducing_is_free_of_the_smallest_notional():
    assert first(quantity="0.001", price="40000", mark="40000", reduce_only=True) is None


def test_a_market_order_is_measured_at_the_mark_price():
    assert (
        first(quantity="0.001", order_type=OrderType.MARKET, price=None, mark="40000").field
        == "quantity"
    )
    assert first(quantity="0.001", order_type=OrderType.MARKET, price=None, mark=None) is None


def test_texts_use_the_grid_of_the_contract():
    assert BTC.price_text(D("64250")) == "64250.0"
    assert BTC.quantity_text(D("0.15")) == "0.150"
    assert BTC.round_price(D("64250.17")) == D("64250.2")
    assert BTC.round_quantity(D("0.1239")) == D("0.123")


def test_missing_filters_mean_no_such_rule():
    bare = instrument_from({"symbol": "NEWUSDT", "filters": []})
    assert bare.problems(
        side=Side.BUY, order_type=OrderType.LIMIT, quantity=D("0.123"), price=D("7.77")
    ) == ()  # fmt: skip
