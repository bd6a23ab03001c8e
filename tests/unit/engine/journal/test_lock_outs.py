"""Lock-outs survive a restart, and an editor leaves traces."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from engine.errors import JournalError
from engine.journal.journal_file import open_journal
from engine.journal.lock_outs import LockOuts
from engine.protection_views import LockOut

FIRST = LockOut(at_ms=100, until_ms=900, sentence="The day's loss has reached 1 USDT.")
SECOND = LockOut(at_ms=200, until_ms=800, sentence="Once more.")


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "journal.db"
    connection, _ = open_journal(file, 0)
    connection.close()
    return file


@pytest.fixture
def locks(path):
    return LockOuts(path, "secret")


def edit(path, sql: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(sql)


def test_an_empty_journal_knows_of_none(locks):
    assert locks.newest() is None
    assert not locks.is_altered()


def test_the_one_that_ends_last_counts_after_a_restart(path, locks):
    locks.save(FIRST)
    locks.save(SECOND)
    again = LockOuts(path, "secret")
    assert again.newest() == FIRST
    assert not again.is_altered()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE lock_outs SET until_ms = 101",
        "UPDATE lock_outs SET until_ms = 101 WHERE seq = 1",
        "DELETE FROM lock_outs WHERE seq = 1",
        "UPDATE lock_outs SET sentence = 'nothing'",
    ],
)
def test_a_row_changed_by_hand_shows(path, locks, sql):
    locks.save(FIRST)
    locks.save(SECOND)
    edit(path, sql)
    assert locks.is_altered()


def test_rows_of_an_older_key_are_believed(path, locks):
    locks.save(FIRST)
    other = LockOuts(path, "a new secret")
    other.save(SECOND)
    assert other.newest() == FIRST
    assert not other.is_altered()


def test_the_secret_is_not_in_the_file(path, locks):
    locks.save(FIRST)
    assert b"secret" not in path.read_bytes()


def test_a_file_that_cannot_be_written_is_a_journal_error(tmp_path):
    locks = LockOuts(tmp_path / "no folder" / "journal.db", "secret")
    with pytest.raises(JournalError):
        locks.save(FIRST)
    with pytest.raises(JournalError):
        locks.newest()
