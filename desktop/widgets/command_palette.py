"""Ctrl+K: trade by typing. What would be sent is said in words before Enter sends it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from desktop.models.order_phrase import completions, read_phrase
from desktop.models.phrase_reading import DeskNow, Reading
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
        column.addWidget(self._make_offers())
        self.setFixedWidth(_WIDTH)
        self.hide()

    def _make_offers(self) -> QListWidget:
        """What the last word may become. The focus stays in the line."""
        self._offers = QListWidget(self)
        self._offers.setObjectName("palette.offers")
        self._offers.setAccessibleName("Completions")
        self._offers.setFont(mono_font(13))
        self._offers.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._offers.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._offers.itemClicked.connect(self._take_offer)
        return self._offers

    @Slot()
    def open(self) -> None:
        self._input.clear()
        self._read()
        self.adjustSize()
        self.move((self._window.width() - _WIDTH) // 2, _TOP)
        self.show()
        self.raise_()
        self._input.setFocus()

    def focusNextPrevChild(self, _is_next: bool) -> bool:
        """Tab completes; it does not leave the line."""
        if self._offers.count():
            self._take_offer(self._offers.item(max(0, self._offers.currentRow())))
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        elif step is not None:
            last = self._offers.count() - 1
            self._offers.setCurrentRow(min(max(0, self._offers.currentRow() + step), last))
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
        self._offer()
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

    def _offer(self) -> None:
        offered = completions(self._input.text(), self._desk_now())
        self._offers.clear()
        self._offers.addItems(list(offered))
        self._offers.setVisible(bool(offered))
        if offered:
            row_px = self._offers.sizeHintForRow(0)
            self._offers.setFixedHeight(row_px * len(offered) + 2 * self._offers.frameWidth())
        self.adjustSize()

    @Slot(QListWidgetItem)
    def _take_offer(self, offer: QListWidgetItem) -> None:
        self._input.setText(offer.text())
        self._input.setFocus()

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
