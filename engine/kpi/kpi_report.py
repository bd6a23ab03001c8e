"""The report of a KPI run, as Markdown for people and as JSON for machines. Pure but `versions`."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib import metadata

import msgspec

from engine.kpi.kpi_result import Figure, KpiResult, Verdict

_LIBRARIES = (
    "aiohttp", "binance-futures-connector", "msgspec", "requests", "tenacity", "websocket-client",
)  # fmt: skip


class KpiReport(msgspec.Struct, frozen=True, kw_only=True):
    command: str
    environment: str
    symbol: str
    started_ms: int
    ended_ms: int
    versions: dict[str, str]
    results: tuple[KpiResult, ...]

    @property
    def has_passed(self) -> bool:
        """Something that was not run has not passed."""
        return all(result.verdict is Verdict.PASSED for result in self.results)


def versions() -> dict[str, str]:
    """Of everything that took part."""
    found = {"perpdesk": _version("perpdesk")}
    found["Python"] = f"{platform.python_version()} ({platform.python_implementation()})"
    found["system"] = platform.platform()
    return found | {name: _version(name) for name in _LIBRARIES}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "run from its source, not installed"


def as_json(report: KpiReport) -> str:
    document = msgspec.to_builtins(report)
    return msgspec.json.encode({"passed": report.has_passed, **document}).decode()


def as_markdown(report: KpiReport) -> str:
    return "\n".join([*_head(report), *_summary(report), *_details(report)]) + "\n"


def _head(report: KpiReport) -> Iterator[str]:
    yield f"# KPI run: {'passed' if report.has_passed else 'NOT passed'}"
    yield ""
    yield from _table(
        ("what", "value"),
        [
            ("command", f"`{report.command}`"),
            ("environment", report.environment),
            ("symbol", report.symbol),
            ("started", _time(report.started_ms)),
            ("ended", _time(report.ended_ms)),
            *report.versions.items(),
        ],
    )


def _summary(report: KpiReport) -> Iterator[str]:
    yield "## Verdicts"
    yield ""
    rows = [(r.number, r.title, r.verdict.upper(), r.why) for r in report.results]
    yield from _table(("KPI", "what", "verdict", "why"), rows)


def _details(report: KpiReport) -> Iterator[str]:
    for result in report.results:
        yield f"## {result.number} {result.title}"
        yield ""
        if result.figures:
            yield from _table(("figure", "measured", "limit", ""), map(_row, result.figures))
        else:
            yield f"{result.why or 'Nothing was measured.'}"
            yield ""
        if result.log_lines:
            yield from ("Log lines:", "", "```text", *result.log_lines, "```", "")


def _row(figure: Figure) -> tuple[str, str, str, str]:
    mark = ("ok" if figure.is_ok else "**missed**") if figure.limit else ""
    return figure.name, _measured(figure), figure.limit, mark


def _measured(figure: Figure) -> str:
    value = figure.value
    if value is None:
        return "not measured"
    shown = f"{value:.3f}" if isinstance(value, float) else str(value)
    return f"{shown} {figure.unit}".rstrip()


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"
    yield ""


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
