"""What is wrong with the order, in a sentence, and one click that mends it.

Its height is fixed: the buttons below must not move while a person aims.
"""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from desktop.theme.fonts import ui_font
from desktop.theme.redress import put_ink
from desktop.widgets.buttons import make_button

_HEIGHT = 36


class ProblemLine(QWidget):
    fix_clicked = Signal(object, object)  # field name, Decimal

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setFixedHeight(_HEIGHT)
        self._field = ""
        self._fix: Decimal | None = None
        self._sentence = QLabel(self)
        self._sentence.setObjectName(f"{name}.sentence")
        self._sentence.setAccessibleName("What is wrong with the order")
        self._sentence.setWordWrap(True)
        self._sentence.setFont(ui_font(11))
        self._button = make_button(f"{name}.fix", "", "fix", accessible_name="Apply the correction")
        self._button.clicked.connect(self._apply)
        self._button.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(1, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self._sentence, 1, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._button, 0, Qt.AlignmentFlag.AlignVCenter)

    def show_problem(
        self, sentence: str, *, field: str = "", fix: Decimal | None = None, fix_text: str = ""
    ) -> None:
        # the button says the value, so the sentence need not ask
        shown = sentence.split(" - use ", maxsplit=1)[0] if fix is not None else sentence
        self._show(shown if shown.endswith((".", "!")) else f"{shown}.", "UNKNOWN")
        self._field, self._fix = field, fix
        self._button.setText(f"Use {fix_text}")
        self._button.setVisible(fix is not None)

    def show_hint(self, sentence: str) -> None:
        self._show(sentence, "TEXT_FAINT")
        self._fix = None
        self._button.hide()

    def sentence(self) -> str:
        return self._sentence.text()

    def _show(self, sentence: str, ink: str) -> None:
        if self._sentence.text() == sentence:
            return
        put_ink(self._sentence, ink)
        self._sentence.setText(sentence)
        self._sentence.setToolTip(sentence)

    @Slot()
    def _apply(self) -> None:
        if self._fix is not None:
            self.fix_clicked.emit(self._field, self._fix)
