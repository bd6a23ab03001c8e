"""Strategies on a real paper exchange: they trade, stop, crash and hang, and the rest goes on."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from engine.errors import BadInput, ShuttingDown, UnknownSymbol
from engine.events import Alert, CommandRefused, Event
from engine.events.protection import KillChanged
from engine.events.strategies import StrategyChanged, StrategyView
from engine.oms.order_models import Order
from engine.protection_views import KillView
from engine.strategies.strategy_host import StrategyHost
from engine.strategies.strategy_runner import StrategyRunner
from engine.strategy_commands import StartStrategy, StopStrategy
from engine.trading_engine import TradingEngine
from engine.trading_types import AlertLevel, KillState, StrategyState
from engine.utils.mailbox import Mailbox
from engine.utils.paths import resource
from tests.helpers.waiting import wait_until

_ONE_ORDER = """
class Strategy:
    {choice}
    def on_start(self, desk):
        self.desk = desk
        self.order = desk.place("BTCUSDT", "BUY", "LIMIT", "0.01", 62000)

    def on_event(self, event):
        {on_event}
"""


class Alerts:
    def __init__(self, engine) -> None:
        self._box: Mailbox[Event] = engine.hub.attach(Mailbox(), [Alert])
        self._heard: list[Alert] = []

    def of(self, code: str) -> list[str]:
        self._heard += self._box.drain()  # type: ignore[arg-type]
        return [alert.sentence for alert in self._heard if alert.code == code]

    def wait(self, code: str) -> str:
        wait_until(lambda: self.of(code), what=code)
        return self.of(code)[0]


@pytest.fixture(scope="module")
def paper(tmp_path_factory, quiet_config) -> Iterator[TradingEngine]:
    """One engine for all of these: each starts with no orders and no position."""
    folder = tmp_path_factory.mktemp("strategies")
    with TradingEngine.open("paper", config=quiet_config, user_data=folder) as running:
        running.market.wait_for_price("BTCUSDT")
        yield running


@pytest.fixture
def engine(paper) -> Iterator[TradingEngine]:
    yield paper
    paper.gateway.cancel_all_orders("BTCUSDT")
    wait_until(lambda: not paper.oms.open_orders())
    for position in paper.oms.positions.positions():
        paper.oms.submit_order("BTCUSDT", "SELL", "MARKET", position.quantity, reduce_only=True)
    wait_until(lambda: not paper.oms.positions.positions())


@pytest.fixture
def placed(engine) -> Callable[[], list[Order]]:
    """The orders of this test, oldest first."""
    earlier = {order.client_order_id for order in engine.oms.orders()}
    return lambda: [o for o in engine.oms.orders() if o.client_order_id not in earlier]


@pytest.fixture
def alerts(engine) -> Alerts:
    return Alerts(engine)


@pytest.fixture
def runner(engine) -> Iterator[StrategyRunner]:
    made = StrategyRunner(engine)
    yield made
    made.close()


def write(folder: Path, name: str, on_event: str = "pass", choice: str = "pass") -> Path:
    path = folder / f"{name}.py"
    path.write_text(_ONE_ORDER.format(on_event=on_event, choice=choice), encoding="utf-8")
    return path


def test_the_example_that_trades_rests_two_orders_and_takes_them_along(engine, runner, placed):
    name = runner.start(resource("strategies", "rest_around_middle.py"), ["btcusdt"])
    wait_until(lambda: [o.status for o in engine.oms.open_orders()] == ["NEW"] * 2)
    bid, ask = sorted(engine.oms.open_orders(), key=lambda order: order.price)
    assert (bid.side, ask.side, bid.time_in_force) == ("BUY", "SELL", "GTX")
    assert ask.price - bid.price == Decimal("64.2")
    assert bid.price < float(engine.market.best_bid("BTCUSDT")) < ask.price
    assert runner.running() == [name]
    assert runner.stop(name)
    assert (bid.status, ask.status, runner.running()) == ("CANCELED", "CANCELED", [])
    assert len(placed()) == 2


def test_the_example_that_watches_says_what_it_saw(runner, alerts, placed):
    runner.start(resource("strategies", "watch_spread.py"), ["BTCUSDT"])
    alerts.wait("strategy.started")
    module = sys.modules["perpdesk_strategy_watch_spread"]
    module.EVERY_S = 1
    assert alerts.wait("strategy.said").startswith("watch_spread: BTCUSDT")
    assert placed() == []


def test_a_crash_is_told_with_its_line_and_everything_else_goes_on(
    engine, runner, alerts, placed, tmp_path
):
    runner.start(write(tmp_path, "bad", "1 / 0"), ["BTCUSDT"])
    said = alerts.wait("strategy.crashed")
    assert said == (
        "bad: crashed and was ended. bad.py, line 9: ZeroDivisionError: division by zero."
        " 1 open order is being cancelled."
    )
    (order,) = placed()
    assert engine.oms.wait(order, "CANCELED", 30)
    runner.wait("bad", 30)
    assert runner.crash_of("bad") != ""
    later = engine.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.01", 61000)
    assert later.status == "NEW"


def test_orders_are_kept_where_the_strategy_says_so(engine, runner, alerts, tmp_path):
    runner.start(write(tmp_path, "keeper", "raise SystemExit(1)", "keeps_orders = True"), [])
    assert alerts.wait("strategy.crashed").endswith("SystemExit: 1. 1 open order is kept.")
    assert [order.status for order in engine.oms.open_orders()] == ["NEW"]


def test_a_strategy_that_hangs_is_left_behind_and_cannot_trade(
    engine, runner, alerts, placed, tmp_path
):
    hanging = "import sys; sys.__dict__['entered'].set(); sys.__dict__['gate'].wait(); self.again()"
    path = write(tmp_path, "stuck", hanging)
    path.write_text(
        path.read_text(encoding="utf-8")
        + "\n    def again(self):\n        self.desk.place('BTCUSDT', 'BUY', 'MARKET', '0.01')\n",
        encoding="utf-8",
    )
    gate = sys.__dict__["gate"] = threading.Event()
    entered = sys.__dict__["entered"] = threading.Event()
    try:
        runner.start(path, ["BTCUSDT"])
        assert entered.wait(30)
        assert not runner.stop("stuck", timeout_s=0.3)
        assert alerts.of("strategy.hung") == [
            "stuck: does not end; it cannot place orders any more."
        ]
        (order,) = placed()
        assert engine.oms.wait(order, "CANCELED", 30)
    finally:
        gate.set()
        del sys.__dict__["gate"], sys.__dict__["entered"]
    assert runner.wait("stuck", 30)
    assert len(placed()) == 1


def test_the_kill_switch_ends_strategies(engine, runner, tmp_path):
    runner.start(write(tmp_path, "victim"), ["BTCUSDT"])
    wait_until(engine.oms.open_orders)
    flatten = KillView(state=KillState.WORKING, sentence="", symbols=("ETHUSDT",))
    engine.hub.publish(KillChanged(kill=flatten))
    assert runner.running() == ["victim"]
    engine.hub.publish(KillChanged(kill=KillView(state=KillState.WORKING, sentence="")))
    assert runner.wait("victim", 30)
    assert engine.oms.open_orders() == []
    (view,) = runner.views()
    assert view.last_word.startswith("stopped. The kill switch was used.")


def test_only_one_of_a_name_and_only_known_symbols(runner, tmp_path):
    path = write(tmp_path, "one")
    with pytest.raises(UnknownSymbol):
        runner.start(path, ["NOSUCH"])
    runner.start(path, ["BTCUSDT"])
    with pytest.raises(BadInput, match="one is running already"):
        runner.start(path, ["BTCUSDT"])
    with pytest.raises(BadInput, match="no strategy 'two'"):
        runner.stop("two")


def test_what_a_strategy_can_do(engine, runner, alerts, tmp_path):
    path = tmp_path / "able.py"
    path.write_text(
        """
from decimal import Decimal
from engine.protection_commands import StartScaled

class Able:
    def on_start(self, desk):
        order = desk.place("BTCUSDT", "BUY", "MARKET", "0.01")
        desk.wait(order)
        while not desk.position("BTCUSDT"):  # is told by another message than the fill
            desk.pause(0.01)
        assert desk.position("BTCUSDT").quantity == Decimal("0.01"), "position"
        assert desk.balance().wallet_balance > 0, "balance"
        resting = desk.place("BTCUSDT", "BUY", "LIMIT", "0.01", 62000)
        desk.amend(resting, price=61000)
        desk.wait(resting, lambda order: order.price == 61000)
        desk.cancel(resting)
        desk.start_plan(StartScaled(
            symbol="BTCUSDT", side="BUY", quantity=Decimal("0.02"), count=2,
            first_price=Decimal(62000), last_price=Decimal(61000)))
        desk.say("all done")

    def on_event(self, event):
        pass

    def on_stop(self, desk):
        desk.say(f"stopping {desk.is_stopping}")
        desk.pause(1)
""",
        encoding="utf-8",
    )
    runner.start(path, ["BTCUSDT"])
    assert alerts.wait("strategy.said") == "able: all done"
    plan = engine.plans.plans()[-1]
    assert runner.stop("able")
    assert alerts.of("strategy.said")[1:] == ["able: stopping True"]
    assert engine.plans.wait(plan.plan_id, 30)
    assert engine.plans.plan(plan.plan_id).reason == "Its strategy has ended."


class Told:
    """The newest view of each strategy, and refusals."""

    def __init__(self, engine) -> None:
        self._box: Mailbox[Event] = engine.hub.attach(Mailbox(), [StrategyChanged, CommandRefused])
        self._views: dict[str, StrategyView] = {}
        self.refusals: list[str] = []

    def of(self, name: str) -> StrategyView | None:
        for event in self._box.drain():
            if isinstance(event, StrategyChanged):
                self._views[event.strategy.name] = event.strategy
            else:
                self.refusals.append(event.sentence)
        return self._views.get(name)

    def wait(self, name: str, state: StrategyState) -> StrategyView:
        wait_until(lambda: (view := self.of(name)) and view.state is state, what=state)
        return self._views[name]


@pytest.fixture
def host(engine) -> Iterator[StrategyHost]:
    made = StrategyHost(engine)
    yield made
    assert made.close(3)


@pytest.fixture
def told(engine) -> Told:
    return Told(engine)


def test_by_commands_a_strategy_starts_tells_its_counts_and_stops(engine, host, told, tmp_path):
    filled = "self.desk.place('BTCUSDT', 'BUY', 'MARKET', '0.01')"
    path = write(tmp_path, "counted")
    path.write_text(
        path.read_text(encoding="utf-8").replace(
            "        self.order", f"        {filled}\n        self.order"
        ),
        encoding="utf-8",
    )
    host.submit(StartStrategy(file=str(path), symbols=("BTCUSDT",)))
    wait_until(
        lambda: (view := told.of("counted")) and (view.open_orders, view.traded_orders) == (1, 1)
    )
    view = told.wait("counted", StrategyState.RUNNING)
    assert (view.symbols, view.ended_at) == (("BTCUSDT",), 0)
    host.submit(StopStrategy(name="counted"))
    view = told.wait("counted", StrategyState.STOPPED)
    assert view.ended_at >= view.started_at > 0
    wait_until(lambda: told.of("counted").last_word.startswith("stopped."))
    assert engine.oms.open_orders() == []


def test_what_cannot_be_started_or_stopped_is_refused_with_a_sentence(host, told, tmp_path):
    host.submit(StartStrategy(file=str(tmp_path / "none.py"), symbols=("BTCUSDT",)))
    wait_until(lambda: told.of("") or told.refusals)
    host.submit(StartStrategy(file=str(write(tmp_path, "lost")), symbols=("NOSUCH",)))
    host.submit(StopStrategy(name="none"))
    wait_until(lambda: told.of("") or len(told.refusals) == 3)
    assert "There is no file" in told.refusals[0]
    assert any("NOSUCH" in one for one in told.refusals)
    assert any("no strategy 'none'" in one for one in told.refusals)


def test_a_file_that_never_ends_loading_keeps_nothing_from_being_stopped(engine, told, tmp_path):
    """And when it ends at last, after the close, it is not started."""
    host = StrategyHost(engine)
    host.submit(StartStrategy(file=str(write(tmp_path, "good")), symbols=("BTCUSDT",)))
    told.wait("good", StrategyState.RUNNING)
    slow = write(tmp_path, "slow")
    slow.write_text(
        "import sys; sys.__dict__['gate'].wait()\n" + slow.read_text(encoding="utf-8"),
        encoding="utf-8",
    )
    gate = sys.__dict__["gate"] = threading.Event()
    try:
        host.submit(StartStrategy(file=str(slow), symbols=("BTCUSDT",)))
        host.submit(StopStrategy(name="good"))
        told.wait("good", StrategyState.STOPPED)
        assert not host.close(0.3)  # the file is still being loaded
    finally:
        gate.set()
        del sys.__dict__["gate"]
    with pytest.raises(ShuttingDown):
        host.submit(StopStrategy(name="slow"))
    wait_until(lambda: told.of("slow") or told.refusals)
    assert "no strategy was started" in told.refusals[-1]
    assert told.of("slow") is None


def test_a_program_without_a_host_says_that_it_runs_none(engine, told):
    engine.submit(StartStrategy(file="any.py", symbols=("BTCUSDT",)))
    wait_until(lambda: told.of("") or told.refusals)
    assert "runs no strategies" in told.refusals[0]


def test_no_key_or_secret_of_a_crash_reaches_the_screen(runner, alerts, told, tmp_path):
    raising = "raise RuntimeError('signature=0123456789abcdef')"
    runner.start(write(tmp_path, "leaky", raising), ["BTCUSDT"])
    said = alerts.wait("strategy.crashed")
    assert "signature=***" in said
    assert told.wait("leaky", StrategyState.CRASHED).last_word in said
    assert [view.state for view in runner.views()] == [StrategyState.CRASHED]


def test_an_engine_stops_in_time_though_a_strategy_hangs(tmp_path, quiet_config):
    path = write(tmp_path, "deaf", "import sys; sys.__dict__['gate'].wait()")
    gate = sys.__dict__["gate"] = threading.Event()
    try:
        with TradingEngine.open("paper", config=quiet_config, user_data=tmp_path) as engine:
            told = Told(engine)
            engine.host(StrategyHost(engine))
            engine.submit(StartStrategy(file=str(path), symbols=("BTCUSDT",)))
            wait_until(lambda: (view := told.of("deaf")) and view.open_orders)
            order = engine.oms.open_orders()[0]
            engine.hub.publish(Alert(level=AlertLevel.INFO, code="x", sentence="x", at_ms=1))
            began_s = time.monotonic()
            engine.stop()
            assert time.monotonic() - began_s < 30  # the strategy would hang until the gate opens
            assert told.of("deaf").state is StrategyState.HUNG
            # asked for before the line was closed; a slow machine has no answer by then
            assert order.status in ("CANCELED", "PENDING_CANCEL")
    finally:
        gate.set()
        del sys.__dict__["gate"]
