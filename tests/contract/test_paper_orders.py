"""Orders by REST, held to the exchange's trade documents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.paper.paper_process import PaperProcess
from tests.helpers.paper import PaperClient, now_ms

WRITE_FIELDS = {
    "clientOrderId", "cumQty", "executedQty", "orderId", "origQty", "price", "reduceOnly", "side",
    "positionSide", "status", "stopPrice", "closePosition", "symbol", "timeInForce", "type",
    "origType", "updateTime", "workingType", "priceProtect", "priceMatch",
    "selfTradePreventionMode", "goodTillDate",
}  # fmt: skip
QUERY_FIELDS = (WRITE_FIELDS - {"cumQty"}) | {"avgPrice", "cumQuote", "time"}


def test_placing_answers_with_the_full_order_but_no_average_price(client: PaperClient) -> None:
    answer = client.order(newClientOrderId="my.id:1/_-")
    assert answer.status == 200
    assert set(answer.body) == WRITE_FIELDS
    assert (answer.body["status"], answer.body["clientOrderId"]) == ("NEW", "my.id:1/_-")
    assert (answer.body["price"], answer.body["origQty"]) == ("62000.00", "0.010")
    assert answer.body["orderId"] > 2**32


def test_query_shows_average_price_quote_total_and_time(client: PaperClient) -> None:
    placed = client.order().body
    row = client.signed("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=placed["orderId"]).body
    assert set(row) == QUERY_FIELDS
    assert row["avgPrice"] == "0.00"


def test_ack_of_a_market_order_is_new_and_result_is_filled(client: PaperClient) -> None:
    acked = client.market("BUY", "0.010").body
    assert (acked["status"], acked["executedQty"]) == ("NEW", "0.000")
    final = client.market("BUY", "0.010", newOrderRespType="RESULT").body
    assert (final["status"], final["executedQty"]) == ("FILLED", "0.010")
    assert "avgPrice" not in final
    row = client.signed("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=final["orderId"]).body
    assert float(row["avgPrice"]) > 60000
    assert row["cumQuote"] == f"{float(row['avgPrice']) * 0.01:.8f}"


def test_open_client_order_id_is_taken_and_free_again_after_the_order(client: PaperClient) -> None:
    first = client.order(newClientOrderId="twice")
    assert client.order(newClientOrderId="twice").code == -4116
    client.signed("DELETE", "/fapi/v1/order", symbol="BTCUSDT", orderId=first.body["orderId"])
    again = client.order(newClientOrderId="twice")
    assert again.status == 200
    newest = client.signed("GET", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="twice")
    assert newest.body["orderId"] == again.body["orderId"]


def test_two_market_orders_with_one_client_id_both_fill(client: PaperClient) -> None:
    one = client.market("BUY", "0.010", newClientOrderId="same", newOrderRespType="RESULT")
    two = client.market("BUY", "0.010", newClientOrderId="same", newOrderRespType="RESULT")
    assert [one.body["status"], two.body["status"]] == ["FILLED", "FILLED"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"symbol": None}, -1102),
        ({"symbol": "NOPE"}, -1121),
        ({"side": "HOLD"}, -1117),
        ({"type": "FUNNY"}, -1116),
        ({"timeInForce": None}, -1102),
        ({"timeInForce": "DAY"}, -1115),
        ({"quantity": None}, -1102),
        ({"quantity": "1e-2"}, -1100),
        ({"quantity": "0"}, -4003),
        ({"quantity": "0.0001"}, -1111),
        ({"quantity": "1001"}, -4005),
        ({"price": None}, -1102),
        ({"price": "0"}, -4001),
        ({"price": "62000.05"}, -4014),
        ({"price": "62000.123"}, -1111),
        ({"price": "100"}, -4013),
        ({"price": "999999"}, -4002),
        ({"price": "70000"}, -4016),
        ({"side": "SELL", "price": "50000"}, -4024),
        ({"quantity": "0.001", "price": "49999"}, -4164),
        ({"quantity": "0.001", "price": "50000"}, 0),
        ({"price": "61000", "quantity": "1000"}, -2019),
        ({"newClientOrderId": "x" * 37}, -4015),
        ({"newClientOrderId": "bad id"}, -4015),
        ({"newClientOrderId": "x" * 36}, 0),
        ({"positionSide": "LONG"}, -4061),
        ({"positionSide": "UP"}, -4060),
        ({"reduceOnly": "true"}, -2022),
        ({"reduceOnly": "maybe"}, -1130),
        ({"priceMatch": "QUEUE"}, -1106),
        ({"priceMatch": "NEAREST", "price": None}, -5037),
        ({"priceMatch": "QUEUE_20", "price": None}, 0),
        ({"selfTradePreventionMode": "MAYBE"}, -5039),
        ({"timeInForce": "GTD"}, -1102),
        ({"timeInForce": "GTD", "goodTillDate": "1700000000000"}, -5040),
        ({"timeInForce": "GTX", "price": "66000"}, -5022),
        ({"timeInForce": "FOK", "quantity": "250", "price": "64250.1"}, -5021),
        ({"newOrderRespType": "FULL"}, -1136),
    ],
)
def test_each_broken_rule_gets_the_venues_code(
    client: PaperClient, change: dict[str, Any], code: int
) -> None:
    answer = client.order(**change)
    assert answer.code == code
    assert answer.status == (400 if code else 200)
    if code:
        assert client.signed("GET", "/fapi/v1/openOrders").body == []


def test_notional_below_the_contracts_minimum_is_refused_unless_reduce_only(
    client: PaperClient,
) -> None:
    small = client.order(symbol="BNBUSDT", quantity="0.01", price="499.99")
    assert small.code == -4164
    assert client.market("BUY", "0.001", "ETHUSDT").code == -4164
    assert client.market("BUY", "0.020", "ETHUSDT").status == 200
    assert client.market("SELL", "0.001", "ETHUSDT", reduceOnly="true").status == 200


@pytest.mark.parametrize("name", ["price", "timeInForce"])
def test_market_order_refuses_what_it_does_not_need(client: PaperClient, name: str) -> None:
    value = {"price": "64000", "timeInForce": "GTC"}[name]
    assert client.market("BUY", "0.010", **{name: value}).code == -1106


def test_limit_that_crosses_takes_and_rests_with_what_is_left(
    client: PaperClient, other: PaperClient
) -> None:
    ask = other.order("SELL", symbol="SOLUSDT", quantity="1", price="147.99", timeInForce="GTX")
    assert ask.code == -5022  # the quiet book bids 148.00
    resting = client.order(symbol="SOLUSDT", quantity="5", price="148.00").body
    taken = other.order("SELL", symbol="SOLUSDT", quantity="3", price="148.00").body
    assert taken["status"] == "NEW"
    row = other.signed("GET", "/fapi/v1/order", symbol="SOLUSDT", orderId=taken["orderId"]).body
    assert row["status"] == "FILLED"  # against the makers, who were there first
    mine = client.signed("GET", "/fapi/v1/order", symbol="SOLUSDT", orderId=resting["orderId"])
    assert mine.body["executedQty"] == "0.00"


def test_immediate_or_cancel_expires_what_is_left(client: PaperClient, other: PaperClient) -> None:
    maker = client.order("SELL", symbol="XRPUSDT", quantity="50", price="1.4201")
    assert maker.status == 200
    order = other.order(
        symbol="XRPUSDT",
        quantity="9000000",
        price="1.4201",
        timeInForce="IOC",
        newOrderRespType="RESULT",
    ).body
    assert order["status"] == "EXPIRED"
    assert 50 <= float(order["executedQty"]) < 9_000_000


def test_amend_keeps_the_ids_and_quantity_is_the_new_total(client: PaperClient) -> None:
    placed = client.order(newClientOrderId="amend-me").body
    changed = client.signed(
        "PUT",
        "/fapi/v1/order",
        symbol="BTCUSDT",
        side="BUY",
        origClientOrderId="amend-me",
        quantity="0.030",
        price="62500",
        modifyId=77,
    )
    assert changed.status == 200
    assert set(changed.body) == WRITE_FIELDS | {"pair", "modifyId"}
    assert (changed.body["orderId"], changed.body["origQty"]) == (placed["orderId"], "0.030")
    same = client.signed(
        "PUT",
        "/fapi/v1/order",
        symbol="BTCUSDT",
        side="BUY",
        orderId=placed["orderId"],
        quantity="0.030",
        price="62500",
    )
    assert same.code == -5027
    rows = client.signed(
        "GET", "/fapi/v1/orderAmendment", symbol="BTCUSDT", orderId=placed["orderId"]
    ).body
    assert rows[0]["amendment"] == {
        "price": {"before": "62000.00", "after": "62500.00"},
        "origQty": {"before": "0.010", "after": "0.030"},
        "count": 1,
        "modifyId": 77,
    }


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"price": "62000.05"}, -4014),
        ({"quantity": "0.0005"}, -1111),
        ({"price": "70000"}, -4016),
        ({"quantity": "0.000"}, -4003),
        ({"orderId": 1}, -2013),
        ({"orderId": None}, -1102),
        ({"reduceOnly": "true"}, -5047),
        ({"quantity": "900", "price": "61500"}, -2019),
    ],
)
def test_refused_amend_leaves_the_order_as_it_was(
    client: PaperClient, change: dict[str, Any], code: int
) -> None:
    order_id = client.order().body["orderId"]
    params = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "orderId": order_id,
        "quantity": "0.020",
        "price": "62100",
        **change,
    }
    assert client.signed("PUT", "/fapi/v1/order", **params).code == code
    row = client.signed("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=order_id).body
    assert (row["price"], row["origQty"], row["status"]) == ("62000.00", "0.010", "NEW")


def test_amend_of_a_post_only_order_to_a_taking_price_cancels_it(client: PaperClient) -> None:
    order_id = client.order(timeInForce="GTX").body["orderId"]
    answer = client.signed(
        "PUT",
        "/fapi/v1/order",
        symbol="BTCUSDT",
        side="BUY",
        orderId=order_id,
        quantity="0.010",
        price="65000",
    )
    assert (answer.status, answer.body["status"]) == (200, "CANCELED")


def test_cancel_twice_is_unknown_and_unknown_orders_do_not_exist(client: PaperClient) -> None:
    order_id = client.order().body["orderId"]
    first = client.signed("DELETE", "/fapi/v1/order", symbol="BTCUSDT", orderId=order_id)
    assert first.body["status"] == "CANCELED"
    again = client.signed("DELETE", "/fapi/v1/order", symbol="BTCUSDT", orderId=order_id)
    assert (again.status, again.body) == (400, {"code": -2011, "msg": "Unknown order sent."})
    asked = client.signed("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=1)
    assert (asked.status, asked.body) == (400, {"code": -2013, "msg": "Order does not exist."})
    closed = client.signed("GET", "/fapi/v1/openOrder", symbol="BTCUSDT", orderId=order_id)
    assert closed.code == -2013


def test_open_orders_and_all_orders_list_what_they_should(client: PaperClient) -> None:
    btc = client.order().body["orderId"]
    eth = client.order(symbol="ETHUSDT", quantity="0.100", price="3000").body["orderId"]
    one = client.signed("GET", "/fapi/v1/openOrders", symbol="BTCUSDT").body
    assert [row["orderId"] for row in one] == [btc]
    both = client.signed("GET", "/fapi/v1/openOrders").body
    assert {row["orderId"] for row in both} == {btc, eth}
    history = client.signed("GET", "/fapi/v1/allOrders", symbol="BTCUSDT", orderId=btc).body
    assert [row["orderId"] for row in history] == [btc]
    assert history[0]["pair"] == "BTCUSDT"
    done = client.signed("DELETE", "/fapi/v1/allOpenOrders", symbol="BTCUSDT").body
    assert done["code"] == 200
    left = client.signed("GET", "/fapi/v1/openOrders").body
    assert [row["orderId"] for row in left] == [eth]


def test_times_of_order_queries_are_checked(client: PaperClient) -> None:
    week = 7 * 24 * 3_600_000
    too_long = client.signed(
        "GET",
        "/fapi/v1/allOrders",
        symbol="BTCUSDT",
        startTime=now_ms() - 2 * week,
        endTime=now_ms(),
    )
    assert too_long.code == -4165
    backwards = client.signed(
        "GET", "/fapi/v1/userTrades", symbol="BTCUSDT", startTime=2000, endTime=1000
    )
    assert backwards.code == -1023


def test_user_trades_show_both_sides_of_a_match_with_their_fees(
    client: PaperClient, other: PaperClient
) -> None:
    maker = client.order("SELL", symbol="DOGEUSDT", quantity="1000", price="0.14201").body
    other.market("BUY", "20000000", "DOGEUSDT")
    mine = client.signed("GET", "/fapi/v1/userTrades", symbol="DOGEUSDT", orderId=maker["orderId"])
    row = mine.body[0]
    assert set(row) == {
        "buyer", "commission", "commissionAsset", "id", "maker", "orderId", "price", "qty",
        "quoteQty", "baseQty", "marginAsset", "realizedPnl", "side", "positionSide", "symbol",
        "pair", "time",
    }  # fmt: skip
    assert (row["maker"], row["buyer"], row["qty"]) == (True, False, "1000")
    assert row["commission"] == "0.02840200"  # 142.01 x 0.0002
    theirs = other.signed("GET", "/fapi/v1/userTrades", symbol="DOGEUSDT", fromId=row["id"]).body
    assert theirs[0]["id"] == row["id"]
    assert theirs[0]["commission"] == "0.07100500"  # 142.01 x 0.0005


def test_test_order_checks_everything_and_places_nothing(client: PaperClient) -> None:
    wanted = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.010",
        "price": "62000",
    }
    assert client.signed("POST", "/fapi/v1/order/test", **wanted).status == 200
    assert client.signed("POST", "/fapi/v1/order/test", **{**wanted, "price": "1"}).code == -4013
    assert client.signed("GET", "/fapi/v1/openOrders").body == []


def test_reduce_only_never_reverses_and_goes_with_the_position(client: PaperClient) -> None:
    client.market("BUY", "0.100")
    far = client.order("SELL", quantity="0.060", price="66000", reduceOnly="true").body
    assert far["reduceOnly"] is True
    near = client.order("SELL", quantity="0.060", price="65000", reduceOnly="true").body
    over = client.order("SELL", quantity="0.060", price="66500", reduceOnly="true")
    assert over.code == -2022
    wrong_way = client.order("BUY", quantity="0.010", price="60000", reduceOnly="true")
    assert wrong_way.code == -2022
    client.market("SELL", "0.050")
    rows = {r["orderId"]: r for r in client.signed("GET", "/fapi/v1/openOrders").body}
    assert set(rows) == {near["orderId"]}  # the farther one is knocked out
    client.market("SELL", "0.500", reduceOnly="true")
    assert float(client.position()) == 0
    assert client.signed("GET", "/fapi/v1/openOrders").body == []


@pytest.mark.parametrize(
    ("mode", "taker", "maker"),
    [
        ("EXPIRE_MAKER", "FILLED", "EXPIRED_IN_MATCH"),
        ("EXPIRE_TAKER", "EXPIRED_IN_MATCH", "NEW"),
        ("EXPIRE_BOTH", "EXPIRED_IN_MATCH", "EXPIRED_IN_MATCH"),
        ("NONE", "FILLED", "FILLED"),
    ],
)
def test_self_trade_prevention_expires_whom_it_says(
    client: PaperClient, mode: str, taker: str, maker: str
) -> None:
    # the whole best level is bought first, so that our own order is next in the queue
    depth = client.public("/fapi/v1/depth", symbol="BNBUSDT", limit=5).body
    price, quantity = depth["asks"][0]
    client.order(symbol="BNBUSDT", quantity=quantity, price=price, timeInForce="IOC")
    resting = client.order("SELL", symbol="BNBUSDT", quantity="1", price=price).body
    order = client.order(
        symbol="BNBUSDT",
        quantity="1",
        price=depth["asks"][1][0],
        timeInForce="IOC",
        selfTradePreventionMode=mode,
        newOrderRespType="RESULT",
    ).body
    assert order["status"] == taker
    row = client.signed("GET", "/fapi/v1/order", symbol="BNBUSDT", orderId=resting["orderId"]).body
    assert row["status"] == maker


def test_price_match_takes_its_price_from_the_book(client: PaperClient) -> None:
    depth = client.public("/fapi/v1/depth", symbol="BTCUSDT", limit=5).body
    joined = client.order(price=None, priceMatch="QUEUE").body
    assert (joined["price"], joined["priceMatch"]) == (depth["bids"][0][0], "QUEUE")
    fifth = client.order(price=None, priceMatch="QUEUE_5").body
    assert fifth["price"] == depth["bids"][4][0]


# batches


def batch(client: PaperClient, method: str, rows: list[dict[str, str]]) -> Any:
    text = json.dumps(rows, separators=(",", ":"))
    return client.signed(method, "/fapi/v1/batchOrders", batchOrders=text)


def test_batch_answers_each_element_in_order_and_200_even_with_failures(
    client: PaperClient,
) -> None:
    good = {
        "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
        "quantity": "0.010", "price": "62000",
    }  # fmt: skip
    answer = batch(client, "POST", [good, {**good, "price": "1"}, {**good, "price": "61000"}])
    assert answer.status == 200
    assert [row.get("code", 0) for row in answer.body] == [0, -4013, 0]
    assert answer.body[0]["selfTradePreventionMode"] == "NONE"
    ids = [answer.body[0]["orderId"], answer.body[2]["orderId"]]
    change = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.020", "price": "61500"}
    changes = [{**change, "orderId": str(order_id)} for order_id in (ids[0], 1)]
    amended = batch(client, "PUT", changes)
    assert [row.get("code", 0) for row in amended.body] == [0, -2013]
    cancelled = client.signed(
        "DELETE", "/fapi/v1/batchOrders", symbol="BTCUSDT", orderIdList=f"[{ids[0]},{ids[1]},9]"
    )
    assert [row.get("status", row.get("code")) for row in cancelled.body] == [
        "CANCELED",
        "CANCELED",
        -2011,
    ]


def test_batch_sizes_are_limited(client: PaperClient) -> None:
    assert batch(client, "POST", []).code == -4082
    assert batch(client, "POST", [{}] * 6).code == -4082
    assert client.signed("POST", "/fapi/v1/batchOrders", batchOrders="nonsense").code == -1130
    ids = json.dumps(["x"] * 11, separators=(",", ":"))
    answer = client.signed(
        "DELETE", "/fapi/v1/batchOrders", symbol="BTCUSDT", origClientOrderIdList=ids
    )
    assert answer.code == -4032


def test_order_counts_appear_on_orders_only(paper: PaperProcess, client: PaperClient) -> None:
    placed = client.order()
    assert int(placed.headers["X-MBX-ORDER-COUNT-10S"]) >= 1
    assert int(placed.headers["X-MBX-ORDER-COUNT-1M"]) >= 1
    asked = client.signed("GET", "/fapi/v1/openOrders", symbol="BTCUSDT")
    assert "X-MBX-ORDER-COUNT-10S" not in asked.headers
    assert int(asked.headers["X-MBX-USED-WEIGHT-1M"]) >= 1
