"""Conditional orders, held to the exchange's algo documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.paper.paper_process import PaperProcess
from tests.helpers.paper import Answer, PaperClient, Stream, paper_server

SYMBOL = "ETHUSDT"  # opens at 3120.00 / 3120.01


def algo(client: PaperClient, side: str, kind: str, **params: Any) -> Answer:
    wanted = {"algoType": "CONDITIONAL", "symbol": SYMBOL, "side": side, "type": kind}
    return client.signed("POST", "/fapi/v1/algoOrder", **{**wanted, **params})


@pytest.fixture
def own(tmp_path: Path) -> Iterator[PaperProcess]:
    """A server for one test, which may use its book up."""
    with paper_server(tmp_path, fresh=True, balance="10000000", verify=True) as process:
        yield process


def user_stream(paper: PaperProcess, client: PaperClient) -> Stream:
    key = client.raw("POST", "/fapi/v1/listenKey").body["listenKey"]
    return Stream(f"{paper.hosts.streams}/private/ws/{key}")


def algo_status(stream: Stream, status: str) -> dict[str, Any]:
    found = stream.until(lambda m: m.get("e") == "ALGO_UPDATE" and m["o"]["X"] == status)
    return found["o"]


def walk_price_to(own: PaperProcess, price: str, side: str = "BUY") -> None:
    """The second account takes everything up (or down) to `price`."""
    other = PaperClient(own, own.accounts[1])
    for _ in range(10):
        taken = other.order(
            side,
            symbol=SYMBOL,
            quantity="3000",
            price=price,
            timeInForce="IOC",
            newOrderRespType="RESULT",
        )
        assert taken.status == 200, taken.body
        if taken.body["status"] == "EXPIRED":
            return
    raise AssertionError("the book is deeper than this test thinks")


@pytest.mark.parametrize(
    "kind", ["STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"]
)
def test_conditional_types_on_the_order_call_are_refused(client: PaperClient, kind: str) -> None:
    answer = client.signed(
        "POST", "/fapi/v1/order", symbol=SYMBOL, side="SELL", type=kind, quantity="1"
    )
    assert (answer.status, answer.code) == (400, -4120)


def test_placed_algo_is_listed_found_and_cancelled_by_either_id(client: PaperClient) -> None:
    placed = algo(
        client, "SELL", "STOP_MARKET", quantity="1", triggerPrice="3000", clientAlgoId="mine-1"
    ).body
    assert placed["algoStatus"] == "NEW"
    assert placed["triggerPrice"] == "3000.00"
    assert placed["algoId"] > 2**32
    rows = client.signed("GET", "/fapi/v1/openAlgoOrders", symbol=SYMBOL).body
    assert [row["algoId"] for row in rows] == [placed["algoId"]]
    found = client.signed("GET", "/fapi/v1/algoOrder", clientAlgoId="mine-1").body
    assert (found["actualOrderId"], found["algoId"]) == ("", placed["algoId"])
    assert client.signed("GET", "/fapi/v1/openOrders").body == []
    cancelled = client.signed("DELETE", "/fapi/v1/algoOrder", algoId=placed["algoId"]).body
    assert cancelled["code"] == "200"
    again = client.signed("DELETE", "/fapi/v1/algoOrder", algoId=placed["algoId"])
    assert again.code == -2011
    history = client.signed("GET", "/fapi/v1/allAlgoOrders", symbol=SYMBOL).body
    assert [r["algoStatus"] for r in history if r["algoId"] == placed["algoId"]] == ["CANCELED"]


def test_stop_market_fires_on_a_print_and_reports_every_step(
    own: PaperProcess,
) -> None:
    client = PaperClient(own)
    with user_stream(own, client) as stream:
        assert client.market("BUY", "1", SYMBOL).status == 200
        stop = algo(
            client, "BUY", "STOP_MARKET", quantity="1", triggerPrice="3120.05", reduceOnly="false"
        ).body
        assert algo_status(stream, "NEW")["aid"] == stop["algoId"]
        walk_price_to(own, "3120.05")
        algo_status(stream, "TRIGGERING")
        filled = stream.until(
            lambda m: m.get("e") == "ORDER_TRADE_UPDATE" and m["o"]["ot"] == "STOP_MARKET"
        )["o"]
        assert (filled["o"], filled["sp"]) == ("MARKET", "3120.05")
        triggered = algo_status(stream, "TRIGGERED")
        assert triggered["ai"] == str(filled["i"])
        assert algo_status(stream, "FINISHED")["aq"] == "1.000"
    asked = client.signed("GET", "/fapi/v1/algoOrder", algoId=stop["algoId"]).body
    assert (asked["algoStatus"], asked["actualOrderId"]) == ("FINISHED", str(filled["i"]))


def test_close_position_stop_closes_all_and_its_twin_expires_with_the_position(
    own: PaperProcess,
) -> None:
    client = PaperClient(own)
    assert client.market("SELL", "2", SYMBOL).status == 200
    with user_stream(own, client) as stream:
        loss = algo(client, "BUY", "STOP_MARKET", closePosition="true", triggerPrice="3120.08")
        assert loss.body["timeInForce"] == "GTE_GTC"
        profit = algo(
            client, "BUY", "TAKE_PROFIT_MARKET", closePosition="true", triggerPrice="3000"
        )
        second = algo(client, "BUY", "STOP_MARKET", closePosition="true", triggerPrice="3200")
        assert second.code == -4130
        walk_price_to(own, "3120.08")
        assert algo_status(stream, "FINISHED")["aid"] == loss.body["algoId"]
        assert algo_status(stream, "EXPIRED")["aid"] == profit.body["algoId"]
    assert float(client.position(SYMBOL)) == 0


def test_triggered_order_without_margin_is_rejected_with_the_reason(
    own: PaperProcess,
) -> None:
    client = PaperClient(own)
    assert client.signed("POST", "/fapi/v1/leverage", symbol=SYMBOL, leverage=1).status == 200
    with user_stream(own, client) as stream:
        algo(client, "BUY", "STOP_MARKET", quantity="1900", triggerPrice="3120.12")
        # ties up 6 of the 10 million, so that the 6 of the stop are no longer there
        assert client.order(symbol=SYMBOL, quantity="2000", price="3000").status == 200
        walk_price_to(own, "3120.12")
        assert algo_status(stream, "REJECTED")["rm"] == "Margin is insufficient."


def test_trailing_stop_follows_the_price_and_fires_on_the_turn(own: PaperProcess) -> None:
    client = PaperClient(own)
    with user_stream(own, client) as stream:
        placed = algo(client, "SELL", "TRAILING_STOP_MARKET", quantity="1", callbackRate="0.1")
        assert placed.body["callbackRate"] == "0.1"
        assert algo_status(stream, "NEW")["ia"] is True
        walk_price_to(own, "3120.15")
        # 0.1 % below 3120.15 is 3117.03: a print there, and none before
        assert client.order(symbol=SYMBOL, quantity="0.1", price="3117.02").status == 200
        asked = client.signed("GET", "/fapi/v1/algoOrder", algoId=placed.body["algoId"]).body
        assert asked["algoStatus"] == "NEW"
        walk_price_to(own, "3117.02", "SELL")
        fired = stream.until(
            lambda m: m.get("e") == "ORDER_TRADE_UPDATE" and m["o"]["ot"] == "TRAILING_STOP_MARKET"
        )
        assert fired["o"]["cr"] == "0.1"


def test_all_algo_orders_of_a_symbol_are_cancelled_at_once(client: PaperClient) -> None:
    algo(client, "SELL", "STOP_MARKET", quantity="1", triggerPrice="3000")
    assert client.signed("DELETE", "/fapi/v1/algoOpenOrders", symbol=SYMBOL).body["code"] == 200
    assert client.signed("GET", "/fapi/v1/openAlgoOrders").body == []


def test_conditional_orders_survive_a_killed_server(tmp_path: Path) -> None:
    with paper_server(tmp_path, fresh=True) as first:
        placed = algo(PaperClient(first), "SELL", "STOP_MARKET", quantity="1", triggerPrice="3000")
        first.kill()
    with paper_server(tmp_path) as second:
        rows = PaperClient(second).signed("GET", "/fapi/v1/openAlgoOrders").body
        assert [row["algoId"] for row in rows] == [placed.body["algoId"]]


@pytest.mark.parametrize(
    ("side", "kind", "params", "code"),
    [
        ("SELL", "STOP_MARKET", {"quantity": "1", "triggerPrice": "3200"}, -2021),
        ("BUY", "TAKE_PROFIT_MARKET", {"quantity": "1", "triggerPrice": "3200"}, -2021),
        ("SELL", "STOP_MARKET", {"quantity": "1"}, -1102),
        ("SELL", "STOP", {"quantity": "1", "triggerPrice": "3000"}, -1102),
        ("SELL", "LIMIT", {"quantity": "1", "triggerPrice": "3000"}, -1116),
        ("SELL", "TRAILING_STOP_MARKET", {"quantity": "1", "callbackRate": "21"}, -4136),
        (
            "SELL",
            "TRAILING_STOP_MARKET",
            {"quantity": "1", "callbackRate": "1", "activatePrice": "3000"},
            -4135,
        ),
        (
            "SELL",
            "STOP_MARKET",
            {"quantity": "1", "triggerPrice": "3000", "closePosition": "true"},
            -4137,
        ),
        (
            "SELL",
            "STOP_MARKET",
            {"reduceOnly": "true", "triggerPrice": "3000", "closePosition": "true"},
            -4138,
        ),
        ("SELL", "STOP_MARKET", {"quantity": "0.001", "triggerPrice": "3000"}, -4164),
        ("SELL", "STOP_MARKET", {"quantity": "1", "triggerPrice": "3000.001"}, -1111),
        (
            "SELL",
            "STOP_MARKET",
            {"quantity": "1", "triggerPrice": "3000", "clientAlgoId": "x" * 40},
            -4015,
        ),
    ],
)
def test_bad_conditional_orders_get_the_venues_codes(
    client: PaperClient, side: str, kind: str, params: dict[str, str], code: int
) -> None:
    assert algo(client, side, kind, **params).code == code
