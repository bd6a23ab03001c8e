"""The columns of a table: width, order, which are hidden, which sorts; all by a person's choice."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, QPoint, Qt, Slot
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QMenu, QTableView

from desktop.models.table_model import TableModel
from desktop.theme.fonts import mono_font, ui_font
from desktop.widgets.cell_delegate import MARK_WIDTH, PADDING

_SLACK = 2  # letters are measured in fractions of a pixel
_LEAST = 20
_FLAT_PADDING = 3


class TableColumns(QObject):
    """`state` is plain JSON; one of another set of columns restores what it knows."""

    def __init__(self, table: QTableView, model: TableModel[Any]) -> None:
        super().__init__(table)
        self._table = table
        self._header = table.horizontalHeader()
        self._titles = [column.title for column in model.columns()]
        self._shown_titles = {c.title for c in model.columns() if not c.is_button}
        self._model = model
        self._measured = _measured_widths(model)
        last = model.columns()[-1]
        self._ends_in_sentences = not last.is_button and not last.sample
        self._chosen: dict[str, int] = {}  # by a person, by title
        self._first_sort: list[str] | None = None  # as its panel wants it; known when first asked
        self._is_spreading = False
        self._header.setSectionsMovable(True)
        self._header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._header.customContextMenuRequested.connect(self._open_menu)
        self._header.sectionResized.connect(self._on_resized)

    def redress(self) -> None:
        """Letters of another size are of another width."""
        self._measured = _measured_widths(self._model)
        self.spread()
        self._table.updateGeometry()

    def least_width(self) -> int:
        """With no cell of the columns that are shown cut."""
        seen = (n for n in range(len(self._titles)) if not self._table.isColumnHidden(n))
        return sum(self._measured[n] for n in seen)

    def spread(self) -> None:
        """A column of sentences takes what is left over; without one all share it."""
        self._is_spreading = True
        seen = [n for n in range(len(self._titles)) if not self._table.isColumnHidden(n)]
        widths = {n: self._chosen.get(self._titles[n], self._measured[n]) for n in seen}
        spare = max(0, self._table.viewport().width() - sum(widths.values()))
        open_ends = [
            n
            for n in seen
            if self._titles[n] not in self._chosen and self._titles[n] in self._shown_titles
        ]
        if self._ends_in_sentences:
            open_ends = [n for n in open_ends if n == len(self._titles) - 1]
        share, rest = divmod(spare, len(open_ends)) if open_ends else (0, 0)
        for number, width in widths.items():
            extra = share + (rest if open_ends and number == open_ends[-1] else 0)
            self._table.setColumnWidth(number, width + (extra if number in open_ends else 0))
        self._is_spreading = False

    def menu(self) -> QMenu:
        """Which columns are shown, and the way back to all of them."""
        menu = QMenu(self._table)
        for number, title in enumerate(self._titles):
            if title not in self._shown_titles:
                continue
            action = menu.addAction(title)
            action.setObjectName(f"{self._table.objectName()}.column.{title}")
            action.setCheckable(True)
            action.setChecked(not self._table.isColumnHidden(number))
            action.toggled.connect(lambda is_shown, n=number: self._show(n, is_shown=is_shown))
        menu.addSeparator()
        reset = menu.addAction("Reset columns")
        reset.setObjectName(f"{self._table.objectName()}.column.reset")
        reset.triggered.connect(lambda: self.restore({}))
        return menu

    def state(self) -> dict[str, Any]:
        count = len(self._titles)
        order = [self._titles[self._header.logicalIndex(place)] for place in range(count)]
        hidden = [t for n, t in enumerate(self._titles) if self._table.isColumnHidden(n)]
        return {
            "order": order if order != self._titles else [],
            "hidden": hidden,
            "widths": dict(self._chosen),
            "sort": self._sort(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """An empty state is the first one."""
        order, hidden, widths = (state.get(key) for key in ("order", "hidden", "widths"))
        known = [t for t in order if t in self._titles] if isinstance(order, list) else []
        places = list(dict.fromkeys([*known, *self._titles]))
        for place, title in enumerate(places):
            logical = self._titles.index(title)
            self._header.moveSection(self._header.visualIndex(logical), place)
        for number, title in enumerate(self._titles):
            is_hidden = isinstance(hidden, list) and title in hidden
            self._table.setColumnHidden(number, is_hidden and title in self._shown_titles)
        chosen = widths.items() if isinstance(widths, dict) else ()
        self._chosen = {
            title: max(_LEAST, width)
            for title, width in chosen
            if title in self._titles and isinstance(width, int)
        }
        if self._first_sort is None:
            self._first_sort = self._sort()
        self._put_sort(state.get("sort", self._first_sort))
        self.spread()
        self._table.updateGeometry()

    def _sort(self) -> list[str]:
        """[title, "up" or "down"]; [] while the rows stand as they came."""
        by = self._header.sortIndicatorSection()
        if not 0 <= by < len(self._titles):
            return []
        is_up = self._header.sortIndicatorOrder() is Qt.SortOrder.AscendingOrder
        return [self._titles[by], "up" if is_up else "down"]

    def _put_sort(self, sort: object) -> None:
        match sort:
            case [title, ("up" | "down") as way] if title in self._titles:
                order = Qt.SortOrder.AscendingOrder if way == "up" else Qt.SortOrder.DescendingOrder
                self._table.sortByColumn(self._titles.index(title), order)
            case _:
                self._table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)

    def _show(self, number: int, *, is_shown: bool) -> None:
        """The last one stays: a table without columns has no header to bring them back."""
        shown = [
            n
            for n, title in enumerate(self._titles)
            if title in self._shown_titles and not self._table.isColumnHidden(n)
        ]
        if is_shown or len(shown) > 1:
            self._table.setColumnHidden(number, not is_shown)
            self.spread()
            self._table.updateGeometry()

    @Slot(int, int, int)
    def _on_resized(self, number: int, before: int, after: int) -> None:
        if not self._is_spreading and before and after:
            self._chosen[self._titles[number]] = after

    @Slot(QPoint)
    def _open_menu(self, at: QPoint) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self._header.mapToGlobal(at))


def _measured_widths(model: TableModel[Any]) -> list[int]:
    """Wide enough for the widest text the model names, so nothing ever jumps."""
    words, numbers = QFontMetrics(ui_font()), QFontMetrics(mono_font())
    widths = []
    for column in model.columns():
        metrics = numbers if column.numeric else words
        title = "" if column.is_button else column.title
        width = max(metrics.horizontalAdvance(column.sample), words.horizontalAdvance(title))
        mark = MARK_WIDTH if column.title in ("Status", "Level") else 0
        padding = _FLAT_PADDING if column.is_flat else PADDING
        widths.append(width + 2 * padding + mark + _SLACK)
    return widths
