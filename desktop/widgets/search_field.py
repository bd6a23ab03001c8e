"""A line to look for rows with: named, spoken, and emptied by one press."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QToolButton, QWidget

_HEIGHT = 24


class SearchField(QLineEdit):
    def __init__(self, name: str, placeholder: str, spoken: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(spoken)
        self.setPlaceholderText(placeholder)
        self.setFixedHeight(_HEIGHT)
        self.setClearButtonEnabled(True)
        clear = self.findChild(QToolButton)
        if clear is not None:
            clear.setObjectName(f"{name}.clear")
            clear.setAccessibleName(f"Empty the line: {spoken.lower()}")
