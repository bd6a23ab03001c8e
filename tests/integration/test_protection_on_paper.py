"""Guard, kill switch and dead-man switch on the real paper exchange, over real sockets."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from engine.commands import ClosePosition, PlaceOrder
from engine.config import Config
from engine.errors import OrderNotAllowed, RateLimited
from engine.events import CommandDone, CommandRefused, Event
from engine.events.protection import DeadManChanged, KillChanged
from engine.paper.paper_discovery import announce
from engine.paper.paper_process import PaperOptions, PaperProcess
from engine.protection_commands import (
    CancelOrders,
    Flatten,
    Kill,
    ReversePosition,
    SetDeadMan,
    StopKill,
)
from engine.trading_engine import TradingEngine
from engine.trading_types import EngineState, KillState, OrderType, PositionSide, Side
from engine.utils.mailbox import Mailbox
from tests.helpers.waiting import wait_until
from tests.integration.conftest import Stranger

D = Decimal
FAULTS = "/paper/v1/faults"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("protection")


@pytest.fixture(scope="module")
def engine(folder: Path, quiet_config: Config) -> Iterator[TradingEngine]:
    """One for all: the kill switch makes it flat after each test.

    So many of its readings in a minute are more than the exchange allows.
    """
    options = PaperOptions(
        balance="50000000",
        symbols=("BTCUSDT",),
        quiet_market=True,
        unlimited=True,
        state_dir=folder / "paper",
    )
    exchange = PaperProcess.start(options)
    announce(folder / "paper", exchange.ready)
    try:
        with TradingEngine.open("paper", config=quiet_config, user_data=folder) as running:
            running.market.wait_for_price("BTCUSDT")
            yield running
    finally:
        exchange.stop()


@pytest.fixture
def stranger(engine: TradingEngine, folder: Path) -> Iterator[Stranger]:
    made = Stranger(folder / "paper")
    yield made
    made.raw("DELETE", FAULTS)


@pytest.fixture(autouse=True)
def _flat_afterwards(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "engine" in request.fixturenames:
        running = request.getfixturevalue("engine")
        running.submit(Kill())
        assert running.kill_switch.join(30)


def fault(stranger, kind: str, when: dict[str, object], **values: object) -> int:
    """The rule's number."""
    rule = {"fault": kind, **values, "when": when}
    answer = stranger.raw("POST", FAULTS, json.dumps({"seed": 1, "rules": [rule]}))
    assert answer.status == 200, answer.body
    return answer.body["rules"][0]


def is_played(stranger, rule: int) -> bool:
    return any(entry["rule"] == rule for entry in stranger.raw("GET", FAULTS).body["log"])


def trade(engine: TradingEngine) -> None:
    """A position, two orders, and a conditional one."""
    engine.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.1")
    engine.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.1", "62000")
    engine.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.2", "61000")
    engine.gateway.place_algo_order(
        "BTCUSDT", "SELL", "STOP_MARKET", trigger_price="50000", close_position=True
    )
    wait_until(engine.oms.positions.positions)


def is_flat(engine: TradingEngine) -> bool:
    gateway = engine.gateway
    return not (gateway.get_open_orders() or gateway.get_positions())


def ended(engine: TradingEngine, timeout_s: float = 15.0) -> KillState:
    assert engine.kill_switch.join(timeout_s)
    return engine.kill_switch.view.state


def heard(engine: TradingEngine) -> Mailbox[Event]:
    return engine.hub.attach(
        Mailbox(), types=[CommandDone, CommandRefused, KillChanged, DeadManChanged]
    )


def answer(box: Mailbox[Event], kind: type[Event]) -> Event:
    found: list[Event] = []

    def has_come() -> bool:
        found.extend(event for event in box.drain() if isinstance(event, kind))
        return bool(found)

    wait_until(has_come)
    return found[0]


def test_kill_ends_everything(engine):
    trade(engine)
    engine.submit(Kill())
    assert ended(engine) is KillState.FLAT
    assert is_flat(engine)
    wait_until(lambda: not engine.oms.open_orders() and not engine.oms.positions.positions())


def test_kill_ends_everything_though_half_of_the_calls_fail(engine, stranger):
    trade(engine)
    always = {"account": "first", "count": 0, "probability": 0.25}
    for kind in ("unavailable_503", "unknown_503"):
        fault(stranger, kind, {**always, "path": "*"})
    engine.submit(Kill())
    assert ended(engine, 40) is KillState.FLAT
    stranger.raw("DELETE", FAULTS)
    assert is_flat(engine)


def test_kill_works_while_the_account_stream_is_down(
    engine, stranger, tmp_path, quiet_config, monkeypatch
):
    trade(engine)
    fault(stranger, "unavailable_503", {"path": "/fapi/v1/listenKey", "count": 0})
    venue = engine._built.venue
    monkeypatch.setenv("PERPDESK_API_KEY", venue.credentials.api_key)
    monkeypatch.setenv("PERPDESK_API_SECRET", venue.credentials.api_secret.reveal())
    hosts = {name: getattr(venue.hosts, name) for name in ("rest", "streams", "ws_api")}
    config = quiet_config.with_values(environments={"again": hosts})
    with TradingEngine.open(
        "again", config=config, user_data=tmp_path / "again", needs_stream=False
    ) as second:
        second.submit(Kill())
        assert ended(second) is KillState.FLAT
        assert second.state is not EngineState.LIVE
    assert is_flat(engine)


def test_what_waits_in_a_queue_when_the_kill_switch_comes_is_not_sent(engine, stranger):
    """A first order hangs; the second waits behind it while the kill switch comes and goes."""
    when = {"account": "first", "path": "/fapi/v1/order"}
    late = fault(stranger, "reply_late", when, ms=2000)
    box = heard(engine)
    for number in (1, 2):
        engine.submit(
            PlaceOrder(
                request_id=f"click-{number}",
                symbol="BTCUSDT",
                side=Side.BUY,
                type=OrderType.LIMIT,
                quantity=D("0.1") * number,
                price=D(62_000),
            )
        )
    wait_until(lambda: is_played(stranger, late), what="the first has been sent")
    engine.submit(Kill())
    refused = answer(box, CommandRefused)
    assert refused.command.request_id == "click-2"
    assert "kill switch" in refused.sentence
    assert ended(engine) is KillState.FLAT
    assert is_flat(engine)


def test_a_hedge_is_flattened_by_its_sides(engine):
    engine.oms.mode.change(True)
    try:
        for side, held in (("BUY", "LONG"), ("SELL", "SHORT")):
            engine.oms.submit_order("BTCUSDT", side, "MARKET", "0.1", position_side=held)
        wait_until(lambda: len(engine.oms.positions.positions()) == 2)
        engine.submit(Flatten(symbol="BTCUSDT"))
        assert ended(engine) is KillState.FLAT
        assert is_flat(engine)
    finally:
        engine.oms.mode.change(False)


def test_closing_a_share_and_reversing(engine):
    engine.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.1")
    wait_until(engine.oms.positions.positions)
    engine.submit(ClosePosition(symbol="BTCUSDT", share_pct=D(40)))
    wait_until(lambda: engine.oms.positions.position("BTCUSDT").quantity == D("0.06"))
    engine.submit(ReversePosition(symbol="BTCUSDT"))
    wait_until(lambda: engine.oms.positions.position("BTCUSDT").quantity == D("-0.06"))
    assert engine.oms.positions.position("BTCUSDT").position_side is PositionSide.BOTH


def test_cancelling_one_side_leaves_the_other(engine):
    bid = engine.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.1", "62000")
    ask = engine.oms.submit_order("BTCUSDT", "SELL", "LIMIT", "0.1", "67000")
    engine.gateway.place_algo_order("BTCUSDT", "BUY", "STOP_MARKET", "0.1", trigger_price="70000")
    box = heard(engine)
    engine.submit(CancelOrders(side=Side.BUY))
    assert "1 order and 1 conditional order." in answer(box, CommandDone).sentence
    assert engine.oms.wait(bid, "CANCELED", 30)
    assert ask.status == "NEW"
    assert engine.gateway.get_open_algo_orders() == []
    engine.submit(CancelOrders())
    assert engine.oms.wait(ask, "CANCELED", 30)


def test_the_exchange_cancels_when_nobody_renews(engine, stranger):
    order = engine.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.1", "62000")
    engine.gateway.place_algo_order("BTCUSDT", "BUY", "STOP_MARKET", "0.1", trigger_price="70000")
    box = heard(engine)
    engine.submit(SetDeadMan(symbol="BTCUSDT", countdown_s=5))
    assert answer(box, DeadManChanged).dead_man.countdown_s == 5
    assert answer(box, DeadManChanged).dead_man.renewed_ms  # by housekeeping
    fault(stranger, "unavailable_503", {"path": "/fapi/v1/countdownCancelAll", "count": 0})
    assert engine.oms.wait(order, "CANCELED", 30)
    assert len(engine.gateway.get_open_algo_orders()) == 1
    stranger.raw("DELETE", FAULTS)
    engine.submit(SetDeadMan(symbol="BTCUSDT", countdown_s=0))
    wait_until(lambda: engine.oms.dead_man.views() == [])


def test_a_days_loss_locks_over_a_restart(tmp_path, quiet_config):
    strict = quiet_config.with_values(risk__max_daily_loss_usdt=1)
    with TradingEngine.open("paper", config=strict, user_data=tmp_path) as first:
        first.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.1")  # its fee is more than that
        wait_until(lambda: first.guard.view().locked_until_ms is not None)
        with pytest.raises(OrderNotAllowed, match="Locked until"):
            first.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.1")
    with TradingEngine.open("paper", config=strict, user_data=tmp_path) as second:
        with pytest.raises(OrderNotAllowed, match="Locked until"):
            second.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.1")
        wait_until(second.oms.positions.positions)
        second.submit(ClosePosition(symbol="BTCUSDT"))
        wait_until(lambda: not second.oms.positions.positions())
    with (
        TradingEngine.open("paper", config=quiet_config, user_data=tmp_path) as third,
        pytest.raises(OrderNotAllowed, match="Locked until"),  # the record holds
    ):
        third.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.1")


def test_kill_takes_the_risk_off_though_the_limits_are_full(tmp_path, quiet_config):
    with TradingEngine.open("paper", config=quiet_config, user_data=tmp_path) as engine:
        trade(engine)
        full = {"weight_left": 200, "orders_left": 9}
        fault(Stranger(tmp_path / "paper"), "limits_nearly_full", {"trigger": "time"}, **full)

        def is_known_here() -> bool:
            """Its header says how full; then reading has to wait."""
            with contextlib.suppress(RateLimited):
                engine.gateway.get_leverage("BTCUSDT")
            health = engine.gateway.health()
            return health.weight_used > health.weight_limit * 0.9

        wait_until(is_known_here)
        engine.submit(Kill())
        wait_until(lambda: not engine.oms.open_orders() and not engine.oms.positions.positions())
        engine.submit(StopKill())  # a look at everything may have to wait for the next minute
