"""The strategies' panel: real clicks, first on the window alone, then on a real paper exchange."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDockWidget, QFileDialog, QLabel, QLineEdit, QWidget

from desktop.theme.resources import resource_path
from desktop.widgets.data_table import DataTable
from engine.events import Alert, CommandRefused
from engine.events.strategies import StrategyChanged, StrategyView
from engine.strategy_commands import StartStrategy, StopStrategy
from engine.trading_types import AlertLevel, EnvironmentKind, StrategyState
from tests.gui import scene
from tests.gui.conftest import Desk
from tests.gui.hands import Hands

CRASHING = """
class Bad:
    def on_start(self, desk):
        desk.place("BTCUSDT", "BUY", "LIMIT", "0.01", {price})
        raise RuntimeError("apiSecret=abc123 is not for the screen")

    def on_event(self, event):
        pass
"""


def a_strategy(state: StrategyState = StrategyState.RUNNING, **changes: object) -> StrategyView:
    terms = {
        "name": "mine",
        "file": "/home/me/mine.py",
        "symbols": ("BTCUSDT",),
        "started_at": scene.NOW_MS,
        **changes,
    }
    return StrategyView(state=state, **terms)


def show_panel(desk: Desk | Hands) -> None:
    dock = desk.find(QDockWidget, "dock.strategies")
    dock.toggleViewAction().trigger()
    dock.raise_()
    desk.qtbot.waitUntil(lambda: desk.window.findChild(QLineEdit, "strategies.file") is not None)


def cells(desk: Desk | Hands, key: str = "mine") -> list[str]:
    table = desk.find(DataTable, "strategies.table")
    titles = [column.title for column in table.source().columns()]
    return [table.index_of(key, title).data() or "" for title in titles]


def click_stop(desk: Desk | Hands, key: str) -> None:
    table = desk.find(DataTable, "strategies.table")
    index = table.index_of(key, "Stop")
    table.scrollTo(index)
    QApplication.processEvents()
    point = table.visualRect(index).center()
    desk.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=point)


def test_a_strategy_is_chosen_started_on_the_shown_symbol_and_stopped(desk: Desk) -> None:
    show_panel(desk)
    start = desk.find(QWidget, "strategies.start")
    assert not start.isEnabled()
    assert desk.find(QLineEdit, "strategies.symbols").text() == "BTCUSDT"
    desk.click("strategies.choose")
    dialog = desk.find(QFileDialog, "strategies.dialog")
    dialog.fileSelected.emit("/home/me/mine.py")
    dialog.reject()
    desk.click("strategies.start")
    assert desk.commands == [StartStrategy(file="/home/me/mine.py", symbols=("BTCUSDT",))]
    desk.type_into("strategies.symbols", "btcusdt, ethusdt")
    desk.click("strategies.start")
    assert desk.commands[-1].symbols == ("BTCUSDT", "ETHUSDT")
    desk.feed(StrategyChanged(strategy=a_strategy(open_orders=2, last_word="BUY 1")))
    assert cells(desk) == ["mine", "Running", "Stop", "2", "", "BUY 1"]
    click_stop(desk, "mine")
    assert desk.commands[-1] == StopStrategy(name="mine")


@pytest.mark.parametrize(
    ("state", "word", "button"),
    [
        (StrategyState.STOPPING, "Stopping", "Stop"),
        (StrategyState.STOPPED, "Stopped", ""),
        (StrategyState.CRASHED, "Crashed", ""),
        (StrategyState.HUNG, "Hangs", ""),
    ],
)
def test_what_has_ended_says_how_and_cannot_be_stopped(desk, state, word, button) -> None:
    show_panel(desk)
    ended = scene.NOW_MS if state.is_over else 0
    desk.feed(StrategyChanged(strategy=a_strategy(state, traded_orders=3, ended_at=ended)))
    assert cells(desk)[1:5] == [word, button, "", "3"]
    click_stop(desk, "mine")
    assert len(desk.commands) == (1 if button else 0)


def test_what_strategies_say_and_why_one_does_not_start_stands_in_the_panel(desk: Desk) -> None:
    show_panel(desk)
    words = Alert(
        level=AlertLevel.INFO, code="strategy.said", sentence="mine: hello", at_ms=scene.NOW_MS
    )
    other = Alert(level=AlertLevel.INFO, code="NEWS", sentence="other", at_ms=scene.NOW_MS)
    desk.feed(words, other)
    assert desk.find(DataTable, "strategies.said").source().rowCount() == 1
    problem = desk.find(QLabel, "strategies.problem")
    assert not problem.isVisible()
    command = StartStrategy(file="mine.py", symbols=("BTCUSDT",))
    desk.feed(CommandRefused(command=command, sentence="There is no file mine.py."))
    assert problem.isVisible()
    assert problem.text() == "There is no file mine.py."
    desk.type_into("strategies.file", "other.py")
    desk.click("strategies.start")
    assert not problem.isVisible()


def test_the_last_file_is_offered_again(desk: Desk) -> None:
    desk.window.preferences.put("strategies.last", "/home/me/mine.py")
    show_panel(desk)
    assert desk.find(QLineEdit, "strategies.file").text() == "/home/me/mine.py"


def test_a_disarmed_live_window_starts_none_and_an_armed_one_asks(desk: Desk) -> None:
    desk.window.set_environment("live", EnvironmentKind.LIVE)
    show_panel(desk)
    desk.type_into("strategies.file", "mine.py")
    desk.click("strategies.start")
    assert not desk.commands
    desk.click("environment.arm")
    desk.click("strategies.start")
    assert not desk.commands
    desk.click("orderGate.confirm")
    assert desk.commands == [StartStrategy(file="mine.py", symbols=("BTCUSDT",))]


def test_a_recording_runs_no_strategies(desk: Desk) -> None:
    show_panel(desk)
    desk.window.set_environment("recording", EnvironmentKind.RECORDING)
    dock = desk.find(QDockWidget, "dock.strategies")
    assert dock.isHidden()
    assert not dock.toggleViewAction().isVisible()


def test_on_a_real_exchange_the_example_trades_and_a_crash_takes_nothing_along(
    hands: Hands, tmp_path: Path
) -> None:
    """The second half closes the window over a running strategy: it is stopped first."""
    show_panel(hands)
    engine = hands.desks.desk.engine
    example = resource_path("strategies", "rest_around_middle.py")
    hands.find(QLineEdit, "strategies.file").setText(str(example))
    hands.click("strategies.start")
    orders = hands.find(DataTable, "orders.table").source()
    hands.see(lambda: sorted(o.side for o in orders.rows()) == ["BUY", "SELL"])
    hands.see(lambda: cells(hands, "rest_around_middle")[1:4] == ["Running", "Stop", "2"])

    price = round(Decimal(repr(engine.market.best_bid("BTCUSDT"))) * Decimal("0.98"))
    bad = tmp_path / "bad.py"
    bad.write_text(CRASHING.format(price=price), encoding="utf-8")
    hands.find(QLineEdit, "strategies.file").setText(str(bad))
    hands.click("strategies.start")
    hands.see(lambda: cells(hands, "bad")[1] == "Crashed")
    word = cells(hands, "bad")[-1]
    assert "bad.py, line 5: RuntimeError: apiSecret=***" in word
    assert "abc123" not in word
    assert cells(hands, "rest_around_middle")[1] == "Running"
    hands.see(lambda: sorted(o.side for o in orders.rows()) == ["BUY", "SELL"])

    click_stop(hands, "rest_around_middle")
    hands.see(lambda: cells(hands, "rest_around_middle")[1] == "Stopped")
    hands.see(lambda: not orders.rows())

    hands.find(QLineEdit, "strategies.file").setText(str(example))
    hands.click("strategies.start")
    hands.see(lambda: len(orders.rows()) == 2)
    resting = list(engine.oms.open_orders())
    hands.desks.close()
    hands.see(lambda: all(order.status == "CANCELED" for order in resting))
