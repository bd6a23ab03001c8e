"""An exported file is whole or not there; what stood under its name stays until then."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import JournalError
from engine.journal.csv_file import write_csv
from engine.review.review_loader import ReviewGivenUp


def test_rows_are_counted_and_written_under_their_head(tmp_path: Path) -> None:
    target = tmp_path / "rows.csv"
    assert write_csv(target, ("a", "b"), [(1, "x"), (2, "y,z")]) == 2
    assert target.read_text(encoding="utf-8").splitlines() == ["a,b", "1,x", '2,"y,z"']
    assert list(tmp_path.iterdir()) == [target]


def test_an_export_that_is_given_up_leaves_the_older_file_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "rows.csv"
    target.write_text("older", encoding="utf-8")

    def rows() -> Iterator[tuple[int]]:
        yield (1,)
        raise ReviewGivenUp

    with pytest.raises(ReviewGivenUp):
        write_csv(target, ("a",), rows())
    assert target.read_text(encoding="utf-8") == "older"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"gone.rows\.csv cannot be written"):
        write_csv(tmp_path / "gone" / "rows.csv", ("a",), [])


@pytest.mark.skipif(sys.platform == "win32", reason="a Windows Python makes no named pipes")
def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    heard: list[str] = []
    reader = threading.Thread(target=lambda: heard.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    assert write_csv(pipe, ("a",), [(1,)]) == 1
    reader.join(30)
    assert heard[0].splitlines() == ["a", "1"]
    assert pipe.is_fifo()
