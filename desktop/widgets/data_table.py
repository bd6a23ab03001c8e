"""The one table of the window: sort, filter, row buttons, menus, and a word when empty."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFont,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from desktop.models.table_model import CellRole, TableModel
from desktop.theme import palette
from desktop.theme.fonts import ui_font
from desktop.widgets.cell_delegate import ROW_HEIGHT, CellDelegate
from desktop.widgets.click_guard import ClickGuard
from desktop.widgets.sorted_rows import SortedRows
from desktop.widgets.table_columns import TableColumns

_HEADER_HEIGHT = 24
Index = QModelIndex | QPersistentModelIndex


_EDITS = QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed


class DataTable(QTableView):
    """`action_clicked` carries the key of the row and the act of its button; Del is act ""."""

    action_clicked = Signal(object, object)
    row_chosen = Signal(object)  # key of a row clicked outside its buttons
    menu_opening = Signal(object, object)  # key, QMenu: whoever knows the row adds its acts
    export_wanted = Signal()

    def __init__(
        self,
        name: str,
        spoken: str,
        model: TableModel[Any],
        empty: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(spoken)
        self._empty = empty
        self._pressed: tuple[object, str] | None = None
        self._guard = ClickGuard()
        self._sorted = SortedRows(self)
        self._sorted.setSourceModel(model)
        self.setModel(self._sorted)
        self._delegate = CellDelegate(self)
        self.setItemDelegate(self._delegate)
        self.setHorizontalHeader(_Header(self))
        self._dress()
        self.columns = TableColumns(self, model)

    def redress(self) -> None:
        self._delegate.redress()
        self.source().redress()
        self.columns.redress()

    def source(self) -> TableModel[Any]:
        source = self._sorted.sourceModel()
        assert isinstance(source, TableModel)
        return source

    def set_filter(self, text: str) -> None:
        """Show only rows in which every word stands."""
        self._sorted.set_filter(text)
        self.viewport().update()

    def shown_keys(self) -> list[Hashable]:
        """As they stand on the screen: filtered and sorted."""
        source = self.source()
        places = range(self._sorted.rowCount())
        rows = (self._sorted.mapToSource(self._sorted.index(n, 0)).row() for n in places)
        return [source.key_at(row) for row in rows]

    def set_stale(self, is_stale: bool) -> None:
        """Grey all: these were true once and may not be now."""
        if is_stale != self._delegate.is_stale:
            self._delegate.is_stale = is_stale
            self.viewport().update()

    def set_closed(self, is_closed: bool) -> None:
        """Nothing can be sent from here: the rows' buttons are off, and no cell is edited."""
        self._delegate.is_closed = is_closed
        none = QAbstractItemView.EditTrigger.NoEditTriggers
        self.setEditTriggers(none if is_closed else _EDITS)
        self.viewport().update()

    def index_of(self, key: object, title: str) -> QModelIndex:
        """Where a cell is shown; for tests and for scrolling to it."""
        source = self.source()
        at = source.index(source.shown_row(key), source.column_named(title))
        return self._sorted.mapFromSource(at)

    # --- mouse and keys -------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = self._action_at(event)
        if self._pressed is None:
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # the row below may have moved under the pointer after the first click
        if self._action_at(event) is None:
            super().mouseDoubleClickEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            super().mouseReleaseEvent(event)
            index = self.indexAt(event.position().toPoint())
            if index.isValid() and event.button() is Qt.MouseButton.LeftButton:
                self.row_chosen.emit(index.data(CellRole.KEY))
        elif pressed == self._action_at(event) and self._guard.admits():
            self.action_clicked.emit(*pressed)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.rowAt(event.position().toPoint().y()))
        over_button = self._action_at(event) is not None
        shape = Qt.CursorShape.PointingHandCursor if over_button else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.matches(QKeySequence.StandardKey.Copy):
            self._copy(self.row_text(index))
        elif event.key() == Qt.Key.Key_Delete and index.isValid():
            if not event.isAutoRepeat():
                self._press_main_button(index)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.row_menu(self.indexAt(event.pos()))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def row_menu(self, index: Index) -> QMenu:
        """The row's own acts, then what holds for every table."""
        menu = QMenu(self)
        name = self.objectName()
        if index.isValid():
            self.menu_opening.emit(index.data(CellRole.KEY), menu)
            if menu.actions():
                menu.addSeparator()
            cell, row = str(index.data() or ""), self.row_text(index)
            _add(menu, f"{name}.copyCell", f"Copy {cell}" if cell else "Copy", self._copy, cell)
            _add(menu, f"{name}.copyRow", "Copy row", self._copy, row)
        _add(menu, f"{name}.copyAll", "Copy all rows", self._copy_all)
        export = menu.addAction("Export CSV...")
        export.setObjectName(f"{name}.export")
        export.triggered.connect(self.export_wanted)
        return menu

    def row_text(self, index: Index) -> str:
        """The row's cells as they read, with tabs between: a spreadsheet takes them apart."""
        if not index.isValid():
            return ""
        columns = [n for n, c in enumerate(self.source().columns()) if not c.is_button]
        return "\t".join(str(index.sibling(index.row(), n).data() or "") for n in columns)

    def _copy(self, text: str) -> None:
        if text:
            QGuiApplication.clipboard().setText(text)

    def _copy_all(self) -> None:
        rows = [self._sorted.index(n, 0) for n in range(self._sorted.rowCount())]
        titles = [column.title for column in self.source().columns() if not column.is_button]
        self._copy("\n".join(["\t".join(titles), *(self.row_text(index) for index in rows)]))

    def _press_main_button(self, index: Index) -> None:
        if self._delegate.is_closed:
            return
        for number, column in enumerate(self.source().columns()):
            cell = index.sibling(index.row(), number)
            if column.is_button and not column.title and cell.data():
                self.action_clicked.emit(cell.data(CellRole.KEY), column.title)

    def _action_at(self, event: QMouseEvent) -> tuple[object, str] | None:
        """Key and act of the button under the pointer."""
        index = self.indexAt(event.position().toPoint())
        if event.button() is Qt.MouseButton.RightButton or not index.isValid():
            return None
        if self._delegate.is_closed:
            return None
        action = self._delegate.action_of(index)
        return (index.data(CellRole.KEY), action) if action is not None and index.data() else None

    def _hover(self, row: int) -> None:
        if row != self._delegate.hovered_row:
            self._delegate.hovered_row = row
            self.viewport().update()

    # --- looks ----------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._sorted.rowCount():
            return
        painter = QPainter(self.viewport())
        painter.setFont(ui_font(12))
        painter.setPen(QColor(palette.TEXT_FAINT))
        painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, self._empty)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.columns.spread()

    def _dress(self) -> None:
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setCornerButtonEnabled(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(_EDITS)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setFont(ui_font(11, QFont.Weight.Medium))
        header.setHighlightSections(False)
        header.setMinimumSectionSize(20)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)


class _Header(QHeaderView):
    """Of one height, and says so: Qt would ask the model some ten things of every column to find
    it out, again at every change of style or place.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setFixedHeight(_HEADER_HEIGHT)
        self.setSectionsClickable(True)

    def sizeHint(self) -> QSize:
        return QSize(self.length(), _HEADER_HEIGHT)


def _add(menu: QMenu, name: str, text: str, act: Callable[..., None], *given: str) -> None:
    action = menu.addAction(text)
    action.setObjectName(name)
    action.triggered.connect(lambda: act(*given))
