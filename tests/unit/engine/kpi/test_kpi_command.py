"""What the command gives: exit code, report file, words."""

from __future__ import annotations

import contextlib
import json
from types import SimpleNamespace

import pytest

from engine.__main__ import main
from engine.kpi import kpi_command, link_cut
from engine.kpi.kpi_result import at_most, judged

PASSED = judged("1.1", "Streams", [at_most("gap", 0.1, 5, "s")])
FAILED = judged("1.4", "Cut", [at_most("to LIVE", 61.0, 60, "s")])


@pytest.fixture
def found(monkeypatch):
    """What the checks find, without an exchange."""
    results = [PASSED]
    bench = contextlib.nullcontext(SimpleNamespace(symbol="BTCUSDT"))
    monkeypatch.setattr(link_cut, "enter_command", lambda _: None)
    monkeypatch.setattr(kpi_command, "open_bench", lambda *_: bench)
    monkeypatch.setattr(kpi_command, "run_kpis", lambda *_: tuple(results))
    return results


def test_all_passed_is_0_and_the_report_goes_to_stdout(found, capsys):
    assert main(["kpi", "--environment", "paper"]) == 0
    out = capsys.readouterr().out
    assert "# KPI run: passed" in out
    assert "`perpdesk-cli kpi --environment paper`" in out


def test_one_that_failed_is_1(found, capsys):
    found.append(FAILED)
    assert main(["kpi"]) == 1
    assert "| at most 60 s | **missed** |" in capsys.readouterr().out


def test_with_a_file_the_verdicts_alone_go_to_stdout(found, capsys, tmp_path):
    file = tmp_path / "my report.md"
    assert main(["kpi", "--report", str(file)]) == 0
    assert capsys.readouterr().out == "1.1 PASSED Streams.\n"
    assert "| gap | 0.100 s | at most 5 s | ok |" in file.read_text(encoding="utf-8")


def test_json_is_one_document(found, capsys):
    assert main(["kpi", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["passed"] is True


def test_in_a_namespace_the_same_command_is_run_again_and_its_exit_code_kept(monkeypatch):
    ran = []
    monkeypatch.setattr(link_cut, "is_inside", lambda: False)
    monkeypatch.setattr(link_cut, "enter_command", lambda words: ["unshare", *words])
    monkeypatch.setattr(
        kpi_command.subprocess, "call", lambda command, **_: ran.append(command) or 7
    )
    assert main(["kpi", "--duration", "5"]) == 7
    assert ran == [["unshare", "kpi", "--duration", "5"]]
