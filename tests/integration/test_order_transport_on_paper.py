"""Orders over socket and REST on a real exchange that plays faults: never lost, never doubled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from engine.errors import OutcomeUnknown, RateLimited, ShuttingDown, TemporarilyRefused
from engine.events import Event, OrderUpdate, RateBrake
from engine.exchange.binance_gateway import GatewaySettings
from engine.exchange.rest_client import RestSettings
from engine.exchange.stream_liveness import StreamSettings
from engine.paper.paper_process import PaperProcess
from tests.helpers.fault_hand import FaultHand
from tests.helpers.gateways import Gateways
from tests.helpers.waiting import wait_until

BTC = "BTCUSDT"


class Desk:
    """A gateway, and a hand on the exchange's faults."""

    def __init__(
        self, gateways: Gateways, paper: PaperProcess, orders_over: str, write_timeout_s: float
    ) -> None:
        self.hand = FaultHand(paper)
        self.events: list[Event] = []
        self.gateway = gateways.open(
            paper.hosts,
            api_key=paper.api_key,
            api_secret=paper.api_secret,
            settings=GatewaySettings(
                orders_over=orders_over,  # type: ignore[arg-type]
                rest=RestSettings(write_timeout_s=write_timeout_s),
                streams=StreamSettings(reconnect_base_s=0.05, reconnect_max_delay_s=0.1),
                weight_limit=1_000_000,
            ),
            on_brake=self.events.append,
        )
        self.gateway.warm_up()
        bid = self.gateway.get_depth(BTC, 5).bids[0][0]
        self.price = (Decimal(bid) * Decimal("0.95")).quantize(Decimal(1))
        if orders_over != "rest":
            self.wait_for_socket()

    def wait_for_socket(self) -> None:
        wait_until(lambda: self.gateway.health().order_socket_is_connected)

    def place(self, name: str) -> OrderUpdate:
        return self.gateway.submit_order(
            BTC, "BUY", "LIMIT", "0.01", self.price, client_order_id=name
        )

    def close(self) -> None:
        self.gateway.close()
        self.hand.end_all()
        self.hand.clean()


@pytest.fixture
def make(paper: PaperProcess, gateways: Gateways) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def build(orders_over: str = "auto", write_timeout_s: float = 30.0) -> Desk:
        made.append(Desk(gateways, paper, orders_over, write_timeout_s))
        return made[-1]

    yield build
    for desk in made:
        desk.close()


@pytest.fixture
def desk(make: Callable[..., Desk]) -> Desk:
    return make("auto")


@pytest.fixture
def hasty(make: Callable[..., Desk]) -> Desk:
    """For answers that never come; where one is to come, a machine may need longer."""
    return make("auto", write_timeout_s=1.0)


@pytest.mark.parametrize(("orders_over", "door"), [("auto", "orders"), ("rest", "rest")])
def test_an_order_takes_the_configured_way(
    make: Callable[..., Desk], orders_over: str, door: str
) -> None:
    desk = make(orders_over)
    rule = desk.hand.on_order("order_hidden", seconds=0.01)
    placed = desk.place("way-1")
    amended = desk.gateway.modify_order(BTC, "BUY", "0.02", desk.price, order_id=placed.order_id)
    assert (amended.client_order_id, amended.orig_qty) == ("way-1", Decimal("0.02"))
    cancelled = desk.gateway.cancel_order(BTC, client_order_id="way-1")
    assert cancelled.order_id == placed.order_id
    stop = desk.gateway.place_algo_order(
        BTC, "BUY", "STOP_MARKET", "0.01", trigger_price=desk.price * 2
    )
    desk.gateway.cancel_algo_order(algo_id=stop.algo_id)
    assert desk.hand.doors(rule) == [door]
    assert len(desk.gateway.health().routes) == 0


@pytest.mark.parametrize(
    ("fault", "args", "acted"),
    [
        ("reply_lost", {"acted": True}, True),
        ("reply_lost", {"acted": False}, False),
        ("connection_reset", {"moment": "before"}, False),
        ("connection_reset", {"moment": "during"}, True),
        ("connection_silent", {"acted": True}, True),
        ("reply_late", {"ms": 3000}, True),
        ("reply_malformed", {"how": "bad_json"}, True),
        ("reply_malformed", {"how": "bad_utf8"}, True),
        ("reply_malformed", {"how": "truncated"}, True),
        ("unknown_503", {"acted": True}, True),
        ("timeout_1007", {"acted": False}, False),
        ("internal_503", {"acted": False}, False),
    ],
)
def test_after_a_spoilt_answer_the_order_is_unknown_and_sent_by_no_way_again(
    hasty: Desk, fault: str, args: dict[str, Any], acted: bool
) -> None:
    desk = hasty
    rule = desk.hand.on_order(fault, **args)
    with pytest.raises(OutcomeUnknown):
        desk.place("lost-1")
    assert desk.hand.doors(rule) == ["orders"]
    assert desk.hand.open_names() == (["lost-1"] if acted else [])


def test_a_busy_venue_is_asked_once(desk: Desk) -> None:
    rule = desk.hand.on_order("throttled_503")
    with pytest.raises(TemporarilyRefused):
        desk.place("busy-1")
    assert desk.hand.doors(rule) == ["orders"]


def test_while_the_socket_is_down_orders_go_by_rest_and_later_by_the_socket_again(
    desk: Desk,
) -> None:
    desk.hand.play("disconnect", route="orders", how="reset", when={"trigger": "time"})
    rule = desk.hand.on_order("order_hidden", seconds=0.01)
    desk.place("down-1")
    desk.wait_for_socket()
    desk.place("down-2")
    assert desk.hand.doors(rule)[-1] == "orders"
    assert sorted(desk.hand.open_names()) == ["down-1", "down-2"]


def test_by_the_socket_alone_an_order_waits_for_the_connection(
    make: Callable[..., Desk],
) -> None:
    desk = make("websocket")
    desk.hand.play("disconnect", route="orders", how="fin", when={"trigger": "time"})
    rule = desk.hand.on_order("order_hidden", seconds=0.01)
    desk.place("alone-1")
    assert desk.hand.doors(rule) == ["orders"]
    assert desk.hand.open_names() == ["alone-1"]


def test_a_half_open_socket_costs_one_order_its_answer_and_no_more(hasty: Desk) -> None:
    desk = hasty
    desk.hand.play("half_open", route="orders", when={"trigger": "time"})
    with pytest.raises(OutcomeUnknown):
        desk.place("half-1")
    assert desk.place("half-2").client_order_id == "half-2"
    assert desk.hand.open_names().count("half-2") == 1


def test_a_clock_error_over_the_socket_is_mended_and_asked_again(desk: Desk) -> None:
    desk.hand.play("clock_skew", ms=-20_000, when={"trigger": "time"})
    assert desk.place("clock-1").client_order_id == "clock-1"
    desk.hand.end_all()
    assert desk.place("clock-2").client_order_id == "clock-2"


def test_a_pause_asked_over_the_socket_holds_for_rest_too_and_is_counted_down(desk: Desk) -> None:
    desk.hand.on_order("rate_limited_429", retry_after_s=3)
    with pytest.raises(RateLimited):
        desk.place("fast-1")
    with pytest.raises(RateLimited, match="Nothing was sent"):
        desk.gateway.cancel_all_orders(BTC)

    def ended() -> bool:
        desk.gateway.tick()
        return bool(_seconds(desk)[-1:] == [0])

    wait_until(ended)
    assert _seconds(desk)[-4:] == [3, 2, 1, 0]
    desk.gateway.cancel_all_orders(BTC)


def _seconds(desk: Desk) -> list[int]:
    return [event.seconds_left for event in desk.events if isinstance(event, RateBrake)]


def test_with_an_ed25519_key_orders_go_through_the_logged_on_session(
    paper: PaperProcess, gateways: Gateways, desk: Desk
) -> None:
    keys = paper.accounts[0]
    gateway = gateways.open(
        paper.hosts,
        api_key=keys.ed25519_api_key,
        api_secret=keys.ed25519_private_key,
        settings=GatewaySettings(orders_over="websocket", weight_limit=1_000_000),
    )
    rule = desk.hand.on_order("order_hidden", seconds=0.01)
    placed = gateway.submit_order(BTC, "BUY", "LIMIT", "0.01", desk.price, client_order_id="ed-1")
    gateway.cancel_order(BTC, order_id=placed.order_id)
    assert desk.hand.doors(rule) == ["orders"]


def test_a_closed_gateway_sends_no_order(desk: Desk) -> None:
    desk.gateway.close()
    with pytest.raises(ShuttingDown):
        desk.place("closed-1")
    assert desk.hand.open_names() == []
