"""Which events are heard: each can be switched off, and all of them muted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from desktop.models.preferences import Preferences
from desktop.models.settings import BY_KEY, MUTE
from engine.events import CommandRefused, Event, FillRecorded, StreamStateChanged
from engine.trading_types import StreamState

_PAUSE_MS = 400  # a sweep through the book is one sound, not fifty
_LOST = (StreamState.DISCONNECTED, StreamState.STALE)


class SoundDesk(QObject):
    """Feed it events. What happened before it was made is history and silent."""

    sound_wanted = Signal(object)  # its name, as a str: "fill"

    def __init__(
        self, preferences: Preferences, now_ms: Callable[[], int], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self._now_ms = now_ms
        self._opened_ms = now_ms()
        self._last_ms: dict[str, int] = {}

    def handlers(self) -> dict[type[Event], Callable[[Any], None]]:
        return {
            FillRecorded: self._on_fill,
            CommandRefused: lambda _refused: self.play("refused"),
            StreamStateChanged: self._on_stream,
        }

    def play(self, name: str) -> None:
        """Unless it is switched off, or was heard a moment ago."""
        wanted = self._preferences.value_of(BY_KEY[f"sounds.{name}"])
        now_ms = self._now_ms()
        is_echo = now_ms - self._last_ms.get(name, -_PAUSE_MS) < _PAUSE_MS
        if wanted and not is_echo and not self._preferences.value_of(MUTE):
            self._last_ms[name] = now_ms
            self.sound_wanted.emit(name)

    def _on_fill(self, event: FillRecorded) -> None:
        if event.fill.time_ms >= self._opened_ms:
            self.play("fill")

    def _on_stream(self, change: StreamStateChanged) -> None:
        if change.state in _LOST:
            self.play("disconnect")
