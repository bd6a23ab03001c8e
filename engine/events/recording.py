"""How recorder and player stand."""

from __future__ import annotations

from collections.abc import Hashable

import msgspec

from engine.events.event import Event


class RecordingChanged(Event, frozen=True, kw_only=True):
    is_on: bool
    file: str
    sentence: str


class PlaybackView(msgspec.Struct, frozen=True, kw_only=True):
    """`share_read` below 1: the file is still being looked through for its end."""

    environment: str = ""
    symbol: str = ""  # what the person looked at
    position_ms: int = 0
    first_ms: int = 0
    last_ms: int = 0
    speed: float = 1.0
    is_paused: bool = False
    is_finished: bool = False
    share_read: float = 0.0


class PlaybackChanged(Event, frozen=True, kw_only=True):
    playback: PlaybackView

    def latest_key(self) -> Hashable | None:
        return "playback"
