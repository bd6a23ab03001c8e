from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.clock import FakeClock
from engine.errors import ShuttingDown
from engine.events import (
    AggTrade,
    DepthDiff,
    Event,
    KlineUpdate,
    Liquidation,
    MiniTicker,
    StreamStateChanged,
)
from engine.exchange.stream_liveness import StreamSettings
from engine.exchange.websocket_manager import WebSocketManager
from engine.trading_types import Route, StreamState
from engine.utils.mailbox import Mailbox
from engine.wire.hosts import Hosts
from tests.helpers.toy_streams import ToyStreamServer, frame, toy_stream_server
from tests.helpers.waiting import advance_until, wait_until

KLINE = {
    "e": "kline", "E": 1, "s": "BTCUSDT",
    "k": {"t": 0, "T": 59999, "s": "BTCUSDT", "i": "1m", "o": "1", "c": "2", "h": "3", "l": "0.5",
          "v": "9", "n": 3, "x": False, "q": "8"},
}  # fmt: skip
TRADE = {
    "e": "aggTrade", "E": 11, "s": "BTCUSDT", "a": 1, "p": "64250.10", "q": "0.002", "T": 10,
    "m": True,
}  # fmt: skip
DEPTH = {"e": "depthUpdate", "E": 1, "s": "BTCUSDT", "U": 1, "u": 2, "pu": 0, "b": [], "a": []}
FORCED = {
    "e": "forceOrder", "E": 1, "o": {"s": "BTCUSDT", "S": "SELL", "o": "LIMIT", "f": "IOC",
    "q": "0.014", "p": "9910", "ap": "9910.5", "X": "FILLED", "l": "0.014", "z": "0.014", "T": 1},
}  # fmt: skip
MINI = {
    "e": "24hrMiniTicker", "E": 1, "s": "BTCUSDT", "c": "2.5", "o": "1", "h": "3", "l": "0.5",
    "v": "9", "q": "18",
}  # fmt: skip

FAST = StreamSettings(
    connect_timeout_s=30.0,
    reconnect_base_s=0.02,
    reconnect_max_delay_s=0.1,
    send_interval_s=0.01,
    tick_s=0.01,
    probe_interval_s=0.05,
)


@pytest.fixture
def server() -> Iterator[ToyStreamServer]:
    with toy_stream_server() as toy:
        yield toy


class Subject:
    def __init__(self, server: ToyStreamServer, **options: Any) -> None:
        self.states: list[StreamStateChanged] = []
        self.events: list[Event] = []
        hosts = Hosts(rest="http://127.0.0.1:1", streams=server.url, ws_api="")
        given = {"settings": FAST, "on_state": self.states.append, **options}
        self.manager = WebSocketManager(hosts=hosts, **given)

    def states_of(self, route: Route) -> list[StreamState]:
        return [event.state for event in self.states if event.route is route]


@pytest.fixture
def make(server: ToyStreamServer) -> Iterator[Callable[..., Subject]]:
    made: list[Subject] = []

    def build(**options: Any) -> Subject:
        made.append(Subject(server, **options))
        return made[-1]

    yield build
    for subject in made:
        assert subject.manager.stop(30.0), "a stream thread is still alive"


@pytest.fixture
def subject(make: Callable[..., Subject]) -> Subject:
    return make()


def _trade_ids(subject: Subject) -> list[int]:
    return [event.trade_id for event in subject.events if isinstance(event, AggTrade)]


# --- subscribing ----------------------------------------------------------------------


def test_a_subscription_alone_connects_and_delivers(
    server: ToyStreamServer, subject: Subject
) -> None:
    subject.manager.subscribe_kline("BTCUSDT", "1m", subject.events.append)
    connection = server.connection(route="market")
    wait_until(lambda: connection.subscribed == {"btcusdt@kline_1m"})
    assert connection.target == "/market/stream"
    assert not subject.manager.is_connected(), "an acknowledgement is no data"
    connection.send_stream("btcusdt@kline_1m", KLINE)
    wait_until(subject.manager.is_connected)
    assert isinstance(subject.events[0], KlineUpdate)
    assert subject.events[0].kline.close == 2.0


def test_each_stream_goes_to_its_own_route(server: ToyStreamServer, subject: Subject) -> None:
    manager = subject.manager
    manager.subscribe_agg_trade("BTCUSDT", subject.events.append)
    manager.subscribe_mark_price("BTCUSDT", subject.events.append)
    manager.subscribe_depth("BTCUSDT", subject.events.append)
    manager.subscribe_book_ticker("BTCUSDT", subject.events.append)
    manager.subscribe_trade("BTCUSDT", subject.events.append)
    market, public = server.connection(route="market"), server.connection(route="public")
    wait_until(lambda: market.subscribed == {"btcusdt@aggTrade", "btcusdt@markPrice@1s"})
    wait_until(
        lambda: public.subscribed == {"btcusdt@depth@100ms", "btcusdt@bookTicker", "btcusdt@trade"}
    )
    assert len(server.connections) == 2


def test_liquidations_and_mini_tickers_arrive(server: ToyStreamServer, subject: Subject) -> None:
    subject.manager.subscribe_liquidations("BTCUSDT", subject.events.append)
    subject.manager.subscribe_mini_ticker("BTCUSDT", subject.events.append)
    subject.manager.subscribe_ticker("BTCUSDT", subject.events.append)
    market = server.connection(route="market")
    wait_until(
        lambda: (
            market.subscribed == {f"btcusdt@{k}" for k in ("forceOrder", "miniTicker", "ticker")}
        )
    )
    market.send_stream("btcusdt@forceOrder", FORCED)
    market.send_stream("btcusdt@miniTicker", MINI)
    wait_until(lambda: len(subject.events) == 2)
    forced, mini = subject.events
    assert isinstance(forced, Liquidation)
    assert (forced.symbol, forced.order.side, forced.order.avg_price) == ("BTCUSDT", "SELL", 9910.5)
    assert isinstance(mini, MiniTicker)
    assert (mini.last_price, mini.quote_volume) == (2.5, 18.0)


def test_it_is_connected_only_when_every_wanted_route_has_delivered(
    server: ToyStreamServer, subject: Subject
) -> None:
    assert not subject.manager.is_connected()
    subject.manager.subscribe_agg_trade("BTCUSDT", subject.events.append)
    subject.manager.subscribe_depth("BTCUSDT", subject.events.append)
    market, public = server.connection(route="market"), server.connection(route="public")
    market.send_stream("btcusdt@aggTrade", TRADE)
    wait_until(lambda: subject.events)
    assert not subject.manager.is_connected()
    public.send_stream("btcusdt@depth@100ms", DEPTH)
    wait_until(subject.manager.is_connected)


def test_many_streams_are_asked_for_in_paced_batches(
    server: ToyStreamServer, make: Callable[..., Subject]
) -> None:
    settings = StreamSettings(subscribe_batch=50, send_interval_s=0.05, tick_s=0.01)
    subject = make(settings=settings)
    names = [f"s{number}@aggTrade" for number in range(120)]
    subject.manager.subscribe(names, subject.events.append)
    connection = server.connection()
    wait_until(lambda: len(connection.subscribed) == 120)
    requests = [json.loads(text) for text in connection.texts]
    assert [len(request["params"]) for request in requests] == [50, 50, 20]
    assert [request["id"] for request in requests] == [1, 2, 3]


def test_unsubscribing_is_said_once_and_ends_delivery(
    server: ToyStreamServer, subject: Subject
) -> None:
    subject.manager.subscribe_agg_trade("BTCUSDT", subject.events.append)
    connection = server.connection()
    wait_until(lambda: connection.subscribed)
    subject.manager.unsubscribe(["btcusdt@aggTrade", "nobody@knows"])
    wait_until(lambda: not connection.subscribed)
    connection.send_stream("btcusdt@aggTrade", TRADE)
    subject.manager.subscribe_kline("BTCUSDT", "1m", subject.events.append)
    wait_until(lambda: connection.subscribed)
    connection.send_stream("btcusdt@kline_1m", KLINE)
    wait_until(lambda: subject.events)
    assert [type(event) for event in subject.events] == [KlineUpdate]


def test_a_second_callback_replaces_the_first(server: ToyStreamServer, subject: Subject) -> None:
    first: list[Event] = []
    subject.manager.subscribe_agg_trade("BTCUSDT", first.append)
    subject.manager.subscribe_agg_trade("BTCUSDT", subject.events.append)
    server.connection().send_stream("btcusdt@aggTrade", TRADE)
    wait_until(lambda: subject.events)
    assert first == []


def test_an_array_stream_calls_once_per_event(server: ToyStreamServer, subject: Subject) -> None:
    subject.manager.subscribe(["!ticker@arr"], subject.events.append)
    row = {"e": "24hrTicker", "E": 1, "p": "1", "P": "1", "c": "2", "o": "1", "h": "1", "l": "1",
           "v": "1", "q": "1"}  # fmt: skip
    server.connection().send_stream("!ticker@arr", [{**row, "s": "A"}, {**row, "s": "B"}])
    wait_until(lambda: len(subject.events) == 2)


# --- trouble --------------------------------------------------------------------------


def test_after_a_cut_it_reconnects_and_subscribes_again(
    server: ToyStreamServer, subject: Subject
) -> None:
    subject.manager.subscribe_agg_trade("BTCUSDT", subject.events.append)
    first = server.connection(0)
    first.send_stream("btcusdt@aggTrade", TRADE)
    wait_until(subject.manager.is_connected)
    first.cut()
    second = server.connection(1)
    wait_until(lambda: second.subscribed == {"btcusdt@aggTrade"})
    second.send_stream("btcusdt@aggTrade", TRADE)
    wait_until(lambda: len(subject.events) == 2)
    wait_until(subject.manager.is_connected)
    assert subject.states_of(Route.MARKET) == [
        StreamState.CONNECTING,
        StreamState.CONNECTED,
        StreamState.LIVE,
        StreamState.DISCONNECTED,
        StreamState.CONNECTING,
        StreamState.CONNECTED,
        StreamState.LIVE,
    ]
    assert subject.manager.health()[0].reconnects == 1


def test_a_close_frame_is_a_cut_with_a_reason(server: ToyStreamServer, subject: Subject) -> None:
    subject.manager.subscribe_agg_trade("BTCUSDT", subject.events.append)
    server.connection(0).send(b"\x03\xe9", 8)
    server.connection(1)
    sentences = [event.sentence for event in subject.states]
    assert "The exchange closed the stream with code 1001." in sentences


def test_the_server_may_be_away_at_first(make: Callable[..., Subject]) -> None:
    with toy_stream_server() as early:
        port = early.port
    hosts = Hosts(rest="", streams=f"ws://127.0.0.1:{port}", ws_api="")
    events: list[Event] = []
    manager = WebSocketManager(hosts=hosts, settings=FAST)
    manager.subscribe_agg_trade("BTCUSDT", events.append)
    wait_until(lambda: manager.health()[0].reconnects >= 2)
    with toy_stream_server(port) as late:
        late.connection().send_stream("btcusdt@aggTrade", TRADE)
        wait_until(lambda: events)
        assert manager.stop(30.0)


def test_a_host_that_comes_back_cuts_a_long_pause_short() -> None:
    with toy_stream_server() as early:
        port = early.port
    hosts = Hosts(rest="", streams=f"ws://127.0.0.1:{port}", ws_api="")
    settings = StreamSettings(reconnect_base_s=60.0, probe_interval_s=0.05, tick_s=0.01)
    manager = WebSocketManager(hosts=hosts, settings=settings)
    manager.subscribe_agg_trade("BTCUSDT", lambda _event: None)
    wait_until(lambda: manager.health()[0].reconnects == 1)
    with toy_stream_server(port) as late:
        late.connection()
        assert manager.stop(30.0)


def test_a_refused_handshake_waits_for_the_whole_pause_but_can_be_hurried(
    server: ToyStreamServer, make: Callable[..., Subject]
) -> None:
    server.refuse_status = 503
    subject = make(
        settings=StreamSettings(reconnect_base_s=60.0, probe_interval_s=0.02, tick_s=0.01)
    )
    subject.manager.subscribe_agg_trade("BTCUSDT", subject.events.append)
    wait_until(lambda: subject.states_of(Route.MARKET)[-1:] == [StreamState.DISCONNECTED])
    assert "status 503" in subject.states[-1].sentence
    quiet = threading.Event()
    assert not quiet.wait(0.2)
    assert len(server.targets) == 1
    server.refuse_status = None
    subject.manager.hurry()
    server.connection()


def test_silence_is_recycled_although_pings_are_answered(
    server: ToyStreamServer, make: Callable[..., Subject]
) -> None:
    clock = FakeClock()
    subject = make(
        clock=clock,
        settings=StreamSettings(
            tick_s=0.01,
            first_data_s=15.0,
            silence_s=15.0,
            ping_interval_s=2.0,
            pong_timeout_s=3600.0,  # the clock outruns the pongs of a busy machine
        ),
    )
    subject.manager.subscribe_agg_trade("BTCUSDT", subject.events.append)
    first = server.connection(0)
    first.send_stream("btcusdt@aggTrade", TRADE)
    wait_until(subject.manager.is_connected)
    advance_until(clock, lambda: first.pings, step_s=0.5)
    advance_until(clock, lambda: len(server.connections) == 2)
    assert first.pings == [b"alive?"] * len(first.pings)
    server.connection(1).send_stream("btcusdt@aggTrade", TRADE)
    wait_until(lambda: len(subject.events) == 2)
    assert StreamState.STALE in subject.states_of(Route.MARKET)


def test_an_acknowledgement_without_data_is_recycled(
    server: ToyStreamServer, make: Callable[..., Subject]
) -> None:
    subject = make(settings=StreamSettings(reconnect_base_s=0.01, tick_s=0.01, first_data_s=0.1))
    subject.manager.subscribe_agg_trade("BTCUSDT", subject.events.append)
    server.connection(1)
    assert StreamState.LIVE not in subject.states_of(Route.MARKET)
    assert subject.manager.silent_streams() == {"btcusdt@aggTrade"}


def test_one_silent_stream_among_others_is_asked_for_again(
    server: ToyStreamServer, make: Callable[..., Subject]
) -> None:
    clock = FakeClock()
    subject = make(clock=clock, settings=StreamSettings(tick_s=0.01, pong_timeout_s=3600.0))
    subject.manager.subscribe_agg_trade("BTCUSDT", subject.events.append)
    subject.manager.subscribe_kline("BTCUSDT", "1m", subject.events.append)
    subject.manager.subscribe_liquidations("BTCUSDT", subject.events.append)
    connection = server.connection()

    def asked() -> list[str]:
        requests = [json.loads(text)["params"] for text in connection.texts]
        return [name for params in requests for name in params]

    def trade_while_time_passes() -> object:
        known = len(subject.events)
        connection.send_stream("btcusdt@aggTrade", TRADE)
        wait_until(lambda: len(subject.events) > known)  # or the clock outruns a busy machine
        return asked().count("btcusdt@kline_1m") == 2

    advance_until(clock, trade_while_time_passes)
    assert subject.manager.silent_streams() <= {"btcusdt@kline_1m", "btcusdt@aggTrade"}
    assert asked().count("btcusdt@aggTrade") == 1
    assert asked().count("btcusdt@forceOrder") == 1, "there may be none for hours"
    assert len(server.connections) == 1
    assert StreamState.STALE not in subject.states_of(Route.MARKET)


def test_waiting_follows_the_clock_that_was_given(
    server: ToyStreamServer, make: Callable[..., Subject]
) -> None:
    clock = FakeClock()
    subject = make(clock=clock, settings=StreamSettings(tick_s=0.01))
    subject.manager.subscribe_agg_trade("BTCUSDT", subject.events.append)
    first = server.connection(0)
    first.send_stream("btcusdt@aggTrade", TRADE)
    wait_until(subject.manager.is_connected)
    began_s = clock.monotonic()
    clock.advance(14.0)
    first.send_stream("btcusdt@aggTrade", TRADE)
    wait_until(lambda: len(subject.events) == 2)
    assert StreamState.DISCONNECTED not in subject.states_of(Route.MARKET)
    # the event is heard of a moment before its time is noted: by then the clock may be ahead
    advance_until(clock, lambda: StreamState.DISCONNECTED in subject.states_of(Route.MARKET))
    assert clock.monotonic() - began_s > 14.0 + 15.0
    advance_until(clock, lambda: len(server.connections) == 2)


def test_a_server_ping_is_answered_with_its_payload(
    server: ToyStreamServer, subject: Subject
) -> None:
    subject.manager.subscribe_agg_trade("BTCUSDT", subject.events.append)
    connection = server.connection()
    connection.send(b"1790000000000", 9)
    wait_until(lambda: connection.pongs == [b"1790000000000"])


def test_garbage_is_counted_and_the_rest_delivered(
    server: ToyStreamServer, subject: Subject
) -> None:
    subject.manager.subscribe_agg_trade("BTCUSDT", subject.events.append)
    connection = server.connection()
    connection.send(b'{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","p":')
    connection.send(b"\xff\xff")
    connection.send(b"{}")
    connection.send_stream("btcusdt@aggTrade", TRADE)
    wait_until(lambda: subject.events)
    assert subject.manager.decode_errors == 3
    assert len(server.connections) == 1


def test_a_frame_that_breaks_the_protocol_makes_a_new_connection(
    server: ToyStreamServer, subject: Subject
) -> None:
    subject.manager.subscribe_agg_trade("BTCUSDT", subject.events.append)
    server.connection(0).send_raw(b"\x81\x85\x00\x00\x00\x00hello")
    server.connection(1)
    assert any("masked" in event.sentence for event in subject.states)


def test_large_and_fragmented_messages_arrive(server: ToyStreamServer, subject: Subject) -> None:
    subject.manager.subscribe_depth("BTCUSDT", subject.events.append)
    levels = [[f"{price}.10", "0.001"] for price in range(30_000)]
    message = json.dumps({"stream": "btcusdt@depth@100ms", "data": {**DEPTH, "b": levels}}).encode()
    connection = server.connection(route="public")
    connection.send_raw(frame(message[:100_000], 1, fin=False) + frame(message[100_000:], 0))
    connection.send_raw(frame(message))
    wait_until(lambda: len(subject.events) == 2)
    first, second = subject.events
    assert isinstance(first, DepthDiff)
    assert isinstance(second, DepthDiff)
    assert bytes(first.bids) == bytes(second.bids)
    assert json.loads(bytes(first.bids)) == levels


def test_a_raising_callback_is_logged_once_and_called_again(
    server: ToyStreamServer, subject: Subject, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[Event] = []

    def fails(event: Event) -> None:
        calls.append(event)
        raise RuntimeError("user code")

    subject.manager.subscribe_agg_trade("BTCUSDT", fails)
    subject.manager.subscribe_kline("BTCUSDT", "1m", subject.events.append)
    connection = server.connection()
    wait_until(lambda: len(connection.subscribed) == 2)
    for _ in range(3):
        connection.send_stream("btcusdt@aggTrade", TRADE)
    connection.send_stream("btcusdt@kline_1m", KLINE)
    wait_until(lambda: subject.events)
    assert len(calls) == 3
    assert subject.manager.callback_errors == 3
    assert [r.levelno for r in caplog.records if r.exc_info].count(logging.ERROR) == 1
    assert subject.manager.is_connected()


def test_a_callback_that_hangs_delays_no_other_route(
    server: ToyStreamServer, subject: Subject
) -> None:
    entered, released = threading.Event(), threading.Event()

    def hang(_event: Event) -> None:
        entered.set()
        released.wait(120.0)

    subject.manager.subscribe_agg_trade("BTCUSDT", hang)
    subject.manager.subscribe_depth("BTCUSDT", subject.events.append)
    server.connection(route="market").send_stream("btcusdt@aggTrade", TRADE)
    assert entered.wait(30.0)
    for _ in range(100):
        server.connection(route="public").send_stream("btcusdt@depth@100ms", DEPTH)
    wait_until(lambda: len(subject.events) == 100)
    released.set()


def test_a_mailbox_as_callback_lets_a_slow_reader_miss_only_what_is_outdated(
    server: ToyStreamServer, subject: Subject
) -> None:
    box: Mailbox[Event] = Mailbox()
    subject.manager.subscribe_agg_trade("BTCUSDT", lambda e: box.put(e, e.latest_key()))
    subject.manager.subscribe_liquidations("BTCUSDT", box.put)
    subject.manager.subscribe_kline("BTCUSDT", "1m", subject.events.append)
    market = server.connection(route="market")
    for number in range(500):
        market.send_stream("btcusdt@aggTrade", {**TRADE, "a": number})
        if number % 100 == 0:
            market.send_stream("btcusdt@forceOrder", FORCED)
    market.send_stream("btcusdt@kline_1m", KLINE)
    wait_until(lambda: subject.events)
    waiting = box.drain()
    assert [type(e) for e in waiting] == [Liquidation] * 5 + [AggTrade]
    assert isinstance(waiting[-1], AggTrade)
    assert waiting[-1].trade_id == 499


def test_a_refused_request_is_told(
    server: ToyStreamServer, subject: Subject, caplog: pytest.LogCaptureFixture
) -> None:
    server.acknowledges = False
    subject.manager.subscribe_agg_trade("BTCUSDT", subject.events.append)
    server.connection().send({"code": 2, "msg": "Invalid request", "id": 1})
    wait_until(lambda: "Invalid request" in caplog.text)


def test_an_old_connection_is_replaced_without_a_gap(
    server: ToyStreamServer, make: Callable[..., Subject]
) -> None:
    clock = FakeClock()
    subject = make(clock=clock, settings=StreamSettings(tick_s=0.01, lifetime_s=5.0))
    subject.manager.subscribe_agg_trade("BTCUSDT", subject.events.append)
    old = server.connection(0)
    old.send_stream("btcusdt@aggTrade", TRADE)
    wait_until(subject.manager.is_connected)
    clock.advance(6.0)
    new = server.connection(1)
    wait_until(lambda: new.subscribed == {"btcusdt@aggTrade"})
    old.send_stream("btcusdt@aggTrade", {**TRADE, "a": 100})
    wait_until(lambda: _trade_ids(subject)[-1] == 100)
    assert not old.closed.is_set(), "the old one serves until the new one has delivered"
    old.send_stream("btcusdt@aggTrade", {**TRADE, "a": 101})
    new.send_stream("btcusdt@aggTrade", {**TRADE, "a": 101})
    wait_until(lambda: _trade_ids(subject).count(101) == 2)
    advance_until(clock, old.closed.is_set)
    new.send_stream("btcusdt@aggTrade", {**TRADE, "a": 102})
    wait_until(lambda: _trade_ids(subject)[-1] == 102)
    assert set(_trade_ids(subject)) >= {100, 101, 102}
    assert StreamState.DISCONNECTED not in subject.states_of(Route.MARKET)
    assert subject.manager.is_connected()


def test_when_no_replacement_can_be_had_the_old_connection_serves_on(
    server: ToyStreamServer, make: Callable[..., Subject]
) -> None:
    clock = FakeClock()
    subject = make(clock=clock, settings=StreamSettings(tick_s=0.01, lifetime_s=5.0))
    subject.manager.subscribe_agg_trade("BTCUSDT", subject.events.append)
    old = server.connection(0)
    old.send_stream("btcusdt@aggTrade", TRADE)
    wait_until(subject.manager.is_connected)
    server.refuse_status = 503
    clock.advance(6.0)
    wait_until(lambda: len(server.targets) == 2)
    old.send_stream("btcusdt@aggTrade", {**TRADE, "a": 100})
    wait_until(lambda: _trade_ids(subject)[-1] == 100)
    assert subject.manager.is_connected()
    assert len(server.targets) == 2


# --- ending ----------------------------------------------------------------------------


def test_stop_ends_every_thread_and_later_subscriptions_are_refused(
    server: ToyStreamServer, subject: Subject
) -> None:
    subject.manager.subscribe_agg_trade("BTCUSDT", subject.events.append)
    subject.manager.subscribe_depth("BTCUSDT", subject.events.append)
    server.connection(1)
    assert subject.manager.stop(30.0)
    names = [thread.name for thread in threading.enumerate()]
    assert "ws-market" not in names
    assert "ws-public" not in names
    assert subject.states_of(Route.MARKET)[-1] is StreamState.STOPPED
    with pytest.raises(ShuttingDown):
        subject.manager.subscribe_agg_trade("ETHUSDT", subject.events.append)


def test_stop_from_a_callback_does_not_wait_for_itself(
    server: ToyStreamServer, subject: Subject
) -> None:
    stopped = threading.Event()

    def stop(_event: Event) -> None:
        subject.manager.stop(300.0)
        stopped.set()

    subject.manager.subscribe_agg_trade("BTCUSDT", stop)
    server.connection().send_stream("btcusdt@aggTrade", TRADE)
    assert stopped.wait(30.0)


def test_stop_during_a_long_pause_is_immediate(make: Callable[..., Subject]) -> None:
    with toy_stream_server() as early:
        hosts = Hosts(rest="", streams=early.url, ws_api="")
    manager = WebSocketManager(hosts=hosts, settings=StreamSettings(reconnect_base_s=60.0))
    manager.subscribe_agg_trade("BTCUSDT", lambda _event: None)
    wait_until(lambda: manager.health()[0].reconnects == 1)
    assert manager.stop(30.0)


def test_stop_during_a_handshake_that_hangs_is_immediate() -> None:
    # a listener that never accepts: TCP connects, the handshake gets no answer
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        hosts = Hosts(rest="", streams=f"ws://127.0.0.1:{deaf.getsockname()[1]}", ws_api="")
        manager = WebSocketManager(hosts=hosts, settings=StreamSettings(connect_timeout_s=300.0))
        manager.subscribe_agg_trade("BTCUSDT", lambda _event: None)
        accepted, _ = deaf.accept()
        assert manager.stop(30.0)
        accepted.close()


def test_a_dripping_handshake_ends_at_the_deadline() -> None:
    def drip(listener: socket.socket, stop: threading.Event) -> None:
        accepted, _ = listener.accept()
        accepted.recv(4096)
        with contextlib.suppress(OSError):
            accepted.sendall(b"HTTP/1.1 101 Switching Protocols\r\nX-Long: ")
            while not stop.wait(0.02):
                accepted.sendall(b"a")
        accepted.close()

    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=drip, args=(listener, stop))
        server.start()
        hosts = Hosts(rest="", streams=f"ws://127.0.0.1:{listener.getsockname()[1]}", ws_api="")
        states: list[StreamStateChanged] = []
        settings = StreamSettings(connect_timeout_s=0.3, reconnect_base_s=60.0)
        manager = WebSocketManager(hosts=hosts, settings=settings, on_state=states.append)
        manager.subscribe_agg_trade("BTCUSDT", lambda _event: None)
        wait_until(lambda: states and states[-1].state is StreamState.DISCONNECTED)
        assert manager.stop(30.0)
        stop.set()
        server.join(30)


def test_a_trade_event_has_its_figures(server: ToyStreamServer, subject: Subject) -> None:
    subject.manager.subscribe_agg_trade("BTCUSDT", subject.events.append)
    server.connection().send_stream("btcusdt@aggTrade", TRADE)
    wait_until(lambda: subject.events)
    assert subject.events == [
        AggTrade(
            symbol="BTCUSDT",
            event_ms=11,
            trade_ms=10,
            trade_id=1,
            price=64250.1,
            quantity=0.002,
            is_buyer_maker=True,
        )
    ]
