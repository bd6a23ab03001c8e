"""`perpdesk-cli kpi`: run, report, exit code."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from engine.clock import SystemClock
from engine.config import Config, Environment, load_config
from engine.errors import BadInput
from engine.kpi import link_cut
from engine.kpi.kpi_bench import open_bench
from engine.kpi.kpi_report import KpiReport, as_json, as_markdown, versions
from engine.kpi.kpi_run import KpiSettings, run_kpis
from engine.utils.logger import close_logging, setup_logging
from engine.utils.paths import user_data_dir

PASSED, NOT_PASSED = 0, 1


def kpi(given: Namespace, words: Sequence[str]) -> int:
    """`words` are the whole command's. Progress on stderr, the report on stdout."""
    config = load_config(given.config)
    environment = config.environment(given.environment)
    if given.report is not None and not given.report.resolve().parent.is_dir():
        raise BadInput("report", f"There is no folder {given.report.resolve().parent}.")
    if environment.hosts is not None:
        return _measure(given, words, config, environment, user_data_dir(given.user_data))
    if not link_cut.is_inside():
        command = link_cut.enter_command(words)
        if command is not None:
            _tell("running in a private network namespace, so that its link can be cut")
            return subprocess.call(command, env=link_cut.enter_environment())  # noqa: S603
    # a private exchange: nothing of the user's own account is touched
    with tempfile.TemporaryDirectory(prefix="perpdesk-kpi-", ignore_cleanup_errors=True) as folder:
        return _measure(given, words, config, environment, Path(folder))


def _measure(
    given: Namespace,
    words: Sequence[str],
    config: Config,
    environment: Environment,
    user_data: Path,
) -> int:
    settings = KpiSettings(
        duration_s=given.duration, cut_s=given.cut_seconds, places_real_orders=given.really
    )
    started_ms = SystemClock().now_ms()
    setup_logging(user_data)
    try:
        with open_bench(config, environment, user_data) as bench:
            results = run_kpis(bench, environment.kind, settings, _tell)
    finally:
        close_logging()
    report = KpiReport(
        command=shlex.join(["perpdesk-cli", *map(_without_folder, words)]),
        environment=_described(environment),
        symbol=bench.symbol,
        started_ms=started_ms,
        ended_ms=SystemClock().now_ms(),
        versions=versions(),
        results=results,
    )
    _give(report, given)
    return PASSED if report.has_passed else NOT_PASSED


def _without_folder(word: str) -> str:
    """A report is shown to others; where its files lie on this computer is not their business."""
    return Path(word).name if Path(word).is_absolute() else word


def _described(environment: Environment) -> str:
    if environment.hosts is None:
        return f"{environment.name} (a private paper exchange, started for this run)"
    return f"{environment.name} ({environment.hosts.rest})"


def _give(report: KpiReport, given: Namespace) -> None:
    if given.report is not None:
        try:
            given.report.write_text(as_markdown(report), encoding="utf-8")
        except OSError as error:
            raise BadInput(
                "report", f"{given.report} cannot be written: {error.strerror}."
            ) from None
        _tell(f"report in {given.report}")
    if given.json:
        print(as_json(report))
    elif given.report is None:
        print(as_markdown(report))
    else:
        for result in report.results:
            print(f"{result.number} {result.verdict.upper()} {result.title}. {result.why}".rstrip())


def _tell(sentence: str) -> None:
    print(f"kpi: {sentence}", file=sys.stderr, flush=True)
