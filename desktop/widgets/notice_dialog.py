"""Which events are heard, and how early funding and liquidation are told."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from desktop.models.notices import Notice, NoticeChoices
from desktop.theme.fonts import ui_font
from desktop.widgets.buttons import make_button

_WORDS = {
    Notice.FILL: "An order was filled",
    Notice.REFUSAL: "Something was refused",
    Notice.DISCONNECT: "A connection was lost",
    Notice.ALERT: "An alert: price, funding, liquidation, warnings",
    Notice.UNPROTECTED: "A position has no stop",
}


class NoticeDialog(QDialog):
    """Every change counts at once; `open()` it, it never blocks the window."""

    changed = Signal(object)  # NoticeChoices
    sound_wanted = Signal(object)  # Notice: let it be heard

    def __init__(self, parent: QWidget, choices: NoticeChoices) -> None:
        super().__init__(parent)
        self.setObjectName("notices.dialog")
        self.setAccessibleName("Sounds and notices")
        self.setWindowTitle("Perpdesk")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(440)
        title = QLabel("Sounds and notices", self)
        title.setFont(ui_font(15, QFont.Weight.DemiBold))
        self._boxes = {notice: self._box(notice, choices) for notice in Notice}
        self.tray = QCheckBox("Messages of the system while the window is behind", self)
        self.tray.setObjectName("notices.tray")
        self.tray.setChecked(choices.has_tray)
        self.funding = self._minutes(choices.funding_min)
        self.liquidation = self._percent(choices.liquidation_pct)
        rows = self._rows()
        close = make_button("notices.close", "Close", "primary", height=32, parent=self)
        close.clicked.connect(self.accept)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(9)
        column.addWidget(title)
        column.addWidget(QLabel("A sound when …", self))
        column.addLayout(rows)
        column.addWidget(self.tray)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        self.tray.toggled.connect(self._change)
        self.funding.valueChanged.connect(self._change)
        self.liquidation.valueChanged.connect(self._change)

    def _rows(self) -> QGridLayout:
        grid = QGridLayout()
        for row, (notice, box) in enumerate(self._boxes.items()):
            grid.addWidget(box, row, 0)
            grid.addWidget(self._hear(notice), row, 1)
        row = grid.rowCount()
        for number, (text, field) in enumerate(
            (
                ("Funding of a position is told before it is due", self.funding),
                ("Liquidation is told when the mark price is within", self.liquidation),
            )
        ):
            label = QLabel(text, self)
            label.setBuddy(field)
            grid.addWidget(label, row + number, 0)
            grid.addWidget(field, row + number, 1)
        return grid

    def _hear(self, notice: Notice) -> QPushButton:
        button = make_button(
            f"notices.hear.{notice.value}",
            "Hear",
            "quiet",
            accessible_name=f"Hear: {_WORDS[notice]}",
            parent=self,
        )
        button.clicked.connect(lambda: self.sound_wanted.emit(notice))
        return button

    def choices(self) -> NoticeChoices:
        muted = (notice for notice, box in self._boxes.items() if not box.isChecked())
        return NoticeChoices(
            muted=frozenset(muted),
            has_tray=self.tray.isChecked(),
            funding_min=self.funding.value(),
            liquidation_pct=self.liquidation.value(),
        )

    def _box(self, notice: Notice, choices: NoticeChoices) -> QCheckBox:
        box = QCheckBox(_WORDS[notice], self)
        box.setObjectName(f"notices.sound.{notice.value}")
        box.setChecked(notice not in choices.muted)
        box.toggled.connect(self._change)
        return box

    def _minutes(self, value: int) -> QSpinBox:
        field = QSpinBox(self)
        field.setObjectName("notices.funding")
        field.setAccessibleName("Minutes before funding")
        field.setRange(0, 240)
        field.setSuffix(" min")
        field.setSpecialValueText("never")
        field.setValue(value)
        return field

    def _percent(self, value: float) -> QDoubleSpinBox:
        field = QDoubleSpinBox(self)
        field.setObjectName("notices.liquidation")
        field.setAccessibleName("Percent from the liquidation price")
        field.setRange(0.0, 50.0)
        field.setDecimals(1)
        field.setSuffix(" %")
        field.setSpecialValueText("never")
        field.setValue(value)
        return field

    @Slot()
    def _change(self) -> None:
        self.changed.emit(self.choices())
