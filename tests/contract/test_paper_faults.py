"""Every fault of the paper exchange, played over real sockets and seen from outside."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import socket as sockets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import websocket

from engine.errors import PaperExchangeError
from engine.paper.fault_stage import CRASH_EXIT_CODE
from engine.paper.paper_process import PaperProcess
from tests.helpers.paper import DEADLINE_S, Answer, PaperClient, Stream, now_ms, paper_server
from tests.helpers.waiting import wait_until

PATH = "/paper/v1/faults"
ORDER = "/fapi/v1/order"
SILENCE_S = 0.3  # how long silence is listened to
_numbers = itertools.count(1)


def new_id() -> str:
    """Closed orders are remembered: no test may meet another one's."""
    return f"faults-{next(_numbers)}"


class Desk(PaperClient):
    """A client with a hand on the faults."""

    def play(self, fault: str, **args: Any) -> int:
        """Add a rule; its number. `when` as in a script."""
        answer = self.raw("POST", PATH, json.dumps({"fault": fault, **args}))
        assert answer.status == 200, answer.body
        return int(answer.body["rules"][0])

    def on_order(self, fault: str, **args: Any) -> int:
        return self.play(fault, when={"method": "POST", "path": ORDER}, **args)

    def show(self) -> dict[str, Any]:
        return dict(self.raw("GET", PATH).body)

    def log(self, rule: int) -> list[dict[str, Any]]:
        return [entry for entry in self.show()["log"] if entry["rule"] == rule]

    def target(self, **params: Any) -> str:
        """Path and query of a signed order."""
        wanted = {
            "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
            "quantity": "0.010", "price": "62000", "timestamp": now_ms(), **params,
        }  # fmt: skip
        text = urlencode(wanted)
        return f"{ORDER}?{text}&signature={self.sign(text)}"

    @contextlib.contextmanager
    def posted(self, target: str, timeout_s: float = DEADLINE_S) -> Iterator[sockets.socket]:
        """A bare connection on which a POST has been sent."""
        parts = urlsplit(self.server.hosts.rest)
        assert parts.hostname is not None
        address = (parts.hostname, parts.port)
        with sockets.create_connection(address, timeout=timeout_s) as connection:
            head = f"POST {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            key = f"X-MBX-APIKEY: {self.keys.api_key}\r\n\r\n"
            connection.sendall((head + key).encode())
            yield connection

    def exists(self, client_id: str) -> bool:
        return self.find(client_id).status == 200

    def find(self, client_id: str) -> Answer:
        return self.signed("GET", ORDER, symbol="BTCUSDT", origClientOrderId=client_id)

    def cancel(self, client_id: str) -> Answer:
        return self.signed("DELETE", ORDER, symbol="BTCUSDT", origClientOrderId=client_id)

    def listen_key(self) -> str:
        return str(self.raw("POST", "/fapi/v1/listenKey").body["listenKey"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperProcess]:
    folder = tmp_path_factory.mktemp("faults")
    with paper_server(folder, fresh=True, unlimited=True, verify=True, seed=5) as process:
        yield process


@pytest.fixture
def desk(server: PaperProcess) -> Iterator[Desk]:
    desk = Desk(server)
    yield desk
    desk.raw("DELETE", PATH)
    desk.clean()


def until_reset(connection: sockets.socket) -> bytes:
    """All that came before the RST; a FIN fails the test."""
    data = b""
    try:
        while piece := connection.recv(65536):
            data += piece
    except ConnectionResetError:
        return data
    raise AssertionError("the connection was ended well")


def assert_silent(connection: sockets.socket) -> None:
    connection.settimeout(SILENCE_S)
    with pytest.raises(TimeoutError):
        connection.recv(1)


# replies by REST


@pytest.mark.parametrize("acted", [True, False])
def test_lost_reply_closes_the_connection_and_the_order_is_there_or_not(
    desk: Desk, acted: bool
) -> None:
    rule, name = desk.on_order("reply_lost", acted=acted), new_id()
    with pytest.raises(http.client.RemoteDisconnected):
        desk.order(newClientOrderId=name)
    assert desk.exists(name) is acted
    (entry,) = desk.log(rule)
    assert entry["target"] == {
        "door": "rest", "method": "POST", "path": ORDER, "account": "first",
        "symbol": "BTCUSDT", "client_order_id": name,
    }  # fmt: skip
    assert abs(entry["at_ms"] - now_ms()) < 60_000
    desk.clean()
    assert desk.order(newClientOrderId=new_id()).status == 200


@pytest.mark.parametrize("moment", ["before", "during", "after"])
def test_reset_comes_before_during_or_after_the_reply(desk: Desk, moment: str) -> None:
    desk.on_order("connection_reset", moment=moment)
    name = new_id()
    with desk.posted(desk.target(newClientOrderId=name)) as connection:
        data = until_reset(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    if moment == "before":
        assert data == b""
    elif moment == "during":
        assert head.startswith(b"HTTP/1.1 200 OK")
        assert not body.endswith(b"}")
    else:
        assert json.loads(body)["clientOrderId"] == name
    assert desk.exists(name) is (moment != "before")


@pytest.mark.parametrize("acted", [True, False])
def test_silent_connection_gives_neither_reply_nor_end(desk: Desk, acted: bool) -> None:
    desk.on_order("connection_silent", acted=acted)
    name = new_id()
    with desk.posted(desk.target(newClientOrderId=name)) as connection:
        assert_silent(connection)
        connection.sendall(b"GET /fapi/v1/time HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert_silent(connection)
    assert desk.exists(name) is acted


@pytest.mark.parametrize("act", ["at_once", "late"])
def test_late_reply_is_carried_out_at_once_or_late(desk: Desk, act: str) -> None:
    """Judged by the exchange's own times: how long a look at it takes does not count."""
    rule, name = desk.on_order("reply_late", ms=700, act=act), new_id()
    started = time.monotonic()
    with desk.posted(desk.target(newClientOrderId=name)) as connection:
        connection.recv(65536)
        assert time.monotonic() - started >= 0.7
    waited_ms = desk.find(name).body["time"] - desk.log(rule)[0]["at_ms"]
    assert (waited_ms >= 690) is (act == "late")


UNKNOWN = "Unknown error, please check your request or try again later."
INTERNAL = "Internal error; unable to process your request. Please try again."
ERRORS: list[tuple[str, dict[str, Any], int, int, str, bool]] = [
    ("unknown_503", {"acted": True}, 503, -1000, UNKNOWN, True),
    ("unknown_503", {"acted": False}, 503, -1000, UNKNOWN, False),
    ("unknown_503", {"acted": True, "bare": True}, 503, 0, UNKNOWN, True),
    ("unavailable_503", {}, 503, 0, "Service Unavailable.", False),
    ("internal_503", {}, 503, 0, INTERNAL, False),
    ("internal_503", {"acted": True}, 503, 0, INTERNAL, True),
    ("throttled_503", {}, 503, -1008, "Request throttled by system-level protection.", False),
    ("timeout_1007", {"acted": True}, 408, -1007, "Timeout waiting for response", True),
    ("timeout_1007", {"acted": False}, 408, -1007, "Timeout waiting for response", False),
    ("unknown_1000", {"acted": True}, 400, -1000, "An unknown error occurred", True),
    ("disconnected_1001", {}, 400, -1001, INTERNAL, False),
    ("amend_limit", {}, 400, -5026, "Exceed maximum modify order limit", False),
    ("refused", {"code": -4087}, 400, -4087, "Refused with code -4087.", False),
    ("refused", {}, 400, -2019, "Margin is insufficient", False),
    ("rate_limited_429", {"retry_after_s": 7}, 429, -1003, "Too many requests", False),
    ("banned_418", {"retry_after_s": 9}, 418, -1003, "Way too many requests", False),
]


@pytest.mark.parametrize(("fault", "args", "status", "code", "text", "acted"), ERRORS)
def test_error_reply_is_the_venues_and_the_order_is_there_or_not(
    desk: Desk, fault: str, args: dict[str, Any], status: int, code: int, text: str, acted: bool
) -> None:
    desk.on_order(fault, **args)
    name = new_id()
    answer = desk.order(newClientOrderId=name)
    assert (answer.status, answer.code) == (status, code)
    assert answer.body["msg"].startswith(text)
    assert answer.headers.get("Retry-After") == (
        str(args["retry_after_s"]) if "retry_after_s" in args else None
    )
    assert desk.exists(name) is acted


@pytest.mark.parametrize("status", [408, 502, 504])
def test_gateway_answers_with_a_page(desk: Desk, status: int) -> None:
    desk.on_order("gateway_html", status=status, acted=False)
    name = new_id()
    with desk.posted(desk.target(newClientOrderId=name)) as connection:
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert response.status == status
        assert response.getheader("Content-Type") == "text/html"
        assert response.read().startswith(b"<html>")
    assert not desk.exists(name)


def test_dripped_reply_comes_whole_in_many_pieces(desk: Desk) -> None:
    desk.on_order("reply_dripped", bytes_per_s=2000)
    pieces = []
    with desk.posted(desk.target(newClientOrderId="drip")) as connection:
        while piece := connection.recv(65536):
            pieces.append(piece)
    assert len(pieces) > 2
    assert json.loads(b"".join(pieces).partition(b"\r\n\r\n")[2])["clientOrderId"] == "drip"


@pytest.mark.parametrize("how", ["bad_json", "bad_utf8", "truncated", "oversized"])
def test_malformed_reply_cannot_be_read_although_the_order_is_there(desk: Desk, how: str) -> None:
    desk.on_order("reply_malformed", how=how, bytes=300_000)
    with desk.posted(desk.target(newClientOrderId=f"bad-{how}")) as connection:
        response = http.client.HTTPResponse(connection)
        response.begin()
        if how == "truncated":
            with pytest.raises(http.client.IncompleteRead):
                response.read()
        elif how == "oversized":
            body = response.read()
            assert len(body) == 300_000
            assert json.loads(body)["clientOrderId"] == "bad-oversized"
        else:
            wrong = UnicodeDecodeError if how == "bad_utf8" else json.JSONDecodeError
            with pytest.raises(wrong):
                json.loads(response.read().decode())
    assert desk.exists(f"bad-{how}")


# inside the venue


def test_hidden_order_is_unknown_for_some_seconds_and_then_found(desk: Desk) -> None:
    rule = desk.on_order("order_hidden", seconds=0.4)
    assert desk.order(newClientOrderId="hidden").status == 200
    assert desk.find("hidden").code == -2013
    order_id = desk.signed("GET", "/fapi/v1/openOrders", symbol="BTCUSDT").body[0]["orderId"]
    assert desk.signed("GET", ORDER, symbol="BTCUSDT", orderId=order_id).code == -2013
    wait_until(lambda: desk.exists("hidden"), what="the order is found again")
    entries = desk.log(rule)
    assert entries[0]["target"]["client_order_id"] == "hidden"
    assert entries[1]["what"] == "answered -2013"


def test_hidden_order_and_lost_reply_may_meet_in_one_order(desk: Desk) -> None:
    desk.on_order("order_hidden", seconds=0.4)
    desk.on_order("reply_lost")
    with pytest.raises(http.client.RemoteDisconnected):
        desk.order(newClientOrderId="both")
    assert desk.find("both").code == -2013
    wait_until(lambda: desk.exists("both"), what="the order is found again")


def test_order_is_filled_just_before_its_cancel(desk: Desk) -> None:
    desk.order(newClientOrderId="race")
    desk.play("fill_before_cancel", when={"method": "DELETE", "path": ORDER})
    assert desk.cancel("race").code == -2011
    order = desk.find("race").body
    assert (order["status"], order["executedQty"]) == ("FILLED", "0.010")
    assert desk.position() == "0.010"


def test_order_is_filled_in_part_just_before_its_cancel(desk: Desk) -> None:
    desk.order(newClientOrderId="part")
    rule = desk.play("fill_before_cancel", share=0.4, when={"method": "DELETE", "path": ORDER})
    answer = desk.cancel("part").body
    assert (answer["status"], answer["executedQty"]) == ("CANCELED", "0.004")
    assert desk.log(rule)[1]["what"] == "filled 4 of 10 steps"


def test_wrong_clock_tells_and_judges_the_time_until_the_rule_ends(desk: Desk) -> None:
    rule = desk.play("clock_skew", ms=60_000)
    told_ms = desk.public("/fapi/v1/time").body["serverTime"]
    assert abs(told_ms - now_ms() - 60_000) < 5000
    assert desk.order().code == -1021
    assert desk.order(timestamp=now_ms() + 60_000).status == 200
    assert desk.raw("DELETE", f"{PATH}?rule={rule}").status == 200
    assert desk.order().status == 200


def test_the_next_trigger_is_refused(desk: Desk) -> None:
    desk.market("BUY", "0.010")
    row = desk.public("/fapi/v1/ticker/bookTicker", symbol="BTCUSDT").body
    rule = desk.play("trigger_refused", account="first")
    stop = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "reduceOnly": "true"}
    terms = {"algoType": "CONDITIONAL", "quantity": "0.010", "triggerPrice": row["bidPrice"]}
    placed = desk.signed("POST", "/fapi/v1/algoOrder", **stop, **terms).body
    desk.market("SELL", "0.001")  # a trade at the trigger
    algo = desk.signed("GET", "/fapi/v1/algoOrder", algoId=placed["algoId"]).body
    assert algo["algoStatus"] == "REJECTED"
    assert desk.position() == "0.009"
    assert desk.log(rule)


def test_limits_stand_just_below_full(tmp_path: Path) -> None:
    with paper_server(tmp_path, fresh=True) as process:
        desk = Desk(process)
        desk.play("limits_nearly_full", weight_left=2400, orders_left=1)
        assert desk.order().status == 200
        refused = desk.order()
        assert (refused.status, refused.code) == (429, -1015)
        desk.play("limits_nearly_full", weight_left=0, orders_left=0)
        braked = desk.public("/fapi/v1/time")
        assert (braked.status, braked.code) == (429, -1003)
        assert int(braked.headers["Retry-After"]) >= 1
        assert desk.show()["log"][-1]["fault"] == "limits_nearly_full"  # faults are free


# streams


@contextlib.contextmanager
def user_stream(desk: Desk) -> Iterator[Stream]:
    with Stream(f"{desk.server.hosts.streams}/private/ws/{desk.listen_key()}") as stream:
        yield stream


def on_event(event: str, **more: Any) -> dict[str, Any]:
    return {"event": event, **more}


def order_and_cancel(desk: Desk, client_id: str) -> None:
    assert desk.order(newClientOrderId=client_id).status == 200
    assert desk.cancel(client_id).status == 200


def states(stream: Stream, count: int) -> list[str]:
    return [stream.receive()["o"]["X"] for _ in range(count)]


def test_event_is_dropped(desk: Desk) -> None:
    with user_stream(desk) as stream:
        rule = desk.play("event_dropped", when=on_event("ORDER_TRADE_UPDATE", account="first"))
        order_and_cancel(desk, "dropped")
        assert states(stream, 1) == ["CANCELED"]
    assert desk.log(rule)[0]["target"] == {
        "account": "first", "symbol": "BTCUSDT", "client_order_id": "dropped",
        "route": "private", "event": "ORDER_TRADE_UPDATE",
    }  # fmt: skip


def test_event_is_duplicated(desk: Desk) -> None:
    with user_stream(desk) as stream:
        desk.play("event_duplicated", when=on_event("ORDER_TRADE_UPDATE", nth=2))
        order_and_cancel(desk, "twice")
        assert states(stream, 3) == ["NEW", "CANCELED", "CANCELED"]


def test_event_is_delayed_and_overtaken(desk: Desk) -> None:
    with user_stream(desk) as stream:
        desk.play("event_delayed", ms=200, when=on_event("ORDER_TRADE_UPDATE"))
        order_and_cancel(desk, "delayed")
        assert states(stream, 2) == ["CANCELED", "NEW"]


def test_events_change_places(desk: Desk) -> None:
    with user_stream(desk) as stream:
        desk.play("event_reordered", within_ms=60_000, when=on_event("ORDER_TRADE_UPDATE"))
        order_and_cancel(desk, "swapped")
        assert states(stream, 2) == ["CANCELED", "NEW"]


def test_event_without_a_follower_comes_after_all(desk: Desk) -> None:
    with user_stream(desk) as stream:
        desk.play("event_reordered", within_ms=100, when=on_event("ORDER_TRADE_UPDATE"))
        desk.order(newClientOrderId="alone")
        assert states(stream, 1) == ["NEW"]


def test_depth_gap_breaks_the_chain_of_updates(desk: Desk) -> None:
    url = f"{desk.server.hosts.streams}/public/ws/btcusdt@depth@100ms"
    with Stream(url) as stream:
        desk.order()
        first = stream.receive()
        rule = desk.play("depth_gap", when={"stream": "btcusdt@depth*"})
        desk.order(price="61900")
        wait_until(lambda: desk.log(rule), what="the gap")
        desk.order(price="61800")
        assert stream.receive()["pu"] > first["u"]
    assert desk.log(rule)[0]["target"]["stream"] == "btcusdt@depth@100ms"


@pytest.mark.parametrize("how", ["bad_json", "bad_utf8", "truncated", "oversized"])
def test_frame_is_malformed_and_the_next_is_well(desk: Desk, how: str) -> None:
    url = f"{desk.server.hosts.streams}/private/ws/{desk.listen_key()}"
    raw = websocket.create_connection(url, timeout=DEADLINE_S, skip_utf8_validation=True)
    with contextlib.closing(raw):
        when = on_event("ORDER_TRADE_UPDATE")
        desk.play("frame_malformed", how=how, bytes=200_000, when=when)
        order_and_cancel(desk, "frame")
        bad, good = raw.recv_frame().data, raw.recv_frame().data
    if how == "oversized":
        assert len(bad) == 200_000
        assert json.loads(bad)["o"]["X"] == "NEW"
    else:
        wrong = UnicodeDecodeError if how == "bad_utf8" else json.JSONDecodeError
        with pytest.raises(wrong):
            json.loads(bad.decode())
    assert json.loads(good)["o"]["X"] == "CANCELED"


def test_event_gets_a_name_that_nobody_knows_and_is_else_as_it_was(desk: Desk) -> None:
    with user_stream(desk) as stream:
        desk.play("event_renamed", when=on_event("ORDER_TRADE_UPDATE"))
        order_and_cancel(desk, "renamed")
        strange, known = stream.receive(), stream.receive()
    assert (strange["e"], strange["o"]["X"]) == ("UNHEARD_OF", "NEW")
    assert (known["e"], known["o"]["X"]) == ("ORDER_TRADE_UPDATE", "CANCELED")


def test_stream_trickles_and_loses_nothing(desk: Desk) -> None:
    with user_stream(desk) as stream:
        desk.play("stream_dripped", bytes_per_s=4000, when=on_event("ORDER_TRADE_UPDATE"))
        started = time.monotonic()
        order_and_cancel(desk, "trickle")
        assert states(stream, 2) == ["NEW", "CANCELED"]
        assert time.monotonic() - started > 0.1


def test_subscription_is_acknowledged_and_silent(desk: Desk) -> None:
    with Stream(f"{desk.server.hosts.streams}/public/ws") as stream:
        rule = desk.play("ack_without_data", when={"stream": "btcusdt@bookTicker"})
        names = ["btcusdt@bookTicker", "btcusdt@trade"]
        answer = stream.ask({"method": "SUBSCRIBE", "params": names, "id": 1})
        assert answer == {"result": None, "id": 1}
        desk.market("BUY", "0.010")
        desk.market("SELL", "0.010")
        assert {stream.receive()["e"] for _ in range(2)} == {"trade"}
        assert stream.ask({"method": "LIST_SUBSCRIPTIONS", "id": 2})["result"] == names
    assert len(desk.log(rule)) == 1


def test_user_stream_is_acknowledged_and_silent(desk: Desk) -> None:
    rule = desk.play("ack_without_data", when={"route": "private", "account": "first"})
    with user_stream(desk) as deaf, user_stream(desk) as hears:
        desk.order()
        assert states(hears, 1) == ["NEW"]
        assert_silent(deaf._socket.sock)
    assert "stream" not in desk.log(rule)[0]["target"]  # a listenKey is a key


def test_half_open_stream_says_nothing_and_answers_no_ping(desk: Desk) -> None:
    with user_stream(desk) as stream, Stream(f"{desk.server.hosts.streams}/public/ws") as other:
        desk.play("half_open", route="private")
        desk.order()
        raw = stream._socket
        raw.ping(b"are you there")
        raw.send(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": 1}))
        assert_silent(raw.sock)
        raw.shutdown()
        assert other.ask({"method": "LIST_SUBSCRIPTIONS", "id": 2})["result"] == []


@pytest.mark.parametrize("how", ["close", "fin", "reset"])
def test_streams_of_one_route_are_disconnected(desk: Desk, how: str) -> None:
    with Stream(f"{desk.server.hosts.streams}/market/ws") as other:
        url = f"{desk.server.hosts.streams}/public/ws"
        raw = websocket.create_connection(url, timeout=DEADLINE_S)
        desk.play("disconnect", route="public", how=how)
        if how == "close":
            assert raw.recv_frame().opcode == websocket.ABNF.OPCODE_CLOSE
        elif how == "fin":
            assert raw.sock.recv(1) == b""
        else:
            with pytest.raises(ConnectionResetError):
                raw.sock.recv(1)
        raw.shutdown()
        assert other.ask({"method": "LIST_SUBSCRIPTIONS", "id": 1})["result"] == []


def test_day_is_over_for_all_sockets(desk: Desk) -> None:
    urls = [f"{desk.server.hosts.streams}/{route}/ws" for route in ("public", "market", "private")]
    raws = [
        websocket.create_connection(url, timeout=DEADLINE_S)
        for url in [*urls, desk.server.hosts.ws_api]
    ]
    desk.play("day_over")
    for raw in raws:
        frame = raw.recv_frame()
        assert frame.opcode == websocket.ABNF.OPCODE_CLOSE
        assert frame.data[2:] == b"The connection's life is over"
        raw.shutdown()


def test_listen_key_expires_now_and_is_told(desk: Desk) -> None:
    with user_stream(desk) as stream:
        desk.play("listen_key_expired", account="first")
        assert stream.receive()["e"] == "listenKeyExpired"
    assert desk.raw("PUT", "/fapi/v1/listenKey").code == -1125


def test_disconnect_may_follow_an_order(desk: Desk) -> None:
    with user_stream(desk) as stream:
        when = {"trigger": "request", "method": "POST", "path": ORDER}
        desk.play("disconnect", route="private", how="fin", when=when)
        assert desk.order().status == 200
        with pytest.raises(websocket.WebSocketConnectionClosedException):
            stream.until(lambda _: False)


# the order WebSocket


def ws_order(desk: Desk, client_id: str, request_id: object = 1) -> dict[str, Any]:
    params: dict[str, Any] = {
        "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
        "quantity": "0.010", "price": "62000", "newClientOrderId": client_id,
        "apiKey": desk.keys.api_key, "timestamp": now_ms(),
    }  # fmt: skip
    text = "&".join(f"{name}={params[name]}" for name in sorted(params))
    params["signature"] = desk.sign(text)
    return {"id": request_id, "method": "order.place", "params": params}


@pytest.mark.parametrize(("fault", "args", "status", "code", "text", "acted"), ERRORS)
def test_order_socket_gives_the_same_errors(
    desk: Desk, fault: str, args: dict[str, Any], status: int, code: int, text: str, acted: bool
) -> None:
    desk.on_order(fault, **args)
    name = new_id()
    with Stream(desk.server.hosts.ws_api) as stream:
        reply = stream.ask(ws_order(desk, name))
        assert (reply["status"], reply["error"]["code"]) == (status, code or -1000)
        assert reply["error"]["msg"].startswith(text)
        assert stream.ask({"id": 2, "method": "ping"})["status"] == 200
    assert desk.exists(name) is acted


def test_late_reply_of_the_order_socket_is_overtaken(desk: Desk) -> None:
    desk.on_order("reply_late", ms=200)
    with Stream(desk.server.hosts.ws_api) as stream:
        stream.send(ws_order(desk, "ws-late", "late"))
        stream.send({"id": "quick", "method": "ping"})
        assert [stream.receive()["id"] for _ in range(2)] == ["quick", "late"]


@pytest.mark.parametrize(
    ("fault", "args"),
    [
        ("reply_lost", {}),
        ("connection_reset", {"moment": "before"}),
        ("connection_reset", {"moment": "during"}),
        ("connection_reset", {"moment": "after"}),
        ("connection_silent", {}),
        ("reply_dripped", {"bytes_per_s": 4000}),
        ("reply_malformed", {"how": "bad_json"}),
    ],
)
def test_order_socket_fails_as_asked(desk: Desk, fault: str, args: dict[str, Any]) -> None:
    rule, name = desk.play(fault, **args, when={"door": "orders"}), new_id()
    raw = websocket.create_connection(desk.server.hosts.ws_api, timeout=DEADLINE_S)
    raw.send(json.dumps(ws_order(desk, name)))
    if fault == "connection_silent":
        assert_silent(raw.sock)
    elif fault == "reply_malformed":
        with pytest.raises(json.JSONDecodeError):
            json.loads(raw.recv())
    elif fault == "reply_dripped":
        assert json.loads(raw.recv())["result"]["clientOrderId"] == name
    elif args.get("moment") == "after":
        assert json.loads(raw.recv())["status"] == 200
    if fault == "reply_lost":
        assert raw.sock.recv(1) == b""
    elif fault == "connection_reset":
        until_reset(raw.sock)
    raw.shutdown()
    assert desk.exists(name) is (args.get("moment") != "before")
    assert desk.log(rule)[0]["target"]["door"] == "orders"


# rules, their control and the process


def test_rules_count_their_matches_and_are_listed_until_spent(desk: Desk) -> None:
    rule = desk.play("throttled_503", when={"method": "POST", "path": ORDER, "nth": 2, "count": 2})
    assert [desk.order(price=str(62000 - i)).code for i in range(2)] == [0, -1008]
    (row,) = desk.show()["rules"]
    assert (row["rule"], row["fault"]) == (rule, "throttled_503")
    assert (row["matched"], row["played"]) == (2, 1)
    assert [desk.order(price=str(61000 - i)).code for i in range(2)] == [-1008, 0]
    assert desk.show()["rules"] == []


def test_rule_minds_only_its_account_and_symbol(server: PaperProcess, desk: Desk) -> None:
    desk.play("throttled_503", when={"account": "second", "symbol": "BTCUSDT", "method": "POST"})
    assert desk.order().status == 200
    second = PaperClient(server, server.accounts[1])
    assert second.order(symbol="ETHUSDT", price="2900").code != -1008
    assert second.order().code == -1008
    second.clean()


def test_rule_in_force_is_ended_by_delete(desk: Desk) -> None:
    rule = desk.on_order("throttled_503")
    assert desk.raw("DELETE", f"{PATH}?rule={rule}").body == {"rules": []}
    assert desk.order().status == 200
    assert desk.raw("DELETE", f"{PATH}?rule={rule}").status == 404


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"fault": "reply_lots"}, "fault: there is no fault 'reply_lots'. Did you mean reply_lost"),
        ({"fault": "reply_late", "ms": "soon"}, "ms: must be a whole number, not 'soon'."),
        ({"rules": [{"fault": "crash", "when": {"nth": 2}}]}, "rules[0].when.nth: has no meaning"),
    ],
)
def test_wrong_rule_is_refused_in_words(desk: Desk, rule: dict[str, Any], words: str) -> None:
    answer = desk.raw("POST", PATH, json.dumps(rule))
    assert (answer.status, answer.code) == (400, -1130)
    assert answer.body["msg"].startswith(words)


def test_control_needs_a_key_of_the_exchange(desk: Desk) -> None:
    assert desk.raw("GET", PATH, headers={}).code == -2014
    assert desk.raw("POST", PATH, "{}", headers={"X-MBX-APIKEY": "x" * 64}).status == 401


def test_control_is_reached_while_everything_else_fails(desk: Desk) -> None:
    desk.play("banned_418", when={"count": 0})
    assert desk.public("/fapi/v1/time").status == 418
    assert desk.show()["rules"][0]["played"] == 1
    assert desk.raw("DELETE", PATH).status == 200
    assert desk.public("/fapi/v1/time").status == 200


def test_log_can_be_asked_for_from_a_number_on(desk: Desk) -> None:
    for _ in range(2):
        desk.play("throttled_503", when={"path": "/fapi/v1/time"})
        desk.public("/fapi/v1/time")
    last = desk.show()["log"][-1]["number"]
    rows = desk.raw("GET", f"{PATH}?since={last - 1}").body["log"]
    assert [row["number"] for row in rows] == [last]


def test_script_file_crashes_the_exchange_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    script = tmp_path / "faults.yaml"
    script.write_text(
        "seed: 1\nrules:\n- fault: crash\n"
        "  when: {trigger: request, method: POST, path: /fapi/v1/order, nth: 2}\n",
        encoding="utf-8",
    )
    folder = tmp_path / "state"
    with paper_server(folder, fresh=True, faults=script) as first:
        desk = Desk(first)
        assert desk.order(newClientOrderId="before").status == 200
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            desk.order(newClientOrderId="crash", price="61000")
        wait_until(lambda: not first.is_running, what="the crash")
        assert first._child.returncode == CRASH_EXIT_CODE
    with paper_server(folder) as second:
        rows = PaperClient(second).signed("GET", "/fapi/v1/openOrders").body
        assert {row["clientOrderId"] for row in rows} == {"before", "crash"}
    (line,) = (folder / "paper-faults.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["target"]["client_order_id"] == "crash"


def test_crash_by_the_control_endpoint_is_answered_first(tmp_path: Path) -> None:
    with paper_server(tmp_path, fresh=True) as process:
        Desk(process).play("crash")
        wait_until(lambda: not process.is_running, what="the crash")


def test_wrong_script_keeps_the_exchange_from_starting_and_says_why(tmp_path: Path) -> None:
    script = tmp_path / "faults.yaml"
    script.write_text("rules:\n- fault: reply_lost\n  acted: perhaps\n", encoding="utf-8")
    with (
        pytest.raises(PaperExchangeError, match=r"faults.yaml, line 3, rules\[0\].acted: must be"),
        paper_server(tmp_path / "state", faults=script),
    ):
        pass


def test_exchange_with_silent_connections_ends_quickly(tmp_path: Path) -> None:
    with paper_server(tmp_path, fresh=True) as process:
        desk = Desk(process)
        desk.on_order("connection_silent")
        desk.on_order("reply_late", ms=600_000)
        with (
            desk.posted(desk.target(newClientOrderId="a")),
            desk.posted(desk.target(newClientOrderId="b")),
            Stream(f"{process.hosts.streams}/public/ws") as stream,
        ):
            desk.play("half_open")
            wait_until(lambda: len(desk.show()["log"]) == 3)
            process.stop(60.0)
            assert process._child.returncode == 0, "it ended by itself and was not killed"
            stream._socket.shutdown()
