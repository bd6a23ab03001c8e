"""The figures that have a target, and how results are shown to people."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import msgspec

Results = Mapping[str, Mapping[str, Any]]

_LIBRARIES = (
    "PySide6_Essentials", "msgspec", "aiohttp", "websocket-client", "binance-futures-connector",
    "requests", "websockets",
)  # fmt: skip


class Figure(msgspec.Struct, frozen=True):
    """`bound` is what it must not exceed, or with `at_least` what it must reach."""

    benchmark: str
    key: str
    what: str
    unit: str
    bound: float | None
    at_least: bool = False

    def is_met(self, value: float | None) -> bool | None:
        """None: nothing to judge."""
        if value is None or self.bound is None:
            return None
        return value >= self.bound if self.at_least else value <= self.bound

    def target(self) -> str:
        if self.bound is None:
            return ""
        return f"{'at least' if self.at_least else 'at most'} {self.bound:,.4g}"


FIGURES = (
    Figure("ws", "ratio_to_limit", "market messages a second, against the limit of Python", "x",
           0.65, at_least=True),
    Figure("ws", "ratio_to_best_peer", "the same, against the best peer library", "x",
           4, at_least=True),
    Figure("ws", "p50_us", "sent to callback, median, by messages a second", "us", None),
    Figure("ws", "p99_us", "sent to callback, 99 of 100, by messages a second", "us", None),
    Figure("ws", "p99_ratio_to_limit", "the same, against the limit loop", "x", 1.5),
    Figure("rest", "rest_p50_ratio_to_connector",
           "order to acknowledgement, against the bare connector", "x", 0.5),
    Figure("rest", "ws_p50_ratio_to_socket",
           "the same by the order socket, against websocket-client alone", "x", 2.2),
    Figure("rest", "loaded_p99_ms", "the same with 5,000 market messages a second", "ms", 5),
    Figure("oms", "events_per_s", "order events decoded, applied, published a second", "",
           100_000, at_least=True),
    Figure("oms", "growth", "time an event, 100,000 orders against 10", "x", 1.3),
    Figure("oms", "journal_p50_us", "durable intent before sending", "us", 60),
    Figure("paper", "matches_per_s", "matches a second in the paper exchange's book", "",
           100_000, at_least=True),
    Figure("paper", "http_orders_per_s", "signed HTTP orders a second", "", 1_500, at_least=True),
    Figure("paper", "growth", "time an order, by how many rest", "x", 1.3),
    Figure("paper", "idle_cpu_pct", "the default market, of one core", "%", 15),
    Figure("paper", "fanout_lag_p99_ms", "50 listeners at 1,000 events a second", "ms", 100),
    Figure("gui", "max_stall_ms", "longest stall of the window's thread", "ms", 50),
    Figure("gui", "event_to_paint_p99_ms", "a message sent until it is painted", "ms", 50),
    Figure("gui", "click_to_wire_p50_ms", "let go of a button until its order is sent", "ms", 3),
    Figure("gui", "gui_cpu_pct", "the window's thread, of one core", "%", 40),
    Figure("start", "visible_s", "process start to the painted window", "s", 1),
    Figure("start", "price_s", "process start to the first live price", "s", 2),
    Figure("start", "tradable_s", "process start to able to trade", "s", 3),
    Figure("memory", "rss_mb", "memory of the loaded program", "MB", 250),
    Figure("memory", "slope_mb_per_h", "its growth at 5,000 messages a second", "MB/h", 5),
)  # fmt: skip


def machine() -> dict[str, Any]:
    """Where the figures were taken."""
    versions = {name: _version(name) for name in _LIBRARIES}
    return {
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: found for name, found in versions.items() if found},
        "measured": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    }


def text_of(value: Any) -> str:
    if value is None:
        return "not measured"
    if isinstance(value, Mapping):
        return ", ".join(f"{text_of(found)} at {name}" for name, found in value.items())
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def table(results: Results) -> str:
    """For the terminal."""
    lines = []
    for figure, value in _rows(results):
        mark = {True: "ok", False: "MISSED", None: ""}[figure.is_met(value)]
        name = f"{figure.benchmark}.{figure.key}"
        shown = f"{text_of(value)} {figure.unit}".strip()
        lines.append(f"{name:<34} {shown:>20}  {figure.target():<20} {mark:<7} {figure.what}")
    return "\n".join(lines)


def markdown(results: Results, place: Mapping[str, Any], how: str) -> str:
    """The help page; every word and number of it comes from this run."""
    versions = ", ".join(f"{name} {found}" for name, found in place["versions"].items())
    busy = _busy(results, place["cores"] or 1)
    lines = [
        "# Performance",
        "",
        f"Written by `{how}` on {place['measured']}; nothing here is typed by hand. What each",
        "figure is, and how it is taken, stands in the modules of `tests/benchmarks`.",
        "",
        f"Machine: {place['cores']} cores, {place['system']}, Python {place['python']};",
        f"{versions}.",
        "",
        *busy,
        "| benchmark | figure | measured | target | met |",
        "|---|---|---|---|---|",
    ]
    for figure, value in _rows(results):
        met = {True: "yes", False: "**no**", None: "–"}[figure.is_met(value)]
        shown = f"{text_of(value)} {figure.unit}".strip()
        lines.append(
            f"| `{figure.benchmark}` | {figure.what} (`{figure.key}`) | {shown} |"
            f" {figure.target() or '–'} | {met} |"
        )
    lines += _peers(results)
    return "\n".join(lines) + "\n"


def _busy(results: Results, cores: int) -> list[str]:
    """What else the machine did meanwhile, and what that means for the figures."""
    loads = [found["load_before"] for found in results.values() if found.get("load_before")]
    if not loads:
        return []
    line = f"Load average of the machine meanwhile: {min(loads):.1f} to {max(loads):.1f}."
    if min(loads) > cores:
        line += (
            " It was busy with other work, so that everything in seconds, milliseconds or per"
            " second is worse than on a resting one; ratios were taken side by side."
        )
    return [line, ""]


def _peers(results: Results) -> list[str]:
    """Who was measured beside us in the same run."""
    lines: list[str] = []
    for benchmark, key, head in (
        ("ws", "messages_per_s", "messages a second to a callback"),
        ("rest", "p50_us", "us from call to acknowledgement, median"),
    ):
        found = results.get(benchmark, {}).get(key)
        if found:
            lines += ["", f"| `{benchmark}`, same run | {head} |", "|---|---|"]
            lines += [f"| {name} | {text_of(value)} |" for name, value in found.items()]
    absent = results.get("ws", {}).get("absent_peers")
    if absent:
        lines += ["", f"Not installed here, so not measured: {', '.join(absent)}."]
    if results.get("memory", {}).get("is_extrapolated"):
        seconds = results["memory"]["measured_s"]
        noise = " and little more than noise" if seconds < 60 else ""
        lines += ["", f"`slope_mb_per_h` is extrapolated from {seconds:.0f} s{noise}."]
    return lines


def _rows(results: Results) -> list[tuple[Figure, Any]]:
    return [
        (figure, results[figure.benchmark].get(figure.key))
        for figure in FIGURES
        if figure.benchmark in results
    ]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
