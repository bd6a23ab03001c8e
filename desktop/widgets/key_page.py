"""The keymap editor: every act with its key, and which of them stand in each other's way."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFont, QKeySequence
from PySide6.QtWidgets import (
    QGridLayout,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from desktop.models.keymap import ACTS, KeyAct, Keymap
from desktop.theme.fonts import ui_font
from desktop.theme.redress import put_ink
from desktop.widgets.buttons import make_button

_PORTABLE = QKeySequence.SequenceFormat.PortableText


class KeyRow:
    """The widgets of one act; the page lays them out."""

    def __init__(self, act: KeyAct, keymap: Keymap, page: KeyPage) -> None:
        self.act = act
        self._keymap = keymap
        self._page = page
        self.title = QLabel(act.title, page)
        self.edit = QKeySequenceEdit(page)
        self.edit.setObjectName(f"key.{act.name}.edit")
        self.edit.setAccessibleName(f"Key for: {act.title}")
        self.edit.setMaximumSequenceLength(1)
        line = self.edit.findChild(QLineEdit)
        if line is not None:
            line.setObjectName(f"key.{act.name}.line")
            line.setAccessibleName(f"Key for: {act.title}")
        self.edit.setFixedWidth(150)
        self.edit.editingFinished.connect(self._choose)
        self.clear = make_button(
            f"key.{act.name}.clear",
            "No key",
            "quiet",
            accessible_name=f"No key for: {act.title}",
            parent=page,
        )
        self.clear.clicked.connect(lambda: page.choose(act.name, ""))
        self.problem = QLabel(page)
        self.problem.setObjectName(f"key.{act.name}.problem")
        self.problem.setFont(ui_font(11))
        self.problem.setWordWrap(True)
        put_ink(self.problem, "ERROR")

    def _choose(self) -> None:
        self._page.choose(self.act.name, self.edit.keySequence().toString(_PORTABLE))

    def show(self, key: str, others: list[str]) -> None:
        if self.edit.keySequence().toString(_PORTABLE) != key:
            self.edit.setKeySequence(QKeySequence(key))
        shared = ", ".join(others)
        self.problem.setText(f"Also the key of: {shared}. Neither acts." if others else "")
        self.clear.setEnabled(bool(key))

    def match(self, words: list[str]) -> bool:
        text = f"{self.act.title} {self.act.group} {self._keymap.key_of(self.act.name)}".lower()
        return all(word in text for word in words)

    def set_visible(self, is_visible: bool) -> None:
        for widget in (self.title, self.edit, self.clear, self.problem):
            widget.setVisible(is_visible)


class KeyPage(QWidget):
    """Changes hold at once; the window's keys follow."""

    def __init__(self, keymap: Keymap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keymap = keymap
        self.rows = {act.name: KeyRow(act, keymap, self) for act in ACTS}
        self._headings: dict[str, QLabel] = {}
        grid = QGridLayout()
        grid.setColumnStretch(3, 1)
        grid.setHorizontalSpacing(10)
        for row in self.rows.values():
            self._add(grid, row)
        reset = make_button("keys.reset", "Reset all keys", "plain", height=28, parent=self)
        reset.clicked.connect(keymap.reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 4, 0)
        column.addLayout(grid)
        column.addWidget(reset, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self.show_keys()

    def choose(self, name: str, key: str) -> None:
        """A key that cannot be is put back, with the reason beside it."""
        problem = self._keymap.choose(name, key)
        self.show_keys()
        if problem:
            self.rows[name].problem.setText(problem)

    @Slot()
    def show_keys(self) -> None:
        conflicts = self._keymap.conflicts()
        for name, key in self._keymap.keys().items():
            self.rows[name].show(key, conflicts.get(name, []))

    def show_found(self, search: str) -> int:
        """Only the rows with these words; how many there are."""
        words = search.lower().split()
        shown = {name for name, row in self.rows.items() if row.match(words)}
        for name, row in self.rows.items():
            row.set_visible(name in shown)
        for group, heading in self._headings.items():
            heading.setVisible(any(self.rows[name].act.group == group for name in shown))
        return len(shown)

    def _add(self, grid: QGridLayout, row: KeyRow) -> None:
        if row.act.group not in self._headings:
            heading = QLabel(row.act.group, self)
            heading.setFont(ui_font(12, QFont.Weight.DemiBold))
            put_ink(heading, "TEXT_DIM")
            heading.setContentsMargins(0, 10 if self._headings else 0, 0, 2)
            self._headings[row.act.group] = heading
            grid.addWidget(heading, grid.rowCount(), 0, 1, 4)
        place = grid.rowCount()
        for column, widget in enumerate((row.title, row.edit, row.clear, row.problem)):
            grid.addWidget(widget, place, column)
