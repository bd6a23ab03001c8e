"""What the two questions about a position share: its name, what is wrong, and two buttons."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLayout, QVBoxLayout, QWidget

from desktop.formatting import price_text, quantity_text
from desktop.theme.fonts import ui_font
from desktop.widgets.buttons import make_button
from desktop.widgets.decimal_field import DecimalField
from desktop.widgets.problem_line import ProblemLine
from engine.commands import Command
from engine.market.instruments import Instrument, Problem
from engine.views import PositionView


class PositionDialog(QDialog):
    """Connect `command_wanted` and call `open()`; it never blocks the window."""

    command_wanted = Signal(object)

    def __init__(
        self,
        parent: QWidget,
        *,
        name: str,
        act: str,
        position: PositionView,
        instrument: Instrument,
        mark_price: Decimal,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(f"{name}.dialog")
        self.setAccessibleName(act)
        self.setWindowTitle("Perpdesk")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(380)
        self._position, self._instrument, self._mark_price = position, instrument, mark_price
        self.problems = ProblemLine(f"{name}.problem", self)
        self.problems.fix_clicked.connect(self._apply_fix)
        self.send = make_button(f"{name}.send", act, "primary", height=32, parent=self)
        self.send.setDefault(True)
        self.send.clicked.connect(self._send)
        leave = make_button(f"{name}.cancel", "Leave it", "plain", height=32, parent=self)
        leave.clicked.connect(self.reject)
        self._buttons = QHBoxLayout()
        self._buttons.addStretch(1)
        self._buttons.addWidget(leave)
        self._buttons.addWidget(self.send)

    def command(self) -> Command | None:
        """What would be sent now; None while nothing can be."""
        raise NotImplementedError

    def problem(self) -> Problem | None:
        raise NotImplementedError

    def field_named(self, name: str) -> DecimalField:
        raise NotImplementedError

    @Slot()
    def check(self) -> None:
        problem = self.problem()
        if problem is None:
            self.problems.show_hint(self.hint())
        else:
            fix = problem.fix
            text = price_text(fix, self._instrument) if fix is not None else ""
            self.problems.show_problem(
                problem.sentence, field=problem.field, fix=fix, fix_text=text
            )
        self.send.setEnabled(problem is None and self.command() is not None)

    def hint(self) -> str:
        return ""

    def add(self, parts: list[QWidget | QLayout]) -> None:
        """Lay out under the position's name; call once."""
        position = self._position
        word = "LONG" if position.quantity > 0 else "SHORT"
        size = quantity_text(abs(position.quantity), self._instrument)
        mark = price_text(self._mark_price, self._instrument)
        title = QLabel(f"{position.symbol} {word} {size}", self)
        title.setFont(ui_font(15, QFont.Weight.DemiBold))
        entry = price_text(position.entry_price, self._instrument)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(9)
        column.addWidget(title)
        column.addWidget(QLabel(f"Entry {entry}, mark {mark}", self))
        for part in [*parts, self.problems, self._buttons]:
            if isinstance(part, QWidget):
                column.addWidget(part)
            else:
                column.addLayout(part)
        first = next((part for part in parts if isinstance(part, QWidget)), None)
        if first is not None:
            first.setFocus()  # what is typed next belongs there
        self.check()

    @Slot()
    def _send(self) -> None:
        command = self.command()
        if command is not None and self.problem() is None:
            self.accept()  # a second click finds no dialog
            self.command_wanted.emit(command)

    @Slot(object, object)
    def _apply_fix(self, name: str, fix: Decimal) -> None:
        self.field_named(name).set_number(fix)
