"""Opening the journal's file, and saying in words what is wrong with it."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

from engine.errors import JournalError
from engine.journal.journal_schema import migrate, version_of

logger = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 0.25  # an order waits no longer for another program to let go of the file
_CHECKED_UP_TO_BYTES = 64_000_000  # a full check of more would delay the start

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_SENTENCES = {
    sqlite3.SQLITE_FULL: "the disk is full. Free some space",
    sqlite3.SQLITE_BUSY: "another program holds the file. Close it",
    sqlite3.SQLITE_LOCKED: "another program holds the file. Close it",
    sqlite3.SQLITE_READONLY: "the file or its folder is read-only. Allow writing there",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened. Check that the folder exists",
    sqlite3.SQLITE_IOERR: "the disk reports an error. Check the disk",
    sqlite3.SQLITE_CORRUPT: "the file is damaged. Restart Perpdesk: it will be set aside",
    sqlite3.SQLITE_NOTADB: "the file is damaged. Restart Perpdesk: it will be set aside",
}


def open_journal(path: Path, at_ms: int) -> tuple[sqlite3.Connection, Path | None]:
    """A connection to a sound, current journal, and where a damaged one was put, if any.

    A damaged file is renamed, never overwritten. Raises JournalError.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _connect(path), None
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
        aside = _set_aside(path, at_ms)
        return _connect(path), aside
    except sqlite3.Error as error:
        raise journal_error(error) from None
    except OSError as error:
        raise JournalError(f"The journal cannot be opened at {path}: {error.strerror}.") from None


def is_damage(error: sqlite3.Error) -> bool:
    return _primary_code(error) in _DAMAGED


def journal_error(error: sqlite3.Error) -> JournalError:
    what = _SENTENCES.get(_primary_code(error), f"{error}. See the log")
    return JournalError(
        f"The journal cannot be written: {what}. No new orders are sent until it can;"
        " cancels go on."
    )


def _primary_code(error: sqlite3.Error) -> int:
    # extended codes carry the primary one in the lowest byte; errors of the module have none
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    try:
        version_of(connection)
        connection.execute("PRAGMA journal_mode=WAL")
        # a commit is in the system's hands when it returns, so a killed process loses
        # nothing; only a power cut may take the last moments (FULL would cost an fsync
        # of milliseconds between a click and the wire)
        connection.execute("PRAGMA synchronous=NORMAL")
        # moved out of the way of orders: the journal's thread does it
        connection.execute("PRAGMA wal_autocheckpoint=0")
        if path.stat().st_size <= _CHECKED_UP_TO_BYTES:
            _check(connection)
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection) -> None:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        error = sqlite3.DatabaseError(verdict)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _set_aside(path: Path, at_ms: int) -> Path:
    aside = path.with_name(f"{path.name}.damaged-{at_ms}")
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        companion = path.with_name(path.name + suffix)
        if companion.exists():
            companion.rename(aside.with_name(aside.name + suffix))
    logger.error("the journal %s was damaged and is now %s", path, aside)
    return aside
