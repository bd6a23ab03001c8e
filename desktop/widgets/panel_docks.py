"""The panels as docks around the chart, their first places, and the menu that shows them."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QWidget

from desktop.widgets.dock_title import DockGrip, DockTitle


class PanelDocks(QObject):
    def __init__(
        self,
        window: QMainWindow,
        *,
        watch: QWidget,
        tape: QWidget,
        ladder: QWidget,
        ticket: QWidget,
        blotter: QWidget,
    ) -> None:
        super().__init__(window)
        self._window = window
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        self._watch = self._add("watch", "Watch list", watch, left)
        self._tape = self._add("tape", "Tape", tape, left)
        self._ladder = self._add("ladder", "Ladder", ladder, right)
        self._ticket = self._add("ticket", "Order", ticket, right)
        bottom = Qt.DockWidgetArea.BottomDockWidgetArea
        self._blotter = self._add("blotter", "Account", blotter, bottom)
        self._place()
        self._first_places = window.saveState()

    def menu(self) -> QMenu:
        """One entry per panel, and the way back to the first places."""
        menu = QMenu(self._window)
        for dock in (self._watch, self._tape, self._ladder, self._ticket, self._blotter):
            menu.addAction(dock.toggleViewAction())
        menu.addSeparator()
        reset = menu.addAction("Reset the layout")
        reset.setObjectName("header.panels.reset")
        reset.triggered.connect(self._reset)
        return menu

    @Slot()
    def _reset(self) -> None:
        self._window.restoreState(self._first_places)

    def _place(self) -> None:
        window = self._window
        across, down = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        window.splitDockWidget(self._watch, self._tape, down)
        window.splitDockWidget(self._ladder, self._ticket, across)
        window.resizeDocks([self._watch, self._ladder, self._ticket], [256, 250, 288], across)
        window.resizeDocks([self._watch, self._tape], [250, 300], down)
        window.resizeDocks([self._blotter], [182], down)

    def _add(self, name: str, title: str, panel: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self._window)
        dock.setObjectName(f"dock.{name}")
        dock.setAccessibleName(title)
        dock.setWidget(panel)
        # the account's tabs are its title
        dock.setTitleBarWidget(DockGrip(dock) if name == "blotter" else DockTitle(dock))
        dock.toggleViewAction().setObjectName(f"header.panels.{name}")
        self._window.addDockWidget(area, dock)
        return dock
