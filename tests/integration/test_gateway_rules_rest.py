"""Calls of the gateway on a real exchange that plays faults; the gateway's time is the test's.

Which test proves which rule stands in resources/help/gateway-rules.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.errors import (
    ClockRefused,
    NotConnected,
    OrderRefused,
    OutcomeUnknown,
    PerpdeskError,
    RateLimited,
    ShuttingDown,
    TemporarilyRefused,
)
from engine.events import Alert, Event, RateBrake
from engine.exchange.binance_gateway import GatewaySettings
from engine.exchange.rest_client import RestSettings
from engine.exchange.stream_liveness import StreamSettings
from engine.paper.paper_process import PaperProcess
from engine.utils.retry import RetryPolicy
from tests.helpers.calls import Call
from tests.helpers.gateways import Gateways
from tests.helpers.rule_desk import RuleDesk, desks_of
from tests.helpers.waiting import wait_until

BTC = "BTCUSDT"
READ = {"method": "GET", "path": "/fapi/v3/balance"}
AN_ORDER = "POST /fapi/v1/order"
A_READ = "GET /fapi/v3/balance"
CLOCK = "GET /fapi/v1/time"
NO_ANSWER_IN_TIME = ("connection_silent", "reply_late", "reply_dripped")
THREE_TRIES = RetryPolicy(attempts=3, base_s=1.0, max_pause_s=8.0)


class Desk(RuleDesk):
    """A gateway on a clock that stands still, and a hand on the exchange's faults."""

    def __init__(
        self, gateways: Gateways, paper: PaperProcess, orders_over: str = "rest", **rest: Any
    ) -> None:
        self.told: list[Event] = []
        super().__init__(
            gateways,
            paper,
            settings=GatewaySettings(
                orders_over=orders_over,  # type: ignore[arg-type]
                rest=RestSettings(**{"read_retry": THREE_TRIES, "write_timeout_s": 30.0, **rest}),
                streams=StreamSettings(reconnect_base_s=0.05, reconnect_max_delay_s=0.1),
                weight_limit=1_000_000,
            ),
            on_alert=self.told.append,
            on_brake=self.told.append,
        )
        self.gateway.warm_up()
        self.ear = self.hand.listen()

    def asked(self, *wanted: str) -> list[str]:
        """Those requests that came since the gateway is ready."""
        return [name for name in self.hand.asked(self.ear) if name in wanted]

    def countdown(self) -> list[int]:
        return [event.seconds_left for event in self.told if isinstance(event, RateBrake)]

    def alerts(self) -> list[str]:
        return [event.code for event in self.told if isinstance(event, Alert)]


@pytest.fixture
def make(paper: PaperProcess, gateways: Gateways) -> Iterator[Callable[..., Desk]]:
    with desks_of(Desk, gateways, paper) as made:
        yield made


@pytest.fixture
def desk(make: Callable[..., Desk]) -> Desk:
    return make()


# --- reads ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "args"),
    [
        ("unavailable_503", {}),
        ("unknown_503", {}),
        ("disconnected_1001", {}),
        ("gateway_html", {"status": 504}),
        ("reply_lost", {}),
        ("connection_reset", {"moment": "during"}),
    ],
)
def test_a_read_that_meets_a_passing_fault_is_tried_three_times(
    desk: Desk, fault: str, args: dict[str, Any]
) -> None:
    desk.hand.play(fault, when={**READ, "count": 2}, **args)
    started_s = desk.clock.monotonic()
    call = Call(desk.gateway.get_account_balance)
    desk.hand.advance_until(desk.clock, lambda: call.is_done)
    assert call.result()[0].wallet_balance > 0
    assert desk.asked(A_READ) == [A_READ] * 3
    assert desk.clock.monotonic() - started_s >= 1.0 + 2.0


def test_a_read_is_given_up_after_the_third_try(desk: Desk) -> None:
    desk.hand.play("reply_lost", when={**READ, "count": 0})
    call = Call(desk.gateway.get_account_balance)
    desk.hand.advance_until(desk.clock, lambda: call.is_done)
    with pytest.raises(NotConnected):
        call.result()
    assert desk.asked(A_READ) == [A_READ] * 3


def test_a_read_that_pauses_between_two_tries_ends_with_the_gateway(desk: Desk) -> None:
    desk.hand.play("unavailable_503", when={**READ, "count": 0})
    call = Call(desk.gateway.get_account_balance)
    wait_until(lambda: desk.asked(A_READ))
    desk.gateway.close()
    with pytest.raises(ShuttingDown):
        call.result(timeout_s=30.0)
    assert desk.asked(A_READ) == [A_READ]


def test_a_read_whose_answer_drips_or_never_comes_ends_at_its_deadline(
    make: Callable[..., Desk],
) -> None:
    desk = make(read_timeout_s=0.3, read_retry=RetryPolicy(attempts=1))
    for fault, args in (("reply_dripped", {"bytes_per_s": 20}), ("connection_silent", {})):
        desk.hand.play(fault, when=READ, **args)
        with pytest.raises(NotConnected, match="no answer in time"):
            desk.gateway.get_account_balance()
    assert desk.gateway.get_account_balance()


# --- writes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "args", "error", "acted"),
    [
        ("reply_lost", {"acted": True}, OutcomeUnknown, True),
        ("reply_lost", {"acted": False}, OutcomeUnknown, False),
        ("connection_reset", {"moment": "before"}, OutcomeUnknown, False),
        ("connection_reset", {"moment": "during"}, OutcomeUnknown, True),
        ("connection_silent", {"acted": True}, OutcomeUnknown, True),
        ("reply_late", {"ms": 800}, OutcomeUnknown, True),
        ("reply_dripped", {"bytes_per_s": 20}, OutcomeUnknown, True),
        ("reply_malformed", {"how": "truncated"}, OutcomeUnknown, True),
        ("unknown_503", {"acted": True}, OutcomeUnknown, True),
        ("unknown_503", {"acted": False, "bare": True}, OutcomeUnknown, False),
        ("internal_503", {"acted": True}, OutcomeUnknown, True),
        ("timeout_1007", {"acted": True}, OutcomeUnknown, True),
        ("unknown_1000", {"acted": False}, OutcomeUnknown, False),
        ("gateway_html", {"status": 408}, OutcomeUnknown, True),
        ("gateway_html", {"status": 502}, OutcomeUnknown, True),
        ("gateway_html", {"status": 504}, OutcomeUnknown, True),
        ("unavailable_503", {}, TemporarilyRefused, False),
        ("throttled_503", {}, TemporarilyRefused, False),
        ("refused", {"code": -2019}, OrderRefused, False),
    ],
)
def test_an_order_is_sent_once_whatever_the_answer_is(
    make: Callable[..., Desk],
    fault: str,
    args: dict[str, Any],
    error: type[PerpdeskError],
    acted: bool,
) -> None:
    desk = make(write_timeout_s=0.5 if fault in NO_ANSWER_IN_TIME else 30.0)
    desk.hand.on_order(fault, **args)
    with pytest.raises(error):
        desk.place("once-1")
    desk.clock.advance(60.0)
    assert desk.asked(AN_ORDER) == [AN_ORDER]
    assert desk.hand.open_names() == (["once-1"] if acted else [])


# --- the venue's clock --------------------------------------------------------------------


def test_a_clock_refusal_measures_anew_and_asks_once_more(desk: Desk) -> None:
    desk.place("clock-1")
    desk.hand.at_once("clock_skew", ms=-20_000)
    assert desk.place("clock-2").client_order_id == "clock-2"
    assert desk.asked(AN_ORDER, CLOCK) == [AN_ORDER, AN_ORDER, CLOCK, CLOCK, CLOCK, AN_ORDER]


def test_a_clock_that_stood_still_for_minutes_costs_one_refusal(desk: Desk) -> None:
    """The gateway believes that nine minutes passed; the exchange knows of none."""
    desk.clock.advance(540.0)
    assert desk.place("ahead-1").client_order_id == "ahead-1"
    assert desk.asked(AN_ORDER) == [AN_ORDER] * 2


@pytest.mark.parametrize(("refusals", "tries"), [(1, 2), (2, 2)])
def test_too_late_for_the_matching_engine_is_a_clock_refusal_too(
    make: Callable[..., Desk], refusals: int, tries: int
) -> None:
    # the gateway's clock stands still: what passes until it is asked is of the window, too
    desk = make(recv_window_ms=600, write_timeout_s=30.0)
    desk.hand.on_order("reply_late", count=refusals, ms=800, act="late")
    if refusals == 1:
        assert desk.place("late-1").client_order_id == "late-1"
    else:
        with pytest.raises(ClockRefused) as refused:
            desk.place("late-2")
        assert refused.value.code == -5028
    assert desk.asked(AN_ORDER) == [AN_ORDER] * tries


# --- the brake ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "alerts"), [("rate_limited_429", []), ("banned_418", ["venue.banned"])]
)
def test_a_pause_that_the_venue_asks_for_holds_everything_and_is_counted_down(
    desk: Desk, fault: str, alerts: list[str]
) -> None:
    order_id = desk.place("braked-1").order_id
    desk.hand.on_order(fault, count=1, retry_after_s=4)
    with pytest.raises(RateLimited) as told:
        desk.place("braked-2")
    assert (told.value.retry_after_s, desk.alerts()) == (4, alerts)
    with pytest.raises(RateLimited, match="Nothing was sent"):
        desk.gateway.cancel_order(BTC, order_id=order_id)
    read = Call(desk.gateway.get_account_balance)
    while desk.countdown()[-1:] != [0]:
        assert not read.is_done
        desk.hand.advance(desk.clock, 0.5)
        desk.gateway.tick()
    assert desk.countdown() == [4, 3, 2, 1, 0]
    assert read.result()
    assert desk.gateway.cancel_order(BTC, order_id=order_id).order_id == order_id
    assert desk.asked(AN_ORDER, A_READ) == [AN_ORDER, AN_ORDER, A_READ]


# --- the order socket -----------------------------------------------------------------------


def test_a_drop_with_orders_in_flight_makes_each_unknown_and_sends_none_again(
    make: Callable[..., Desk],
) -> None:
    desk = make("auto", write_timeout_s=30.0)
    wait_until(lambda: desk.gateway.health().order_socket_is_connected)
    desk.hand.on_order("reply_late", ms=60_000)
    flying = [Call(desk.place, f"flying-{number}") for number in range(3)]
    wait_until(lambda: len(desk.asked(AN_ORDER)) == 3)
    desk.hand.at_once("disconnect", route="orders", how="reset")
    for call in flying:
        with pytest.raises(OutcomeUnknown):
            call.result()
    assert desk.hand.doors(desk.ear)[-3:] == ["orders"] * 3
    assert sorted(desk.hand.open_names()) == ["flying-0", "flying-1", "flying-2"]


# --- alerts ---------------------------------------------------------------------------------


ALERTS = {
    -1022: "venue.signature_refused",
    -2015: "venue.key_refused",
    -2023: "venue.account_blocked",
    -4087: "venue.reduce_only_account",
    -4088: "venue.trading_forbidden",
    -4140: "venue.symbol_halted",
    -4105: "venue.symbol_reduce_only",
    -4411: "venue.agreement_missing",
}


def test_what_will_not_change_by_itself_becomes_an_alert_once_a_minute(desk: Desk) -> None:
    def meet(code: int) -> None:
        rule = desk.hand.on_order("refused", code=code)
        with pytest.raises(PerpdeskError):
            desk.place("never-1")
        desk.hand.end(rule)

    for code in ALERTS:
        meet(code)
        meet(code)
    assert desk.alerts() == list(ALERTS.values())
    desk.clock.advance(61.0)
    meet(-4087)
    assert desk.alerts()[len(ALERTS) :] == ["venue.reduce_only_account"]
    assert desk.hand.open_names() == []
