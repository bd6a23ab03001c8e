"""A table's rows as CSV: exact numbers, times in UTC, nothing a spreadsheet would run. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from desktop.models.table_model import Cell, Column

_RUN_BY_A_SPREADSHEET = ("=", "+", "-", "@", "\t", "\r")


def head_line(columns: Iterable[Column[Any]]) -> str:
    return _line(column.title for column in columns if not column.is_button)


def row_line(columns: Iterable[Column[Any]], row: Any) -> str:
    return _line(_value(column, column.cell(row)) for column in columns if not column.is_button)


def _value(column: Column[Any], cell: Cell) -> str:
    if column.is_time:
        moment = datetime.fromtimestamp((cell.sort or 0) / 1000, tz=UTC)
        return moment.isoformat(timespec="milliseconds") if cell.sort else ""
    if isinstance(cell.sort, Decimal):
        return f"{cell.sort:f}" if cell.text else ""
    if isinstance(cell.sort, int | float):
        return str(cell.sort)
    is_risky = cell.text.startswith(_RUN_BY_A_SPREADSHEET) and not column.numeric
    return f"'{cell.text}" if is_risky else cell.text


def _line(values: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(list(values))
    return out.getvalue()
