"""What a person asks about his own programs. As in engine.commands."""

from __future__ import annotations

from engine.commands import Command


class StrategyCommand(Command, frozen=True, kw_only=True):
    """Base."""


class StartStrategy(StrategyCommand, frozen=True, kw_only=True):
    """Run the strategy in a Python file on these symbols; its name is the file's."""

    file: str
    symbols: tuple[str, ...]


class StopStrategy(StrategyCommand, frozen=True, kw_only=True):
    """Tell it to stop; one that hangs is left behind and cannot place anything."""

    name: str
