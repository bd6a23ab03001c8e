"""The row above the chart: which candles to show. The usual ones as buttons, all in a menu.

Where the row is too narrow for every button the last ones are in the menu alone.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from desktop.theme.fonts import ui_font
from desktop.widgets.buttons import make_button

_MORE = "⋯"
_LEAST_BUTTONS = 2


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
        self._shown = interval
        self._show_on_more()
        for action in self.menu.actions():
            action.setChecked(action.text() == interval)

    def minimumSizeHint(self) -> QSize:
        few = list(self._buttons.values())[:_LEAST_BUTTONS]
        return QSize(self._width_of(few), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def redress(self) -> None:
        self._fit()
        self.updateGeometry()

    def _fit(self) -> None:
        """As many of the buttons as there is room for, from the left."""
        buttons = list(self._buttons.values())
        for count, button in enumerate(buttons, start=1):
            is_inside = self._width_of(buttons[:count]) <= self.width()
            button.setVisible(count <= _LEAST_BUTTONS or is_inside)
        self._show_on_more()

    def _width_of(self, buttons: list[QPushButton]) -> int:
        """What these and the menu's button take, whatever stands on that."""
        row = self.layout()
        assert row is not None
        margins = row.contentsMargins()
        widths = [button.sizeHint().width() + row.spacing() for button in buttons]
        return margins.left() + sum(widths) + self._widest_more() + margins.right()

    def _widest_more(self) -> int:
        extra = self._more.sizeHint().width() - self._words_px(self._more.text())
        return extra + self._words_px(f"15m {_MORE}")

    def _words_px(self, text: str) -> int:
        return self._more.fontMetrics().horizontalAdvance(text)

    def _show_on_more(self) -> None:
        shown = self._buttons.get(self._shown)
        is_other = bool(self._shown) and (shown is None or shown.isHidden())
        self._more.setChecked(is_other)
        self._more.setText(f"{self._shown} {_MORE}" if is_other else _MORE)

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
