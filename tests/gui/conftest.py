"""A real window fed with events; what it asks for lands in a list."""

from __future__ import annotations

from typing import Any, TypeVar

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from desktop import sounds
from desktop.main_window import MainWindow
from desktop.theme.apply_theme import apply_theme
from engine.commands import Command, LoadCandles, UnwatchSymbol, WatchSymbol
from engine.events import Event
from engine.paper_commands import WatchPaper
from engine.trading_types import EnvironmentKind
from tests.gui import scene

Kind = TypeVar("Kind", bound=QWidget)


class Desk:
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

    def find(self, kind: type[Kind], name: str) -> Kind:
        found = self.window.findChild(kind, name)
        assert found is not None, name
        return found

    def click(self, name: str) -> None:
        self.qtbot.mouseClick(self.find(QWidget, name), Qt.MouseButton.LeftButton)

    def type_into(self, name: str, text: str) -> None:
        field = self.find(QWidget, name)
        self.qtbot.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        self.qtbot.keyClicks(field, text)

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
