"""The order and the choice of the rows a table shows."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSortFilterProxyModel

from desktop.models.table_model import CellRole

Index = QModelIndex | QPersistentModelIndex


class SortedRows(QSortFilterProxyModel):
    """Sorts by the number behind the text; as it came until a header is clicked.

    The filter takes rows in which every word stands somewhere, in any case.
    """

    _words: tuple[str, ...] = ()

    def set_filter(self, text: str) -> None:
        words = tuple(text.lower().split())
        if words != self._words:
            self._words = words
            self.invalidate()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        if not self._words:
            return True
        source = self.sourceModel()
        texts = [
            str(source.index(row, column, parent).data() or "").lower()
            for column in range(source.columnCount())
        ]
        return all(any(word in text for text in texts) for word in self._words)

    def lessThan(self, left: Index, right: Index) -> bool:
        a, b = left.data(CellRole.SORT), right.data(CellRole.SORT)
        if isinstance(a, int | float | Decimal) and isinstance(b, int | float | Decimal):
            return a < b
        return str(a) < str(b)
