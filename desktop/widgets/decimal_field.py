"""A line for one exact number: text stays text, steps are Decimal."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import QRegularExpression, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QRegularExpressionValidator,
    QWheelEvent,
)
from PySide6.QtWidgets import QLineEdit, QWidget

from desktop.formatting import parse_number
from desktop.theme import palette
from desktop.theme.fonts import mono_font, ui_font
from engine.market.instruments import decimals_of
from engine.utils.decimals import floor_to_step

_HEIGHT = 32
_FAST = 10  # steps per press with Shift held


class DecimalField(QLineEdit):
    """Caption inside on the left, unit on the right. Up, Down and the wheel step.

    Signal `edited` comes with every change, typed or stepped or set by `set_number`.
    """

    edited = Signal()

    def __init__(self, name: str, caption: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(caption)
        self._caption = caption
        self._unit = ""
        self._step = Decimal(1)
        self._decimals = 0
        self._is_wrong = False
        self._idle_words = ""
        self.setFont(mono_font(14))
        self.setFixedHeight(_HEIGHT)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        # digits alone: a letter is not taken at all
        digits = QRegularExpression("[0-9., \u00a0]*")
        self.setValidator(QRegularExpressionValidator(digits, self))
        self.textChanged.connect(self.edited)
        self.redress()

    def redress(self) -> None:
        self._caption_font = ui_font(11)
        self._make_room()

    def set_rules(self, step: Decimal, decimals: int, unit: str) -> None:
        self._step, self._decimals, self._unit = step, decimals, unit
        self._make_room()

    def set_caption(self, caption: str) -> None:
        if caption != self._caption:
            self._caption = caption
            self.setAccessibleName(caption)
            self._make_room()

    def number(self) -> Decimal | None:
        """Exactly what stands there; None when it is no number."""
        return parse_number(self.text())

    def set_number(self, number: Decimal) -> None:
        """Written with at least the contract's decimals, never rounded."""
        self.setText(f"{number:.{max(self._decimals, decimals_of(number))}f}")

    def set_wrong(self, is_wrong: bool) -> None:
        if is_wrong != self._is_wrong:
            self._is_wrong = is_wrong
            self.update()

    def set_idle(self, words: str) -> None:
        """Out of use: these words stand in place of what is typed, which is kept; "" ends it."""
        if words != self._idle_words:
            self._idle_words = words
            self.setEnabled(not words)
            shown = QLineEdit.EchoMode.NoEcho if words else QLineEdit.EchoMode.Normal
            self.setEchoMode(shown)
            self.update()

    def is_wrong(self) -> bool:
        return self._is_wrong

    def step_by(self, steps: int) -> None:
        """From wherever the number is to the multiples of the step."""
        number = self.number() or Decimal(0)
        on_grid = floor_to_step(number, self._step)
        if steps < 0 and on_grid != number:
            steps += 1  # going down from between two steps, the first stop is the lower one
        self.set_number(max(Decimal(0), on_grid + steps * self._step))

    # --- Qt -------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.focusNextChild()  # never sends an order
            return
        direction = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if direction is None:
            super().keyPressEvent(event)
            return
        fast = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        self.step_by(direction * (_FAST if fast else 1))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.hasFocus() or not event.angleDelta().y():
            event.ignore()  # scrolling past must not change a price
            return
        self.step_by(1 if event.angleDelta().y() > 0 else -1)
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setFont(self._caption_font)
        painter.setPen(QColor(palette.TEXT_DIM if self.isEnabled() else palette.TEXT_OFF))
        inside = self.rect().adjusted(9, 0, -9, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(inside, middle | Qt.AlignmentFlag.AlignLeft, self._caption)
        painter.setPen(QColor(palette.TEXT_FAINT if self.isEnabled() else palette.TEXT_OFF))
        shown = self._idle_words or self._unit
        painter.drawText(inside, middle | Qt.AlignmentFlag.AlignRight, shown)
        if self._is_wrong and self.isEnabled():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(palette.UNKNOWN), 1.4))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 4, 4)
        painter.end()

    def _make_room(self) -> None:
        width = QFontMetrics(self._caption_font).horizontalAdvance
        self.setTextMargins(width(self._caption) + 4, 0, width(self._unit) + 5, 0)
        self.update()
