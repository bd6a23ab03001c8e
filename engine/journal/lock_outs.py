"""Lock-outs of the risk guard, kept so that neither a restart nor an editor lifts them.

Each row is signed together with the one before it, with the account's own API
secret, which is in no file of Perpdesk. A row changed by hand shows.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from engine.errors import JournalError
from engine.journal.journal_file import journal_error
from engine.protection_views import LockOut

_BUSY_TIMEOUT_S = 1.0
_ROWS = "SELECT at_ms, until_ms, sentence, key_id, signature FROM lock_outs ORDER BY seq"
_INSERT = "INSERT INTO lock_outs VALUES (NULL,?,?,?,?,?)"

_Row = tuple[int, int, str, str, str]


class LockOuts:
    """In the journal's file, which exists already. Any thread; every call opens it for itself."""

    def __init__(self, path: Path, secret: str) -> None:
        self._path = path
        self._key = secret.encode("utf-8")
        self._key_id = hashlib.sha256(b"lock-outs" + self._key).hexdigest()[:16]

    def save(self, lock: LockOut) -> None:
        with self._open() as connection:
            rows = connection.execute(_ROWS).fetchall()
            signature = self._sign(rows[-1][4] if rows else "", lock)
            row = (lock.at_ms, lock.until_ms, lock.sentence, self._key_id, signature)
            connection.execute(_INSERT, row)

    def newest(self) -> LockOut | None:
        locks = [_lock_of(row) for row in self._read()]
        return max(locks, key=lambda lock: lock.until_ms, default=None)

    def is_altered(self) -> bool:
        """Rows of an older API key cannot be checked and are believed."""
        before = ""
        for row in self._read():
            ours = row[3] == self._key_id
            if ours and not hmac.compare_digest(self._sign(before, _lock_of(row)), row[4]):
                return True
            before = row[4]
        return False

    def _sign(self, before: str, lock: LockOut) -> str:
        text = f"{before}|{lock.at_ms}|{lock.until_ms}|{lock.sentence}"
        return hmac.new(self._key, text.encode("utf-8"), hashlib.sha256).hexdigest()

    def _read(self) -> list[_Row]:
        with self._open() as connection:
            return list(connection.execute(_ROWS))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(
                sqlite3.connect(self._path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)
            ) as connection:
                yield connection
        except sqlite3.Error as error:
            raise JournalError(str(journal_error(error))) from None


def _lock_of(row: _Row) -> LockOut:
    return LockOut(at_ms=row[0], until_ms=row[1], sentence=row[2])
