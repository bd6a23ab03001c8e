"""One question before an act that cannot be taken back. It never blocks the window."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop.theme.fonts import ui_font
from desktop.widgets.buttons import make_button


class Confirmation(QDialog):
    """`name` is the prefix of its object names: `.plan`, `.confirm`, `.cancel`.

    Connect `accepted` and call `open()`.
    """

    def __init__(
        self,
        parent: QWidget,
        *,
        name: str,
        question: str,
        sentences: list[str],
        confirm: str,
        keep: str = "Keep all",
        role: str = "kill",
    ) -> None:
        super().__init__(parent)
        self.setObjectName(f"{name}.dialog")
        self.setAccessibleName(question)
        self.setWindowTitle("Perpdesk")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(420)
        title = QLabel(question, self)
        title.setFont(ui_font(15, QFont.Weight.DemiBold))
        body = QLabel("\n".join(sentences), self)
        body.setObjectName(f"{name}.plan")
        body.setWordWrap(True)
        body.setFont(ui_font(13))
        no = make_button(f"{name}.cancel", keep, "plain", height=32, parent=self)
        yes = make_button(f"{name}.confirm", confirm, role, height=32, parent=self)
        yes.setDefault(True)
        yes.clicked.connect(self.accept)
        no.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(no)
        row.addWidget(yes)
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        column.addWidget(title)
        column.addWidget(body)
        column.addLayout(row)

    def insert(self, widget: QWidget) -> None:
        """Between the sentences and the buttons."""
        self._column.insertWidget(2, widget)

    def showEvent(self, event: QShowEvent) -> None:
        """As high as the sentences need when they are broken at this width."""
        super().showEvent(event)
        self._column.invalidate()
        self.setMinimumHeight(self._column.heightForWidth(self.width()))
