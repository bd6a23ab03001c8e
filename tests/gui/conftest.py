"""A real window fed with events; what it asks for lands in a list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from desktop import sounds
from desktop.main_window import MainWindow
from desktop.theme.apply_theme import apply_theme
from desktop.theme.fonts import load_fonts
from desktop.widgets.chart import CandleChart
from desktop.widgets.ladder import PriceLadder
from engine.clock import FakeClock
from engine.commands import Command, LoadCandles, UnwatchSymbol, WatchSymbol
from engine.config import default_config
from engine.events import Event
from engine.paper_commands import WatchPaper
from engine.trading_types import EnvironmentKind
from tests.gui import scene
from tests.gui.hands import Gestures, Hands, open_program
from tests.helpers import mouse
from tests.helpers.market_samples import BTCUSDT, book, candles


class Desk(Gestures):
    """The window and what left it, with the gestures of a person."""

    def __init__(self, qtbot: QtBot, **options: Any) -> None:
        self.qtbot = qtbot
        self.all_commands: list[Command] = []
        self.now_ms = scene.NOW_MS
        self.window = MainWindow(
            environment="paper",
            kind=EnvironmentKind.PAPER,
            symbol="BTCUSDT",
            submit=self.all_commands.append,
            now_ms=lambda: self.now_ms,
            **options,
        )
        qtbot.addWidget(self.window)
        self.window.show()
        qtbot.waitExposed(self.window)

    @property
    def commands(self) -> list[Command]:
        """What a person asked for; data requests are left out."""
        data = WatchSymbol | UnwatchSymbol | LoadCandles | WatchPaper
        return [c for c in self.all_commands if not isinstance(c, data)]

    def feed(self, *events: Event) -> None:
        self.window.handle_events(list(events))

    def click_cell(self, table_name: str, key: object, title: str) -> None:
        viewport, point = self.cell(table_name, key, title)
        self.qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=point)

    def cell(self, table_name: str, key: object, title: str) -> tuple[QWidget, QPoint]:
        """Where to click: the table's viewport and the middle of the cell, scrolled to."""
        from desktop.widgets.data_table import DataTable

        table = self.find(DataTable, table_name)
        self.window.account.blotter.setCurrentWidget(table)
        QApplication.processEvents()
        index = table.index_of(key, title)
        assert index.isValid(), (key, title)
        table.scrollTo(index)
        return table.viewport(), table.visualRect(index).center()


@pytest.fixture(scope="session")
def qapp(qapp_args: list[str]) -> QApplication:
    app = QApplication.instance() or QApplication(qapp_args)
    assert isinstance(app, QApplication)
    apply_theme(app)
    return app


@pytest.fixture
def empty_desk(qtbot: QtBot) -> Desk:
    """Before the exchange has said anything."""
    return Desk(qtbot)


@pytest.fixture
def desk(empty_desk: Desk) -> Desk:
    """All streams live, a book, a mark price and an account; no order and no position."""
    empty_desk.window.set_instruments(scene.INSTRUMENTS)
    empty_desk.feed(*scene.streams(), *scene.market())
    return empty_desk


@pytest.fixture
def full_desk(empty_desk: Desk) -> Desk:
    """An afternoon's trading."""
    empty_desk.window.set_instruments(scene.INSTRUMENTS)
    empty_desk.feed(*scene.everything())
    return empty_desk


@pytest.fixture(autouse=True)
def _no_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    """A suite makes no sounds on a person's machine, and waits for no sound device."""
    monkeypatch.setattr(sounds, "system_player", lambda: None)


@pytest.fixture
def hands(qtbot: QtBot, tmp_path: Path) -> Iterator[Hands]:
    """The whole program on a paper exchange of its own with one contract."""
    config = default_config().with_values(paper__symbols=["BTCUSDT"])
    with open_program(qtbot, config, "paper", tmp_path) as made:
        yield made


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def ladder(qtbot: QtBot, clock: FakeClock) -> PriceLadder:
    """Alone, with a book."""
    load_fonts()
    widget = PriceLadder(clock=clock)
    qtbot.addWidget(widget)
    widget.resize(330, 480)
    with qtbot.waitExposed(widget):
        widget.show()
    mouse.leave(widget)  # the pointer may rest where the window opened
    widget.set_instrument(BTCUSDT)
    widget.set_book(book())
    clock.advance(1)
    return widget


@pytest.fixture
def chart(qtbot: QtBot, clock: FakeClock) -> CandleChart:
    """Alone, with candles of minutes."""
    load_fonts()
    widget = CandleChart(clock=clock)
    qtbot.addWidget(widget)
    widget.resize(900, 500)
    widget.show()
    widget.set_instrument(BTCUSDT)
    widget.set_candles(candles(), "1m")
    return widget
