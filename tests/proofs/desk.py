"""`python -m tests.proofs desk`: a day at the window in minutes, and its memory stays flat.

A round of acts stands for four minutes of a person's day; eight hours are a hundred
and twenty of them. What is opened and closed again must leave nothing behind: neither
widgets, nor objects, nor memory beyond what the tables may keep.
"""

from __future__ import annotations

import tempfile
from typing import Any

from tests.benchmarks.child import child
from tests.benchmarks.measuring import slope

MINUTES_A_ROUND = 4.0
MOST_GROWTH_MB_PER_H = 5.0  # of the later half, an hour of the compressed day
_WARM_SHARE = 0.2
_LEAST_ROUNDS = 30  # fewer say nothing of memory: freed pages go back to the system late
_SPARE_WIDGETS = 12  # a notice that is on show at one count and not at the other
_MORE_OBJECTS_A_ROUND = 20.0


def run(hours: float) -> dict[str, Any]:
    """Blocks; the figures, `passed` among them."""
    count = max(2, round(hours * 60 / MINUTES_A_ROUND))
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        child("tests.proofs.desk_day", folder, str(count)) as window,
    ):
        lines = [window.read() for _ in range(count)]
    return judged(lines)


def judged(lines: list[dict[str, float]]) -> dict[str, Any]:
    warm = lines[int(len(lines) * _WARM_SHARE) :]
    first, last = warm[0], warm[-1]
    passed_h = [(line["round"] * MINUTES_A_ROUND / 60, line["rss_mb"]) for line in lines]
    growth = slope(passed_h) if len(lines) >= _LEAST_ROUNDS else None
    rounds = max(1.0, last["round"] - first["round"])
    more_widgets = last["widgets"] - first["widgets"]
    more_objects = (last["objects"] - first["objects"]) / rounds
    return {
        "rounds": len(lines),
        "hours": len(lines) * MINUTES_A_ROUND / 60,
        "rss_mb_first": first["rss_mb"],
        "rss_mb_last": last["rss_mb"],
        "growth_mb_per_h": growth,
        "more_widgets": more_widgets,
        "more_objects_a_round": more_objects,
        "more_python_objects_a_round": (last["python_objects"] - first["python_objects"]) / rounds,
        "passed": more_widgets <= _SPARE_WIDGETS
        and more_objects <= _MORE_OBJECTS_A_ROUND
        and (growth is None or growth < MOST_GROWTH_MB_PER_H),
    }
