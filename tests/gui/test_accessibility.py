"""Whoever cannot see or hold a mouse: every control has a name and is reached by Tab."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QScrollArea, QWidget

from tests.gui.conftest import Desk

_BY_TAB = Qt.FocusPolicy.TabFocus


def focusable(window: QWidget) -> list[QWidget]:
    """What a person can reach by keyboard now; a scroll area's viewport is its own inside."""
    return [
        widget
        for widget in window.findChildren(QWidget)
        if widget.isVisible()
        and widget.isEnabled()
        and widget.focusPolicy() & _BY_TAB
        and widget.focusProxy() is None
        and widget.window() is window
        and not isinstance(widget, QScrollArea)
    ]


def tab_chain(window: QWidget) -> set[QWidget]:
    chain, widget = {window}, window.nextInFocusChain()
    while widget not in chain:
        chain.add(widget)
        widget = widget.nextInFocusChain()
    return chain


def called(widget: QWidget) -> str:
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name) if interface is not None else ""


def check(window: QWidget) -> None:
    found = focusable(window)
    chain = tab_chain(window)
    assert len(found) > 10
    nameless = [
        widget.objectName() or type(widget).__name__ for widget in found if not called(widget)
    ]
    assert nameless == []
    assert [widget.objectName() for widget in found if widget not in chain] == []
    roleless = [
        widget.objectName()
        for widget in found
        if QAccessible.queryAccessibleInterface(widget).role() is QAccessible.Role.NoRole
    ]
    assert roleless == []


def test_every_control_of_the_window_has_a_name_and_a_place_in_the_tab_order(
    full_desk: Desk,
) -> None:
    for tab in range(3):
        full_desk.window.market.ticket.type.setCurrentIndex(tab)
        check(full_desk.window)


def test_every_control_of_the_settings_has_a_name_and_a_place(desk: Desk) -> None:
    desk.window.dialogs.show_settings()
    dialog = desk.window.dialogs.settings
    assert dialog is not None
    for row in range(dialog.groups.count()):
        dialog.groups.setCurrentRow(row)
        found = [widget for widget in focusable(dialog) if not called(widget)]
        assert [widget.objectName() for widget in found] == []
