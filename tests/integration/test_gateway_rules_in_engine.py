"""What the gateway's rules mean for a whole engine: recovery, books, alerts and health.

Which test proves which rule stands in resources/help/gateway-rules.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from engine.commands import WatchSymbol
from engine.config import Config
from engine.events import (
    Alert,
    BookView,
    EngineStateChanged,
    Event,
    HealthReport,
    ListenKeyExpired,
    OrderChanged,
    RateBrake,
)
from engine.paper.paper_discovery import announce
from engine.paper.paper_process import PaperProcess
from engine.trading_engine import TradingEngine
from engine.trading_types import EngineState, StreamState
from engine.utils.mailbox import Mailbox
from tests.helpers.fault_hand import ORDER, FaultHand
from tests.helpers.paper import paper_server
from tests.helpers.waiting import wait_until

BTC = "BTCUSDT"
E = TypeVar("E", bound=Event)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine")


@pytest.fixture(scope="module")
def paper(folder: Path) -> Iterator[PaperProcess]:
    with paper_server(folder / "paper", fresh=True, symbols=(BTC,)) as process:
        announce(folder / "paper", process.ready)
        yield process


@pytest.fixture(scope="module")
def running(paper: PaperProcess, folder: Path, quiet_config: Config) -> Iterator[TradingEngine]:
    del paper  # is announced in this folder
    config = quiet_config.with_values(oms__retry_backoff_base=0.05)
    with TradingEngine.open("paper", config=config, user_data=folder) as engine:
        engine.submit(WatchSymbol(symbol=BTC))
        wait_until(lambda: len(engine.gateway.health().routes) == 3)
        yield engine


class Ear:
    """All that an engine publishes from now on."""

    def __init__(self, engine: TradingEngine) -> None:
        self._box: Mailbox[Event] = engine.hub.attach(Mailbox())
        self._heard: list[Event] = []

    def of(self, kind: type[E]) -> list[E]:
        self._heard += self._box.drain()
        return [event for event in self._heard if isinstance(event, kind)]

    def hears(self, kind: type[E]) -> E:
        """The first of this kind."""
        wait_until(lambda: self.of(kind), what=kind.__name__)
        return self.of(kind)[0]


@pytest.fixture
def ear(running: TradingEngine) -> Ear:
    return Ear(running)


@pytest.fixture
def hand(paper: PaperProcess) -> Iterator[FaultHand]:
    made = FaultHand(paper)
    yield made
    made.end_all()
    made.clean()


def test_after_an_expired_key_what_happened_unheard_is_read_before_live_is_said(
    running: TradingEngine, hand: FaultHand, ear: Ear
) -> None:
    """Another program trades on the account while the stream is deaf."""
    when = {"trigger": "event", "event": "ORDER_TRADE_UPDATE", "count": 0}
    deaf = hand.play("event_dropped", when=when)
    hand.order(newClientOrderId="unheard-1")
    hand.end(deaf)
    assert "unheard-1" not in [order.client_order_id for order in running.oms.open_orders()]
    hand.at_once("listen_key_expired", account="first")
    ear.hears(ListenKeyExpired)
    wait_until(lambda: EngineState.LIVE in [e.state for e in ear.of(EngineStateChanged)])
    assert "unheard-1" in [order.client_order_id for order in running.oms.open_orders()]
    (live,) = [e for e in ear.of(EngineStateChanged) if e.state is EngineState.LIVE]
    assert live.gap_s is not None


def test_a_missing_change_of_the_book_is_mended_by_a_snapshot_and_the_changes_that_waited(
    running: TradingEngine, hand: FaultHand, ear: Ear
) -> None:
    del running

    def bids() -> dict[str, float]:
        views = [view for view in ear.of(BookView) if view.symbol == BTC and view.bids]
        return {f"{price:g}": amount for price, amount in views[-1].bids} if views else {}

    hand.order(price="61990")
    wait_until(lambda: "61990" in bids(), what="a book that follows")
    snapshots = hand.listen(path="/fapi/v1/depth")
    gap = hand.play("depth_gap", when={"trigger": "event", "stream": "btcusdt@depth@100ms"})
    hand.order(price="61980")
    wait_until(lambda: hand.played(gap))
    for price in ("61970", "61960", "61950"):
        hand.order(price=price)
    wait_until(lambda: bids().keys() >= {"61980", "61970", "61960", "61950"})
    assert hand.asked(snapshots)
    wait_until(
        lambda: (
            bids()
            == {
                f"{float(price):g}": float(amount)
                for price, amount in hand.public("/fapi/v1/depth", symbol=BTC, limit=500).body[
                    "bids"
                ]
                if f"{float(price):g}" in bids()
            }
        )
    )


def test_an_order_that_the_venue_surely_did_not_take_is_sent_again_under_the_same_name(
    running: TradingEngine, hand: FaultHand
) -> None:
    hand.on_order("throttled_503", count=2)
    ears = hand.listen(**ORDER)
    order = running.oms.submit_order(BTC, "BUY", "LIMIT", "0.01", 61000)
    assert order.status == "NEW"
    names = [target["client_order_id"] for target in hand.played(ears)]
    assert names == [order.client_order_id] * 3
    assert hand.open_names() == [order.client_order_id]


def test_an_order_without_answer_and_event_is_unknown_until_it_is_found_by_asking(
    running: TradingEngine, hand: FaultHand, ear: Ear
) -> None:
    when = {"trigger": "event", "event": "ORDER_TRADE_UPDATE", "count": 1}
    hand.play("event_dropped", when=when)
    hand.on_order("reply_lost", count=1, acted=True)
    order = running.oms.submit_order(BTC, "BUY", "LIMIT", "0.01", 61000)
    assert "UNKNOWN" in [one.order.status for one in ear.of(OrderChanged)]
    assert running.oms.wait(order, "NEW", 30)
    statuses = [one.order.status for one in ear.of(OrderChanged)]
    assert statuses[-1] == "NEW"
    assert hand.open_names() == [order.client_order_id]


def test_a_refusal_for_good_is_an_alert_and_a_pause_is_a_countdown_for_whoever_listens(
    running: TradingEngine, hand: FaultHand, ear: Ear
) -> None:
    hand.on_order("refused", count=1, code=-4087)
    assert running.oms.submit_order(BTC, "BUY", "LIMIT", "0.01", 61000).status == "REJECTED"
    assert ear.hears(Alert).code == "venue.reduce_only_account"
    hand.on_order("rate_limited_429", count=1, retry_after_s=1)
    running.oms.submit_order(BTC, "BUY", "LIMIT", "0.01", 61000)
    wait_until(lambda: [e.seconds_left for e in ear.of(RateBrake)][-1:] == [0])
    assert ear.of(RateBrake)[0].seconds_left >= 1


def test_health_is_told_with_a_figure_for_everything(
    running: TradingEngine, hand: FaultHand, ear: Ear
) -> None:
    running.oms.submit_order(BTC, "BUY", "LIMIT", "0.01", 61000)
    hand.at_once("disconnect", route="market")

    def has_all() -> bool:
        figures = [ear.of(HealthReport)[-1]] if ear.of(HealthReport) else []
        return any(one.reconnects.get("market") and one.messages_per_s for one in figures)

    wait_until(has_all)
    told = ear.of(HealthReport)[-1]
    assert set(told.route_states) == {"public", "market", "private"} == set(told.last_data_age_s)
    assert told.route_states["private"] is StreamState.LIVE
    assert (told.weight_limit, told.orders_limit) == (2400, 1200)
    assert (told.weight_used > 0, told.orders_used > 0) == (True, True)
    for figure in (told.order_rtt_p50_ms, told.order_rtt_p99_ms, told.last_gap_s):
        assert figure is not None
        assert figure > 0
    assert (told.clock_offset_ms is None, told.clock_error_ms is None) == (False, False)
    assert told.decode_errors == 0
