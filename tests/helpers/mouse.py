"""A mouse for painted widgets: real events, with the held button that a drag needs.

QTest.mouseMove sends moves without buttons, so drags are sent by hand.
"""

from __future__ import annotations

import os

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

# read when the application is made, which is after the tests were imported
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

NO_BUTTON = Qt.MouseButton.NoButton
LEFT = Qt.MouseButton.LeftButton
RIGHT = Qt.MouseButton.RightButton
NO_KEY = Qt.KeyboardModifier.NoModifier
Place = QPoint | QPointF


def _send(
    widget: QWidget,
    kind: QEvent.Type,
    at: Place,
    button: Qt.MouseButton,
    held: Qt.MouseButton,
    keys: Qt.KeyboardModifier,
) -> None:
    where = QPointF(at)
    event = QMouseEvent(kind, where, widget.mapToGlobal(where), button, held, keys)
    QApplication.sendEvent(widget, event)


def press(
    widget: QWidget,
    at: Place,
    button: Qt.MouseButton = LEFT,
    keys: Qt.KeyboardModifier = NO_KEY,
) -> None:
    _send(widget, QEvent.Type.MouseButtonPress, at, button, button, keys)


def release(widget: QWidget, at: Place, button: Qt.MouseButton = LEFT) -> None:
    _send(widget, QEvent.Type.MouseButtonRelease, at, button, NO_BUTTON, NO_KEY)


def move(widget: QWidget, at: Place, held: Qt.MouseButton = NO_BUTTON) -> None:
    _send(widget, QEvent.Type.MouseMove, at, NO_BUTTON, held, NO_KEY)


def click(
    widget: QWidget,
    at: Place,
    button: Qt.MouseButton = LEFT,
    keys: Qt.KeyboardModifier = NO_KEY,
) -> None:
    press(widget, at, button, keys)
    release(widget, at, button)


def double_click(widget: QWidget, at: Place, keys: Qt.KeyboardModifier = NO_KEY) -> None:
    """As Qt sends it: press, release, double click, release."""
    click(widget, at, keys=keys)
    _send(widget, QEvent.Type.MouseButtonDblClick, at, LEFT, LEFT, keys)
    release(widget, at)


def hold_and_move(widget: QWidget, start: Place, end: Place) -> None:
    """Press and move in four steps; the button stays down."""
    start, end = QPointF(start), QPointF(end)
    press(widget, start)
    for step in range(1, 5):
        move(widget, start + (end - start) * step / 4, LEFT)


def drag(widget: QWidget, start: Place, end: Place) -> None:
    hold_and_move(widget, start, end)
    release(widget, end)


def wheel(widget: QWidget, at: Place, notches: int) -> None:
    where = QPointF(at)
    event = QWheelEvent(
        where,
        widget.mapToGlobal(where),
        QPoint(),
        QPoint(0, 120 * notches),
        NO_BUTTON,
        NO_KEY,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def enter(widget: QWidget, at: Place) -> None:
    where = QPointF(at)
    QApplication.sendEvent(widget, QEnterEvent(where, where, widget.mapToGlobal(where)))


def leave(widget: QWidget) -> None:
    QApplication.sendEvent(widget, QEvent(QEvent.Type.Leave))
