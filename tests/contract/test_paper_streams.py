"""Market and user streams, held to the exchange's stream documents."""

from __future__ import annotations

import json
from typing import Any

import pytest
import websocket

from engine.paper.paper_process import PaperProcess
from tests.helpers.paper import DEADLINE_S, PaperClient, Stream

PUBLIC_FIELDS = {
    "btcusdt@bookTicker": {"e", "u", "s", "b", "B", "a", "A", "T", "E", "ps", "st"},
    "btcusdt@depth@100ms": {"e", "E", "T", "s", "U", "u", "pu", "b", "a", "ps", "st"},
    "btcusdt@depth": {"e", "E", "T", "s", "U", "u", "pu", "b", "a", "ps", "st"},
    "btcusdt@depth5@500ms": {"e", "E", "T", "s", "U", "u", "pu", "b", "a", "ps", "st"},
    "btcusdt@trade": {"e", "E", "T", "s", "t", "p", "q", "X", "m", "st"},
}
MARKET_FIELDS = {
    "btcusdt@aggTrade": {"e", "E", "s", "a", "p", "q", "nq", "f", "l", "T", "m", "st"},
    "btcusdt@kline_1m": {"e", "E", "s", "k", "st"},
    "btcusdt_perpetual@continuousKline_1m": {"e", "E", "ps", "ct", "k", "st"},
    "btcusdt@markPrice@1s": {"e", "E", "s", "p", "ap", "i", "P", "r", "T", "st"},
    "btcusdt@miniTicker": {"e", "E", "s", "c", "o", "h", "l", "v", "q", "ps", "st"},
    "btcusdt@ticker": {
        "e", "E", "s", "p", "P", "w", "c", "Q", "o", "h", "l", "v", "q", "O", "C", "F", "L", "n",
        "ps", "st",
    },
}  # fmt: skip


def trade(client: PaperClient) -> None:
    assert client.market("BUY", "0.010").status == 200
    assert client.market("SELL", "0.010").status == 200


@pytest.mark.parametrize(
    ("route", "stream", "fields"),
    [("public", *item) for item in PUBLIC_FIELDS.items()]
    + [("market", *item) for item in MARKET_FIELDS.items()],
)
def test_every_stream_has_the_documented_fields(
    paper: PaperProcess, client: PaperClient, route: str, stream: str, fields: set[str]
) -> None:
    with Stream(f"{paper.hosts.streams}/{route}/stream?streams={stream}") as socket:
        trade(client)
        message = socket.receive()
    assert set(message) == {"stream", "data"}
    assert message["stream"] == stream
    assert set(message["data"]) == fields
    assert message["data"].get("s", message["data"].get("ps")) == "BTCUSDT"


def test_kline_object_has_the_documented_fields(paper: PaperProcess, client: PaperClient) -> None:
    with Stream(f"{paper.hosts.streams}/market/ws/ethusdt@kline_15m") as socket:
        kline = socket.receive()["k"]
    assert set(kline) == set("tTsifLochlvnxqVQB")
    assert (kline["i"], kline["s"], kline["x"]) == ("15m", "ETHUSDT", False)


@pytest.mark.parametrize("name", ["!ticker@arr", "!miniTicker@arr", "!markPrice@arr@1s"])
def test_all_market_arrays_hold_every_symbol_at_first(paper: PaperProcess, name: str) -> None:
    with Stream(f"{paper.hosts.streams}/market/ws/{name}") as socket:
        rows = socket.receive()
    assert {row["s"] for row in rows} >= {"BTCUSDT", "ETHUSDT", "SOLUSDT"}


def test_wrong_route_is_acknowledged_and_silent(paper: PaperProcess, client: PaperClient) -> None:
    with Stream(f"{paper.hosts.streams}/public/ws") as socket:
        names = ["btcusdt@aggTrade", "btcusdt@bookTicker"]
        socket.send({"method": "SUBSCRIBE", "params": names, "id": 1})
        assert socket.receive() == {"result": None, "id": 1}
        trade(client)
        seen = {socket.receive()["e"] for _ in range(2)}
    assert seen == {"bookTicker"}


def test_unrouted_url_acknowledges_all_and_carries_public_data_only(
    paper: PaperProcess, client: PaperClient
) -> None:
    with Stream(f"{paper.hosts.streams}/ws/btcusdt@aggTrade/btcusdt@depth@100ms") as socket:
        listed = socket.ask({"method": "LIST_SUBSCRIPTIONS", "id": 5})
        assert listed["result"] == ["btcusdt@aggTrade", "btcusdt@depth@100ms"]
        trade(client)
        assert socket.receive()["e"] == "depthUpdate"


def test_control_frames_subscribe_list_and_unsubscribe(
    paper: PaperProcess, client: PaperClient
) -> None:
    with Stream(f"{paper.hosts.streams}/market/ws") as socket:
        ask = socket.ask
        names = ["btcusdt@aggTrade", "ethusdt@aggTrade"]
        assert ask({"method": "SUBSCRIBE", "params": names, "id": 1}) == {"result": None, "id": 1}
        assert ask({"method": "LIST_SUBSCRIPTIONS", "id": "uuid-2"})["result"] == names
        ask({"method": "UNSUBSCRIBE", "params": names[:1], "id": 3})
        assert ask({"method": "LIST_SUBSCRIPTIONS", "id": 4})["result"] == names[1:]
        trade(client)
        client.market("BUY", "0.010", "ETHUSDT")
        assert socket.receive()["s"] == "ETHUSDT"


def test_combined_property_switches_the_envelope(paper: PaperProcess, client: PaperClient) -> None:
    with Stream(f"{paper.hosts.streams}/market/ws/btcusdt@aggTrade") as socket:
        assert socket.ask({"method": "GET_PROPERTY", "params": ["combined"], "id": 1}) == {
            "result": False,
            "id": 1,
        }
        done = socket.ask({"method": "SET_PROPERTY", "params": ["combined", True], "id": 2})
        assert done == {"result": None, "id": 2}
        trade(client)
        assert socket.receive()["stream"] == "btcusdt@aggTrade"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"method":"SET_PROPERTY","params":["colour",true],"id":1}', 0),
        ('{"method":"GET_PROPERTY","params":["colour"],"id":1}', 0),
        ('{"method":"SET_PROPERTY","params":["combined","yes"],"id":1}', 1),
        ('{"method":"DANCE","id":1}', 2),
        ('{"method":"SUBSCRIBE","params":["x"],"id":-1}', 2),
        ('{"method":"SUBSCRIBE","params":["x"],"id":1.5}', 2),
        ('{"method":"SUBSCRIBE","params":"x","id":1}', 2),
        ('{"method":"SUBSCRIBE","params":["x"],"id":1,"more":2}', 2),
        ('{"params":["x"],"id":1}', 2),
        ("{nonsense", 3),
    ],
)
def test_bad_control_frames_get_the_documented_codes(
    paper: PaperProcess, text: str, code: int
) -> None:
    with Stream(f"{paper.hosts.streams}/public/ws") as socket:
        socket.send(text)
        answer = socket.receive()
    assert answer["code"] == code
    assert answer["msg"]


def test_more_than_ten_messages_a_second_end_the_connection(paper: PaperProcess) -> None:
    socket = websocket.create_connection(f"{paper.hosts.streams}/public/ws", timeout=DEADLINE_S)
    answered = 0
    try:
        for number in range(30):
            socket.send(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": number}))
        while socket.recv_data()[0] == websocket.ABNF.OPCODE_TEXT:
            answered += 1
    except (ConnectionError, websocket.WebSocketException):
        pass  # however the end was noticed, it came
    finally:
        socket.shutdown()
    assert answered <= 10


def test_local_book_kept_by_the_documented_rules_equals_the_exchanges(
    paper: PaperProcess, client: PaperClient
) -> None:
    with Stream(f"{paper.hosts.streams}/public/ws/btcusdt@depth@100ms") as socket:
        snapshot = client.public("/fapi/v1/depth", symbol="BTCUSDT", limit=1000).body
        book = {"b": dict(snapshot["bids"]), "a": dict(snapshot["asks"])}
        previous = None
        for price in ("61000", "61001", "61002"):
            order = client.order(price=price)
            if price == "61001":
                client.signed(
                    "DELETE", "/fapi/v1/order", symbol="BTCUSDT", orderId=order.body["orderId"]
                )
            client.market("BUY", "0.010")
        final = client.public("/fapi/v1/depth", symbol="BTCUSDT", limit=1000).body
        # the changes may come in one message or in several
        while book != {"b": dict(final["bids"]), "a": dict(final["asks"])}:
            event = socket.receive()
            if event["u"] < snapshot["lastUpdateId"]:
                continue
            if previous is None:
                assert event["U"] <= snapshot["lastUpdateId"] <= event["u"]
            else:
                assert event["pu"] == previous
            previous = event["u"]
            for side in ("b", "a"):
                for price, quantity in event[side]:
                    if float(quantity):
                        book[side][price] = quantity
                    else:
                        book[side].pop(price, None)


# the user data stream

ORDER_FIELDS = {
    "s", "c", "S", "o", "f", "q", "p", "ap", "sp", "x", "X", "i", "l", "z", "L", "T", "t", "b",
    "a", "m", "R", "wt", "ot", "ps", "cp", "pP", "si", "ss", "rp", "V", "pm", "gtd", "er",
}  # fmt: skip


def listen_key(client: PaperClient) -> str:
    return client.raw("POST", "/fapi/v1/listenKey").body["listenKey"]


def order_events(socket: Stream, count: int) -> list[dict[str, Any]]:
    def is_order(message: Any) -> bool:
        return message["e"] == "ORDER_TRADE_UPDATE"

    return [socket.until(is_order)["o"] for _ in range(count)]


def test_order_life_is_told_field_by_field(paper: PaperProcess, client: PaperClient) -> None:
    with Stream(f"{paper.hosts.streams}/private/ws/{listen_key(client)}") as socket:
        placed = client.order().body
        key = {"symbol": "BTCUSDT", "orderId": placed["orderId"]}
        client.signed(
            "PUT", "/fapi/v1/order", **key, side="BUY", quantity="0.02", price="62100", modifyId=9
        )
        client.signed("DELETE", "/fapi/v1/order", **key)
        new, amended, cancelled = order_events(socket, 3)
    assert set(new) == ORDER_FIELDS
    assert (new["x"], new["X"], new["i"]) == ("NEW", "NEW", placed["orderId"])
    assert set(amended) == ORDER_FIELDS | {"M"}
    assert (amended["x"], amended["X"], amended["M"]) == ("AMENDMENT", "NEW", "9")
    assert (cancelled["x"], cancelled["X"], cancelled["c"]) == (
        "CANCELED",
        "CANCELED",
        placed["clientOrderId"],
    )


def test_fill_is_told_as_trade_lite_then_order_then_account(
    paper: PaperProcess, client: PaperClient
) -> None:
    with Stream(f"{paper.hosts.streams}/private/ws/{listen_key(client)}") as socket:
        client.market("BUY", "0.010")
        messages = [socket.receive() for _ in range(4)]
    assert [m["e"] for m in messages] == [
        "ORDER_TRADE_UPDATE",
        "TRADE_LITE",
        "ORDER_TRADE_UPDATE",
        "ACCOUNT_UPDATE",
    ]
    lite, trade_event, account = messages[1:]
    assert set(lite) == {"e", "E", "T", "s", "q", "p", "m", "c", "S", "L", "l", "t", "i"}
    order = trade_event["o"]
    assert set(order) == ORDER_FIELDS | {"N", "n"}
    assert (order["x"], order["X"], order["z"]) == ("TRADE", "FILLED", "0.010")
    assert order["n"] == f"{float(order['L']) * 0.01 * 0.0005:.8f}"
    assert order["t"] == lite["t"] > 0
    changes = account["a"]
    assert changes["m"] == "ORDER"
    assert set(changes["B"][0]) == {"a", "wb", "cw", "bc"}
    assert set(changes["P"][0]) == {
        "s", "pa", "ep", "bep", "cr", "up", "mt", "iw", "ps", "ma",
    }  # fmt: skip
    assert changes["P"][0]["mt"] == "cross"
    wallet = client.signed("GET", "/fapi/v3/balance").body[0]["balance"]
    assert changes["B"][0]["wb"] == wallet


@pytest.mark.parametrize(
    "url",
    [
        "/private/ws/{key}",
        "/private/ws?listenKey={key}",
        "/private/ws?listenKey={key}&events=ORDER_TRADE_UPDATE/ACCOUNT_UPDATE",
    ],
)
def test_user_stream_opens_by_path_and_by_query(
    paper: PaperProcess, client: PaperClient, url: str
) -> None:
    with Stream(paper.hosts.streams + url.format(key=listen_key(client))) as socket:
        client.order()
        assert socket.receive()["e"] == "ORDER_TRADE_UPDATE"


def test_events_filter_lets_only_named_events_through(
    paper: PaperProcess, client: PaperClient
) -> None:
    url = f"{paper.hosts.streams}/private/ws?listenKey={listen_key(client)}&events=ACCOUNT_UPDATE"
    with Stream(url) as socket:
        client.market("BUY", "0.010")
        assert socket.receive()["e"] == "ACCOUNT_UPDATE"


def test_listen_key_may_be_subscribed_and_two_accounts_share_a_socket(
    paper: PaperProcess, client: PaperClient, other: PaperClient
) -> None:
    keys = [listen_key(client), listen_key(other)]
    with Stream(f"{paper.hosts.streams}/private/stream") as socket:
        socket.ask({"method": "SUBSCRIBE", "params": keys, "id": 1})
        client.order()
        other.order()
        seen = [socket.receive() for _ in range(2)]
    assert [message["stream"] for message in seen] == keys


def test_bogus_listen_key_connects_and_stays_silent(
    paper: PaperProcess, client: PaperClient
) -> None:
    with Stream(f"{paper.hosts.streams}/private/ws/{'x' * 64}") as socket:
        client.order()
        answer = socket.ask({"method": "LIST_SUBSCRIPTIONS", "id": 1})
    assert answer["result"] == ["x" * 64]


def test_listen_key_is_one_per_account_kept_and_closed(client: PaperClient) -> None:
    key = listen_key(client)
    assert len(key) == 64
    assert listen_key(client) == key
    assert client.raw("PUT", "/fapi/v1/listenKey").body == {"listenKey": key}
    assert client.raw("DELETE", "/fapi/v1/listenKey").body == {}
    gone = client.raw("PUT", "/fapi/v1/listenKey")
    assert (gone.status, gone.code) == (400, -1125)
    assert listen_key(client) != key


def test_leverage_change_is_told(paper: PaperProcess, client: PaperClient) -> None:
    with Stream(f"{paper.hosts.streams}/private/ws/{listen_key(client)}") as socket:
        client.signed("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=19)
        client.signed("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=20)
        first = socket.receive()
    assert first["e"] == "ACCOUNT_CONFIG_UPDATE"
    assert first["ac"] == {"s": "BTCUSDT", "l": 19}
