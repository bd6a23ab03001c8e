"""Orders over the WebSocket API, against a server on a real socket that misbehaves on demand."""

from __future__ import annotations

import contextlib
import json
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.clock import SystemClock
from engine.errors import KeyRefused, NotConnected, OutcomeUnknown, PerpdeskError
from engine.exchange.http_session import HttpReply
from engine.exchange.order_socket import OrderSocket, SocketAccess
from engine.exchange.rate_governor import RateGovernor
from engine.exchange.rate_limiter import RateLimiter
from engine.exchange.server_time import ServerClock
from engine.exchange.stream_liveness import StreamSettings
from engine.wire.signing import new_ed25519_pem, signer_for
from tests.helpers.toy_orders import ToyOrderServer, order_reply, refusal, toy_order_server
from tests.helpers.toy_streams import ToyConnection
from tests.helpers.toy_tls import server_context, write_pem
from tests.helpers.waiting import wait_until

KEY, SECRET = "k" * 64, "secret"
PLACE = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "quantity": "0.010",
    "price": "60000.10",
    "newClientOrderId": "pd-1",
    "positionSide": None,
    "reduceOnly": True,
}
SETTINGS = StreamSettings(reconnect_base_s=0.01, reconnect_max_delay_s=0.02, connect_timeout_s=30.0)


class Bench:
    """An order socket with its server, and threads that send."""

    def __init__(self, server: ToyOrderServer, secret: str, settings: StreamSettings) -> None:
        self.server = server
        clock = SystemClock()
        self.limiter = RateLimiter()
        self.server_clock = ServerClock(clock)
        self.refused: list[PerpdeskError] = []
        self.signer = signer_for(secret)
        self.socket = OrderSocket(
            SocketAccess(url=server.url, api_key=KEY, signer=self.signer, timeout_s=30.0),
            clock=clock,
            server_clock=self.server_clock,
            sync_clock=lambda: None,
            governor=RateGovernor(self.limiter, clock, clock.now_ms, lambda _: None),
            settings=settings,
            on_refused=self.refused.append,
        )
        self.pool = ThreadPoolExecutor(16, thread_name_prefix="caller")

    def connect(self) -> Bench:
        self.socket.start()
        wait_until(lambda: self.socket.is_connected)
        return self

    def patient(self, timeout_s: float) -> None:
        self.socket._access = SocketAccess(
            url=self.server.url, api_key=KEY, signer=self.signer, timeout_s=timeout_s
        )

    def place(self, name: str = "pd-1") -> HttpReply:
        return self.socket.send("place_order", {**PLACE, "newClientOrderId": name})

    def place_aside(self, name: str) -> Future[HttpReply]:
        return self.pool.submit(self.place, name)

    def close(self) -> None:
        assert self.socket.stop(30.0)
        self.pool.shutdown()


@pytest.fixture
def server() -> Iterator[ToyOrderServer]:
    with toy_order_server() as toy:
        yield toy


@pytest.fixture
def make(server: ToyOrderServer) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def build(secret: str = SECRET, **settings: Any) -> Bench:
        made.append(Bench(server, secret, replace(SETTINGS, **settings)))
        return made[-1]

    yield build
    for bench in made:
        bench.close()


@pytest.fixture
def bench(make: Callable[..., Bench]) -> Bench:
    return make().connect()


def _name(reply: HttpReply) -> str:
    return str(json.loads(reply.body)["clientOrderId"])


class Held:
    """Requests that wait for the test to answer them, each on the connection it came by.

    On a busy machine a time-out may have ended the use of the first one by then.
    """

    def __init__(self, server: ToyOrderServer) -> None:
        self._requests: list[tuple[ToyConnection, dict[str, Any]]] = []
        server.script = lambda connection, request: self._requests.append((connection, request))

    @property
    def count(self) -> int:
        return len(self._requests)

    def answer(self, number: int) -> None:
        connection, request = self._requests[number]
        connection.send(order_reply(request))


def _silent(_connection: ToyConnection, _request: dict[str, Any]) -> None:
    return None


# --- what is sent ---------------------------------------------------------------------


def test_a_request_carries_key_time_and_a_signature_over_the_sorted_rest(
    server: ToyOrderServer, bench: Bench
) -> None:
    assert _name(bench.place()) == "pd-1"
    (request,) = server.requests
    params = request["params"]
    payload = "&".join(f"{k}={params[k]}" for k in sorted(params) if k != "signature")
    assert request["method"] == "order.place"
    assert bench.signer.verify(payload.encode(), params["signature"])
    assert (params["apiKey"], params["recvWindow"]) == (KEY, 5000)
    assert abs(params["timestamp"] - SystemClock().now_ms()) < 5000
    assert (params["quantity"], params["reduceOnly"]) == ("0.010", "true")
    assert "positionSide" not in params


def test_with_an_ed25519_key_the_session_logs_on_once_and_requests_go_unsigned(
    server: ToyOrderServer, make: Callable[..., Bench]
) -> None:
    bench = make(secret=new_ed25519_pem()).connect()
    for _ in range(2):
        bench.place()
    (logon,) = server.of("session.logon")
    params = logon["params"]
    payload = "&".join(f"{k}={params[k]}" for k in sorted(params) if k != "signature")
    assert bench.signer.verify(payload.encode(), params["signature"])
    for request in server.of("order.place"):
        assert "timestamp" in request["params"]
        assert not {"apiKey", "signature"} & request["params"].keys()


def test_a_refused_logon_is_told_and_nothing_is_sent_over_that_connection(
    server: ToyOrderServer, make: Callable[..., Bench]
) -> None:
    server.script = lambda _, request: refusal(request, 401, -2015)
    bench = make(secret=new_ed25519_pem())
    bench.socket.start()
    wait_until(lambda: bench.refused)
    assert isinstance(bench.refused[0], KeyRefused)
    with pytest.raises(NotConnected):
        bench.place()
    assert server.of("order.place") == []


def test_every_write_of_orders_has_its_method(bench: Bench, server: ToyOrderServer) -> None:
    names = ["place_order", "amend_order", "cancel_order", "place_algo", "cancel_algo"]
    for name in names:
        assert bench.socket.carries(name)
        bench.socket.send(name, {"symbol": "BTCUSDT", "orderId": 8886774001})
    assert [request["method"] for request in server.requests] == [
        "order.place",
        "order.modify",
        "order.cancel",
        "algoOrder.place",
        "algoOrder.cancel",
    ]
    assert server.requests[1]["params"]["orderId"] == 8886774001
    assert not bench.socket.carries("open_orders")


# --- what comes back --------------------------------------------------------------------


def test_limits_in_a_reply_have_the_form_of_headers(server: ToyOrderServer, bench: Bench) -> None:
    limits = [
        ("REQUEST_WEIGHT", "MINUTE", 1, 70),
        ("ORDERS", "MINUTE", 1, 12),
        ("ORDERS", "SECOND", 10, 2),
        ("NEWS", "CENTURY", 1, 5),
    ]
    rows = [
        {"rateLimitType": kind, "interval": unit, "intervalNum": number, "count": count}
        for kind, unit, number, count in limits
    ]
    server.script = lambda _, request: {**order_reply(request), "rateLimits": rows}
    assert bench.place().headers == {
        "x-mbx-used-weight-1m": "70",
        "x-mbx-order-count-1m": "12",
        "x-mbx-order-count-10s": "2",
    }


def test_a_refusal_keeps_status_code_and_the_pause_that_is_asked(
    server: ToyOrderServer, bench: Bench
) -> None:
    server.script = lambda _, request: refusal(
        request, 429, -1003, retryAfter=SystemClock().now_ms() + 7000
    )
    reply = bench.place()
    assert (reply.status, json.loads(reply.body)["code"]) == (429, -1003)
    assert 5 <= int(reply.headers["retry-after"]) <= 8


def test_the_pause_is_counted_by_the_venues_own_clock(server: ToyOrderServer, bench: Bench) -> None:
    """Ours may be seconds off, just when nothing can be asked that would mend it."""
    server.script = lambda _, request: refusal(
        request, 418, -1003, serverTime=90_000, retryAfter=93_000
    )
    assert bench.place().headers["retry-after"] == "3"


def test_replies_in_any_order_reach_those_who_asked(server: ToyOrderServer, bench: Bench) -> None:
    waiting: list[dict[str, Any]] = []
    all_there = threading.Event()

    def answer_backwards(connection: ToyConnection, request: dict[str, Any]) -> None:
        waiting.append(request)
        if len(waiting) == 5:
            for one in reversed(waiting):
                connection.send(order_reply(one))
            all_there.set()

    server.script = answer_backwards
    asked = [bench.place_aside(f"pd-{number}") for number in range(5)]
    assert all_there.wait(30)
    assert [_name(one.result(30)) for one in asked] == [f"pd-{number}" for number in range(5)]


def test_many_callers_at_once_each_get_their_own(server: ToyOrderServer, bench: Bench) -> None:
    held: list[dict[str, Any]] = []
    chance = random.Random(5)

    def now_or_later(connection: ToyConnection, request: dict[str, Any]) -> None:
        held.append(request)
        # one caller is always left waiting at the most 8 others
        while len(held) > 8 or (held and chance.random() < 0.7):
            connection.send(order_reply(held.pop(chance.randrange(len(held)))))

    server.script = now_or_later
    done = threading.Event()

    def sweep() -> None:
        while not done.wait(0.01):
            if held:
                server.connection().send(order_reply(held.pop()))

    sweeper = threading.Thread(target=sweep, name="sweeper")
    sweeper.start()
    names = [f"pd-{number}" for number in range(600)]
    replies = list(bench.pool.map(bench.place, names))
    done.set()
    sweeper.join(30)
    assert [_name(reply) for reply in replies] == names


def test_an_answer_that_nobody_asked_for_is_passed_over(
    server: ToyOrderServer, bench: Bench
) -> None:
    def chatter(connection: ToyConnection, request: dict[str, Any]) -> dict[str, Any]:
        for strange in ({"id": 999, "status": 200}, {"id": "x", "status": 200}, {"event": 1}):
            connection.send(strange)
        return order_reply(request)

    server.script = chatter
    assert _name(bench.place()) == "pd-1"


# --- lost answers ---------------------------------------------------------------------------


def test_a_drop_makes_everything_in_flight_unknown_and_nothing_is_sent_again(
    server: ToyOrderServer, bench: Bench
) -> None:
    server.script = _silent
    asked = [bench.place_aside(f"pd-{number}") for number in range(3)]
    wait_until(lambda: len(server.requests) == 3)
    server.script = lambda _, request: order_reply(request)
    server.connection().cut()
    for one in asked:
        assert isinstance(one.exception(30), OutcomeUnknown)
    wait_until(lambda: bench.socket.connections == 2)
    assert _name(bench.place("pd-9")) == "pd-9"
    assert len(server.requests) == 4


def test_a_time_out_is_unknown_and_ends_the_use_of_the_connection(
    server: ToyOrderServer, bench: Bench
) -> None:
    server.script = _silent
    bench.patient(0.3)
    with pytest.raises(OutcomeUnknown, match="in time"):
        bench.place()
    bench.patient(30.0)
    wait_until(lambda: bench.socket.connections == 2)
    server.script = lambda _, request: order_reply(request)
    assert _name(bench.place("pd-2")) == "pd-2"
    assert len(server.connections) == 2
    wait_until(server.connection(0).closed.is_set)


def test_one_in_flight_beside_a_time_out_still_gets_its_answer(
    server: ToyOrderServer, bench: Bench
) -> None:
    held = Held(server)
    bench.patient(0.3)
    hasty = bench.place_aside("hasty")
    wait_until(lambda: held.count == 1)
    bench.patient(30.0)
    patient = bench.place_aside("patient")
    wait_until(lambda: held.count == 2)
    assert isinstance(hasty.exception(30), OutcomeUnknown)
    held.answer(1)
    assert _name(patient.result(30)) == "patient"


def test_of_many_in_flight_some_time_out_and_no_other_waits_for_nothing(
    server: ToyOrderServer, bench: Bench
) -> None:
    """Whoever gives up hands the reading on, also at the very moment it is his turn."""
    held = Held(server)
    bench.patient(0.3)
    hasty = [bench.place_aside(f"hasty-{number}") for number in range(6)]
    wait_until(lambda: held.count == 6)
    bench.patient(30.0)
    patient = [bench.place_aside(f"patient-{number}") for number in range(6)]
    wait_until(lambda: held.count == 12)
    assert all(isinstance(one.exception(30), OutcomeUnknown) for one in hasty)
    for number in range(6, 12):
        held.answer(number)
    names = {_name(one.result(30)) for one in patient}
    assert names == {f"patient-{number}" for number in range(6)}


@pytest.mark.parametrize("answer", [b"{half", b"\xff\xfe", b"[]", b'{"id": 1, "status": "x"}'])
def test_an_unreadable_answer_is_unknown_at_once(
    server: ToyOrderServer, bench: Bench, answer: bytes
) -> None:
    def garbage(connection: ToyConnection, _request: dict[str, Any]) -> None:
        connection.send(answer)

    server.script = garbage
    with pytest.raises(OutcomeUnknown, match="could not be read"):
        bench.place()


def test_an_ended_session_makes_what_is_in_flight_unknown_and_connects_anew(
    server: ToyOrderServer, bench: Bench
) -> None:
    def revoke(connection: ToyConnection, _request: dict[str, Any]) -> None:
        connection.send({"id": None, "status": 401, "error": {"code": -2015, "msg": "revoked"}})

    server.script = revoke
    with pytest.raises(OutcomeUnknown, match="session"):
        bench.place()
    wait_until(lambda: bench.socket.connections == 2)


# --- not connected ------------------------------------------------------------------------


def test_before_it_is_connected_nothing_is_sent(
    server: ToyOrderServer, make: Callable[..., Bench]
) -> None:
    server.refuse_status = 503
    bench = make()
    with pytest.raises(NotConnected, match="nothing was sent"):
        bench.place()
    server.refuse_status = None
    wait_until(lambda: bench.socket.is_connected)
    assert _name(bench.place()) == "pd-1"


def test_with_patience_a_request_waits_for_the_connection(server: ToyOrderServer) -> None:
    bench = Bench(server, SECRET, SETTINGS)
    access = SocketAccess(url=server.url, api_key=KEY, signer=bench.signer, patience_s=30.0)
    bench.socket._access = access
    assert _name(bench.place()) == "pd-1"
    server.connection().cut()
    assert _name(bench.place("pd-2")) == "pd-2"
    bench.close()


def test_an_end_that_has_arrived_is_seen_before_sending(
    server: ToyOrderServer, bench: Bench
) -> None:
    server.refuse_status = 503  # no new connection for now
    server.connection().cut()
    assert server.connection().closed.wait(30)
    with pytest.raises(NotConnected):
        bench.place()
    assert server.requests == []


# --- life ---------------------------------------------------------------------------------------


def test_pings_are_answered_while_nobody_sends(server: ToyOrderServer, bench: Bench) -> None:
    server.connection().send(b"are you there", 9)
    wait_until(lambda: server.connection().pongs == [b"are you there"])


def test_a_connection_that_answers_no_ping_is_replaced(
    server: ToyOrderServer, make: Callable[..., Bench]
) -> None:
    bench = make(ping_interval_s=0.2, pong_timeout_s=0.2).connect()
    server.connection().answers_pings = False
    wait_until(lambda: bench.socket.connections >= 2)


def test_while_its_connection_is_in_doubt_an_order_is_not_trusted_to_it(
    server: ToyOrderServer, make: Callable[..., Bench]
) -> None:
    bench = make(quiet_ping_interval_s=0.1, doubt_s=0.1, pong_timeout_s=30.0).connect()
    connection = server.connection()
    connection.answers_pings = False
    wait_until(lambda: connection.pings)
    wait_until(lambda: bench.socket._is_doubted)
    with pytest.raises(NotConnected, match="does not answer; nothing was sent"):
        bench.place()
    assert connection.texts == []
    connection.answers_pings = True
    connection.send(connection.pings[-1], 10)

    def is_trusted_again() -> bool:
        """On a busy machine the next pong, too, may be late enough for a doubt."""
        with contextlib.suppress(NotConnected):
            return _name(bench.place()) == "pd-1"
        return False

    wait_until(is_trusted_again)


def test_a_probe_asks_before_the_interval_is_over(
    server: ToyOrderServer, make: Callable[..., Bench]
) -> None:
    bench = make(ping_interval_s=30.0, quiet_ping_interval_s=30.0).connect()
    bench.socket.probe()
    wait_until(lambda: server.connection().pings)


def test_before_its_last_hour_a_connection_is_replaced_without_losing_a_reply(
    server: ToyOrderServer, make: Callable[..., Bench]
) -> None:
    held = Held(server)
    bench = make(lifetime_s=0.5).connect()
    asked = bench.place_aside("pd-1")
    wait_until(lambda: held.count == 1)
    server.connection(1)
    held.answer(0)
    assert _name(asked.result(30)) == "pd-1"
    wait_until(server.connection(0).closed.is_set)


def test_a_handshake_costs_its_weight(bench: Bench) -> None:
    assert bench.limiter.usage(SystemClock().now_ms()).weight_used == 5


def test_recycling_connects_anew(server: ToyOrderServer, bench: Bench) -> None:
    bench.socket.recycle("The computer slept.")
    wait_until(lambda: bench.socket.connections == 2)
    assert _name(bench.place()) == "pd-1"


def test_stopping_makes_what_is_in_flight_unknown(server: ToyOrderServer, bench: Bench) -> None:
    server.script = _silent
    asked = bench.place_aside("pd-1")
    wait_until(lambda: server.requests)
    assert bench.socket.stop(30.0)
    assert isinstance(asked.exception(30), OutcomeUnknown)
    with pytest.raises(NotConnected):
        bench.place()


def test_over_tls_many_callers_are_served_and_a_drop_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = write_pem(tmp_path)
    monkeypatch.setattr("certifi.where", lambda: str(pem))
    with toy_order_server(server_context(pem)) as server:
        bench = Bench(server, SECRET, SETTINGS).connect()
        names = [f"pd-{number}" for number in range(200)]
        assert [_name(reply) for reply in bench.pool.map(bench.place, names)] == names
        server.connection().send(b"ping", 9)
        wait_until(lambda: server.connection().pongs == [b"ping"])
        server.script = _silent
        asked = bench.place_aside("pd-lost")
        wait_until(lambda: len(server.requests) == 201)
        server.connection().cut()
        assert isinstance(asked.exception(30), OutcomeUnknown)
        bench.close()


def test_neither_key_nor_signer_is_shown(bench: Bench) -> None:
    assert KEY not in repr(bench.socket._access)
