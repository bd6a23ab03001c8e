"""`perpdesk-cli export`: what the journal knows, as a CSV file. Needs no exchange."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from engine.console.answers import DONE, journals
from engine.journal.journal_reader import JournalReader


def export(given: Namespace) -> int:
    """Writes `given.file` and returns the exit code. Raises ConfigError or JournalError."""
    found = journals(given)
    for older in found[1:]:
        print(f"An older account's journal is left out: {older.name}")
    reader = JournalReader(found[0])
    writers: dict[str, Callable[[Path], int]] = {
        "fills": reader.export_fills,
        "orders": reader.export_orders,
        "algos": reader.export_algos,
        "trips": reader.export_round_trips,
    }
    print(f"{writers[given.what](given.file)} {given.what} written to {given.file}")
    return DONE
