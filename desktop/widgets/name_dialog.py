"""Asks for the name of a layout and says at once when it cannot have it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from desktop.models.layouts import NAME_LENGTH, problem_with_name
from desktop.theme.fonts import ui_font
from desktop.widgets.buttons import make_button


class NameDialog(QDialog):
    """Connect `named` and call `open()`; it never blocks the window."""

    named = Signal(object)  # str

    def __init__(
        self, parent: QWidget, *, question: str, act: str, taken: Sequence[str], now: str = ""
    ) -> None:
        super().__init__(parent)
        self.setObjectName("layoutName.dialog")
        self.setAccessibleName(question)
        self.setWindowTitle("Perpdesk")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(380)
        self._taken = tuple(name for name in taken if name != now)
        title = QLabel(question, self)
        title.setFont(ui_font(15, QFont.Weight.DemiBold))
        self.name = QLineEdit(now, self)
        self.name.setObjectName("layoutName.name")
        self.name.setAccessibleName("Name of the layout")
        self.name.setMaxLength(NAME_LENGTH)
        self.problem = QLabel(self)
        self.problem.setObjectName("layoutName.problem")
        self.save = make_button("layoutName.save", act, "primary", height=32, parent=self)
        self.save.setDefault(True)
        leave = make_button("layoutName.cancel", "Leave it", "plain", height=32, parent=self)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(leave)
        buttons.addWidget(self.save)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(9)
        for part in (title, self.name, self.problem):
            column.addWidget(part)
        column.addLayout(buttons)
        self.name.textChanged.connect(self._check)
        self.save.clicked.connect(self._save)
        leave.clicked.connect(self.reject)
        self._check()

    @Slot()
    def _check(self) -> None:
        problem = problem_with_name(self.name.text(), self._taken)
        self.problem.setText(problem)
        self.save.setEnabled(not problem)

    @Slot()
    def _save(self) -> None:
        name = self.name.text().strip()
        self.accept()  # a second click finds no dialog
        self.named.emit(name)
