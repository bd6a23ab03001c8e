"""The chart with its row of buttons: the middle of the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.widgets.chart import CandleChart
from desktop.widgets.interval_bar import IntervalBar
from desktop.widgets.link_button import LinkButton
from desktop.widgets.overlay_switches import OverlaySwitches


class ChartPanel(QWidget):
    def __init__(self, chart: CandleChart, intervals: IntervalBar) -> None:
        super().__init__()
        self.link = LinkButton("chart.link", "the main panels")
        self.link.hide()  # nobody to link with until a panel is added
        self.overlays = OverlaySwitches()
        self.overlays.changed.connect(chart.set_overlays)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.link)
        row.addWidget(intervals, 1)
        row.addWidget(self.overlays)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(chart, 1)

    def keep_in(self, folder: Path) -> None:
        """Where the switches are remembered."""
        self.overlays.keep_in(folder / "overlays.json")
