"""A button that sends: once for each click, and before anything is painted of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from desktop.widgets.order_button import OrderButton

LEFT = Qt.MouseButton.LeftButton


class Told(QObject):
    """What became of the button, in order."""

    def __init__(self, button: OrderButton) -> None:
        super().__init__()
        self.log: list[str] = []
        button.acted.connect(lambda: self.log.append("acted"))
        button.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Paint:
            self.log.append("painted")
        return False

    def acts(self) -> int:
        return self.log.count("acted")


@pytest.fixture
def button(qtbot: QtBot) -> OrderButton:
    button = OrderButton("BUY / LONG")
    qtbot.addWidget(button)
    button.resize(140, 40)
    button.show()
    qtbot.waitExposed(button)
    return button


@pytest.fixture
def told(button: OrderButton) -> Iterator[Told]:
    told = Told(button)
    yield told
    button.removeEventFilter(told)


def test_the_act_comes_before_the_button_is_painted_as_let_go(
    button: OrderButton, told: Told
) -> None:
    QTest.mousePress(button, LEFT)
    told.log.clear()
    QTest.mouseRelease(button, LEFT)
    assert told.log[0] == "acted"
    assert "painted" in told.log
    assert told.acts() == 1
    assert not button.isDown()


@pytest.mark.parametrize("act", ["mouse", "space", "program"])
def test_each_click_acts_once(button: OrderButton, told: Told, act: str) -> None:
    for count in (1, 2):
        if act == "mouse":
            QTest.mouseClick(button, LEFT)
        elif act == "space":
            QTest.keyClick(button, Qt.Key.Key_Space)
        else:
            button.click()
        assert told.acts() == count


def test_letting_go_beside_it_or_with_another_button_acts_not(
    button: OrderButton, told: Told
) -> None:
    QTest.mousePress(button, LEFT)
    QTest.mouseRelease(button, LEFT, pos=QPoint(-20, 10))
    QTest.mouseClick(button, Qt.MouseButton.RightButton)
    QTest.mouseRelease(button, LEFT)  # it was pressed elsewhere
    assert told.acts() == 0


def test_an_act_that_switches_it_off_is_its_last(button: OrderButton, told: Told) -> None:
    button.acted.connect(lambda: button.setEnabled(False))
    QTest.mouseClick(button, LEFT)
    QTest.mouseClick(button, LEFT)
    button.setEnabled(True)
    assert told.acts() == 1
    assert not button.isDown()
    QTest.mouseClick(button, LEFT)
    assert told.acts() == 2
