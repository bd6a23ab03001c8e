"""What is told in words: answers to commands, and what a person must know."""

from __future__ import annotations

from engine.commands import Command
from engine.events.event import Event
from engine.trading_types import AlertLevel


class CommandRefused(Event, frozen=True, kw_only=True):
    """Nothing was done. `field` and `fix` help the person; `fix` is a value as text."""

    command: Command
    sentence: str
    field: str = ""
    fix: str | None = None
    code: int = 0


class CommandDone(Event, frozen=True, kw_only=True):
    """A command without an event of its own succeeded (leverage, cancel all)."""

    command: Command
    sentence: str


class Alert(Event, frozen=True, kw_only=True):
    """Something a person must know, in words. `code` is stable for rules."""

    level: AlertLevel
    code: str
    sentence: str
    at_ms: int
