"""A person's own programs: choose a file, start it, see what it does and says, stop it.

Shows what the engine said last and asks by signals.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from desktop.models.alerts_model import AlertsModel
from desktop.models.strategies_model import StrategiesModel
from desktop.theme.resources import resource_path
from desktop.widgets.buttons import make_button
from desktop.widgets.data_table import DataTable
from desktop.widgets.fault_list import words
from engine.strategy_commands import StartStrategy

_ABOUT = "Its orders pass the same guard as yours. KILL and closing the window stop it."


_FILE_WIDTH, _SYMBOLS_WIDTH = 320, 180


class StrategiesPanel(QWidget):
    """Builds its contents when it is shown for the first time."""

    command_wanted = Signal(object)  # StrategyCommand
    export_wanted = Signal(object)  # DataTable
    shown = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strategies")
        self.setAccessibleName("Strategies")
        self.strategies = StrategiesModel(self)
        self.said = AlertsModel(self)
        self._symbol = ""
        self._problem_text = ""
        self._is_built = False

    # --- what it is told ------------------------------------------------------------

    def set_symbol(self, symbol: str) -> None:
        """The shown one: what a strategy is started on unless something else is typed."""
        if self._is_built and self._symbols.text() in ("", self._symbol):
            self._symbols.setText(symbol)
        self._symbol = symbol

    def set_problem(self, sentence: str) -> None:
        """Why nothing was started; "" when all is well."""
        self._problem_text = sentence
        if self._is_built:
            self._problem.setText(sentence)
            self._problem.setVisible(bool(sentence))

    def set_last(self, file: str) -> None:
        """What was started last time: one click starts it again."""
        if self._is_built and not self._file.text():
            self._file.setText(file)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._is_built:
            self._build()
            self.shown.emit()

    # --- within ------------------------------------------------------------------------

    @Slot()
    def _on_choose(self) -> None:
        chosen = self._file.text().strip()
        folder = Path(chosen).parent if chosen else resource_path("strategies")
        dialog = QFileDialog(self, "A strategy", str(folder), "Strategies (*.py)")
        dialog.setObjectName("strategies.dialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._file.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot()
    def _check(self) -> None:
        self._start.setEnabled(bool(self._file.text().strip() and self._chosen_symbols()))

    @Slot()
    def _on_start(self) -> None:
        self.set_problem("")
        self.command_wanted.emit(
            StartStrategy(file=self._file.text().strip(), symbols=self._chosen_symbols())
        )

    @Slot(object, object)
    def _on_stop(self, name: object, _act: str) -> None:
        command = self.strategies.stop_command(name)
        if command is not None:
            self.command_wanted.emit(command)

    def _chosen_symbols(self) -> tuple[str, ...]:
        return tuple(self._symbols.text().upper().replace(",", " ").split())

    # --- building ----------------------------------------------------------------------

    def _build(self) -> None:
        self._is_built = True
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 4)
        column.setSpacing(4)
        column.addLayout(self._build_start())
        self._problem = words(self._problem_text, "WARNING", self)
        self._problem.setObjectName("strategies.problem")
        self._problem.setVisible(bool(self._problem_text))
        column.addWidget(self._problem)
        tables = QSplitter(Qt.Orientation.Horizontal, self)
        tables.setObjectName("strategies.halves")
        self._table = DataTable(
            "strategies.table", "Strategies", self.strategies, "No strategy runs.", tables
        )
        self._table.action_clicked.connect(self._on_stop)
        lines = DataTable(
            "strategies.said", "What strategies said", self.said, "Nothing was said.", tables
        )
        for table in (self._table, lines):
            table.export_wanted.connect(lambda table=table: self.export_wanted.emit(table))
            tables.addWidget(table)
        column.addWidget(tables, 1)
        self._check()

    def _build_start(self) -> QHBoxLayout:
        self._file = self._field("strategies.file", "Python file", "A strategy's .py file")
        choose = make_button("strategies.choose", "Choose...", "plain", parent=self)
        choose.setAccessibleName("Choose a strategy file")
        choose.clicked.connect(self._on_choose)
        self._file.setMinimumWidth(_FILE_WIDTH)
        self._symbols = self._field("strategies.symbols", "Symbols", "BTCUSDT, ETHUSDT")
        self._symbols.setText(self._symbol)
        self._symbols.setMaximumWidth(_SYMBOLS_WIDTH)
        self._start = make_button("strategies.start", "Start", "plain", parent=self)
        self._start.setAccessibleName("Start this strategy")
        self._start.setToolTip(_ABOUT)
        self._start.clicked.connect(self._on_start)
        row = QHBoxLayout()
        row.setSpacing(8)
        for widget in (self._file, choose, self._symbols, self._start):
            row.addWidget(widget)
        row.addWidget(words(_ABOUT, "TEXT_DIM", self), 1)
        for field in (self._file, self._symbols):
            field.textChanged.connect(self._check)
        return row

    def _field(self, name: str, spoken: str, hint: str) -> QLineEdit:
        field = QLineEdit(self)
        field.setObjectName(name)
        field.setAccessibleName(spoken)
        field.setPlaceholderText(hint)
        field.setFixedHeight(24)
        return field
