"""Switches for the lines over the candles, as the person left them last time."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop.kept_file import KeptFile
from desktop.models.overlays import Overlay
from desktop.widgets.buttons import make_button

logger = logging.getLogger(__name__)

_TIPS = {
    Overlay.EMA_20: "Exponential average of 20 closes",
    Overlay.EMA_50: "Exponential average of 50 closes",
    Overlay.VWAP: "Volume-weighted average price since 00:00 UTC; for candles of a day and"
    " more since the year began",
}


class OverlaySwitches(QWidget):
    changed = Signal(object)  # tuple[Overlay, ...]

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chart.overlays")
        self._file: KeptFile | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 3, 6, 3)
        row.setSpacing(2)
        self._buttons = {}
        for overlay in Overlay:
            name = f"chart.overlay.{overlay.name}"
            button = make_button(name, overlay.value, "interval", parent=self)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setToolTip(_TIPS[overlay])
            button.clicked.connect(self._on_click)
            row.addWidget(button)
            self._buttons[overlay] = button

    def keep_in(self, file: Path) -> None:
        """As it was kept there, and every change goes there from now on."""
        self._file = KeptFile(file)
        content = self._file.read()
        if content is None:
            return
        try:
            names = msgspec.json.decode(content, type=list[str])
        except msgspec.DecodeError:
            logger.warning("overlay file is damaged file=%s", file)
            return
        for overlay, button in self._buttons.items():
            button.setChecked(overlay.value in names)
        self.changed.emit(self.on())

    def on(self) -> tuple[Overlay, ...]:
        return tuple(overlay for overlay, button in self._buttons.items() if button.isChecked())

    def _on_click(self) -> None:
        if self._file is not None:
            self._file.write(msgspec.json.encode([overlay.value for overlay in self.on()]))
        self.changed.emit(self.on())
