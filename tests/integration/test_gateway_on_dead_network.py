"""Closing, and coming back, when the network does its worst."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from engine.clock import FakeClock, SystemClock
from engine.errors import NotConnected, OutcomeUnknown, PerpdeskError
from engine.events import Event, StreamStateChanged
from engine.exchange.binance_gateway import BinanceGateway, GatewaySettings
from engine.exchange.rest_client import RestSettings
from engine.exchange.stream_liveness import StreamSettings
from engine.trading_types import Route, StreamState
from engine.utils.retry import RetryPolicy
from engine.wire.hosts import Hosts
from tests.helpers.gateways import PATIENT, Gateways
from tests.helpers.toy_http import Reply, Request, ToyHttpServer, toy_http_server
from tests.helpers.toy_streams import ToyStreamServer, toy_stream_server
from tests.helpers.waiting import advance_until, wait_until

TRADE = {"e": "aggTrade", "E": 1, "a": 1, "s": "BTCUSDT", "p": "1", "q": "1", "f": 1, "l": 1,
         "T": 1, "m": True}  # fmt: skip

SLOW = GatewaySettings(
    rest=RestSettings(connect_timeout_s=300.0, read_timeout_s=300.0, write_timeout_s=300.0),
    streams=StreamSettings(connect_timeout_s=300.0),
)
UNHURRIED = GatewaySettings(streams=PATIENT)


def _venue(request: Request) -> Reply:
    if request.path == "/fapi/v1/time":
        return Reply({"serverTime": SystemClock().now_ms()})
    if request.path == "/fapi/v1/listenKey":
        return Reply({"listenKey": "KEY"})
    return Reply(behaviour="silent")


@pytest.fixture
def http() -> Iterator[ToyHttpServer]:
    with toy_http_server(_venue) as server:
        yield server


@pytest.fixture
def streams() -> Iterator[ToyStreamServer]:
    with toy_stream_server() as server:
        yield server


def _open(
    gateways: Gateways,
    rest: str,
    streams: str,
    settings: GatewaySettings = SLOW,
    **given: Any,
) -> BinanceGateway:
    hosts = Hosts(rest=rest, streams=streams, ws_api="")
    return gateways.open(hosts, api_key="k", api_secret="s", settings=settings, **given)


def _close_in_time(gateway: BinanceGateway) -> None:
    """It waits for nobody who waits for the network, five minutes each."""
    started = time.monotonic()
    gateway.close(120.0)
    assert time.monotonic() - started < 60
    wait_until(lambda: not [t for t in threading.enumerate() if t.name.startswith("ws-")])


def test_close_while_the_listen_key_is_never_answered(
    http: ToyHttpServer, gateways: Gateways
) -> None:
    http.script = lambda _request: Reply(behaviour="silent")
    gateway = _open(gateways, http.url, "ws://127.0.0.1:1")
    gateway.start_user_stream(lambda _event: None)
    wait_until(lambda: http.of("/fapi/v1/listenKey"))
    _close_in_time(gateway)


@pytest.mark.skipif(sys.platform == "win32", reason="a full backlog refuses there")
def test_close_while_tcp_connects_into_the_void(http: ToyHttpServer, gateways: Gateways) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        waiting = [_half_connected(address) for _ in range(4)]
        gateway = _open(gateways, http.url, f"ws://127.0.0.1:{address[1]}")
        gateway.subscribe(["btcusdt@aggTrade"], lambda _event: None)
        gateway.start_user_stream(lambda _event: None)
        wait_until(lambda: http.of("/fapi/v1/listenKey"))
        _close_in_time(gateway)
        for sock in waiting:
            sock.close()


def _half_connected(address: tuple[str, int]) -> socket.socket:
    sock = socket.socket()
    sock.setblocking(False)
    sock.connect_ex(address)
    return sock


def test_close_while_an_order_waits_for_its_answer_makes_it_unknown(
    http: ToyHttpServer, gateways: Gateways
) -> None:
    gateway = _open(gateways, http.url, "ws://127.0.0.1:1")
    failures: list[PerpdeskError] = []

    def place() -> None:
        try:
            gateway.submit_order("BTCUSDT", "BUY", "LIMIT", 1, 2)
        except PerpdeskError as error:
            failures.append(error)

    thread = threading.Thread(target=place)
    thread.start()
    wait_until(lambda: http.of("/fapi/v1/order"))
    _close_in_time(gateway)
    thread.join(30)
    assert isinstance(failures[0], OutcomeUnknown)


def test_an_order_without_network_is_surely_not_executed(gateways: Gateways) -> None:
    gateway = _open(gateways, "http://127.0.0.1:1", "ws://127.0.0.1:1")
    with pytest.raises(NotConnected):
        gateway.submit_order("BTCUSDT", "BUY", "LIMIT", 1, 2)


def test_a_rest_call_that_succeeds_again_hurries_the_streams(
    http: ToyHttpServer, streams: ToyStreamServer, gateways: Gateways
) -> None:
    settings = GatewaySettings(
        rest=RestSettings(read_retry=RetryPolicy(attempts=1), read_timeout_s=0.3),
        streams=StreamSettings(reconnect_base_s=60.0, tick_s=0.01),
    )
    streams.refuse_status = 503
    states: list[StreamStateChanged] = []
    gateway = _open(gateways, http.url, streams.url, settings, on_state=states.append)
    gateway.subscribe(["btcusdt@aggTrade"], lambda _event: None)
    wait_until(lambda: states and states[-1].state is StreamState.DISCONNECTED)
    with pytest.raises(NotConnected):
        gateway.get_account_balance()
    streams.refuse_status = None
    http.script = _nothing_held
    assert gateway.get_account_balance() == []
    streams.connection()


def _nothing_held(request: Request) -> Reply:
    return _venue(request) if request.path == "/fapi/v1/time" else Reply([])


def test_after_the_computer_slept_every_connection_is_made_anew(
    http: ToyHttpServer, streams: ToyStreamServer, gateways: Gateways
) -> None:
    clock = FakeClock()
    events: list[Event] = []
    gateway = _open(gateways, http.url, streams.url, UNHURRIED, clock=clock)
    gateway.start_user_stream(events.append)
    gateway.subscribe(["btcusdt@aggTrade"], events.append)
    streams.connection(1)
    gateway.tick()
    clock.jump_wall_clock(3600)
    gateway.tick()
    wait_until(lambda: all(connection.closed.is_set() for connection in streams.connections))
    advance_until(clock, lambda: len(streams.connections) == 4)
    gateway.tick()
    assert len(streams.connections) == 4


class _Asked:
    """A gateway on a fake clock whose market route is live; says when that is asked."""

    def __init__(
        self, gateways: Gateways, http: ToyHttpServer, streams: ToyStreamServer, **rest: Any
    ) -> None:
        self.clock = FakeClock()
        self.events: list[Event] = []
        self.gateway = _open(
            gateways,
            http.url,
            streams.url,
            msgspec.structs.replace(UNHURRIED, rest=RestSettings(**rest)),
            clock=self.clock,
            on_state=self.events.append,
        )
        self.gateway.subscribe(["btcusdt@aggTrade"], lambda _event: None)
        self.market = streams.connection(0, "market")
        wait_until(lambda: self.market.texts)
        self.market.send_stream("btcusdt@aggTrade", TRADE)
        wait_until(self.gateway.streams.is_connected)

    def start_user_stream(self) -> None:
        """Returns once it serves: what is owed before that is owed to its recovery."""
        self.gateway.start_user_stream(self.events.append)
        wait_until(lambda: self.states(Route.PRIVATE)[-1:] == [StreamState.LIVE])

    def states(self, route: Route) -> list[StreamState]:
        changes = [event for event in self.events if isinstance(event, StreamStateChanged)]
        return [change.state for change in changes if change.route is route]

    def sentences(self) -> str:
        return " ".join(e.sentence for e in self.events if isinstance(e, StreamStateChanged))

    def market_is_asked(self) -> None:
        """Nothing but a doubt elsewhere can be the reason: its own patience is a month."""
        advance_until(self.clock, lambda: self.market.pings, step_s=0.05)
        assert StreamState.STALE not in self.states(Route.MARKET)


def test_while_the_account_s_line_is_silent_the_market_s_line_is_asked_too(
    http: ToyHttpServer, streams: ToyStreamServer, gateways: Gateways
) -> None:
    asked = _Asked(gateways, http, streams)
    asked.start_user_stream()
    streams.connection(0, "private").answers_pings = False
    asked.market_is_asked()


def test_a_call_without_an_answer_has_every_line_asked(
    http: ToyHttpServer, streams: ToyStreamServer, gateways: Gateways
) -> None:
    asked = _Asked(gateways, http, streams, read_retry=RetryPolicy(attempts=1), read_timeout_s=0.2)
    with pytest.raises(NotConnected):
        asked.gateway.get_account_balance()
    asked.market_is_asked()


def test_an_order_that_is_answered_owes_an_event(
    http: ToyHttpServer, streams: ToyStreamServer, gateways: Gateways
) -> None:
    """The venue takes the order and says nothing of it: the user stream is deaf."""
    asked = _Asked(gateways, http, streams)
    asked.start_user_stream()
    http.script = _order_taken
    asked.gateway.submit_order("BTCUSDT", "BUY", "LIMIT", "0.1", 60000)
    advance_until(asked.clock, lambda: StreamState.STALE in asked.states(Route.PRIVATE))
    assert "an order was answered, but no event of it came" in asked.sentences()
    advance_until(asked.clock, lambda: [c.route for c in streams.connections].count("private") > 1)


def _order_taken(request: Request) -> Reply:
    if request.path != "/fapi/v1/order":
        return _venue(request)
    return Reply(
        {
            "symbol": "BTCUSDT", "orderId": 7, "clientOrderId": "pd-1", "status": "NEW",
            "side": "BUY", "type": "LIMIT", "origQty": "0.1", "executedQty": "0", "price": "60000",
            "avgPrice": "0", "timeInForce": "GTC", "updateTime": 1,
        }
    )  # fmt: skip


def test_an_idle_connection_is_kept_warm_and_a_dead_venue_is_not_pressed(
    http: ToyHttpServer, gateways: Gateways
) -> None:
    clock = FakeClock()
    http.script = lambda request: Reply({"serverTime": clock.now_ms()})
    hosts = Hosts(rest=http.url, streams="", ws_api="")
    gateway = gateways.open(hosts, clock=clock, api_key="", api_secret="")
    gateway.tick()
    gateway.tick()
    assert len(http.of("/fapi/v1/time")) == 3
    assert http.of("/fapi/v1/ping") == []
    clock.advance(16.0)
    gateway.tick()
    gateway.tick()
    assert len(http.of("/fapi/v1/ping")) == 1
    http.script = lambda _request: Reply(behaviour="reset")
    clock.advance(16.0)
    gateway.tick()
    gateway.tick()
    clock.advance(4.0)
    gateway.tick()
    assert len(http.of("/fapi/v1/ping")) == 2
    clock.advance(2.0)
    gateway.tick()
    assert len(http.of("/fapi/v1/ping")) == 3
