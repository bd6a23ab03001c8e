"""Where a replay stands: play or pause, pace, position. Asks only; the owner answers."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from desktop.theme.fonts import mono_font, ui_font
from desktop.widgets.buttons import make_button

_STEPS = 1000


class TimeLine(QWidget):
    """`name` is the prefix of its object names. Times are ms since 1970 UTC."""

    pause_wanted = Signal(object)  # bool
    speed_wanted = Signal(object)  # float
    position_wanted = Signal(object)  # ms; only where it can be moved

    def __init__(
        self,
        name: str,
        speeds: tuple[int, ...],
        *,
        can_move: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName("Time line")
        self._first_ms = self._last_ms = 0
        self._is_paused = False
        self.play = make_button(f"{name}.pause", "Pause", "plain", parent=self)
        self.speed = QComboBox(self)
        self.speed.setObjectName(f"{name}.speed")
        self.speed.setAccessibleName("Pace")
        for speed in speeds:
            self.speed.addItem(f"{speed}x", float(speed))
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setObjectName(f"{name}.position")
        self.slider.setAccessibleName("Position")
        self.slider.setRange(0, _STEPS)
        self.slider.setEnabled(can_move)
        self.text = QLabel(self)
        self.text.setObjectName(f"{name}.time")
        self.text.setFont(mono_font(11))
        self.length = QLabel(self)
        self.length.setFont(ui_font(11))
        self._lay_out()
        self.play.clicked.connect(self._on_play)
        self.speed.activated.connect(self._on_speed)
        self.slider.sliderReleased.connect(self._on_moved)

    def show_state(
        self,
        *,
        position_ms: int,
        first_ms: int,
        last_ms: int,
        speed: float,
        is_paused: bool,
        is_finished: bool,
    ) -> None:
        """What the player said last. A span of 0 is not known."""
        self._first_ms, self._last_ms, self._is_paused = first_ms, last_ms, is_paused
        self.play.setText("Play" if is_paused else "Pause")
        self.play.setEnabled(not is_finished)
        self.speed.setCurrentIndex(self.speed.findData(speed))
        if not self.slider.isSliderDown():
            share = (position_ms - first_ms) / max(1, last_ms - first_ms)
            self.slider.setValue(round(_STEPS * min(1.0, max(0.0, share))) if first_ms else 0)
        self.text.setText(f"{_utc(position_ms)} UTC")
        self.length.setText("ended" if is_finished else f"to {_utc(last_ms)}" if last_ms else "")

    @Slot()
    def _on_play(self) -> None:
        self.pause_wanted.emit(not self._is_paused)

    @Slot()
    def _on_speed(self) -> None:
        self.speed_wanted.emit(self.speed.currentData())

    @Slot()
    def _on_moved(self) -> None:
        span = self._last_ms - self._first_ms
        self.position_wanted.emit(self._first_ms + span * self.slider.value() // _STEPS)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.play)
        top.addWidget(self.speed)
        top.addStretch(1)
        foot = QHBoxLayout()
        foot.addWidget(self.text)
        foot.addStretch(1)
        foot.addWidget(self.length)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(top)
        column.addWidget(self.slider)
        column.addLayout(foot)


def _utc(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
