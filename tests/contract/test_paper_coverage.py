"""The help page of the paper exchange says what the server really does."""

from __future__ import annotations

import re

import pytest

from engine.paper.paper_options import parse_options
from engine.wire.endpoints import ENDPOINTS
from tests.proofs import coverage_notes, coverage_table


def test_table_of_what_is_served_is_current() -> None:
    assert coverage_table.is_current(), "run `python -m tests.proofs coverage-table`"


def test_notes_are_about_calls_and_streams_that_exist() -> None:
    assert set(coverage_notes.REST_NOTES) <= set(ENDPOINTS)
    assert set(coverage_notes.STREAM_NOTES) <= set(coverage_notes.DOCUMENTED_STREAMS)


def test_every_option_of_the_server_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_options(["--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    page = coverage_table.PAGE.read_text(encoding="utf-8")
    assert {option for option in options if option not in page} == set()
