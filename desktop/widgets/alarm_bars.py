"""Loud bars at the top of the chart: what must not be overlooked, until it is over.

They lie over the chart and move nothing: a button must not slide away under the
hand just when there is an alarm.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from desktop.theme import palette
from desktop.theme.colours import per_palette
from desktop.theme.fonts import ui_font
from desktop.widgets.buttons import make_button
from engine.trading_types import AlertLevel

BAR_HEIGHT = 34
_STRIPE = 14


@per_palette
def _grounds() -> dict[AlertLevel, str]:
    return {
        AlertLevel.INFO: palette.ACCENT_SOFT,
        AlertLevel.WARNING: palette.UNKNOWN_SOFT,
        AlertLevel.ERROR: palette.ERROR_SOFT,
    }


class AlarmBar(QWidget):
    """A sentence on a striped ground, with at most one button."""

    def __init__(self, parent: QWidget, key: str) -> None:
        super().__init__(parent)
        self.key = key
        self.setObjectName(f"alarm.{key}")
        self.setFixedHeight(BAR_HEIGHT)
        self.level = AlertLevel.INFO
        self._act: Callable[[], None] | None = None
        self._label = QLabel(self)
        self._label.setObjectName(f"alarm.{key}.sentence")
        self._label.setFont(ui_font(13, QFont.Weight.DemiBold))
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setMinimumWidth(1)
        self._label.setWordWrap(True)  # two lines fit: what is left over must be read whole
        self.button = make_button(f"alarm.{key}.act", "", "fix", parent=self)
        self.button.clicked.connect(self._on_click)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 8, 0)
        row.addWidget(self._label, 1)
        row.addWidget(self.button)

    def say(
        self, sentence: str, level: AlertLevel, action: str, act: Callable[[], None] | None
    ) -> None:
        self._act = act
        self.level = level
        self._label.setText(sentence)
        self.setToolTip(sentence)
        self.setAccessibleName(sentence)
        self.button.setText(action)
        self.button.setVisible(act is not None)
        self.update()

    def sentence(self) -> str:
        return self._label.text()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(_grounds()[self.level]))
        ink = QColor(palette.ALERT_COLOUR[self.level])
        if self.level is AlertLevel.ERROR:
            self._paint_stripes(painter, ink)
        painter.fillRect(0, 0, 4, self.height(), ink)
        painter.fillRect(0, self.height() - 1, self.width(), 1, ink)
        painter.end()

    def _paint_stripes(self, painter: QPainter, ink: QColor) -> None:
        """Told apart from a notice without its colour."""
        ink = QColor(ink)
        ink.setAlpha(46)
        painter.setPen(QPen(ink, _STRIPE / 3))
        for x in range(-self.height(), self.width(), _STRIPE):
            painter.drawLine(x, self.height(), x + self.height(), 0)

    @Slot()
    def _on_click(self) -> None:
        if self._act is not None:
            self._act()


class AlarmBars(QObject):
    """Bars by key, the worst first. `height_changed` says how much of the area they take."""

    height_changed = Signal(object)  # int, px

    def __init__(self, area: QWidget) -> None:
        super().__init__(area)
        self._area = area
        self._bars: dict[str, AlarmBar] = {}
        area.installEventFilter(self)

    def show(
        self,
        key: str,
        sentence: str,
        level: AlertLevel,
        *,
        action: str = "",
        act: Callable[[], None] | None = None,
    ) -> None:
        """One bar per key: what it said before is replaced."""
        bar = self._bars.get(key)
        if bar is None:
            bar = self._bars[key] = AlarmBar(self._area, key)
        is_new = bar.isHidden() or bar.level is not level
        bar.say(sentence, level, action, act)
        bar.show()
        if is_new:
            self._arrange()

    def drop(self, key: str) -> None:
        bar = self._bars.pop(key, None)
        if bar is not None:
            bar.hide()
            bar.deleteLater()
            self._arrange()

    def sentence(self, key: str) -> str:
        """ "" when there is no such bar."""
        return self._bars[key].sentence() if key in self._bars else ""

    def button(self, key: str) -> QPushButton:
        return self._bars[key].button

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._arrange()
        return super().eventFilter(watched, event)

    def _arrange(self) -> None:
        ranks = list(AlertLevel)
        bars = sorted(self._bars.values(), key=lambda bar: -ranks.index(bar.level))
        for number, bar in enumerate(bars):
            bar.setGeometry(0, number * BAR_HEIGHT, self._area.width(), BAR_HEIGHT)
            bar.raise_()
        self.height_changed.emit(len(bars) * BAR_HEIGHT)
