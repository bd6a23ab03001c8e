"""The review's window: filter above, figures and pictures, tables in tabs, one line of words.

Shows what it is given and says what a person wants; `ReviewDesk` asks the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from desktop.models.review_tables import (
    DifferencesModel,
    GroupsModel,
    QualityModel,
    TieOutLinesModel,
    TripsModel,
)
from desktop.models.table_model import CellRole, TableModel
from desktop.theme.fonts import ui_font
from desktop.widgets.buttons import make_button
from desktop.widgets.data_table import DataTable
from desktop.widgets.equity_chart import EquityChart
from desktop.widgets.note_editor import NoteEditor
from desktop.widgets.profit_calendar import ProfitCalendar
from desktop.widgets.review_figures import ReviewFigures
from desktop.widgets.review_filter import ReviewFilterBar
from engine.market.instruments import Instrument
from engine.review_views import Review, ReviewedTrip, TieOutResult, TripKey

_SIZE = QSize(1180, 780)
_EMPTY = (
    "Nothing was traded in this time.\n\n"
    "The review is made from the journal: every fill since Perpdesk was first used with this"
    " account.\nChoose a longer span above, another symbol or no tag; or trade, and come back."
)
_NOT_TIED = (
    "Tie out holds every booking of the exchange's statement (profit, fees, funding, transfers)"
    " against the journal."
)
_GROUPINGS = (
    ("symbol", "By symbol"),
    ("side", "By side"),
    ("hour", "By hour"),
    ("weekday", "By weekday"),
    ("tag", "By tag"),
)


class ReviewWindow(QWidget):
    load_wanted = Signal()
    cancel_wanted = Signal()
    export_wanted = Signal()
    tie_out_wanted = Signal()

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        now_ms: Callable[[], int],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setWindowFlag(self.windowFlags().Window)
        self.setObjectName("review")
        self.setAccessibleName("Review of past trades")
        self.setWindowTitle("Perpdesk - review")
        self.resize(_SIZE)
        self.filter = ReviewFilterBar(now_ms, self)
        self.figures = ReviewFigures()
        self.curve = EquityChart()
        self.calendar = ProfitCalendar()
        self.editor = NoteEditor()
        self.trips = TripsModel(instruments, self)
        self.groups = {name: GroupsModel(self) for name, _ in _GROUPINGS}
        self.orders = QualityModel(instruments, self)
        self.lines = TieOutLinesModel(self)
        self.differences = DifferencesModel(self)
        self._chosen: TripKey | None = None
        self._make_buttons()
        self._make_tabs()
        self._lay_out()
        self.calendar.day_chosen.connect(self.filter.choose_day)
        self.set_busy(None)

    # --- what it is told ------------------------------------------------------------

    def show_review(self, review: Review) -> None:
        self.filter.set_choices(review.symbols, review.tags)
        self.figures.show_review(review)
        self.curve.show_points(review.curve)
        self.calendar.show_days(review.days)
        self.trips.show(review.trips)
        self.orders.show(review.orders)
        for name, groups in (
            ("symbol", review.by_symbol),
            ("side", review.by_side),
            ("hour", review.by_hour),
            ("weekday", review.by_weekday),
            ("tag", review.by_tag),
        ):
            self.groups[name].show(groups)
        chosen = self.trips.row_of(self._chosen) if self._chosen else None
        self.editor.show_trip(chosen)
        has_any = bool(review.curve or review.trips or review.orders)
        self.body.setCurrentIndex(1 if has_any else 0)
        self.empty.setText(_EMPTY)

    def show_tie_out(self, result: TieOutResult) -> None:
        self.lines.show(result.lines)
        self.differences.show(result.differences)
        self.body.setCurrentIndex(1)
        self.tabs.setCurrentWidget(self.tie_out_page)

    def show_trip(self, one: ReviewedTrip, key: TripKey) -> None:
        """A note has changed."""
        if self.trips.row_of(key) is not None:
            self.trips.put(key, one)
        if key == self._chosen:
            self.editor.show_trip(one)

    def set_busy(self, share: float | None, *, is_busy: bool = False) -> None:
        """Work is under way, so far; a bar without an end while that is not known."""
        for button in (self.load, self.export, self.tie_out):
            button.setEnabled(not is_busy)
        self.cancel.setVisible(is_busy)
        self.progress.setVisible(is_busy)
        self.progress.setRange(0, 0 if is_busy and share is None else 100)
        self.progress.setValue(round(100 * (share or 0.0)))

    def say(self, sentence: str) -> None:
        self.words.setText(sentence)

    @Slot()
    def open(self) -> None:
        self.show()
        self.activateWindow()  # also brings it to the front

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    @Slot(QModelIndex)
    def _choose(self, current: QModelIndex) -> None:
        """By mouse or by keys; a table that is filled anew keeps the choice."""
        if current.isValid():
            self._chosen = current.data(CellRole.KEY)
            self.editor.show_trip(self.trips.row_of(self._chosen))

    # --- building -----------------------------------------------------------------

    def _make_buttons(self) -> None:
        self.load = make_button("review.load", "Load", "chip", accessible_name="Load the review")
        self.cancel = make_button("review.cancel", "Cancel", "chip")
        self.export = make_button("review.export", "Export CSV...", "chip")
        self.tie_out = make_button(
            "review.tieOut", "Tie out", "chip", accessible_name="Compare with the exchange"
        )
        self.tie_out.setToolTip(_NOT_TIED)
        for button, wanted in (
            (self.load, self.load_wanted),
            (self.cancel, self.cancel_wanted),
            (self.export, self.export_wanted),
            (self.tie_out, self.tie_out_wanted),
        ):
            button.setMinimumWidth(96)
            button.clicked.connect(wanted)
        self.progress = QProgressBar(self)
        self.progress.setObjectName("review.progress")
        self.progress.setAccessibleName("How far the work is")
        self.progress.setFixedSize(180, 14)
        self.progress.setTextVisible(False)
        self.words = QLabel(self)
        self.words.setObjectName("review.words")
        self.words.setAccessibleName("What the review says")
        self.words.setFont(ui_font(12))
        self.words.setWordWrap(True)

    def _make_tabs(self) -> None:
        self.tabs = QTabWidget(self)
        self.tabs.setObjectName("review.tabs")
        self.tabs.setAccessibleName("Parts of the review")
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setFont(ui_font(12))
        overview = QWidget()
        row = QHBoxLayout(overview)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.curve, 3)
        row.addWidget(self.calendar, 2)
        self.tabs.addTab(overview, "Overview")
        self.trip_table = self._table("trips", "Round trips", self.trips, "No round trip.")
        self.trip_table.selectionModel().currentRowChanged.connect(self._choose)
        self.tabs.addTab(_column(self.trip_table, self.editor), "Round trips")
        for name, title in _GROUPINGS:
            table = self._table(name, title, self.groups[name], "No round trip.")
            self.tabs.addTab(table, title)
        nothing = "No order was measured in this time."
        orders = self._table("orders", "Orders: slippage and latency", self.orders, nothing)
        self.tabs.addTab(orders, "Orders")
        self.tie_out_page = _column(
            self._table("lines", "Sums of the tie-out", self.lines, _NOT_TIED),
            self._table("differences", "Differences", self.differences, "No difference."),
        )
        self.tabs.addTab(self.tie_out_page, "Tie-out")

    def _table(self, name: str, spoken: str, model: TableModel[Any], empty: str) -> DataTable:
        return DataTable(f"review.{name}.table", spoken, model, empty, self)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(self.filter, 1)
        for part in (self.progress, self.cancel, self.load, self.tie_out, self.export):
            top.addWidget(part)
        self.empty = QLabel("", self)
        self.empty.setObjectName("review.empty")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setFont(ui_font(13))
        shown = QWidget()
        inside = QVBoxLayout(shown)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.figures)
        inside.addWidget(self.tabs, 1)
        self.body = QStackedWidget(self)
        self.body.addWidget(self.empty)
        self.body.addWidget(shown)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addLayout(top)
        column.addWidget(self.words)
        column.addWidget(self.body, 1)


def _column(*parts: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    for part in parts:
        column.addWidget(part, 0 if isinstance(part, NoteEditor) else 1)
    return page
