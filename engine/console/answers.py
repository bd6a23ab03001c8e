"""What the console says: exit codes, tables, and the journal that a question is about."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from engine.build_engine import journals_of
from engine.config import load_config
from engine.errors import JournalError
from engine.trading_engine import TradingEngine
from engine.utils.paths import user_data_dir

DONE, REFUSED, NOT_KNOWN = 0, 1, 3  # exit codes; 3: the order's fate is not known

Command = Callable[[TradingEngine, Namespace], int]
"""Prints what happened and returns the exit code."""


def journals(given: Namespace) -> list[Path]:
    """Those of the environment that is asked about, the last used first. Raises JournalError."""
    environment = load_config(given.config).environment(given.environment)
    found = journals_of(environment, user_data_dir(given.user_data))
    if not found:
        raise JournalError(f"There is no journal of {environment.name}: nothing was traded there.")
    return found


def table(head: tuple[str, ...], rows: list[tuple[object, ...]], empty: str) -> None:
    if not rows:
        print(empty)
        return
    texts = [head, *(tuple(str(cell) for cell in row) for row in rows)]
    widths = [max(len(row[column]) for row in texts) for column in range(len(head))]
    for row in texts:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
