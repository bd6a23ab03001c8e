"""The exchange's limits, met by a gateway whose time is the test's.

Where a test fills the weight of the minute and another needs it, each has its own exchange.

Which test proves which rule stands in resources/help/gateway-rules.md.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from engine.build_engine import Venue, build_gateway
from engine.clock import FakeClock
from engine.config import default_config
from engine.errors import RateLimited, TemporarilyRefused
from engine.exchange.binance_gateway import BinanceGateway, GatewaySettings
from engine.exchange.rest_client import RestSettings
from engine.paper.paper_process import PaperProcess
from engine.secret import Credentials, Secret
from tests.helpers.calls import Call
from tests.helpers.fault_hand import FaultHand
from tests.helpers.gateways import Gateways
from tests.helpers.paper import now_ms, paper_server
from tests.helpers.waiting import wait_until

BTC = "BTCUSDT"
STEP_S = 0.9
own_exchange = pytest.mark.parametrize("paper", ["own"], indirect=True)


class WatchedClock(FakeClock):
    """Knows how many threads wait on it: here those are requests that wait for the limits."""

    def __init__(self, now_ms: int) -> None:
        super().__init__(now_ms)
        self._counting = threading.Lock()
        self.waiting = 0

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        self._count(1)
        try:
            return super().wait(event, timeout_s)
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._counting:
            self.waiting += change


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperProcess]:
    with paper_server(tmp_path_factory.mktemp("paper"), fresh=True) as process:
        yield process


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperProcess]:
    with paper_server(tmp_path_factory.mktemp("paper"), fresh=True) as process:
        yield process


@pytest.fixture
def paper(request: pytest.FixtureRequest) -> PaperProcess:
    """`shared`, or `own` for a test marked so: its minute must be unused, or fills up."""
    process: PaperProcess = request.getfixturevalue(getattr(request, "param", "shared"))
    return process


@pytest.fixture
def hand(paper: PaperProcess) -> FaultHand:
    """At a time when the exchange's minute does not end before the test."""
    made = FaultHand(paper)
    made.wait_for_room_in_the_minute()
    return made


@pytest.fixture
def clock(hand: FaultHand) -> WatchedClock:
    del hand  # its waiting comes first
    return WatchedClock(now_ms())


def _open(
    gateways: Gateways, paper: PaperProcess, clock: WatchedClock, rest: RestSettings, **given: Any
) -> BinanceGateway:
    gateway = gateways.open(
        paper.hosts,
        api_key=paper.api_key,
        api_secret=paper.api_secret,
        clock=clock,
        settings=GatewaySettings(orders_over="rest", rest=rest, **given),
    )
    gateway.warm_up()
    return gateway


def _place(gateway: BinanceGateway, **given: Any) -> Any:
    return gateway.submit_order(BTC, "BUY", "LIMIT", "0.01", Decimal(50_000), **given)


@own_exchange
def test_the_venues_count_replaces_our_own_and_keeps_a_fifth_for_cancels(
    paper: PaperProcess, hand: FaultHand, clock: WatchedClock, gateways: Gateways
) -> None:
    """Another program at the same address uses up the weight."""
    gateway = _open(gateways, paper, clock, RestSettings())
    assert gateway.health().weight_limit == 2400
    hand.at_once("limits_nearly_full", weight_left=1000, orders_left=1200)
    gateway.get_account_balance()
    assert 1400 < gateway.health().weight_used < 1450
    hand.at_once("limits_nearly_full", weight_left=400, orders_left=1200)
    gateway.get_account_balance()
    ear = hand.listen()
    query = Call(gateway.get_account_balance)
    wait_until(lambda: clock.waiting == 1)
    gateway.cancel_all_orders(BTC)
    _place(gateway)  # weighs nothing
    assert hand.asked(ear) == ["DELETE /fapi/v1/allOpenOrders", "POST /fapi/v1/order"]
    assert not query.is_done


def test_a_full_order_pool_leaves_its_last_fifth_to_cancels_and_what_reduces(
    paper: PaperProcess, hand: FaultHand, clock: WatchedClock, gateways: Gateways
) -> None:
    gateway = _open(gateways, paper, clock, RestSettings())
    gateway.submit_order(BTC, "BUY", "MARKET", "0.01")
    hand.at_once("limits_nearly_full", weight_left=2400, orders_left=100)
    resting = _place(gateway)
    assert gateway.health().orders_used > 1100
    ear = hand.listen()
    with pytest.raises(RateLimited, match="Nothing was sent"):
        _place(gateway)
    with pytest.raises(RateLimited, match="Nothing was sent"):
        gateway.modify_order(BTC, "BUY", "0.02", 50_000, order_id=resting.order_id)
    gateway.cancel_order(BTC, order_id=resting.order_id)
    gateway.submit_order(BTC, "SELL", "MARKET", "0.01", reduce_only=True)
    gateway.get_account_balance()
    assert hand.asked(ear) == [
        "DELETE /fapi/v1/order",
        "POST /fapi/v1/order",
        "GET /fapi/v3/balance",
    ]
    hand.at_once("limits_nearly_full", weight_left=2400, orders_left=0)
    with pytest.raises(RateLimited) as full:
        gateway.submit_order(BTC, "SELL", "MARKET", "0.01", reduce_only=True)
    assert (full.value.code, gateway.health().brake_s) == (-1015, 0)
    gateway.cancel_all_orders(BTC)
    assert hand.asked(ear)[-1] == "DELETE /fapi/v1/allOpenOrders"


def test_what_waits_goes_by_rank_and_not_by_age(
    paper: PaperProcess, hand: FaultHand, clock: WatchedClock, gateways: Gateways
) -> None:
    """With a limit so small that a minute has room for one of them."""
    patient = RestSettings(read_rate_wait_s=500.0, write_rate_wait_s=500.0)
    gateway = _open(gateways, paper, clock, patient, weight_limit=25)
    gateway.get_account_balance()
    hand.at_once("limits_nearly_full", weight_left=2000, orders_left=1200)
    gateway.cancel_all_orders(BTC)  # its answer says that the limit is used up
    ear = hand.listen()
    waiting = [
        Call(gateway.get_depth, BTC, 1000),
        Call(gateway.get_commission_rates, BTC),
        Call(gateway.set_leverage, BTC, 7),
    ]
    wait_until(lambda: clock.waiting == 3)
    hand.advance_until(clock, lambda: all(call.is_done for call in waiting), STEP_S)
    for call in waiting:
        assert call.result()
    assert hand.asked(ear) == [
        "POST /fapi/v1/leverage",
        "GET /fapi/v1/commissionRate",
        "GET /fapi/v1/depth",
    ]


@pytest.fixture
def configured(paper: PaperProcess, clock: WatchedClock) -> Iterator[Callable[..., BinanceGateway]]:
    """Gateways as an engine builds them from the settings."""
    credentials = Credentials(paper.api_key, Secret(paper.api_secret))
    venue = Venue(hosts=paper.hosts, credentials=credentials)
    made: list[BinanceGateway] = []

    def build(**settings: Any) -> BinanceGateway:
        config = default_config().with_values(orders__transport="rest", **settings)
        made.append(build_gateway(config, venue, clock, lambda _: None, lambda *_: None))
        made[-1].warm_up()
        return made[-1]

    yield build
    for gateway in made:
        gateway.close()


@own_exchange
def test_a_limit_from_the_settings_is_kept_though_the_venue_allows_more(
    configured: Callable[..., BinanceGateway], hand: FaultHand, clock: WatchedClock
) -> None:
    """1200 a minute, as the milestone says: the exchange itself allows twice as much."""
    gateway = configured(network__weight_limit_per_minute=1200)
    assert gateway.health().weight_limit == 1200
    # a read waits for half a minute at the most
    hand.advance_until(clock, lambda: gateway.server_now_ms() % 60_000 > 35_000, STEP_S)
    ear = hand.listen(path="/fapi/v1/depth")
    while gateway.health().weight_used + 20 <= 1200 * 0.7:
        gateway.get_depth(BTC, 1000)
    sent = len(hand.asked(ear))
    late = Call(gateway.get_depth, BTC, 1000)
    wait_until(lambda: clock.waiting == 1)
    gateway.get_account_balance()  # a question about the account has room yet
    assert 35 < sent == len(hand.asked(ear))
    hand.advance_until(clock, lambda: late.is_done, STEP_S)
    assert late.result().bids
    assert len(hand.asked(ear)) == sent + 1


def test_how_often_a_read_is_tried_and_how_long_it_pauses_comes_from_the_settings(
    configured: Callable[..., BinanceGateway], hand: FaultHand, clock: WatchedClock
) -> None:
    gateway = configured(oms__retry_attempts=2, oms__retry_backoff_base=5.0)
    gateway.get_account_balance()
    balance = {"method": "GET", "path": "/fapi/v3/balance"}
    hand.play("unavailable_503", when={**balance, "count": 0})
    ear = hand.listen(**balance)
    began_s = clock.monotonic()
    call = Call(gateway.get_account_balance)
    hand.advance_until(clock, lambda: call.is_done, STEP_S)
    with pytest.raises(TemporarilyRefused):
        call.result()
    assert len(hand.asked(ear)) == 2
    assert clock.monotonic() - began_s >= 5.0
