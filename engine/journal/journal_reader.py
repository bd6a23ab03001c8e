"""Reading the journal: what was open at the last stop, the history of all years, and CSV files.

Every call opens the file read-only for itself, so it may run on any thread while
the writer works. It sees what the writer has flushed.
"""

from __future__ import annotations

import heapq
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from engine.errors import JournalError
from engine.journal.csv_file import write_csv
from engine.journal.fifo_pnl import TRIP_COLUMNS, FifoPnl, trip_row
from engine.journal.journal_archive import archives_of
from engine.journal.journal_rows import (
    ALGO_COLUMNS,
    FILL_COLUMNS,
    ORDER_COLUMNS,
    algo_intent,
    algo_view,
    fill_view,
    order_view,
    order_view_of_intent,
)
from engine.journal.plan_rows import (
    CHILD_ORDERS,
    LONELY_CHILDREN,
    NEWEST_PLANS,
    UNFINISHED_PLANS,
    child_range,
    plan_of,
)
from engine.journal.review_rows import execution_view, income_view, note_view
from engine.plan_records import Plan
from engine.protection_views import AlgoView, pending_algo
from engine.review_views import Execution, TradeNote
from engine.trading_types import AlgoStatus, OrderStatus
from engine.views import FillView, IncomeView, OrderView

T = TypeVar("T")

_AFTER_RESTART = "Sent before Perpdesk was last closed; the exchange is being asked."

_UNSETTLED_ORDERS = "SELECT * FROM unsettled_orders ORDER BY created_at"
# the intent is on disk before the order's first state is: a kill may come between
_LONELY_INTENTS = """
    SELECT * FROM intents WHERE kind = 'PLACE' AND NOT EXISTS (
        SELECT 1 FROM orders WHERE orders.symbol = intents.symbol
        AND orders.client_order_id = intents.client_order_id)
    ORDER BY seq
"""
_FILLS_OF_UNSETTLED_ORDERS = """
    SELECT fills.* FROM fills JOIN unsettled_orders USING (symbol, order_id)
"""


_OPEN_ALGOS = """
    SELECT * FROM algos WHERE status NOT IN ('FINISHED', 'CANCELED', 'REJECTED', 'EXPIRED')
    ORDER BY created_at
"""
_LONELY_ALGO_INTENTS = """
    SELECT * FROM algo_intents WHERE kind = 'PLACE' AND NOT EXISTS (
        SELECT 1 FROM algos WHERE algos.symbol = algo_intents.symbol
        AND algos.client_algo_id = algo_intents.client_algo_id)
    ORDER BY seq
"""

_EXPONENT = re.compile(r"-?[0-9]+(?:\.[0-9]+)?E[-+][0-9]+")
_COUNT_FILLS = "SELECT COUNT(*) FROM fills"
_FIRST_MS = "SELECT MIN(time_ms) FROM fills UNION ALL SELECT MIN(at_ms) FROM intents"
_HAS_TABLE = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ?"

# the statement, what it orders by, and what makes a row the same one
_IN_ORDER: Mapping[str, tuple[str, itemgetter[object], itemgetter[object]]] = {
    "fills": (
        "SELECT * FROM fills ORDER BY time_ms, trade_id",
        itemgetter("time_ms", "trade_id"),
        itemgetter("symbol", "trade_id", "order_id"),
    ),
    "orders": (
        "SELECT * FROM orders ORDER BY created_at, client_order_id",
        itemgetter("created_at", "client_order_id"),
        itemgetter("symbol", "client_order_id"),
    ),
    "algos": (
        "SELECT * FROM algos ORDER BY created_at, client_algo_id",
        itemgetter("created_at", "client_algo_id"),
        itemgetter("symbol", "client_algo_id"),
    ),
}


class JournalReader:
    def __init__(self, path: Path) -> None:
        self._path = path

    # --- for a start -------------------------------------------------------------------

    def open_orders(self) -> list[OrderView]:
        """Every order of which something is not known, as UNKNOWN: the exchange must be asked.

        Not known to have ended; or ended in the last week of activity, with trades missing.
        """
        views = self._rows(_UNSETTLED_ORDERS, (), order_view)
        views += self._rows(_LONELY_INTENTS, (), order_view_of_intent)
        return [replace(v, status=OrderStatus.UNKNOWN, reason=_AFTER_RESTART) for v in views]

    def open_algos(self) -> list[AlgoView]:
        """Every conditional order not known to have ended, as UNKNOWN: the exchange is asked."""
        views = self._rows(_OPEN_ALGOS, (), algo_view)
        intents = self._rows(_LONELY_ALGO_INTENTS, (), algo_intent)
        views += [pending_algo(command, at_ms) for command, at_ms in intents]
        return [replace(v, status=AlgoStatus.UNKNOWN, reason=_AFTER_RESTART) for v in views]

    def placed_algo_ids(self) -> set[str]:
        """Client algo id of every one that was written down before sending."""
        with self._open() as connection:
            rows = connection.execute(
                "SELECT client_algo_id FROM algo_intents WHERE kind = 'PLACE'"
            )
            return {str(row[0]) for row in rows}

    def fills_of_open_orders(self) -> list[FillView]:
        """The trades of those orders that are known."""
        return self._rows(_FILLS_OF_UNSETTLED_ORDERS, (), fill_view)

    def last_trade_ids(self) -> dict[str, int]:
        """The newest trade known, by symbol."""
        with self._open() as connection:
            rows = connection.execute("SELECT symbol, MAX(trade_id) FROM fills GROUP BY symbol")
            return {str(symbol): int(trade_id) for symbol, trade_id in rows}

    def placed_ids(self) -> set[tuple[str, str]]:
        """Symbol and client order id of every order that was written down before sending."""
        with self._open() as connection:
            rows = connection.execute(
                "SELECT symbol, client_order_id FROM intents WHERE kind = 'PLACE'"
            )
            return {(str(symbol), str(client_order_id)) for symbol, client_order_id in rows}

    def unfinished_plans(self) -> list[Plan]:
        """Oldest first."""
        return self._rows(UNFINISHED_PLANS, (), plan_of)

    def orders_of(self, plan: Plan) -> list[OrderView]:
        """Every order of the plan that may have been sent, as last written down."""
        keys = child_range(plan)
        views = self._rows(CHILD_ORDERS, keys, order_view)
        return views + self._rows(LONELY_CHILDREN, keys, order_view_of_intent)

    def open_brackets(self) -> list[bytes]:
        """The newest record of each bracket that has not ended, as JSON, oldest first."""
        with self._open() as connection:
            rows = connection.execute(
                "SELECT body FROM brackets WHERE is_ended = 0 ORDER BY bracket_id"
            )
            return [str(body).encode() for (body,) in rows]

    # --- history -----------------------------------------------------------------------

    def fills(self, *, since_ms: int = 0, limit: int = 1000) -> list[FillView]:
        """The newest `limit` since then, newest first."""
        sql = "SELECT * FROM fills WHERE time_ms >= ? ORDER BY time_ms DESC LIMIT ?"
        return self._newest(sql, since_ms, limit, fill_view, lambda fill: fill.time_ms)

    def orders(self, *, since_ms: int = 0, limit: int = 1000) -> list[OrderView]:
        """The newest `limit` by their last change since then, newest first."""
        sql = "SELECT * FROM orders WHERE updated_at >= ? ORDER BY updated_at DESC LIMIT ?"
        return self._newest(sql, since_ms, limit, order_view, lambda order: order.updated_at)

    def fifo_pnl(self) -> FifoPnl:
        """Profit of every closing fill and round trip by first in, first out, beside the
        exchange's own word; worked out from all fills. 100,000 of them take a second or two:
        not on the GUI's thread.
        """
        return FifoPnl(fill_view(row) for row in self._all_in_order("fills"))

    def plans(self, *, limit: int = 20) -> list[Plan]:
        """The newest `limit`, newest first."""
        return self._rows(NEWEST_PLANS, (limit,), plan_of)

    def algos(self, *, since_ms: int = 0, limit: int = 1000) -> list[AlgoView]:
        """The newest `limit` by their last change since then, newest first."""
        sql = "SELECT * FROM algos WHERE updated_at >= ? ORDER BY updated_at DESC LIMIT ?"
        files = self._files_with("algos")
        return self._newest(sql, since_ms, limit, algo_view, lambda one: one.updated_at, files)

    def export_fills(self, target: Path) -> int:
        """A CSV of every fill, oldest first. Returns their number. Raises JournalError."""
        return self._export("fills", FILL_COLUMNS, target)

    def export_orders(self, target: Path) -> int:
        """A CSV of every order, oldest first. Returns their number. Raises JournalError."""
        return self._export("orders", ORDER_COLUMNS, target)

    def export_algos(self, target: Path) -> int:
        """A CSV of every conditional order, oldest first. Returns their number. Raises
        JournalError.
        """
        return self._export("algos", ALGO_COLUMNS, target)

    def export_round_trips(self, target: Path) -> int:
        """A CSV of every round trip from flat to flat: profit by first in, first out, beside
        the exchange's word. Returns their number. Raises JournalError.
        """
        return write_csv(target, TRIP_COLUMNS, map(trip_row, self.fifo_pnl().round_trips()))

    # --- for a review ------------------------------------------------------------------

    def every_fill(self) -> Iterator[FillView]:
        """Of all years, oldest first. The file stays open until the last is read."""
        return map(fill_view, self._all_in_order("fills"))

    def fill_count(self) -> int:
        """About: a row that is just being moved into its year counts twice."""
        return sum(self._rows(_COUNT_FILLS, (), _number, file)[0] for file in self._files())

    def first_ms(self) -> int | None:
        """When the journal began: its first intent or fill; None while it is empty."""
        found = [ms for file in self._files() for ms in self._rows(_FIRST_MS, (), _time, file)]
        return min((ms for ms in found if ms is not None), default=None)

    def income(self, *, since_ms: int = 0) -> list[IncomeView]:
        """Funding, transfers and the like, oldest first."""
        sql = "SELECT * FROM income WHERE time_ms >= ? ORDER BY time_ms"
        return self._rows_of_new("income", sql, (since_ms,), income_view)

    def trade_notes(self) -> list[TradeNote]:
        return self._rows_of_new("trade_notes", "SELECT * FROM trade_notes", (), note_view)

    def executions(self, *, since_ms: int = 0) -> list[Execution]:
        """How our orders went, by our own clock, oldest first."""
        sql = "SELECT * FROM executions WHERE at_ms >= ? ORDER BY at_ms"
        return self._rows_of_new("executions", sql, (since_ms,), execution_view)

    def _rows_of_new(
        self, table: str, sql: str, values: Sequence[object], read: Callable[[sqlite3.Row], T]
    ) -> list[T]:
        """Nothing from the file of an older Perpdesk that did not know the table."""
        return self._rows(sql, values, read) if self._has(table, self._path) else []

    def _has(self, table: str, file: Path) -> bool:
        return bool(self._rows(_HAS_TABLE, (table,), _number, file)[0])

    def _export(self, table: str, columns: Sequence[str], target: Path) -> int:
        rows = ([_cell(name, row[name]) for name in columns] for row in self._all_in_order(table))
        return write_csv(target, columns, rows)

    # --- the file ----------------------------------------------------------------------

    def _files(self) -> list[Path]:
        """Older years first, today's last. A row that is just being moved is in two of them."""
        return [*archives_of(self._path), self._path]

    def _files_with(self, table: str) -> list[Path]:
        """A year that an older Perpdesk put away may not know the table."""
        return [file for file in self._files() if self._has(table, file)]

    def _newest(
        self,
        sql: str,
        since_ms: int,
        limit: int,
        read: Callable[[sqlite3.Row], T],
        time_of: Callable[[T], int],
        files: Sequence[Path] | None = None,
    ) -> list[T]:
        found: list[T] = []
        for file in reversed(self._files() if files is None else files):
            if len(found) >= limit:
                break
            found += self._rows(sql, (since_ms, limit), read, file)
        return sorted(dict.fromkeys(found), key=time_of, reverse=True)[:limit]

    def _rows(
        self,
        sql: str,
        values: Sequence[object],
        read: Callable[[sqlite3.Row], T],
        file: Path | None = None,
    ) -> list[T]:
        with self._open(file) as connection:
            return [read(row) for row in connection.execute(sql, values)]

    def _all_in_order(self, table: str) -> Iterator[sqlite3.Row]:
        """Of all years, oldest first: what stayed in today's file may be the older.

        Today's file is opened first: a row that is moved meanwhile is then seen twice
        rather than not at all.
        """
        sql, order_of, key_of = _IN_ORDER[table]
        seen: set[object] = set()
        files = reversed(self._files_with(table))
        for row in heapq.merge(*(self._raw_rows(sql, f) for f in files), key=order_of):
            key = key_of(row)
            if key not in seen:
                seen.add(key)
                yield row

    def _raw_rows(self, sql: str, file: Path) -> Iterator[sqlite3.Row]:
        with self._open(file) as connection:
            yield from connection.execute(sql)

    @contextmanager
    def _open(self, file: Path | None = None) -> Iterator[sqlite3.Connection]:
        try:
            uri = f"{(file or self._path).resolve().as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=1.0)) as connection:
                connection.row_factory = sqlite3.Row
                yield connection
        except sqlite3.Error as error:
            raise JournalError(f"The journal cannot be read: {error}.") from None


def _number(row: sqlite3.Row) -> int:
    return int(row[0])


def _time(row: sqlite3.Row) -> int | None:
    return None if row[0] is None else int(row[0])


def _cell(column: str, value: object) -> object:
    """Numbers spelled out: a kept zero of eight decimals is `0E-8`, which a spreadsheet's
    reader stumbles over. An id that reads like a number is none.
    """
    if not isinstance(value, str) or column.endswith("_id") or not _EXPONENT.fullmatch(value):
        return value
    return format(Decimal(value), "f")
