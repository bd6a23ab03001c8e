"""Which checks are done where."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from engine.errors import NotConnected
from engine.kpi import kpi_run
from engine.kpi.kpi_result import KpiResult, Verdict, judged
from engine.kpi.kpi_run import KpiSettings, run_kpis
from engine.trading_types import EnvironmentKind

SETTINGS = KpiSettings(duration_s=1, cut_s=1, places_real_orders=False)
BREAKS = (SimpleNamespace(how="one way"), SimpleNamespace(how="another"))


@pytest.fixture(autouse=True)
def checks(monkeypatch):
    """Every check passes at once; a test may replace one."""
    for number, name in (
        ("1.1", "stream_stability"), ("1.2", "market_orders"),
        ("1.3", "limit_orders"), ("1.4", "network_cut"),
    ):  # fmt: skip
        monkeypatch.setattr(kpi_run, name, lambda *_, n=number: judged(n, "done", []))


def run(kind: EnvironmentKind, settings: KpiSettings = SETTINGS, breaks=BREAKS) -> list[KpiResult]:
    said: list[str] = []
    return list(run_kpis(SimpleNamespace(breaks=breaks), kind, settings, said.append))


def verdicts(results: list[KpiResult]) -> list[tuple[str, Verdict]]:
    return [(result.number, result.verdict) for result in results]


def test_on_paper_everything_is_run_and_the_network_broken_in_both_ways():
    assert verdicts(run(EnvironmentKind.PAPER)) == [
        (number, Verdict.PASSED) for number in ("1.1", "1.2", "1.3", "1.4", "1.4")
    ]


def test_a_live_account_gets_no_order_without_really():
    results = run(EnvironmentKind.LIVE, breaks=())
    assert [r.number for r in results if r.verdict is Verdict.NOT_RUN] == ["1.2", "1.3", "1.4"]
    assert "--really" in results[1].why


def test_with_really_a_live_account_gets_the_orders():
    settings = KpiSettings(duration_s=1, cut_s=1, places_real_orders=True)
    results = run(EnvironmentKind.LIVE, settings, breaks=())
    assert [r.number for r in results if r.verdict is Verdict.NOT_RUN] == ["1.4"]


def test_a_far_venue_is_not_cut_off_and_that_is_said():
    (cut,) = [r for r in run(EnvironmentKind.TESTNET, breaks=()) if r.number == "1.4"]
    assert cut.verdict is Verdict.NOT_RUN
    assert "on paper" in cut.why


def test_one_that_fails_does_not_keep_the_next_from_running(monkeypatch):
    def fail(_bench: object) -> KpiResult:
        raise NotConnected("There is no price of BTCUSDT.")

    monkeypatch.setattr(kpi_run, "market_orders", fail)
    results = run(EnvironmentKind.PAPER)
    assert verdicts(results)[1:3] == [("1.2", Verdict.FAILED), ("1.3", Verdict.PASSED)]
    assert results[1].why == "There is no price of BTCUSDT."
