"""Old rows move into one file a year, so that the journal of today stays small.

`journal-live.db` keeps what is open, the last year, and the newest trade of each
symbol; `journal-live.2025.db` beside it holds what is older, in the same tables.
The reader looks into all of them. Nothing is ever deleted but events of 30 days ago.
A file that has grown too large keeps the last month alone.

A row is copied, and only once the copy is on disk removed here: a kill in between
leaves it in both, which the next start finishes and the reader counts once.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from engine.errors import JournalError
from engine.journal.journal_file import BUSY_TIMEOUT_S, open_journal

logger = logging.getLogger(__name__)

_DAY_MS = 24 * 3_600_000
_STEP_ROWS = 500  # an order that is being sent may have to wait for one step


class ArchiveRules(msgspec.Struct, frozen=True, kw_only=True):
    kept_ms: int = 365 * _DAY_MS
    large_bytes: int = 500_000_000
    kept_when_large_ms: int = 30 * _DAY_MS


class _Table(msgspec.Struct, frozen=True):
    """What of `name` is old, by its column `time`; `:cut` is a time."""

    name: str
    time: str
    is_old: str


# An intent without an order means "sent, perhaps": it goes before its order does, and
# only with one that has ended. The day between allows for our clock and the venue's;
# the week is that of `unsettled_orders`.
_TABLES = (
    _Table(
        "intents",
        "at_ms",
        """at_ms < :cut AND EXISTS (SELECT 1 FROM orders WHERE orders.symbol = intents.symbol
            AND orders.client_order_id = intents.client_order_id
            AND updated_at < :cut AND status IN
            ('FILLED', 'CANCELED', 'REJECTED', 'EXPIRED', 'EXPIRED_IN_MATCH'))""",
    ),
    _Table(
        "orders",
        "updated_at",
        """updated_at < :cut - 24 * 3600000
        AND updated_at < (SELECT MAX(updated_at) FROM orders) - 7 * 24 * 3600000
        AND status IN ('FILLED', 'CANCELED', 'REJECTED', 'EXPIRED', 'EXPIRED_IN_MATCH')""",
    ),
    _Table(
        "fills",
        "time_ms",
        """time_ms < :cut
        AND trade_id < (SELECT MAX(trade_id) FROM fills AS newer WHERE newer.symbol = fills.symbol)
        AND NOT EXISTS (SELECT 1 FROM orders WHERE orders.symbol = fills.symbol
            AND orders.order_id = fills.order_id)""",
    ),
    _Table(
        "algo_intents",
        "at_ms",
        """at_ms < :cut AND EXISTS (SELECT 1 FROM algos WHERE algos.symbol = algo_intents.symbol
            AND algos.client_algo_id = algo_intents.client_algo_id
            AND updated_at < :cut AND status IN
            ('FINISHED', 'CANCELED', 'REJECTED', 'EXPIRED'))""",
    ),
    _Table(
        "algos",
        "updated_at",
        """updated_at < :cut - 24 * 3600000
        AND status IN ('FINISHED', 'CANCELED', 'REJECTED', 'EXPIRED')""",
    ),
)


def archives_of(path: Path) -> list[Path]:
    """The years beside a journal, oldest first."""
    return sorted(path.parent.glob(f"{path.stem}.[0-9][0-9][0-9][0-9]{path.suffix}"))


def move_old_rows(
    path: Path,
    now_ms: int,
    *,
    rules: ArchiveRules | None = None,
    is_stopping: Callable[[], bool] = lambda: False,
) -> int:
    """In small steps, on a connection of its own. Returns the number of rows moved.

    Trouble is logged and left for the next start: the rows stay where they are.
    """
    mover = _Mover(path, now_ms, is_stopping)
    try:
        with closing(
            sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        ) as connection:
            cut_ms = now_ms - _kept_ms(connection, rules or ArchiveRules())
            for table in _TABLES:
                mover.move_table(connection, table, cut_ms)
    except (sqlite3.Error, JournalError) as error:
        logger.warning("old rows of the journal were not moved: %s", error)
    if mover.moved:
        logger.info("moved %d old rows of the journal into its archive", mover.moved)
    return mover.moved


class _Mover:
    """The names in its statements are those of `_TABLES`, nobody's input."""

    def __init__(self, path: Path, now_ms: int, is_stopping: Callable[[], bool]) -> None:
        self._path = path
        self._now_ms = now_ms
        self._is_stopping = is_stopping
        self.moved = 0

    def move_table(self, connection: sqlite3.Connection, table: _Table, cut_ms: int) -> None:
        sql = f"SELECT MIN({table.time}) FROM {table.name} WHERE {table.is_old}"  # noqa: S608
        (oldest_ms,) = connection.execute(sql, {"cut": cut_ms}).fetchone()
        if oldest_ms is not None:
            for year in range(_year_of(oldest_ms), _year_of(cut_ms) + 1):
                self._move_year(connection, table, year, cut_ms)

    def _move_year(
        self, connection: sqlite3.Connection, table: _Table, year: int, cut_ms: int
    ) -> None:
        span = {"cut": cut_ms, "first": _begin_ms(year), "end": _begin_ms(year + 1)}
        select = (
            f"SELECT rowid FROM {table.name} WHERE {table.time} >= :first"  # noqa: S608
            f" AND {table.time} < :end AND {table.is_old} LIMIT {_STEP_ROWS}"
        )
        if connection.execute(select, span).fetchone() is None:
            return
        archive = self._path.with_name(f"{self._path.stem}.{year:04}{self._path.suffix}")
        self._make_ready(archive)
        connection.execute("ATTACH ? AS archive", (str(archive),))
        try:
            while not self._is_stopping():
                rowids = [row[0] for row in connection.execute(select, span)]
                if not rowids:
                    return
                _move_rows(connection, table.name, rowids)
                self.moved += len(rowids)
        finally:
            connection.execute("DETACH archive")

    def _make_ready(self, archive: Path) -> None:
        """With its tables. A reader looks at whatever bears the name, so it gets it last."""
        draft = archive if archive.exists() else archive.with_name(f"{archive.name}.new")
        made, _ = open_journal(draft, self._now_ms)
        made.close()
        if draft != archive:
            draft.rename(archive)


def _kept_ms(connection: sqlite3.Connection, rules: ArchiveRules) -> int:
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    is_large = (pages - free) * size > rules.large_bytes
    return rules.kept_when_large_ms if is_large else rules.kept_ms


def _move_rows(connection: sqlite3.Connection, table: str, rowids: list[int]) -> None:
    which = f"rowid IN ({','.join('?' * len(rowids))})"
    connection.execute(
        f"INSERT OR IGNORE INTO archive.{table} SELECT * FROM main.{table} WHERE {which}",  # noqa: S608
        rowids,
    )
    connection.execute(f"DELETE FROM main.{table} WHERE {which}", rowids)  # noqa: S608


def _year_of(at_ms: int) -> int:
    return datetime.fromtimestamp(at_ms / 1000, UTC).year


def _begin_ms(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1000)
