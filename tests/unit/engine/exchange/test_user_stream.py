from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from engine.clock import FakeClock
from engine.errors import BugError, NotConnected, OrderRefused
from engine.events import (
    Event,
    LeverageChanged,
    ListenKeyExpired,
    OrderUpdate,
    StreamStateChanged,
    UnknownMessage,
)
from engine.exchange.stream_liveness import StreamSettings
from engine.exchange.user_stream import UserStream
from engine.trading_types import StreamState
from engine.wire.hosts import Hosts
from tests.helpers.gateways import PATIENT
from tests.helpers.toy_streams import ToyStreamServer, toy_stream_server
from tests.helpers.waiting import advance_until, wait_until

FILL = {
    "e": "ORDER_TRADE_UPDATE", "E": 5, "T": 4,
    "o": {"s": "BTCUSDT", "c": "pd-1", "S": "BUY", "o": "LIMIT", "f": "GTC", "q": "1", "p": "2",
          "ap": "2", "x": "TRADE", "X": "FILLED", "i": 7, "l": "1", "z": "1", "L": "2", "t": 3},
}  # fmt: skip
LEVERAGE = {"e": "ACCOUNT_CONFIG_UPDATE", "E": 1, "T": 1, "ac": {"s": "BTCUSDT", "l": 20}}


class Keys:
    """Stands for the REST calls: counts, and fails when told to."""

    def __init__(self) -> None:
        self.created = 0
        self.extended = 0
        self.replaced_by = ""
        self.create_error: Exception | None = None
        self.extend_error: Exception | None = None

    def create(self) -> str:
        if self.create_error is not None:
            raise self.create_error
        self.created += 1
        return f"KEY{self.created}"

    def keep_alive(self) -> str:
        if self.extend_error is not None:
            raise self.extend_error
        self.extended += 1
        return self.replaced_by or f"KEY{self.created}"


class Subject:
    def __init__(self, server: ToyStreamServer, settings: StreamSettings | None = None) -> None:
        self.keys = Keys()
        self.events: list[Event] = []
        self.clock = FakeClock()
        self.stream = UserStream(
            Hosts(rest="", streams=server.url, ws_api=""),
            self.keys,
            self.events.append,
            clock=self.clock,
            settings=settings or StreamSettings(tick_s=0.01, connect_timeout_s=30.0),
        )

    def states(self) -> list[StreamState]:
        return [e.state for e in self.events if isinstance(e, StreamStateChanged)]

    def doubts(self) -> list[bool]:
        """Each time that a doubt began or ended while the stream was LIVE."""
        live = [
            e.is_doubted
            for e in self.events
            if isinstance(e, StreamStateChanged) and e.state is StreamState.LIVE
        ]
        return live[1:]

    def news(self) -> list[Event]:
        return [e for e in self.events if not isinstance(e, StreamStateChanged)]

    def wait_live(self, times: int = 1) -> None:
        wait_until(lambda: self.states().count(StreamState.LIVE) == times)


@pytest.fixture
def server() -> Iterator[ToyStreamServer]:
    with toy_stream_server() as toy:
        yield toy


@pytest.fixture
def subject(server: ToyStreamServer) -> Iterator[Subject]:
    made = Subject(server)
    made.stream.start()
    yield made
    assert made.stream.stop(30.0)


@pytest.fixture
def patient(server: ToyStreamServer) -> Iterator[Subject]:
    """Pings each second of its clock, and waits for the pongs as long as a machine needs."""
    made = Subject(server, PATIENT)
    made.stream.start()
    yield made
    assert made.stream.stop(30.0)


def test_it_connects_with_a_key_and_names_its_events(
    server: ToyStreamServer, subject: Subject
) -> None:
    target = server.connection().target
    assert target.startswith("/private/ws?listenKey=KEY1&events=ORDER_TRADE_UPDATE/ACCOUNT_UPDATE")
    subject.wait_live()


def test_events_come_in_order_and_useless_ones_are_counted(
    server: ToyStreamServer, subject: Subject
) -> None:
    connection = server.connection()
    connection.send({"e": "TRADE_LITE", "E": 1})
    connection.send(FILL)
    connection.send(LEVERAGE)
    wait_until(lambda: len(subject.news()) == 2)
    assert [type(event) for event in subject.news()] == [OrderUpdate, LeverageChanged]
    assert subject.stream.ignored == 1


def test_an_unreadable_message_is_handed_on_raw(server: ToyStreamServer, subject: Subject) -> None:
    server.connection().send(b'{"e":"NEWS_OF_TOMORROW"}')
    wait_until(subject.news)
    assert isinstance(subject.news()[0], UnknownMessage)
    assert subject.stream.decode_errors == 1


# still JSON, but the name of its price was damaged on the way
TRADE_WITHOUT_PRICE = (
    b'{"e":"ORDER_TRADE_UPDATE","E":1795448651000,"T":1795448651000,"o":{"s":"BTCUSDT",'
    b'"c":"pd-1","S":"BUY","o":"LIMIT","f":"GTC","q":"0.020","p":"64249.90","ap":"64249.90",'
    b'"sp":"0","x":"TRADE","X":"FILLED","i":8000000001,"l":"0.010","z":"0.020","M":"64249.90",'
    b'"n":"0.12","N":"USDT","T":1795448651000,"t":77,"m":true,"R":false,"ps":"BOTH","rp":"0"}}'
)


@pytest.mark.parametrize(
    "lost",
    [
        b'{"e":"ORDER_TRADE_UPDATE","E":',
        b'{"e":"ORDER_TRADE_UPDATE","o":{"i":"?"}}',
        TRADE_WITHOUT_PRICE,
    ],
)
def test_an_event_that_cannot_be_read_leads_to_a_new_connection_and_so_to_a_recovery(
    server: ToyStreamServer, subject: Subject, lost: bytes
) -> None:
    server.connection().send(lost)
    wait_until(lambda: StreamState.DISCONNECTED in subject.states())
    advance_until(subject.clock, lambda: len(server.connections) == 2)


def test_a_kind_of_event_from_tomorrow_is_no_reason_to_reconnect(
    server: ToyStreamServer, subject: Subject
) -> None:
    server.connection().send(b'{"e":"NEWS_OF_TOMORROW"}')
    server.connection().send(LEVERAGE)
    wait_until(lambda: len(subject.news()) == 2)
    assert StreamState.DISCONNECTED not in subject.states()


def check_first_key(subject: Subject) -> None:
    """What is done for every new connection, shortly after it stands."""
    subject.wait_live()
    subject.clock.advance(2)
    subject.stream.tick()
    assert subject.keys.extended == 1
    subject.keys.extended = 0


def test_the_key_is_extended_every_30_minutes_and_not_before(subject: Subject) -> None:
    check_first_key(subject)
    subject.stream.tick()
    subject.clock.advance(29 * 60)
    subject.stream.tick()
    assert subject.keys.extended == 0
    subject.clock.advance(61)
    subject.stream.tick()
    subject.stream.tick()
    assert subject.keys.extended == 1


def test_a_key_that_was_lost_before_the_socket_was_opened_with_it_is_noticed_at_once(
    server: ToyStreamServer, subject: Subject
) -> None:
    """The venue opens the socket all the same, answers its pings and says nothing."""
    subject.wait_live()
    subject.keys.extend_error = OrderRefused(-1125, "This listenKey does not exist.")
    subject.clock.advance(2)
    subject.stream.tick()
    wait_until(lambda: StreamState.DISCONNECTED in subject.states())
    advance_until(subject.clock, lambda: len(server.connections) == 2)
    assert "listenKey=KEY2" in server.connection(1).target


@pytest.mark.parametrize(("present", "connections"), [("KEY9", 2), ("", 1)])
def test_another_key_of_the_account_leads_to_a_connection_with_it(
    server: ToyStreamServer, subject: Subject, present: str, connections: int
) -> None:
    """Another program has ended the key in use; a host that names none is believed."""
    subject.wait_live()
    subject.keys.keep_alive = lambda: present  # type: ignore[method-assign]
    subject.clock.advance(2)
    subject.stream.tick()
    if connections == 2:
        wait_until(lambda: StreamState.DISCONNECTED in subject.states())
        advance_until(subject.clock, lambda: len(server.connections) == 2)
    assert len(server.connections) == connections


def test_a_failed_extension_is_tried_again_after_a_minute(subject: Subject) -> None:
    check_first_key(subject)
    subject.keys.extend_error = NotConnected("down")
    subject.clock.advance(30 * 60)
    subject.stream.tick()
    subject.keys.extend_error = None
    subject.stream.tick()
    assert subject.keys.extended == 0
    subject.clock.advance(60)
    subject.stream.tick()
    assert subject.keys.extended == 1


def test_a_key_the_venue_forgot_leads_to_a_new_one(
    server: ToyStreamServer, subject: Subject
) -> None:
    subject.wait_live()
    subject.keys.extend_error = OrderRefused(-1125, "This listenKey does not exist.")
    subject.clock.advance(30 * 60)
    subject.stream.tick()
    wait_until(lambda: StreamState.DISCONNECTED in subject.states())
    advance_until(subject.clock, lambda: len(server.connections) == 2)
    assert "listenKey=KEY2" in server.connection(1).target
    subject.wait_live(times=2)


def test_an_expired_key_is_reported_and_replaced(server: ToyStreamServer, subject: Subject) -> None:
    server.connection().send({"e": "listenKeyExpired", "E": 9, "listenKey": "KEY1"})
    wait_until(lambda: subject.news() == [ListenKeyExpired(event_ms=9)])
    wait_until(lambda: StreamState.DISCONNECTED in subject.states())
    advance_until(subject.clock, lambda: len(server.connections) == 2)
    assert "listenKey=KEY2" in server.connection(1).target


def test_a_half_open_connection_is_noticed_by_the_missing_pong(
    server: ToyStreamServer, subject: Subject
) -> None:
    connection = server.connection()
    connection.answers_pings = False
    subject.wait_live()
    subject.clock.advance(1.0)
    wait_until(lambda: connection.pings)
    subject.clock.advance(5.9)
    wait_until(lambda: subject.doubts() == [True])
    assert StreamState.STALE not in subject.states()
    subject.clock.advance(0.2)
    wait_until(lambda: StreamState.STALE in subject.states())


def test_a_late_pong_is_said_and_taken_back_and_loses_nothing(
    server: ToyStreamServer, subject: Subject
) -> None:
    connection = server.connection()
    connection.answers_pings = False
    subject.wait_live()
    subject.clock.advance(1.0)
    wait_until(lambda: connection.pings)
    subject.clock.advance(1.0)
    wait_until(lambda: subject.doubts() == [True])
    assert subject.stream.state is StreamState.LIVE
    connection.send(connection.pings[0], 10)
    wait_until(lambda: subject.doubts() == [True, False])
    assert subject.states()[-1] is StreamState.LIVE
    assert len(server.connections) == 1


def test_a_probe_asks_at_once(server: ToyStreamServer, subject: Subject) -> None:
    connection = server.connection()
    subject.wait_live()
    subject.stream.probe()
    advance_until(subject.clock, lambda: connection.pings, step_s=0.01)


def test_an_order_without_its_event_leads_to_a_new_connection_although_pongs_come(
    server: ToyStreamServer, subject: Subject
) -> None:
    server.connection()
    subject.wait_live()
    subject.stream.expect_news()
    advance_until(subject.clock, lambda: len(server.connections) == 2)
    subject.wait_live(times=2)
    lost = [e for e in subject.events if isinstance(e, StreamStateChanged)]
    assert any("no event of it came" in e.sentence for e in lost)


def test_an_order_with_its_event_changes_nothing(server: ToyStreamServer, patient: Subject) -> None:
    subject, connection = patient, server.connection()
    subject.wait_live()
    subject.stream.expect_news()
    connection.send(FILL)
    wait_until(subject.news)
    advance_until(subject.clock, lambda: len(connection.pings) == 9)
    assert StreamState.DISCONNECTED not in subject.states()


def test_a_quiet_account_stays_connected(server: ToyStreamServer, patient: Subject) -> None:
    subject, connection = patient, server.connection()
    subject.wait_live()
    advance_until(subject.clock, lambda: len(connection.pings) == 3)
    assert subject.states()[-1] is StreamState.LIVE
    assert len(server.connections) == 1


def test_a_replacement_connection_uses_the_living_key(server: ToyStreamServer) -> None:
    subject = Subject(server, replace(PATIENT, lifetime_s=5.0))
    subject.stream.start()
    old = server.connection(0)
    subject.wait_live()
    subject.clock.advance(6.0)
    new = server.connection(1)
    assert new.target == old.target
    new.send(FILL)
    advance_until(subject.clock, subject.news)
    advance_until(subject.clock, old.closed.is_set)
    new.send(LEVERAGE)
    wait_until(lambda: len(subject.news()) == 2)
    assert StreamState.DISCONNECTED not in subject.states()
    assert subject.keys.created == 1
    assert subject.stream.stop(30.0)


def test_a_raising_listener_does_not_end_the_stream(server: ToyStreamServer) -> None:
    got: list[Event] = []
    seen = threading.Event()

    def listener(event: Event) -> None:
        got.append(event)
        if isinstance(event, OrderUpdate):
            raise BugError("listener")
        if isinstance(event, LeverageChanged):
            seen.set()

    subject = Subject(server)
    stream = UserStream(
        Hosts(rest="", streams=server.url, ws_api=""),
        subject.keys,
        listener,
        clock=subject.clock,
        settings=StreamSettings(tick_s=0.01),
    )
    stream.start()
    connection = server.connection()
    connection.send(FILL)
    connection.send(LEVERAGE)
    assert seen.wait(30.0)
    assert stream.callback_errors == 1
    assert stream.stop(30.0)


def test_no_key_now_is_a_pause_and_another_try(server: ToyStreamServer) -> None:
    subject = Subject(server)
    subject.keys.create_error = OrderRefused(-1000, "not now")
    subject.stream.start()
    wait_until(lambda: StreamState.DISCONNECTED in subject.states())
    subject.keys.create_error = None
    advance_until(subject.clock, lambda: server.connections)
    assert subject.stream.stop(30.0)


def test_the_listen_key_is_in_no_state_or_log(
    server: ToyStreamServer, subject: Subject, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    server.connection().send({"e": "listenKeyExpired", "E": 9, "listenKey": "KEY1"})
    wait_until(lambda: StreamState.DISCONNECTED in subject.states())
    server.refuse_status = 403
    advance_until(subject.clock, lambda: subject.states().count(StreamState.DISCONNECTED) == 2)
    assert "KEY" not in caplog.text + repr(subject.events)
