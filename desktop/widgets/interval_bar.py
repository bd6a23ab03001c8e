"""The row of buttons above the chart: which candles to show."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QWidget

from desktop.theme.fonts import ui_font
from desktop.widgets.buttons import make_button


class IntervalBar(QWidget):
    interval_chosen = Signal(object)  # str

    def __init__(self, intervals: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chart.intervals")
        self.setAccessibleName("Chart interval")
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 3, 6, 3)
        row.setSpacing(2)
        for interval in intervals:
            name = f"chart.interval.{interval}"
            spoken = f"{interval} candles"
            button = make_button(name, interval, "interval", accessible_name=spoken, parent=self)
            button.setFont(ui_font(12, QFont.Weight.Medium))
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, chosen=interval: self._choose(chosen))
            self._group.addButton(button)
            row.addWidget(button)
        row.addStretch(1)

    def set_interval(self, interval: str) -> None:
        for button in self._group.buttons():
            button.setChecked(button.text() == interval)

    def _choose(self, interval: str) -> None:
        self.interval_chosen.emit(interval)
