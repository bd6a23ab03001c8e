"""Arithmetic of a measurement: percentiles, interleaved rounds, and how loaded the machine was."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 0


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of all do not exceed; nan when there are none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else float("nan")


def rounds(count: int, runs: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Every run once a round, in an order that turns, so that noise meets all alike."""
    found: dict[str, list[T]] = {name: [] for name in runs}
    names = list(runs)
    for number in range(count):
        turn = number % len(names)
        for name in (*names[turn:], *names[:turn]):
            found[name].append(runs[name]())
    return found


def now_us() -> int:
    """Wall time in microseconds: the one clock that processes share everywhere."""
    return time.time_ns() // 1000


def machine_load() -> float | None:
    """Runnable processes over the last minute; None where the system does not count them."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def cpu_seconds(pid: int) -> float | None:
    """What a process has used until now; None where that cannot be read."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists() or not _TICKS:
        return None
    fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def rss_mb(pid: int) -> float | None:
    """Memory in use by a process; None where that cannot be read."""
    statm = Path(f"/proc/{pid}/statm")
    if not statm.exists():
        return None
    pages = int(statm.read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def slope(samples: Sequence[tuple[float, float]]) -> float:
    """The median of all slopes between two samples of the later half: a step moves it little."""
    later = samples[len(samples) // 2 :]
    return statistics.median(
        (y2 - y1) / (x2 - x1) for at, (x1, y1) in enumerate(later) for x2, y2 in later[at + 1 :]
    )


def spin(seconds: float) -> None:
    """Let time pass without doing anything, for a measurement of what others do meanwhile."""
    time.sleep(seconds)
