"""Recording this session, and the bar under a recording that is played."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QLabel, QMainWindow, QStatusBar, QToolBar

from desktop.theme.fonts import ui_font
from desktop.widgets.buttons import make_button
from desktop.widgets.fault_list import words
from desktop.widgets.time_line import TimeLine
from desktop.widgets.toast_stack import ToastStack
from engine.events import Event
from engine.events.recording import PlaybackChanged, PlaybackView, RecordingChanged
from engine.recording_commands import SetPlayback, StartRecording, StopRecording
from engine.trading_types import EnvironmentKind

CLOSED = "A recording is played: nothing can be sent."
_SPEEDS = (1, 2, 5, 10, 25, 50, 100)


class RecordingDesk(QObject):
    command_wanted = Signal(object)  # Command
    file_wanted = Signal(object)  # Path: play this one in this window
    symbol_wanted = Signal(object)  # str: what the recorded person looked at
    leave_wanted = Signal()  # back to where it was opened from, also while it is being read

    def __init__(self, window: QMainWindow, status: QStatusBar, toasts: ToastStack) -> None:
        super().__init__(window)
        self._window = window
        self._toasts = toasts
        self._symbol = ""
        self.record = QAction("Record this session", self)
        self.record.setObjectName("recording.record")
        self.record.setCheckable(True)
        self.record.triggered.connect(self._on_record)
        self.open = QAction("Open a recording...", self)
        self.open.setObjectName("recording.open")
        self.open.triggered.connect(self._on_open)
        self._light = self._make_light(status)
        self._bar: QToolBar | None = None
        self._line: TimeLine | None = None
        self._state: QLabel | None = None

    def actions(self) -> tuple[QAction, QAction]:
        """For the menu of panels."""
        return self.record, self.open

    def handlers(self) -> dict[type[Event], Callable[[Any], None]]:
        return {RecordingChanged: self._on_recording, PlaybackChanged: self._on_playback}

    def set_environment(self, kind: EnvironmentKind) -> None:
        is_played = kind is EnvironmentKind.RECORDING
        self.record.setVisible(not is_played)
        if is_played and self._bar is None:
            self._make_bar()

    @Slot(object)
    def _on_record(self, is_on: bool) -> None:
        self.record.setChecked(not is_on)  # it is on once the engine says so
        self.command_wanted.emit(StartRecording() if is_on else StopRecording())

    @Slot()
    def _on_open(self) -> None:
        dialog = QFileDialog(self._window, "A recording", "", "Recordings (*.jsonl.gz)")
        dialog.setObjectName("recording.dialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.file_wanted.emit(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_recording(self, change: RecordingChanged) -> None:
        if self._bar is not None:
            return  # told by the recording itself, about the session that it is of
        self.record.setChecked(change.is_on)
        self._light.setVisible(change.is_on)
        self._light.setToolTip(change.sentence)
        self._toasts.show(change.sentence, key="recording")

    def _on_playback(self, change: PlaybackChanged) -> None:
        view = change.playback
        if self._line is None or self._state is None:
            return
        self._state.setText(_state_words(view))
        self._line.show_state(
            position_ms=view.position_ms,
            first_ms=view.first_ms,
            last_ms=view.last_ms,
            speed=view.speed,
            is_paused=view.is_paused,
            is_finished=view.is_finished,
        )
        if view.symbol and view.symbol != self._symbol:
            self._symbol = view.symbol
            self.symbol_wanted.emit(view.symbol)

    def _make_light(self, status: QStatusBar) -> QLabel:
        light = words("● REC", "ERROR", status)
        light.setObjectName("recording.light")
        light.setAccessibleName("This session is recorded")
        light.setWordWrap(False)
        light.hide()
        light.setContentsMargins(8, 0, 0, 0)
        status.insertWidget(0, light)  # at the right end it would be squeezed out
        return light

    def _make_bar(self) -> None:
        bar = self._bar = QToolBar("Recording", self._window)
        bar.setObjectName("recording.bar")
        bar.setMovable(False)
        bar.setContentsMargins(10, 4, 10, 4)
        self._state = words("Reading the recording.", "TEXT", bar)
        self._state.setObjectName("recording.state")
        self._state.setFont(ui_font(12))
        self._state.setContentsMargins(8, 0, 8, 0)
        self._state.setMinimumWidth(280)
        self._line = TimeLine("recording.line", _SPEEDS, can_move=True, parent=bar)
        self._line.pause_wanted.connect(
            lambda paused: self.command_wanted.emit(SetPlayback(is_paused=paused))
        )
        self._line.speed_wanted.connect(
            lambda speed: self.command_wanted.emit(SetPlayback(speed=speed))
        )
        self._line.position_wanted.connect(
            lambda at_ms: self.command_wanted.emit(SetPlayback(position_ms=at_ms))
        )
        leave = make_button("recording.leave", "Leave", "plain", height=28, parent=bar)
        leave.setAccessibleName("Leave the recording")
        leave.setToolTip("Back to where it was opened from")
        leave.clicked.connect(self.leave_wanted)
        bar.addWidget(self._state)
        bar.addWidget(leave)
        bar.addWidget(self._line)
        self._window.addToolBar(Qt.ToolBarArea.BottomToolBarArea, bar)


def _state_words(view: PlaybackView) -> str:
    if view.share_read < 1:
        return f"Reading the recording: {view.share_read:.0%}"
    end = " It has ended." if view.is_finished else ""
    return f"RECORDING of {view.environment}: nothing can be sent.{end}"
