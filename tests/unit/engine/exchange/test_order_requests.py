"""What is asked, as the venue's parameters, and what a batch answers, element by element."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from engine.errors import BadInput, InsufficientBalance, OrderRefused, OutcomeUnknown
from engine.events import OrderUpdate
from engine.exchange.algo_requests import algo_key, algo_params
from engine.exchange.batch_requests import (
    batch_results,
    cancel_batch_params,
    new_order_params,
    place_batch_params,
)
from engine.exchange.gateway_orders import NewOrder

ORDER = {
    "symbol": "BTCUSDT", "clientOrderId": "pd-1", "orderId": 8886774001, "side": "BUY",
    "type": "LIMIT", "status": "NEW", "price": "60000.10", "origQty": "0.010",
}  # fmt: skip
NEW = NewOrder(
    symbol="BTCUSDT", side="buy", type="LIMIT", quantity=0.01, price=60000, reduce_only=True
)


def _algo(**changes: Any) -> dict[str, object]:
    given: dict[str, Any] = {
        "trigger_price": "59000.50",
        "price": None,
        "callback_pct": None,
        "activate_price": None,
        "close_position": False,
        "reduce_only": False,
        "position_side": "BOTH",
        "working_type": "CONTRACT_PRICE",
        "price_protect": False,
        "time_in_force": None,
        "client_algo_id": "c-1",
    }
    kind = changes.pop("order_type", "STOP_MARKET")
    quantity = changes.pop("quantity", "0.010")
    return algo_params("BTCUSDT", "SELL", kind, quantity, **{**given, **changes})


def test_self_trade_prevention_is_always_said() -> None:
    assert new_order_params(NEW)["selfTradePreventionMode"] == "EXPIRE_MAKER"
    assert _algo()["selfTradePreventionMode"] == "EXPIRE_MAKER"


def test_a_stop_limit_carries_trigger_price_and_time_in_force() -> None:
    params = _algo(order_type="stop", price="58990", position_side="SHORT", price_protect=True)
    assert {name: params[name] for name in ("triggerPrice", "price", "timeInForce")} == {
        "triggerPrice": "59000.5",
        "price": "58990",
        "timeInForce": "GTC",
    }
    assert (params["positionSide"], params["priceProtect"]) == ("SHORT", True)


def test_a_closing_stop_sends_neither_quantity_nor_reduce_only() -> None:
    params = _algo(quantity=None, close_position=True, reduce_only=True)
    assert params["closePosition"] is True
    assert "quantity" not in params
    assert "reduceOnly" not in params


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"order_type": "LIMIT"}, "order_type"),
        ({"quantity": None}, "quantity"),
        ({"trigger_price": None}, "trigger_price"),
        ({"order_type": "TAKE_PROFIT"}, "price"),
        ({"order_type": "TRAILING_STOP_MARKET"}, "callback_pct"),
        ({"close_position": True}, "quantity"),
        ({"order_type": "STOP", "close_position": True, "quantity": None}, "close_position"),
        ({"working_type": "LAST"}, "working_type"),
        ({"quantity": "NaN"}, "quantity"),
    ],
)
def test_an_incomplete_conditional_order_names_the_field(
    changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadInput) as caught:
        _algo(**changes)
    assert caught.value.field == field


def test_a_conditional_order_must_be_named() -> None:
    assert algo_key(5, "x") == {"algoId": 5}
    with pytest.raises(BadInput):
        algo_key(None, None)


def test_a_batch_is_one_json_list_of_texts() -> None:
    (element,) = json.loads(str(place_batch_params([NEW])["batchOrders"]))
    assert element["quantity"] == "0.01"
    assert element["reduceOnly"] == "true"
    assert "newClientOrderId" not in element


@pytest.mark.parametrize("count", [0, 6])
def test_a_batch_has_one_to_five_elements(count: int) -> None:
    with pytest.raises(BadInput):
        place_batch_params([NEW] * count)


def test_orders_to_cancel_are_named_in_one_way() -> None:
    assert cancel_batch_params("BTCUSDT", [1, 2], ())["orderIdList"] == "[1,2]"
    assert cancel_batch_params("BTCUSDT", (), ["a"])["origClientOrderIdList"] == '["a"]'
    for ids, names in (((), ()), ((1,), ("a",)), (range(11), ())):
        with pytest.raises(BadInput):
            cancel_batch_params("BTCUSDT", ids, names)


def _results(*elements: object) -> list[Any]:
    raw = [msgspec.Raw(json.dumps(element).encode()) for element in elements]
    return batch_results(raw, len(raw))


def test_each_element_has_its_own_outcome() -> None:
    order, refused, unknown, strange, absurd = _results(
        ORDER,
        {"code": -2019, "msg": "Margin is insufficient."},
        {"code": -1007, "msg": "Timeout waiting for response"},
        {"half": 1},
        {**ORDER, "price": "NaN"},
    )
    assert isinstance(order, OrderUpdate)
    assert isinstance(refused, InsufficientBalance)
    assert all(isinstance(one, OutcomeUnknown) for one in (unknown, strange, absurd))


def test_an_amendment_that_changes_nothing_is_told_by_its_code() -> None:
    (result,) = _results({"code": -5027, "msg": "No need to modify the order."})
    assert isinstance(result, OrderRefused)
    assert result.code == -5027


def test_an_answer_of_another_length_tells_nothing_of_any_order() -> None:
    raw = [msgspec.Raw(json.dumps(ORDER).encode())]
    results = batch_results(raw, 2)
    assert [type(result) for result in results] == [OutcomeUnknown] * 2
