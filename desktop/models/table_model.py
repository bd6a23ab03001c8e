"""One table model for every list of the window: keyed rows, described columns.

A row's cells are made once per change, not per paint; an update repaints only
the cells that look different. GUI thread only.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from desktop.theme.fonts import mono_font
from desktop.theme.order_marks import OrderMark

Row = TypeVar("Row")
Index = QModelIndex | QPersistentModelIndex

_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


_SPARE_ROWS = 100  # beyond the limit before the oldest are dropped together


class CellRole(IntEnum):
    """What the delegate asks for beyond Qt's own roles."""

    MARK = Qt.ItemDataRole.UserRole + 1  # OrderMark | None
    KEY = Qt.ItemDataRole.UserRole + 2  # the row's key
    PENDING = Qt.ItemDataRole.UserRole + 3  # text of a value asked for, not confirmed
    SAMPLE = Qt.ItemDataRole.UserRole + 4  # headers: the widest text to make room for
    SORT = Qt.ItemDataRole.UserRole + 5
    NUMERIC = Qt.ItemDataRole.UserRole + 6  # headers: True for a column of numbers
    LOOK = Qt.ItemDataRole.UserRole + 7  # Look: all of it in one question
    ACTION = Qt.ItemDataRole.UserRole + 8  # headers: the act of a column of buttons, else None


class Cell(NamedTuple):
    text: str
    colour: str = ""  # "" is the plain text colour
    mark: OrderMark | None = None
    tip: str = ""
    pending: str = ""
    sort: Any = None  # what to sort by, the text when None


class Look(msgspec.Struct, frozen=True):
    """All that a cell's picture depends on: each question through Qt costs more than its answer."""

    cell: Cell
    numeric: bool
    is_button: bool
    is_flat: bool


class Column(msgspec.Struct, Generic[Row], frozen=True):
    """`sample` is the widest text it shall hold without being cut.

    A button's title is the name of its act and is not shown.
    """

    title: str
    cell: Callable[[Row], Cell]
    numeric: bool = False
    sample: str = ""
    is_button: bool = False
    is_flat: bool = False  # a button without a frame
    is_time: bool = False  # its cells sort by ms since 1970


class TableModel(QAbstractTableModel, Generic[Row]):
    """Rows by key. `newest_first` puts a new row at the top, else at the end."""

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        *,
        newest_first: bool = False,
        limit: int = 0,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self._newest_first = newest_first
        self._limit = limit  # about; 0: as many as come
        self._keys: list[Hashable] = []  # oldest first, whatever is shown
        self._place: dict[Hashable, int] = {}
        self._rows: dict[Hashable, Row] = {}
        self._cells: dict[Hashable, list[Cell]] = {}
        self._mono = mono_font()

    def redress(self) -> None:
        """Fonts and colours were exchanged: every cell is made anew when it is looked at."""
        self._mono = mono_font()
        self._cells.clear()
        if self._keys:
            corner = self.index(len(self._keys) - 1, len(self._columns) - 1)
            self.dataChanged.emit(self.index(0, 0), corner)

    # --- rows -----------------------------------------------------------------

    def put(self, key: Hashable, row: Row) -> None:
        """Add the row or replace the one of the same key, which keeps its place."""
        if key not in self._rows:
            self.put_new({key: row})
            self._cells_of(key)
            return
        before = self._cells_of(key)
        self._rows[key] = row
        del self._cells[key]
        self._announce(key, before, self._cells_of(key))

    def put_new(self, rows: Mapping[Hashable, Row]) -> None:
        """Add many rows at once, oldest first; a key that is there keeps its row.

        Their cells are made when they are first looked at, which most never are.
        """
        added = {key: row for key, row in rows.items() if key not in self._rows}
        if not added:
            return
        before = len(self._keys)
        first = 0 if self._newest_first else before
        self.beginInsertRows(QModelIndex(), first, first + len(added) - 1)
        self._place.update((key, before + place) for place, key in enumerate(added))
        self._keys.extend(added)
        self._rows.update(added)
        self.endInsertRows()
        if self._limit and len(self._keys) >= self._limit + _SPARE_ROWS:
            self._drop_oldest(len(self._keys) - self._limit)

    def remove(self, key: Hashable) -> None:
        """A key that is not there is no error: it may have gone already."""
        if key not in self._rows:
            return
        at = self._place[key]
        shown = self._shown(at)
        self.beginRemoveRows(QModelIndex(), shown, shown)
        del self._keys[at], self._rows[key], self._place[key]
        self._cells.pop(key, None)
        for place in range(at, len(self._keys)):
            self._place[self._keys[place]] = place
        self.endRemoveRows()

    def clear(self) -> None:
        self.beginResetModel()
        self._keys.clear()
        self._place.clear()
        self._rows.clear()
        self._cells.clear()
        self.endResetModel()

    def refresh(self, keys: Iterable[Hashable] | None = None) -> None:
        """Make the cells again from the same rows: something they lean on changed."""
        for key in list(self._keys if keys is None else keys):
            if key in self._rows:
                self.put(key, self._rows[key])

    def row_of(self, key: Hashable) -> Row | None:
        return self._rows.get(key)

    def rows(self) -> list[Row]:
        """Oldest first."""
        return [self._rows[key] for key in self._keys]

    def key_at(self, row: int) -> Hashable:
        return self._keys[self._shown(row)]

    def shown_row(self, key: Hashable) -> int:
        """Where the key is seen; -1 when it is not there."""
        return self._shown(self._place[key]) if key in self._place else -1

    def columns(self) -> tuple[Column[Row], ...]:
        return self._columns

    def column_named(self, title: str) -> int:
        return next(n for n, column in enumerate(self._columns) if column.title == title)

    def _cells_of(self, key: Hashable) -> list[Cell]:
        cells = self._cells.get(key)
        if cells is None:
            row = self._rows[key]
            cells = self._cells[key] = [column.cell(row) for column in self._columns]
        return cells

    def _drop_oldest(self, count: int) -> None:
        """Many at once: every removal renumbers all rows that stay."""
        shown = (self._shown(count - 1), self._shown(0))
        self.beginRemoveRows(QModelIndex(), min(shown), max(shown))
        for key in self._keys[:count]:
            del self._rows[key], self._place[key]
            self._cells.pop(key, None)
        del self._keys[:count]
        self._place.update((key, place) for place, key in enumerate(self._keys))
        self.endRemoveRows()

    def _shown(self, place: int) -> int:
        """Between the place in `_keys` and the row on the screen, both ways."""
        return len(self._keys) - 1 - place if self._newest_first else place

    def _announce(self, key: Hashable, before: list[Cell], after: list[Cell]) -> None:
        changed = [n for n, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
        row = self._shown(self._place[key])
        for first, last in _runs(changed):
            self.dataChanged.emit(self.index(row, first), self.index(row, last))

    # --- QAbstractTableModel --------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (Qt's signature)
        return 0 if parent.isValid() else len(self._keys)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (Qt's signature)
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._keys):
            return None
        key = self.key_at(index.row())
        return self._role_value(key, index.column(), role)

    def _role_value(self, key: Hashable, column: int, role: int) -> Any:  # noqa: PLR0911 (one per role)
        cell = self._cells_of(key)[column]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return cell.text
            case Qt.ItemDataRole.ForegroundRole:
                return QColor(cell.colour) if cell.colour else None
            case Qt.ItemDataRole.TextAlignmentRole:
                return _RIGHT if self._columns[column].numeric else _LEFT
            case Qt.ItemDataRole.FontRole:
                return self._mono if self._columns[column].numeric else None
            case Qt.ItemDataRole.ToolTipRole:
                return cell.tip or None
            case CellRole.LOOK:
                shown = self._columns[column]
                return Look(cell, shown.numeric, shown.is_button, shown.is_flat)
            case CellRole.MARK:
                return cell.mark
            case CellRole.PENDING:
                return cell.pending
            case CellRole.KEY:
                return key
            case CellRole.SORT:
                return cell.text if cell.sort is None else cell.sort
        return None

    def headerData(  # noqa: PLR0911 (one per role)
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self._columns):
            return None
        column = self._columns[section]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return "" if column.is_button else column.title
            case CellRole.ACTION:
                return column.title if column.is_button else None
            case Qt.ItemDataRole.TextAlignmentRole:
                return _RIGHT if column.numeric else _LEFT
            case CellRole.SAMPLE:
                return column.sample
            case CellRole.NUMERIC:
                return column.numeric
        return None


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """[1, 2, 3, 6] -> [(1, 3), (6, 6)]: one signal for neighbours."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs
