"""A table of the journal as a CSV file: whole under its name, or not there at all."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from engine.errors import JournalError


def write_csv(target: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """How many rows were written. Blocks; raises JournalError, and whatever `rows` raises.

    Written beside and renamed, so that a full disk or a cancelled export leaves what stood
    there before. What is no ordinary file (a pipe, a device) is written to as it is.
    """
    is_special = target.exists() and not target.is_file()
    beside = target if is_special else target.with_name(f"{target.name}.part")
    try:
        with beside.open("w", newline="", encoding="utf-8") as file:
            count = _write(file, columns, rows)
        if not is_special:
            beside.replace(target)
    except OSError as error:
        raise JournalError(f"{target} cannot be written: {error.strerror}.") from None
    finally:
        if not is_special:
            _forget(beside)
    return count


def _write(file: TextIO, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    writer, count = csv.writer(file), 0
    writer.writerow(columns)
    for count, row in enumerate(rows, 1):  # noqa: B007 - the last number is the count
        writer.writerow(row)
    return count


def _forget(beside: Path) -> None:
    """Only an unfinished one is still there."""
    with contextlib.suppress(OSError):
        beside.unlink(missing_ok=True)
