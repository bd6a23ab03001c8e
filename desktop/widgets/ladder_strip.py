"""The strip above the ladder: price step, spread, recentre."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QToolButton, QWidget

from desktop.formatting import grouped
from desktop.models.ladder_model import GROUPINGS
from desktop.theme.redress import put_ink
from engine.utils.decimals import plain

STRIP_PX = 30


class LadderStrip(QWidget):
    """`grouping_chosen`: ticks in a row (int), or None for automatic."""

    grouping_chosen = Signal(object)
    recentre_clicked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._spread_text = ""
        self.grouping = QComboBox(self)
        self.grouping.setObjectName("ladder.grouping")
        self.grouping.setAccessibleName("Price step of a ladder row")
        self.grouping.setToolTip("Price step of a row")
        self.grouping.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.grouping.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.grouping.activated.connect(self._choose)
        self._spread = QLabel(self)
        self._spread.setObjectName("ladder.spread")
        put_ink(self._spread, "TEXT_DIM")
        self._spread.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._recentre = QToolButton(self)
        self._recentre.setObjectName("ladder.recentre")
        self._recentre.setAccessibleName("Recentre the ladder")
        self._recentre.setToolTip("Bring the market to the middle (Space)")
        self._recentre.setText("Centre")
        self._recentre.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._recentre.clicked.connect(self.recentre_clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 3, 6, 3)
        row.setSpacing(6)
        row.addWidget(self.grouping)
        row.addWidget(self._spread, 1)
        row.addWidget(self._recentre)

    def show_steps(self, tick_size: Decimal) -> None:
        self.grouping.clear()
        self.grouping.addItem("Auto", None)
        for ticks in GROUPINGS:
            self.grouping.addItem(plain(tick_size * ticks), ticks)

    def show_grouping(self, ticks: int, tick_size: Decimal, *, is_automatic: bool) -> None:
        self.grouping.setItemText(0, f"Auto {plain(tick_size * ticks)}" if is_automatic else "Auto")
        index = 0 if is_automatic else self.grouping.findData(ticks)
        if index != self.grouping.currentIndex():
            self.grouping.setCurrentIndex(index)

    def show_spread(self, spread: float | None, decimals: int) -> None:
        text = "" if spread is None else f"Spread {grouped(spread, decimals)}"
        if text != self._spread_text:
            self._spread_text = text
            self._spread.setText(text)

    @Slot(int)
    def _choose(self, index: int) -> None:
        self.grouping_chosen.emit(self.grouping.itemData(index))
