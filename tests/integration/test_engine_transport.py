"""The whole engine: which way its orders take, and what it tells of pauses and refusals."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from engine.config import Config
from engine.events import Alert, Event, RateBrake
from engine.trading_engine import TradingEngine
from engine.trading_types import OrderStatus
from tests.helpers.waiting import wait_until
from tests.integration.conftest import Stranger

BTC = "BTCUSDT"


@pytest.mark.parametrize("transport", ["auto", "websocket", "rest"])
def test_orders_take_the_configured_way(
    tmp_path: Path, quiet_config: Config, transport: str
) -> None:
    config = quiet_config.with_values(orders__transport=transport)
    with TradingEngine.open("paper", config=config, user_data=tmp_path) as engine:
        engine.market.wait_for_price(BTC)
        order = engine.oms.submit_order(BTC, "BUY", "LIMIT", "0.01", 60_000)
        assert order.status is OrderStatus.NEW
        engine.oms.cancel_order(order)
        names = {thread.name for thread in threading.enumerate()}
        assert ("order-socket" in names) is (transport != "rest")


def test_a_pause_and_a_ban_are_told_to_whoever_listens(
    engine: TradingEngine, stranger: Stranger
) -> None:
    told: list[Event] = []
    engine.hub.listen(RateBrake, told.append)
    engine.hub.listen(Alert, told.append)
    when = {"method": "POST", "path": "/fapi/v1/order"}
    rule = {"fault": "banned_418", "retry_after_s": 2, "when": when}
    stranger.raw("POST", "/paper/v1/faults", json.dumps(rule))
    order = engine.oms.submit_order(BTC, "BUY", "LIMIT", "0.01", 60_000)
    assert order.status is OrderStatus.REJECTED
    wait_until(lambda: [e for e in told if isinstance(e, RateBrake) and not e.seconds_left])
    seconds = [event.seconds_left for event in told if isinstance(event, RateBrake)]
    assert seconds == [2, 1, 0]
    assert "venue.banned" in [event.code for event in told if isinstance(event, Alert)]
