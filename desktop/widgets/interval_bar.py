"""The row above the chart: which candles to show. The usual ones as buttons, all in a menu."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from desktop.theme.fonts import ui_font
from desktop.widgets.buttons import make_button

_MORE = "⋯"


class IntervalBar(QWidget):
    interval_chosen = Signal(object)  # str

    def __init__(
        self,
        intervals: tuple[str, ...],
        usual: tuple[str, ...],
        parent: QWidget | None = None,
        name: str = "chart",
    ) -> None:
        super().__init__(parent)
        self._name = name
        self.setObjectName(f"{name}.intervals")
        self.setAccessibleName("Chart interval")
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 3, 6, 3)
        row.setSpacing(2)
        self._buttons = {interval: self._button(interval) for interval in usual}
        self._more = make_button(
            f"{name}.intervals.more",
            _MORE,
            "interval",
            accessible_name="More intervals",
            parent=self,
        )
        self._more.setCheckable(True)
        self._more.setToolTip("All intervals")
        self._more.clicked.connect(self._open_menu)
        self._shown = ""
        self.menu = self._make_menu(intervals)
        for button in (*self._buttons.values(), self._more):
            button.setFont(ui_font(12, QFont.Weight.Medium))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        row.addStretch(1)

    def set_interval(self, interval: str) -> None:
        """One that has no button stands on the menu's."""
        for name, button in self._buttons.items():
            button.setChecked(name == interval)
        is_other = interval not in self._buttons
        self._more.setChecked(is_other)
        self._more.setText(f"{interval} {_MORE}" if is_other else _MORE)
        self._shown = interval
        for action in self.menu.actions():
            action.setChecked(action.text() == interval)

    def _button(self, interval: str) -> QPushButton:
        name, spoken = f"{self._name}.interval.{interval}", f"{interval} candles"
        button = make_button(name, interval, "interval", accessible_name=spoken, parent=self)
        button.setCheckable(True)
        button.setToolTip(f"Each candle is {interval} of trading")
        button.clicked.connect(lambda _=False, chosen=interval: self._choose(chosen))
        return button

    def _make_menu(self, intervals: tuple[str, ...]) -> QMenu:
        menu = QMenu(self)
        menu.setObjectName(f"{self._name}.intervals.menu")
        for interval in intervals:
            action = menu.addAction(interval)
            action.setObjectName(f"{self._name}.interval.menu.{interval}")
            action.setCheckable(True)
            action.triggered.connect(lambda _=False, chosen=interval: self._choose(chosen))
        return menu

    def _open_menu(self) -> None:
        self.set_interval(self._shown)  # a press on the button chooses nothing yet
        self.menu.popup(self._more.mapToGlobal(self._more.rect().bottomLeft()))

    def _choose(self, interval: str) -> None:
        self.set_interval(interval)
        self.interval_chosen.emit(interval)
