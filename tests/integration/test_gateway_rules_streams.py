"""Streams of the gateway on a lively exchange that plays faults; the gateway's time is the test's.

Which test proves which rule stands in resources/help/gateway-rules.md.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from engine.clock import FakeClock
from engine.events import (
    AggTrade,
    BookTicker,
    DepthDiff,
    Event,
    KlineUpdate,
    MarkPrice,
    MiniTicker,
    StreamStateChanged,
    Ticker24h,
    Trade,
)
from engine.exchange.binance_gateway import GatewaySettings
from engine.exchange.wire_tap import WireTap
from engine.kpi.tcp_relay import TcpRelay
from engine.paper.paper_process import PaperProcess
from engine.trading_types import Route, StreamState
from tests.helpers.gateways import PATIENT, Gateways
from tests.helpers.paper import paper_server
from tests.helpers.rule_desk import RuleDesk, desks_of
from tests.helpers.waiting import advance_until, wait_until

TRADES, QUOTES, MARKS = "btcusdt@aggTrade", "btcusdt@bookTicker", "btcusdt@markPrice@1s"


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperProcess]:
    folder = tmp_path_factory.mktemp("paper")
    with paper_server(folder, fresh=True, quiet_market=False, seed=3) as process:
        yield process


class Desk(RuleDesk):
    """A gateway on a clock that stands still, and all that it heard."""

    def __init__(self, gateways: Gateways, paper: PaperProcess, **patience: Any) -> None:
        self.heard: list[Event] = []
        self.states: list[StreamStateChanged] = []
        hosts = paper.hosts
        if "streams" in patience:
            hosts = msgspec.structs.replace(hosts, streams=patience.pop("streams"))
        super().__init__(
            gateways,
            paper,
            hosts=hosts,
            settings=GatewaySettings(
                orders_over="rest", streams=msgspec.structs.replace(PATIENT, **patience)
            ),
            on_state=self.states.append,
        )

    def subscribe(self, *streams: str) -> None:
        """Returns when each has delivered."""
        self.gateway.subscribe(streams, self.heard.append)
        self.all_deliver()

    def all_deliver(self) -> None:
        """As far as can be told now; one connection asks for one batch each 0.2 s."""
        advance_until(
            self.clock,
            lambda: (
                self.gateway.streams.is_connected() and not self.gateway.streams.silent_streams()
            ),
            step_s=0.05,
        )

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.heard if type(event) is kind]

    def next_of(self, kind: type[Event]) -> None:
        """Wait for one more of these."""
        known = len(self.of(kind))
        wait_until(lambda: len(self.of(kind)) > known)

    def told(self, route: Route) -> list[StreamState]:
        return [state.state for state in self.states if state.route is route]

    def sentences(self) -> str:
        return " ".join(state.sentence for state in self.states)

    def reconnects(self, route: Route) -> int:
        return sum(h.reconnects for h in self.gateway.health().routes if h.route is route)

    def until_told(self, route: Route, state: StreamState) -> None:
        advance_until(self.clock, lambda: state in self.told(route))


@pytest.fixture
def make(paper: PaperProcess, gateways: Gateways) -> Iterator[Callable[..., Desk]]:
    with desks_of(Desk, gateways, paper) as made:
        yield made


@pytest.fixture
def desk(make: Callable[..., Desk]) -> Desk:
    return make()


# --- what is delivered ----------------------------------------------------------------------


def test_each_kind_of_stream_is_delivered_as_its_own_event(desk: Desk) -> None:
    streams = desk.gateway.streams
    streams.subscribe_trade("BTCUSDT", desk.heard.append)
    streams.subscribe_agg_trade("BTCUSDT", desk.heard.append)
    streams.subscribe_kline("BTCUSDT", "1m", desk.heard.append)
    streams.subscribe_book_ticker("BTCUSDT", desk.heard.append)
    streams.subscribe_depth("BTCUSDT", desk.heard.append)
    streams.subscribe_mark_price("BTCUSDT", desk.heard.append)
    streams.subscribe_ticker("BTCUSDT", desk.heard.append)
    streams.subscribe_mini_ticker("BTCUSDT", desk.heard.append)
    streams.subscribe(["!ticker@arr", "!miniTicker@arr"], desk.heard.append)
    kinds = {Trade, AggTrade, KlineUpdate, BookTicker, DepthDiff, MarkPrice, Ticker24h, MiniTicker}
    desk.all_deliver()
    wait_until(lambda: {type(event) for event in desk.heard} == kinds)
    assert {event.symbol for event in desk.of(Ticker24h)} > {"BTCUSDT", "ETHUSDT"}
    assert desk.gateway.health().decode_errors == 0


def test_a_message_of_an_unknown_kind_is_counted_and_delays_nothing(desk: Desk) -> None:
    desk.subscribe(QUOTES)
    for fault, args in (("event_renamed", {}), ("frame_malformed", {"how": "bad_json"})):
        errors = desk.gateway.health().decode_errors
        desk.hand.play(fault, when={"trigger": "event", "stream": QUOTES, "count": 3}, **args)
        wait_until(lambda errors=errors: desk.gateway.health().decode_errors == errors + 3)
        desk.next_of(BookTicker)
    assert desk.reconnects(Route.PUBLIC) == 0


def test_a_consumer_that_raises_or_hangs_delays_nobody_else(desk: Desk) -> None:
    hangs, goes_on = threading.Event(), threading.Event()

    def hang(_event: Event) -> None:
        hangs.set()
        goes_on.wait(120)

    def fail(_event: Event) -> None:
        raise ValueError("a consumer's own mistake")

    desk.gateway.subscribe(["btcusdt@markPrice@1s"], fail)
    desk.subscribe(TRADES)
    wait_until(lambda: desk.gateway.health().callback_errors)
    desk.gateway.subscribe([QUOTES], hang)
    try:
        advance_until(desk.clock, hangs.is_set, step_s=0.05)
        for _ in range(3):
            desk.next_of(AggTrade)
        private: list[Event] = []
        desk.gateway.start_user_stream(private.append)
        wait_until(lambda: StreamState.LIVE in [getattr(one, "state", None) for one in private])
        assert desk.gateway.get_account_balance()
    finally:
        goes_on.set()


# --- what is asked for ----------------------------------------------------------------------


class Listener:
    """What goes over the wire, with the time of our own requests."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.requests: list[tuple[float, str]] = []

    def heard(self, route: Route, messages: Sequence[bytes | bytearray]) -> None:
        pass

    def said(self, route: Route, text: str) -> None:
        del route
        self.requests.append((self._clock.monotonic(), text))

    def called(self, name: str, params: Mapping[str, object], *answer: Any) -> None:
        pass


def test_many_streams_are_asked_for_in_batches_below_ten_messages_a_second(
    make: Callable[..., Desk],
) -> None:
    tap = WireTap()
    desk = make(subscribe_batch=5, tap=tap)
    tap.listener = listener = Listener(desk.clock)
    intervals = ["1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d"]
    names = [f"{symbol}@kline_{i}" for symbol in ("btcusdt", "ethusdt") for i in intervals]
    desk.gateway.subscribe(names, desk.heard.append)
    # slower than the fake clock may run: the exchange counts by its own
    advance_until(desk.clock, lambda: len(listener.requests) == 5, step_s=0.02)
    desk.all_deliver()
    times = [at_s for at_s, _ in listener.requests]
    assert min(after - before for before, after in itertools.pairwise(times)) >= 0.199
    asked = [msgspec.json.decode(text)["params"] for _, text in listener.requests]
    assert [len(batch) for batch in asked] == [5, 5, 5, 5, 4]
    assert sorted(name for batch in asked for name in batch) == sorted(names)
    assert desk.reconnects(Route.MARKET) == 0


@pytest.mark.parametrize(
    ("fault", "args"),
    [
        ("disconnect", {"how": "fin"}),
        ("disconnect", {"how": "reset"}),
        ("day_over", {}),
    ],
)
def test_after_every_end_of_a_connection_what_is_wanted_is_asked_for_again(
    desk: Desk, fault: str, args: dict[str, str]
) -> None:
    desk.subscribe(TRADES, QUOTES, MARKS)
    desk.gateway.unsubscribe([MARKS])
    desk.hand.at_once(fault, route="all", **args)
    for route in (Route.MARKET, Route.PUBLIC):
        desk.until_told(route, StreamState.DISCONNECTED)
    desk.all_deliver()
    marks = len(desk.of(MarkPrice))
    desk.next_of(AggTrade)
    desk.next_of(BookTicker)
    assert (desk.reconnects(Route.MARKET), desk.reconnects(Route.PUBLIC)) == (1, 1)
    assert len(desk.of(MarkPrice)) == marks


# --- silence ----------------------------------------------------------------------------------


def test_an_acknowledged_subscription_without_data_is_recycled_at_the_first_datas_deadline(
    make: Callable[..., Desk],
) -> None:
    desk = make(first_data_s=10.0)
    desk.hand.play("ack_without_data", when={"trigger": "subscription", "stream": TRADES})
    desk.gateway.subscribe([TRADES], desk.heard.append)
    desk.until_told(Route.MARKET, StreamState.CONNECTED)
    desk.until_told(Route.MARKET, StreamState.STALE)
    assert desk.heard == []
    assert "no data" in desk.sentences()
    desk.all_deliver()
    assert desk.of(AggTrade)


def test_one_silent_stream_beside_others_is_asked_for_again_on_the_same_connection(
    make: Callable[..., Desk],
) -> None:
    desk = make(silence_s=15.0)
    desk.hand.play("ack_without_data", when={"trigger": "subscription", "stream": MARKS})
    desk.gateway.subscribe([TRADES, MARKS], desk.heard.append)
    wait_until(lambda: desk.of(AggTrade))
    assert desk.gateway.streams.silent_streams() == {MARKS}
    while not desk.of(MarkPrice):
        desk.clock.advance(4.0)
        desk.next_of(AggTrade)  # the route lives on
    assert desk.reconnects(Route.MARKET) == 0


def test_a_half_open_market_connection_is_noticed_by_its_silence(make: Callable[..., Desk]) -> None:
    desk = make(silence_s=15.0)
    desk.subscribe(QUOTES)
    desk.hand.at_once("half_open", route="public")
    desk.until_told(Route.PUBLIC, StreamState.STALE)
    assert "no data" in desk.sentences()
    desk.all_deliver()
    desk.next_of(BookTicker)


def test_a_market_connection_is_asked_when_another_one_falls_silent(
    make: Callable[..., Desk],
) -> None:
    """Half-open everywhere: the account's doubt finds the market's end long before its own."""
    desk = make(pong_timeout_s=6.0)
    desk.subscribe(QUOTES)
    desk.gateway.start_user_stream(desk.states.append)  # type: ignore[arg-type]
    wait_until(lambda: StreamState.LIVE in desk.told(Route.PRIVATE))
    desk.hand.at_once("half_open", route="all")
    desk.until_told(Route.PUBLIC, StreamState.STALE)
    assert any(state.is_doubted and state.route is Route.PRIVATE for state in desk.states)
    assert "no answer to a ping" in desk.sentences()


# --- rotation, sleep, backoff -----------------------------------------------------------------


def test_a_connection_is_replaced_before_its_day_is_over_and_no_trade_is_missed(
    make: Callable[..., Desk], caplog: pytest.LogCaptureFixture
) -> None:
    desk = make(lifetime_s=23 * 3600.0)
    caplog.set_level("INFO", "engine.exchange.stream_route")
    desk.subscribe("btcusdt@trade")
    replaced = "connection replaced before its 24 h end"
    for turn in (1, 2):
        desk.next_of(Trade)
        desk.clock.advance(23 * 3600.0)
        advance_until(desk.clock, lambda turn=turn: caplog.text.count(replaced) == turn)
    desk.next_of(Trade)
    numbers = {trade.trade_id for trade in desk.of(Trade)}
    assert numbers == set(range(min(numbers), max(numbers) + 1))
    assert desk.told(Route.PUBLIC) == [
        StreamState.CONNECTING,
        StreamState.CONNECTED,
        StreamState.LIVE,
    ]


def test_after_a_sleep_every_connection_is_made_anew_at_once(desk: Desk) -> None:
    desk.subscribe(TRADES, QUOTES)
    desk.gateway.tick()
    desk.clock.jump_wall_clock(8 * 3600)
    desk.gateway.tick()
    for route in (Route.MARKET, Route.PUBLIC):
        desk.until_told(route, StreamState.DISCONNECTED)
    assert "The computer slept" in desk.sentences()
    desk.all_deliver()
    assert desk.gateway.get_account_balance()


def test_pauses_between_attempts_double_up_to_two_minutes_and_begin_anew_after_data(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "engine.exchange.stream_route")
    desk.subscribe(TRADES)

    def pauses() -> list[float]:
        told = [record for record in caplog.records if "next attempt" in record.getMessage()]
        return [float(record.args[1]) for record in told]  # type: ignore[index,arg-type]

    cut = desk.hand.at_once("line_cut")
    advance_until(desk.clock, lambda: len(pauses()) >= 9, step_s=2.0)
    for pause_s, full_s in zip(pauses(), [1, 2, 4, 8, 16, 32, 64, 120, 120], strict=False):
        assert 0.79 * full_s <= pause_s <= full_s
    desk.hand.end(cut)
    advance_until(desk.clock, desk.gateway.streams.is_connected, step_s=2.0)
    desk.next_of(AggTrade)
    caplog.clear()
    desk.hand.at_once("disconnect", route="market")
    advance_until(desk.clock, pauses)
    assert pauses()[0] <= 1.0


def test_a_call_that_is_answered_again_ends_a_long_pause(make: Callable[..., Desk]) -> None:
    """The clock stands still meanwhile, so the pause itself cannot have ended."""
    desk = make(reconnect_base_s=100.0)
    desk.subscribe(TRADES)
    cut = desk.hand.at_once("line_cut")
    wait_until(lambda: StreamState.DISCONNECTED in desk.told(Route.MARKET))
    desk.gateway.tick()
    desk.hand.end(cut)
    desk.clock.advance(6.0)
    desk.gateway.tick()
    wait_until(desk.gateway.streams.is_connected)


def test_a_host_that_can_be_reached_again_ends_a_long_pause(
    paper: PaperProcess, make: Callable[..., Desk]
) -> None:
    parts = urlsplit(paper.hosts.streams)
    relay = TcpRelay((str(parts.hostname), int(parts.port or 0)))
    try:
        desk = make(reconnect_base_s=100.0, streams=f"ws://127.0.0.1:{relay.port}")
        desk.subscribe(TRADES)
        relay.cut()
        # the first pause is for the cut itself; the second for a host that is away
        advance_until(
            desk.clock,
            lambda: desk.told(Route.MARKET).count(StreamState.DISCONNECTED) == 2,
            step_s=5.0,
        )
        relay.restore()
        for _ in range(10):  # a look every 2 s, of a pause of 160 s and more
            desk.clock.advance(2.1)
            if _comes_within(desk.gateway.streams.is_connected, 1.0):
                break
        wait_until(desk.gateway.streams.is_connected)  # the clock stands still: no pause has ended
        desk.next_of(AggTrade)
    finally:
        desk.gateway.close()
        relay.close()


def _comes_within(condition: Callable[[], bool], seconds: float) -> bool:
    try:
        wait_until(condition, timeout_s=seconds)
    except AssertionError:
        return False
    return True
