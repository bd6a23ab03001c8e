"""A button that sends: its act comes first, what is painted of it after that."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QPushButton, QWidget


class OrderButton(QPushButton):
    """`acted` is told once for each click, by mouse or key.

    When the mouse lets go Qt paints the button as risen, and with it all of the window that
    waits to be painted, before it says that there was a click: an order would wait for a frame.
    """

    acted = Signal()

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._has_acted = False
        self.clicked.connect(self._on_clicked)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        is_left = event.button() is Qt.MouseButton.LeftButton
        if is_left and self.isDown() and self.hitButton(event.position().toPoint()):
            self._has_acted = True
            self.acted.emit()
        super().mouseReleaseEvent(event)
        self._has_acted = False

    @Slot()
    def _on_clicked(self) -> None:
        """By a key, or by a program."""
        if not self._has_acted:
            self.acted.emit()
