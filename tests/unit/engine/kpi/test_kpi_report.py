"""Verdicts and the report."""

from __future__ import annotations

import json

import pytest

from engine.kpi.kpi_report import KpiReport, as_json, as_markdown, versions
from engine.kpi.kpi_result import Figure, KpiResult, Verdict, at_most, exactly, judged


def report(*results: KpiResult) -> KpiReport:
    return KpiReport(
        command="perpdesk-cli kpi --duration 2",
        environment="paper",
        symbol="BTCUSDT",
        started_ms=1_795_000_000_000,
        ended_ms=1_795_000_060_000,
        versions={"perpdesk": "0.1.0"},
        results=results,
    )


PASSED = judged("1.1", "Streams", [exactly("reconnects", 0, 0)])
NOT_RUN = KpiResult(number="1.4", title="Cut", verdict=Verdict.NOT_RUN, why="Not here.")


@pytest.mark.parametrize(
    ("value", "is_ok"), [(4.9, True), (5.0, True), (5.1, False), (None, False)]
)
def test_at_most_holds_a_figure_to_its_limit(value, is_ok):
    assert at_most("gap", value, 5.0, "s").is_ok is is_ok


def test_one_missed_figure_fails_and_is_named():
    result = judged("1.1", "Streams", [exactly("reconnects", 1, 0), exactly("errors", 0, 0)])
    assert result.verdict is Verdict.FAILED
    assert result.why == "Outside its limit: reconnects."


def test_a_figure_without_a_limit_judges_nothing():
    assert judged("1.1", "Streams", [Figure(name="memory", value=None)]).verdict is Verdict.PASSED


def test_what_was_not_run_has_not_passed():
    assert report(PASSED).has_passed
    assert not report(PASSED, NOT_RUN).has_passed


def test_the_markdown_shows_figures_limits_log_lines_and_versions():
    missed = judged("1.4", "Cut", [at_most("to LIVE", 61.5, 60, "s")], ["ORDER_PLACED order=x"])
    text = as_markdown(report(PASSED, missed))
    assert "# KPI run: NOT passed" in text
    assert "| to LIVE | 61.500 s | at most 60 s | **missed** |" in text
    assert "| reconnects | 0 | exactly 0 | ok |" in text
    assert "ORDER_PLACED order=x" in text
    assert "`perpdesk-cli kpi --duration 2`" in text
    assert "| perpdesk | 0.1.0 |" in text
    assert "2026-11-18 11:06:40 UTC" in text


def test_a_bar_in_a_cell_does_not_break_the_table():
    text = as_markdown(report(judged("1.1", "a|b", [])))
    assert "| 1.1 | a/b | PASSED |  |" in text


def test_the_json_says_whether_all_passed():
    document = json.loads(as_json(report(PASSED, NOT_RUN)))
    assert document["passed"] is False
    assert [row["verdict"] for row in document["results"]] == ["passed", "not run"]
    assert document["results"][0]["figures"][0]["value"] == 0


def test_versions_name_python_system_and_libraries():
    assert {"perpdesk", "Python", "system", "websocket-client"} <= versions().keys()
