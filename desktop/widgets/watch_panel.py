"""The watch list with its search line; starred symbols come first and are remembered."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop.models.preferences import Preferences
from desktop.models.watch_model import STAR, WatchModel
from desktop.widgets.buttons import make_button
from desktop.widgets.data_table import DataTable
from desktop.widgets.search_field import SearchField

_KEY = "watch.stars"


class WatchPanel(QWidget):
    symbol_chosen = Signal(object)  # str

    def __init__(
        self, model: WatchModel, preferences: Preferences, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("watch")
        self._model = model
        self._preferences = preferences
        model.set_stars([str(symbol) for symbol in preferences.get(_KEY, [])])
        self.search = SearchField("watch.search", "Search", "Search a symbol", self)
        self.only_stars = self._stars_button()
        self.table = DataTable("watch.table", "Watch list", model, "No symbol.", self)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.sortByColumn(model.column_named(STAR), Qt.SortOrder.DescendingOrder)
        row = QHBoxLayout()
        row.setContentsMargins(6, 3, 6, 3)
        row.setSpacing(4)
        row.addWidget(self.search, 1)
        row.addWidget(self.only_stars)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.table, 1)
        self.table.row_chosen.connect(self.symbol_chosen)
        self.table.action_clicked.connect(self._toggle)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._choose_first)
        self.only_stars.toggled.connect(self._filter)

    def minimumSizeHint(self) -> QSize:
        """No figure is cut, with large letters either; who wants it narrower hides a column."""
        bar = self.table.verticalScrollBar().sizeHint().width()
        return QSize(self.table.columns.least_width() + bar, super().minimumSizeHint().height())

    def _stars_button(self) -> QPushButton:
        spoken = "Show starred symbols alone"
        button = make_button("watch.onlyStars", "★", "interval", accessible_name=spoken)
        button.setToolTip(spoken)
        button.setCheckable(True)
        button.setFixedWidth(30)
        return button

    @Slot(object, object)
    def _toggle(self, symbol: str, _act: str) -> None:
        self._model.toggle_star(symbol)
        self._preferences.put(_KEY, self._model.stars())

    @Slot()
    def _filter(self) -> None:
        star = "★ " if self.only_stars.isChecked() else ""
        self.table.set_filter(f"{star}{self.search.text()}")

    @Slot()
    def _choose_first(self) -> None:
        """Enter shows the first that was found."""
        keys = self.table.shown_keys()
        if keys and self.search.text():
            self.symbol_chosen.emit(keys[0])
            self.search.clear()
