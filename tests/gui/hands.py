"""A person's gestures on a window, and a person before the whole program on a real exchange."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TypeVar
from unittest import mock

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from desktop.desks import Desks
from desktop.widgets import click_guard
from engine.config import Config
from engine.trading_types import EngineState
from tests.helpers.waiting import wait_until

W = TypeVar("W", bound=QWidget)
_DEADLINE_S = 60.0  # a busy machine starts an exchange slowly


@contextlib.contextmanager
def quick_hand() -> Iterator[None]:
    """Clicks in here are a flurry, however long the machine takes for them."""
    now_s = time.monotonic()
    with mock.patch.object(click_guard, "time", SimpleNamespace(monotonic=lambda: now_s)):
        yield


class Gestures:
    """On the window that is open now."""

    qtbot: QtBot
    window: QWidget

    def find(self, kind: type[W], name: str) -> W:
        found = self.window.findChild(kind, name)
        assert found is not None, name
        return found

    def click(self, name: str) -> None:
        self.qtbot.mouseClick(self.find(QWidget, name), Qt.MouseButton.LeftButton)

    def type_into(self, name: str, text: str) -> None:
        field = self.find(QWidget, name)
        self.qtbot.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        self.qtbot.keyClicks(field, text)


class Hands(Gestures):
    """Before the program, which may open another window; patient up to a deadline."""

    def __init__(self, qtbot: QtBot, desks: Desks) -> None:
        self.qtbot = qtbot
        self.desks = desks

    @property
    def window(self) -> QWidget:
        return self.desks.desk.window

    def see(self, condition: Callable[[], object]) -> None:
        def looked() -> object:
            QApplication.processEvents()
            return condition()

        wait_until(looked, _DEADLINE_S)

    def wait_until_live(self) -> None:
        engine = self.desks.desk.engine
        self.see(lambda: engine.state is EngineState.LIVE)
        self.see(lambda: self.find(QWidget, "orderTicket.best.ask").isEnabled())


@contextlib.contextmanager
def open_program(qtbot: QtBot, config: Config, environment: str, folder: Path) -> Iterator[Hands]:
    """The program, live; closed at the end, without a thread that did not end in time."""
    desks = Desks(config, config.environment(environment), folder)
    ended: list[object] = []
    desks.closed.connect(ended.append)
    desks.desk.open()
    hands = Hands(qtbot, desks)
    hands.wait_until_live()
    yield hands
    desks.close()
    hands.see(lambda: ended)
    assert ended == [True]
