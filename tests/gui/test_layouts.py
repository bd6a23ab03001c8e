"""Layouts: saved under names, chosen from the menu, renamed, deleted, and put back at the start."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QDockWidget, QWidget
from pytestqt.qtbot import QtBot

from desktop.main_window import MainWindow
from desktop.models.layouts import Link, PanelKind
from engine.commands import Command, WatchSymbol
from engine.trading_types import EnvironmentKind
from tests.gui import scene


class Window(MainWindow):
    """A window with a folder, and the gestures of a person."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.asked: list[Command] = []
        super().__init__(
            environment="paper",
            kind=EnvironmentKind.PAPER,
            symbol="BTCUSDT",
            submit=self.asked.append,
            user_data=folder,
            now_ms=lambda: scene.NOW_MS,
        )
        self.qtbot = qtbot
        qtbot.addWidget(self)
        self.show()
        self.set_instruments(scene.INSTRUMENTS)

    def menu_texts(self) -> list[str]:
        self.layouts.menu.aboutToShow.emit()
        return [action.text() for action in self.layouts.menu.actions()]

    def choose(self, name: str) -> None:
        self.layouts.menu.aboutToShow.emit()
        action = self.layouts.menu.findChild(QAction, f"header.panels.{name}")
        assert action is not None, name
        action.trigger()

    def click(self, name: str) -> None:
        button = self.findChild(QWidget, name)
        assert button is not None, name
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def name_it(self, name: str) -> None:
        field = self.findChild(QWidget, "layoutName.name")
        assert field is not None
        self.qtbot.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        self.qtbot.keyClicks(field, name)
        self.click("layoutName.save")
        QApplication.processEvents()

    def save_as(self, name: str) -> None:
        self.choose("saveAs")
        self.name_it(name)

    def dock(self, name: str) -> QDockWidget:
        dock = self.findChild(QDockWidget, f"dock.{name}")
        assert dock is not None, name
        return dock


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Window:
    return Window(qtbot, tmp_path)


def test_a_named_layout_brings_back_what_stood_there(window: Window) -> None:
    window.choose("add.ladder")
    window.added.move("ladder-1", "ETHUSDT")
    window.click("dock.tape.close")
    window.save_as("Scalping")
    window.choose("reset")
    assert window.added.panels() == ()
    assert not window.dock("tape").isHidden()
    window.choose("layout.Scalping")
    assert window.dock("tape").isHidden()
    assert [panel.symbol for panel in window.added.panels()] == ["ETHUSDT"]
    assert not window.dock("ladder-1").isHidden()


def test_a_floating_tabbed_desk_comes_back_after_a_restart(
    window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    window.choose("add.ladder")
    window.choose("add.chart")
    window.findChild(QAction, "ladder-1.link.pink").trigger()  # type: ignore[union-attr]
    window.click("dock.ladder-1.float")
    window.tabifyDockWidget(window.dock("watch"), window.dock("tape"))
    window.close()
    again = Window(qtbot, tmp_path)
    assert again.dock("ladder-1").isFloating()
    assert again.tabifiedDockWidgets(again.dock("watch")) == [again.dock("tape")]
    assert [panel.kind for panel in again.added.panels()] == [PanelKind.LADDER, PanelKind.CHART]
    assert again.added.panels()[0].link.link is Link.PINK
    panels = [c.panel for c in again.asked if isinstance(c, WatchSymbol)]
    assert panels == ["main", "ladder-1", "chart-1"]


def test_a_layout_can_be_changed_renamed_and_deleted(window: Window) -> None:
    window.save_as("One")
    window.click("dock.tape.close")
    window.choose("save")
    window.choose("rename")
    window.name_it("Two")
    assert "Two" in window.menu_texts()
    assert "One" not in window.menu_texts()
    window.choose("reset")
    window.choose("layout.Two")
    assert window.dock("tape").isHidden()
    window.choose("delete")
    window.click("layoutDelete.confirm")
    QApplication.processEvents()
    assert "Two" not in window.menu_texts()
    assert window.dock("tape").isHidden()


def test_a_name_that_is_taken_cannot_be_saved(window: Window) -> None:
    window.save_as("One")
    window.choose("saveAs")
    window.name_it("one")
    problem = window.findChild(QWidget, "layoutName.problem")
    assert problem is not None
    assert problem.property("text") == "There is a layout 'one' already."
    window.click("layoutName.cancel")


def test_names_are_kept_between_runs(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    window.save_as("One")
    assert "One" in Window(qtbot, tmp_path).menu_texts()


def test_a_panel_that_floats_off_the_screens_is_brought_back(window: Window) -> None:
    window.click("dock.tape.float")
    tape = window.dock("tape")
    tape.move(9000, 9000)
    window.move(-5000, -5000)
    window.layouts._on_screens()
    screen = QApplication.primaryScreen().availableGeometry()
    assert screen.contains(tape.pos())
    assert screen.contains(window.frameGeometry().topLeft())


def test_screens_that_are_known_bring_their_layout_back(window: Window) -> None:
    window.click("dock.tape.close")
    window.layouts.keep_last()
    window.choose("reset")
    window.layouts._on_screens()
    assert window.dock("tape").isHidden()
