"""What a person asks of the recorder and of the player of recordings. As in engine.commands."""

from __future__ import annotations

from engine.commands import Command


class StartRecording(Command, frozen=True, kw_only=True):
    """Write this session down from now on, without secrets."""


class StopRecording(Command, frozen=True, kw_only=True):
    pass


class SetPlayback(Command, frozen=True, kw_only=True):
    """Pause, pace, or a later position of the recording that is played; None leaves it."""

    is_paused: bool | None = None
    speed: float | None = None  # 1 to 100
    position_ms: int | None = None
