"""Conditional orders whose trigger, date or position is moved by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import VenueError
from engine.paper.paper_state import StateFolder
from tests.helpers.paper_bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with StateFolder(tmp_path) as folder:
        yield Bench(folder)


def place(bench: Bench, side: str, kind: str, account: str = "first", **params: object) -> Any:
    wanted: dict[str, object] = {
        "algoType": "CONDITIONAL",
        "symbol": "BTCUSDT",
        "side": side,
        "type": kind,
        "quantity": "0.010",
    }
    return bench.call("place_algo", account, **{**wanted, **params})


def status(bench: Bench, placed: dict[str, Any], account: str = "first") -> str:
    return str(bench.call("query_algo", account, algoId=placed["algoId"])["algoStatus"])


def move_price(bench: Bench, price: str) -> None:
    bench.set_mark(price)
    bench.venue.commit(bench.venue.now_ms())


def test_stop_limit_rests_in_the_book_after_its_trigger(bench: Bench) -> None:
    bench.listen()
    placed = place(bench, "SELL", "STOP", triggerPrice="64000", price="65000")
    move_price(bench, "64000")
    assert status(bench, placed) == "TRIGGERED"
    (order,) = bench.call("open_orders")
    assert (order["type"], order["origType"], order["stopPrice"]) == ("LIMIT", "STOP", "64000.00")
    bench.call("cancel_order", symbol="BTCUSDT", orderId=order["orderId"])
    assert status(bench, placed) == "FINISHED"
    states = [event["o"]["X"] for event in bench.events("ALGO_UPDATE")]
    assert states == ["NEW", "TRIGGERING", "TRIGGERED", "FINISHED"]


def test_take_profit_triggers_on_the_other_side(bench: Bench) -> None:
    placed = place(bench, "SELL", "TAKE_PROFIT_MARKET", triggerPrice="64500")
    move_price(bench, "64499.9")
    assert status(bench, placed) == "NEW"
    move_price(bench, "64500")
    assert status(bench, placed) == "FINISHED"


def test_price_match_of_a_stop_is_asked_at_the_trigger(bench: Bench) -> None:
    place(bench, "BUY", "STOP", triggerPrice="64300", priceMatch="QUEUE")
    move_price(bench, "64300")
    (order,) = bench.call("open_orders")
    assert order["price"] == "64250.00"


def test_protected_stop_waits_while_mark_and_last_are_far_apart(bench: Bench) -> None:
    placed = place(bench, "SELL", "STOP_MARKET", triggerPrice="64000", priceProtect="true")
    market = bench.venue.exchange.markets["BTCUSDT"]
    market.last_ticks = 600_000  # 60,000 against a mark of 64,250: more than 5 %
    bench.venue.commit(bench.venue.now_ms())
    assert status(bench, placed) == "NEW"
    move_price(bench, "63900")
    assert status(bench, placed) == "FINISHED"


def test_trailing_stop_wakes_at_its_activation_price(bench: Bench) -> None:
    bench.listen()
    placed = place(bench, "SELL", "TRAILING_STOP_MARKET", callbackRate="1", activatePrice="65000")
    move_price(bench, "60000")
    assert status(bench, placed) == "NEW"
    move_price(bench, "65000")
    assert [e["o"]["ia"] for e in bench.events("ALGO_UPDATE")] == [False, True]
    move_price(bench, "66000")
    move_price(bench, "65341")
    assert status(bench, placed) == "NEW"
    move_price(bench, "65340")
    assert status(bench, placed) == "FINISHED"


def test_dated_stop_expires_with_its_date(bench: Bench) -> None:
    until = bench.venue.now_ms() + 700_000
    placed = place(
        bench, "SELL", "STOP_MARKET", triggerPrice="64000", timeInForce="GTD", goodTillDate=until
    )
    bench.pass_time(600)
    assert status(bench, placed) == "NEW"
    bench.pass_time(100)
    assert status(bench, placed) == "EXPIRED"


def test_hedged_account_must_name_a_side_that_fits(bench: Bench) -> None:
    bench.call("set_position_mode", "second", dualSidePosition="true")
    stop: dict[str, object] = {"triggerPrice": "64000"}

    def refused(side: str, **params: object) -> int:
        with pytest.raises(VenueError) as error:
            place(bench, side, "STOP_MARKET", "second", **stop, **params)
        return error.value.code

    assert refused("SELL") == -4061
    assert refused("SELL", positionSide="LONG", reduceOnly="true") == -1106
    assert refused("SELL", positionSide="SHORT", closePosition="true", quantity="") == -4061
    bench.order("BUY", "0.030", "second", positionSide="LONG")
    closing = place(
        bench,
        "SELL",
        "STOP_MARKET",
        "second",
        **stop,
        positionSide="LONG",
        closePosition="true",
        quantity="",
    )
    with pytest.raises(VenueError) as one_way:
        place(bench, "SELL", "STOP_MARKET", **stop, positionSide="LONG")
    assert one_way.value.code == -4061
    move_price(bench, "63999")
    assert status(bench, closing, "second") == "FINISHED"
    assert bench.venue.exchange.accounts["second"].amount("BTCUSDT", "LONG") == 0


def test_reduce_only_stop_without_a_position_is_rejected_at_its_trigger(bench: Bench) -> None:
    bench.listen()
    place(bench, "SELL", "STOP_MARKET", triggerPrice="64000", reduceOnly="true")
    move_price(bench, "64000")
    last = bench.events("ALGO_UPDATE")[-1]["o"]
    assert (last["X"], last["rm"]) == ("REJECTED", "ReduceOnly Order is rejected.")


def test_same_client_id_is_refused_while_the_first_is_open(bench: Bench) -> None:
    place(bench, "SELL", "STOP_MARKET", triggerPrice="64000", clientAlgoId="one")
    with pytest.raises(VenueError) as refused:
        place(bench, "SELL", "STOP_MARKET", triggerPrice="64000", clientAlgoId="one")
    assert refused.value.code == -4116
    bench.call("cancel_algo", clientAlgoId="one")
    place(bench, "SELL", "STOP_MARKET", triggerPrice="64000", clientAlgoId="one")


def test_triggered_order_is_followed_across_a_restart(tmp_path: Path) -> None:
    with StateFolder(tmp_path) as folder:
        first = Bench(folder)
        placed = place(first, "SELL", "STOP", triggerPrice="64000", price="65000")
        move_price(first, "64000")
        (order,) = first.call("open_orders")
    with StateFolder(tmp_path) as folder:
        second = Bench(folder, fresh=False)
        assert status(second, placed) == "TRIGGERED"
        second.call("cancel_order", symbol="BTCUSDT", orderId=order["orderId"])
        assert status(second, placed) == "FINISHED"


@pytest.mark.parametrize(
    ("kind", "params", "code"),
    [
        ("STOP_MARKET", {"algoType": "VP"}, -1130),
        ("STOP", {"triggerPrice": "64000", "price": "65000", "closePosition": "true"}, -1130),
        ("STOP_MARKET", {"triggerPrice": "64000", "price": "65000"}, -1106),
        ("STOP_MARKET", {"triggerPrice": "64000", "timeInForce": "DAY"}, -1115),
        ("STOP_MARKET", {"triggerPrice": "64000", "workingType": "INDEX"}, -4031),
        ("STOP_MARKET", {"triggerPrice": "64000", "timeInForce": "GTD"}, -5040),
    ],
)
def test_wrong_words_are_refused(
    bench: Bench, kind: str, params: dict[str, str], code: int
) -> None:
    with pytest.raises(VenueError) as refused:
        place(bench, "SELL", kind, **params)
    assert refused.value.code == code


@pytest.mark.parametrize(("call", "code"), [("query_algo", -2013), ("cancel_algo", -2011)])
def test_unknown_algo_orders(bench: Bench, call: str, code: int) -> None:
    for params, expected in (({"algoId": 1}, code), ({}, -1102)):
        with pytest.raises(VenueError) as refused:
            bench.call(call, **params)
        assert refused.value.code == expected
