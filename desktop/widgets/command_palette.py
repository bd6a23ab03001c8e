"""Ctrl+K: trade by typing. What would be sent is said in words before Enter sends it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget

from desktop.models.order_phrase import DeskNow, Reading, read_phrase
from desktop.theme import palette
from desktop.theme.fonts import mono_font, ui_font

_WIDTH = 560
_TOP = 90


class CommandPalette(QWidget):
    """Floats over the window; Enter acts once and closes, Esc closes."""

    command_wanted = Signal(object)
    symbol_wanted = Signal(object)

    def __init__(self, parent: QWidget, desk_now: Callable[[], DeskNow]) -> None:
        super().__init__(parent)
        self.setObjectName("palette")
        self.setAccessibleName("Command palette")
        self._window = parent
        self._desk_now = desk_now
        self._input = QLineEdit(self)
        self._input.setObjectName("palette.input")
        self._input.setAccessibleName("Command")
        self._input.setFont(mono_font(15))
        self._input.setFixedHeight(38)
        self._input.textChanged.connect(self._read)
        self._preview = QLabel(self)
        self._preview.setObjectName("palette.preview")
        self._preview.setAccessibleName("What Enter would do")
        self._preview.setFont(ui_font(13))
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(10)
        column.addWidget(self._input)
        column.addWidget(self._preview)
        self.setFixedWidth(_WIDTH)
        self.hide()

    @Slot()
    def open(self) -> None:
        self._input.clear()
        self._read()
        self.adjustSize()
        self.move((self._window.width() - _WIDTH) // 2, _TOP)
        self.show()
        self.raise_()
        self._input.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not event.isAutoRepeat():
                self._act()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(palette.LINE_STRONG), 1))
        painter.setBrush(QColor(palette.RAISED))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        painter.end()

    @Slot()
    def _read(self) -> None:
        reading = self._reading()
        is_typed = bool(self._input.text().strip())
        colour = palette.UNKNOWN if is_typed else palette.TEXT_FAINT
        dress = self._preview.palette()
        dress.setColor(
            self._preview.foregroundRole(),
            QColor(palette.TEXT if reading.is_ready else colour),
        )
        self._preview.setPalette(dress)
        self._preview.setText(f"⏎  {reading.sentence}" if reading.is_ready else reading.sentence)

    def _reading(self) -> Reading:
        return read_phrase(self._input.text(), self._desk_now())

    def _act(self) -> None:
        """Read again at this moment: the position may be another than while typing."""
        reading = self._reading()
        if not reading.is_ready or not self.isVisible():
            self._read()
            return
        self.hide()
        for command in reading.commands:
            self.command_wanted.emit(command)
        if reading.show_symbol:
            self.symbol_wanted.emit(reading.show_symbol)
