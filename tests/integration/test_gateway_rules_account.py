"""The account's stream and the order socket over hours, on a real exchange and the test's own time.

Which test proves which rule stands in resources/help/gateway-rules.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from engine.events import (
    Event,
    ListenKeyExpired,
    OrderUpdate,
    StreamStateChanged,
    UnknownMessage,
)
from engine.exchange.binance_gateway import GatewaySettings
from engine.paper.paper_process import PaperProcess
from engine.trading_types import OrderStatus, StreamState
from tests.helpers.gateways import PATIENT, Gateways
from tests.helpers.rule_desk import RuleDesk, desks_of
from tests.helpers.waiting import advance_until, wait_until

BTC = "BTCUSDT"
KEEP, MAKE = "PUT /fapi/v1/listenKey", "POST /fapi/v1/listenKey"
ORDER_EVENTS = {"trigger": "event", "event": "ORDER_TRADE_UPDATE", "count": 0}


class Desk(RuleDesk):
    """A gateway whose user stream is live, on a clock that stands still."""

    def __init__(
        self, gateways: Gateways, paper: PaperProcess, orders_over: str = "rest", **patience: Any
    ) -> None:
        self.heard: list[Event] = []
        super().__init__(
            gateways,
            paper,
            settings=GatewaySettings(
                orders_over=orders_over,  # type: ignore[arg-type]
                streams=msgspec.structs.replace(PATIENT, **patience),
            ),
        )
        self.gateway.warm_up()
        self.ear = self.hand.listen()
        self.gateway.start_user_stream(self.heard.append)
        self.is_live()

    def hears_of(self, name: str) -> None:
        """Of an order that was placed."""
        wait_until(lambda: name in self.names_heard())

    def names_heard(self) -> list[str]:
        updates = [event for event in self.heard if isinstance(event, OrderUpdate)]
        return [one.client_order_id for one in updates if one.status is OrderStatus.NEW]

    def states(self) -> list[StreamStateChanged]:
        return [event for event in self.heard if isinstance(event, StreamStateChanged)]

    def is_live(self, connections: int = 1) -> None:
        """On so many connections, one after the other."""

        def comes() -> bool:
            states = [one.state for one in self.states()]
            made = states.count(StreamState.CONNECTED)
            return made >= connections and states[-1] is StreamState.LIVE

        advance_until(self.clock, comes)

    def sentences(self) -> str:
        return " ".join(state.sentence for state in self.states())

    def key_calls(self) -> list[str]:
        return [name for name in self.hand.asked(self.ear) if name in (KEEP, MAKE)]


@pytest.fixture
def make(paper: PaperProcess, gateways: Gateways) -> Iterator[Callable[..., Desk]]:
    with desks_of(Desk, gateways, paper) as made:
        yield made


@pytest.fixture
def desk(make: Callable[..., Desk]) -> Desk:
    return make()


# --- the listen key ---------------------------------------------------------------------------


def test_the_key_is_extended_every_half_hour(desk: Desk) -> None:
    for _ in range(2):
        desk.clock.advance(1799.0)
        desk.gateway.tick()
        before = desk.key_calls()
        desk.clock.advance(2.0)
        desk.gateway.tick()
        assert desk.key_calls() == [*before, KEEP]
    assert desk.key_calls() == [MAKE, KEEP, KEEP]


@pytest.mark.parametrize(
    ("is_replaced", "said"), [(False, "no longer known"), (True, "has another key")]
)
def test_a_key_that_the_venue_forgot_or_replaced_is_replaced_here_and_events_come_again(
    desk: Desk, is_replaced: bool, said: str
) -> None:
    """Another program with the same account ended the key, and perhaps made one of its own."""
    desk.hand.raw("DELETE", "/fapi/v1/listenKey")
    if is_replaced:
        desk.hand.raw("POST", "/fapi/v1/listenKey")
    before = desk.key_calls()
    desk.clock.advance(1801.0)
    desk.gateway.tick()
    desk.is_live(connections=2)
    assert desk.key_calls() == [*before, KEEP, MAKE]
    assert said in desk.sentences()
    desk.place(f"forgotten-{is_replaced}")
    desk.hears_of(f"forgotten-{is_replaced}")


def test_a_key_that_was_lost_while_connecting_is_noticed_within_seconds(
    make: Callable[..., Desk],
) -> None:
    desk = make(key_check_s=2.0)
    desk.hand.raw("DELETE", "/fapi/v1/listenKey")
    desk.clock.advance(2.1)
    desk.gateway.tick()
    desk.is_live(connections=2)
    assert desk.key_calls() == [MAKE, KEEP, MAKE]


def test_an_expired_key_is_told_and_replaced_and_events_come_again(desk: Desk) -> None:
    desk.hand.at_once("listen_key_expired", account="first")
    wait_until(lambda: [event for event in desk.heard if isinstance(event, ListenKeyExpired)])
    desk.is_live(connections=2)
    assert desk.key_calls() == [MAKE, MAKE]
    desk.place("expired-1")
    desk.hears_of("expired-1")


# --- messages that nobody can use ---------------------------------------------------------------


def test_an_event_of_an_unknown_kind_is_kept_raw_and_counted_and_nothing_is_made_anew(
    desk: Desk,
) -> None:
    desk.hand.play("event_renamed", when={**ORDER_EVENTS, "count": 1})
    desk.place("unknown-1")
    desk.place("unknown-2")
    desk.hears_of("unknown-2")
    (kept,) = [event for event in desk.heard if isinstance(event, UnknownMessage)]
    assert b"UNHEARD_OF" in kept.raw
    assert b"unknown-1" in kept.raw
    assert desk.gateway.health().decode_errors == 1
    assert StreamState.DISCONNECTED not in [one.state for one in desk.states()]


def test_an_event_that_cannot_be_read_is_kept_raw_and_leads_to_a_new_connection(
    desk: Desk,
) -> None:
    desk.hand.play("frame_malformed", how="bad_json", when={**ORDER_EVENTS, "count": 1})
    desk.place("garbled-1")
    desk.is_live(connections=2)
    assert [event for event in desk.heard if isinstance(event, UnknownMessage)]
    assert desk.gateway.health().decode_errors == 1
    desk.place("garbled-2")
    desk.hears_of("garbled-2")


# --- silence --------------------------------------------------------------------------------------


def test_a_half_open_account_stream_is_doubted_first_and_then_replaced(
    make: Callable[..., Desk],
) -> None:
    desk = make(pong_timeout_s=6.0)
    desk.hand.at_once("half_open", route="private")
    desk.is_live(connections=2)
    told = [(one.state, one.is_doubted) for one in desk.states()]
    stale = told.index((StreamState.STALE, False))
    assert (StreamState.LIVE, True) in told[:stale]
    desk.place("half-1")
    desk.hears_of("half-1")


def test_an_order_whose_event_never_comes_has_the_stream_made_anew_though_pongs_come(
    desk: Desk,
) -> None:
    rule = desk.hand.play("event_dropped", when=ORDER_EVENTS)
    desk.place("deaf-1")
    desk.is_live(connections=2)
    assert "an order was answered, but no event of it came" in desk.sentences()
    desk.hand.end(rule)
    desk.place("deaf-2")
    desk.hears_of("deaf-2")


# --- the end of the day ---------------------------------------------------------------------------


def test_before_the_day_is_over_stream_and_order_socket_are_replaced_and_no_event_is_missed(
    make: Callable[..., Desk], caplog: pytest.LogCaptureFixture
) -> None:
    desk = make("auto", lifetime_s=23 * 3600.0)
    wait_until(lambda: desk.gateway.health().order_socket_is_connected)
    caplog.set_level("INFO", "engine.exchange")
    placed: list[str] = []

    def both_are_replaced() -> bool:
        placed.append(desk.place(f"day-{len(placed)}").client_order_id)
        return (
            "route=private connection replaced before its 24 h end" in caplog.text
            and "order socket connected number=2" in caplog.text
        )

    both_are_replaced()
    desk.clock.advance(23 * 3600.0)
    advance_until(desk.clock, both_are_replaced)
    both_are_replaced()
    desk.hears_of(placed[-1])
    assert sorted(set(desk.names_heard())) == sorted(placed)
    assert desk.key_calls() == [MAKE]
    assert [one.state for one in desk.states()][-1] is StreamState.LIVE
    assert StreamState.DISCONNECTED not in [one.state for one in desk.states()]


def test_after_a_sleep_account_stream_and_order_socket_are_made_anew(
    make: Callable[..., Desk], caplog: pytest.LogCaptureFixture
) -> None:
    desk = make("auto")
    wait_until(lambda: desk.gateway.health().order_socket_is_connected)
    caplog.set_level("INFO", "engine.exchange")
    desk.gateway.tick()
    desk.clock.jump_wall_clock(8 * 3600)
    desk.gateway.tick()
    desk.is_live(connections=2)
    assert "The computer slept" in desk.sentences()
    advance_until(desk.clock, lambda: "order socket connected number=2" in caplog.text)
    desk.place("slept-1")
    desk.hears_of("slept-1")
