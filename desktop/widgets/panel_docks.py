"""The panels as docks around the chart: their first places, and room for added ones."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from desktop.models.layouts import PanelKind, Rect, brought_back
from desktop.widgets.added_panel import AddedPanel
from desktop.widgets.cell_delegate import ROW_HEIGHT
from desktop.widgets.dock_title import DockGrip, DockTitle

_WIDTHS = {"watch": 256, "ladder": 250, "ticket": 288}
_CHART_HEIGHT, _CHART_LEAST = 300, 420  # the first chart is not made narrower for a ladder
_TABS_PX = 30
_TABLES_HEAD_PX = 62  # of the account's panel: tabs, titles, margins
_TABLES_SHARE, _LEAST_ROWS = 0.22, 5
_GAP_PX = 6  # what separates two columns
_SLACK_PX = 2
_COLUMNS = (Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea)


class PanelDocks(QObject):
    remove_wanted = Signal(object)  # panel id: a person closed an added panel

    def __init__(
        self,
        window: QMainWindow,
        *,
        watch: QWidget,
        tape: QWidget,
        ladder: QWidget,
        ticket: QWidget,
        blotter: QWidget,
        paper: QWidget,
        strategies: QWidget,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._added: dict[str, QDockWidget] = {}
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        self._watch = self._add("watch", "Watch list", watch, left)
        self._tape = self._add("tape", "Tape", tape, left)
        self._ladder = self._add("ladder", "Ladder", ladder, right)
        self._ticket = self._add("ticket", "Order", ticket, right)
        bottom = Qt.DockWidgetArea.BottomDockWidgetArea
        self._blotter = self._add("blotter", "Account", blotter, bottom)
        self.paper = self._add("paper", "Paper exchange", paper, right)
        self.strategies = self._add("strategies", "Strategies", strategies, bottom)
        self._is_restored = False  # to places of an earlier run
        self._tables_px = 0  # as high as they were put; else it is a person's choice
        self._place()
        self._first_places = window.saveState()
        window.installEventFilter(self)

    def actions(self) -> list[QAction]:
        """One per panel: shows or hides it."""
        docks = (
            *(self._watch, self._tape, self._ladder, self._ticket, self._blotter),
            *(self.paper, self.strategies),
        )
        return [dock.toggleViewAction() for dock in docks]

    def put_first_places(self) -> None:
        self._window.restoreState(self._first_places)
        self._put_tables_height()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A larger window shows more rows, until a person has chosen how many."""
        if watched is self._window and isinstance(event, QResizeEvent):
            is_first = not event.oldSize().isValid() and not self._is_restored
            if is_first or abs(self._blotter.height() - self._tables_px) <= _SLACK_PX:
                self._put_tables_height()
        return super().eventFilter(watched, event)

    @Slot(object)
    def add_panel(self, panel: AddedPanel) -> None:
        """A chart goes above the first one, a ladder beside it; behind one where no room is."""
        dock = QDockWidget(self._window)
        self._added[panel.panel_id] = dock
        dock.setObjectName(f"dock.{panel.panel_id}")
        dock.setWindowTitle(_title(panel))
        panel.symbol_shown.connect(lambda: dock.setWindowTitle(_title(panel)))
        dock.setWidget(panel)
        title = DockTitle(dock, is_added=True)
        title.close_clicked.connect(lambda: self.remove_wanted.emit(panel.panel_id))
        dock.setTitleBarWidget(title)
        dock.topLevelChanged.connect(self._keep_columns)
        self._place_added(panel.kind, dock)

    @Slot(object)
    def remove_panel(self, panel: AddedPanel) -> None:
        dock = self._added.pop(panel.panel_id)
        self._window.removeDockWidget(dock)
        # not at once: the click that asked for it comes from inside
        dock.setObjectName("")
        dock.deleteLater()

    def bring_back(self) -> None:
        """A panel that floats where no screen is comes to one; an added one is never hidden."""
        for dock in self._added.values():
            dock.show()
        for dock in self._window.findChildren(QDockWidget):
            if dock.isFloating():
                bring_to_screen(dock)
        self._tables_px = _tables_px(self._window.height())
        self._is_restored = True

    def _put_tables_height(self) -> None:
        self._tables_px = _tables_px(self._window.height())
        down = Qt.Orientation.Vertical
        self._window.resizeDocks([self._blotter], [self._tables_px], down)

    @Slot(bool)
    def _keep_columns(self) -> None:
        """What a floating panel leaves is the chart's: Qt would give it to its neighbour."""
        columns = [one for one in (self._ladder, self._ticket) if _is_in_a_column(one)]
        across = Qt.Orientation.Horizontal
        self._window.resizeDocks(columns, [one.width() for one in columns], across)

    def _place_added(self, kind: PanelKind, dock: QDockWidget) -> None:
        window, across = self._window, Qt.Orientation.Horizontal
        if kind is PanelKind.CHART:
            self._place_chart(dock)
            return
        has_room = self._has_room_for(dock)
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        if not self._ladder.isFloating() and not self._ladder.isHidden():
            if not has_room:
                window.tabifyDockWidget(self._ladder, dock)
                dock.show()
                dock.raise_()
                return
            window.splitDockWidget(self._ladder, dock, across)
        dock.show()
        ladders = [one for name, one in self._added.items() if name.startswith(kind.value)]
        widths = [_WIDTHS["ladder"]] * (len(ladders) + 1)
        # all at once: the ticket must not give its width away
        docks = [self._ladder, *ladders, self._ticket]
        window.resizeDocks(docks, [*widths, _WIDTHS["ticket"]], across)

    def _place_chart(self, dock: QDockWidget) -> None:
        """All in one row over the middle column, in equal shares, while each can be read."""
        window = self._window
        charts = [
            one
            for name, one in self._added.items()
            if name.startswith(PanelKind.CHART.value) and one is not dock and _is_above(one)
        ]
        middle = window.centralWidget()
        width, height = (middle.width(), middle.height()) if middle is not None else (0, 0)
        above = charts[-1].height() if charts else min(_CHART_HEIGHT, height // 2)
        tables = self._blotter.height()
        window.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, dock)
        is_row = (len(charts) + 1) * (_least_width(dock) + _GAP_PX) <= width
        if charts and not is_row:
            window.tabifyDockWidget(charts[-1], dock)
            above -= _TABS_PX
        dock.show()
        dock.raise_()
        # both at once: the tables must not give their height away
        window.resizeDocks([dock, self._blotter], [above, tables], Qt.Orientation.Vertical)
        if is_row:
            row = [*charts, dock]
            window.resizeDocks(row, [width // len(row)] * len(row), Qt.Orientation.Horizontal)

    def _has_room_for(self, dock: QDockWidget) -> bool:
        """Side by side, or would Qt push the ticket's edge out of the window?"""
        window = self._window
        columns = [self._ladder, self._ticket, *self._added.values()]
        docked = [one for one in columns if one is not dock and _is_in_a_column(one)]
        left = _least_width(self._watch) if _is_in_a_column(self._watch) else 0
        middle = window.centralWidget()
        least = sum(_least_width(one) for one in (*docked, dock))
        if middle is not None:
            least += max(_least_width(middle), _CHART_LEAST)
        return left + least + _GAP_PX * (len(docked) + 2) <= window.width()

    def _place(self) -> None:
        window = self._window
        across, down = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        left, right = _COLUMNS
        # what is put above the chart leaves the columns beside it as they are
        window.setCorner(Qt.Corner.TopLeftCorner, left)
        window.setCorner(Qt.Corner.TopRightCorner, right)
        window.splitDockWidget(self._watch, self._tape, down)
        window.splitDockWidget(self._ladder, self._ticket, across)
        docks = [self._watch, self._ladder, self._ticket]
        window.resizeDocks(docks, list(_WIDTHS.values()), across)
        window.resizeDocks([self._watch, self._tape], [250, 300], down)
        self._put_tables_height()
        for beside, dock in ((self._ticket, self.paper), (self._blotter, self.strategies)):
            dock.hide()  # before it is a tab: else the tabs are seen for a frame
            window.tabifyDockWidget(beside, dock)

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


def _tables_px(window_px: int) -> int:
    """A share of the window's height, in whole rows."""
    rows = int((window_px * _TABLES_SHARE - _TABLES_HEAD_PX) / ROW_HEIGHT)
    return _TABLES_HEAD_PX + max(rows, _LEAST_ROWS) * ROW_HEIGHT


def _is_in_a_column(dock: QDockWidget) -> bool:
    """It takes width beside the others: not floating, not hidden, not behind another's tab."""
    window = dock.parentWidget()
    assert isinstance(window, QMainWindow)
    is_beside = window.dockWidgetArea(dock) in _COLUMNS
    return is_beside and not dock.isFloating() and not dock.visibleRegion().isEmpty()


def _is_above(dock: QDockWidget) -> bool:
    window = dock.parentWidget()
    assert isinstance(window, QMainWindow)
    area = window.dockWidgetArea(dock)
    return area is Qt.DockWidgetArea.TopDockWidgetArea and not dock.isFloating()


def _least_width(widget: QWidget) -> int:
    return max(widget.minimumWidth(), widget.minimumSizeHint().width())


def bring_to_screen(widget: QWidget) -> None:
    """Where its title can be grasped; the system's frame counts as a part of it."""
    frame = rect_of(widget.frameGeometry())
    back = brought_back(frame, screen_rects())
    if back != frame:
        x, y, width, height = back
        around = widget.frameGeometry().size() - widget.size()
        widget.resize(width - around.width(), height - around.height())
        widget.move(x, y)


def rect_of(rect: QRect) -> Rect:
    return (rect.x(), rect.y(), rect.width(), rect.height())


def screen_rects() -> list[Rect]:
    """The usable part of every screen, the primary one first."""
    primary = QGuiApplication.primaryScreen()
    others = [screen for screen in QGuiApplication.screens() if screen is not primary]
    return [rect_of(screen.availableGeometry()) for screen in (primary, *others)]


def _title(panel: AddedPanel) -> str:
    return f"{panel.kind.value.capitalize()} {panel.symbol or panel.wanted_symbol}"
