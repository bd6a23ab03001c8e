"""The one table of the window: sortable, with row buttons and a word when empty."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from desktop.models.table_model import CellRole, TableModel
from desktop.theme import palette
from desktop.theme.fonts import mono_font, ui_font
from desktop.widgets.cell_delegate import MARK_WIDTH, PADDING, ROW_HEIGHT, CellDelegate
from desktop.widgets.click_guard import ClickGuard

_SLACK = 2  # letters are measured in fractions of a pixel

Index = QModelIndex | QPersistentModelIndex


class DataTable(QTableView):
    """`action_clicked` carries the key of the row whose button (or Del) was pressed."""

    action_clicked = Signal(object)
    row_chosen = Signal(object)  # key of a row clicked outside its button

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
        self._pressed_key: object = None
        self._guard = ClickGuard()
        self._sorted = _SortedRows(self)
        self._sorted.setSourceModel(model)
        self.setModel(self._sorted)
        self._delegate = CellDelegate(self)
        self.setItemDelegate(self._delegate)
        self._dress()
        self._size_columns(model)

    def source(self) -> TableModel[Any]:
        source = self._sorted.sourceModel()
        assert isinstance(source, TableModel)
        return source

    def set_stale(self, is_stale: bool) -> None:
        """Grey all: these were true once and may not be now."""
        if is_stale != self._delegate.is_stale:
            self._delegate.is_stale = is_stale
            self.viewport().update()

    def index_of(self, key: object, title: str) -> QModelIndex:
        """Where a cell is shown; for tests and for scrolling to it."""
        source = self.source()
        at = source.index(source.shown_row(key), source.column_named(title))
        return self._sorted.mapFromSource(at)

    # --- mouse and keys -------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed_key = self._action_key(event)
        if self._pressed_key is None:
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # the row below may have moved under the pointer after the first click
        if self._action_key(event) is None:
            super().mouseDoubleClickEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed_key = self._pressed_key, None
        if pressed is None:
            super().mouseReleaseEvent(event)
            index = self.indexAt(event.position().toPoint())
            if index.isValid():
                self.row_chosen.emit(index.data(CellRole.KEY))
        elif pressed == self._action_key(event) and self._guard.admits():
            self.action_clicked.emit(pressed)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.rowAt(event.position().toPoint().y()))
        over_button = self._action_key(event) is not None
        shape = Qt.CursorShape.PointingHandCursor if over_button else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.key() != Qt.Key.Key_Delete or not index.isValid():
            super().keyPressEvent(event)
            return
        action = index.siblingAtColumn(self._sorted.columnCount() - 1)
        if self._delegate.is_action(action) and action.data() and not event.isAutoRepeat():
            self.action_clicked.emit(action.data(CellRole.KEY))

    def _action_key(self, event: QMouseEvent) -> object:
        """The key of the row whose button lies under the pointer, else None."""
        index = self.indexAt(event.position().toPoint())
        if event.button() is Qt.MouseButton.RightButton or not index.isValid():
            return None
        if not index.data() or not self._delegate.is_action(index):
            return None
        return index.data(CellRole.KEY)

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
        self._spread()

    def _dress(self) -> None:
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setCornerButtonEnabled(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setFont(ui_font(11, QFont.Weight.Medium))
        header.setHighlightSections(False)
        header.setFixedHeight(24)
        header.setMinimumSectionSize(36)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)

    def _size_columns(self, model: TableModel[Any]) -> None:
        """Wide enough for the widest text the model names, so nothing ever jumps."""
        words, numbers = QFontMetrics(ui_font()), QFontMetrics(mono_font())
        self._widths: list[int] = []
        for column in range(model.columnCount()):
            horizontal = Qt.Orientation.Horizontal
            sample = str(model.headerData(column, horizontal, CellRole.SAMPLE))
            title = str(model.headerData(column, horizontal))
            metrics = numbers if model.headerData(column, horizontal, CellRole.NUMERIC) else words
            width = max(metrics.horizontalAdvance(sample), words.horizontalAdvance(title))
            mark = MARK_WIDTH if title in ("Status", "Level") else 0
            self._ends_in_sentences = bool(title) and not sample
            self._widths.append(width + 2 * PADDING + mark + _SLACK)

    def _spread(self) -> None:
        """A column of sentences takes what is left over; without one all share it."""
        spare = max(0, self.viewport().width() - sum(self._widths))
        share = 0 if self._ends_in_sentences else spare // len(self._widths)
        for column, width in enumerate(self._widths):
            self.setColumnWidth(column, width + share)
        self.setColumnWidth(
            len(self._widths) - 1, self._widths[-1] + spare - share * (len(self._widths) - 1)
        )


class _SortedRows(QSortFilterProxyModel):
    """Sorts by the number behind the text; as it came until a header is clicked."""

    def lessThan(self, left: Index, right: Index) -> bool:
        a, b = left.data(CellRole.SORT), right.data(CellRole.SORT)
        if isinstance(a, int | float | Decimal) and isinstance(b, int | float | Decimal):
            return a < b
        return str(a) < str(b)
