"""What the program holds in memory, and whether that grows while the market runs."""

from __future__ import annotations

import time
from typing import Any

from tests.benchmarks.gui import loaded_window
from tests.benchmarks.measuring import rss_mb, slope

_SAMPLES = 40
_QUICK_S, _USUAL_S = 8.0, 120.0


def run(*, quick: bool, duration_s: float | None = None) -> dict[str, Any]:
    """Samples of the program's memory under load; `duration_s` to watch longer (3600: an hour)."""
    seconds = duration_s or (_QUICK_S if quick else _USUAL_S)
    with loaded_window(1.0, 0) as (window, _):
        window.read()
        pid = window.process.pid
        if rss_mb(pid) is None:
            return {"rss_mb": None, "slope_mb_per_h": None, "measured_s": 0.0}
        samples = _watch(pid, seconds)
    return {
        "rss_mb": samples[0][1],
        "slope_mb_per_h": slope(samples) * 3600,
        "measured_s": seconds,
        "is_extrapolated": seconds < 3600,
    }


def _watch(pid: int, seconds: float) -> list[tuple[float, float]]:
    began = time.monotonic()
    samples: list[tuple[float, float]] = []
    for number in range(_SAMPLES + 1):
        time.sleep(max(0.0, began + seconds * number / _SAMPLES - time.monotonic()))
        samples.append((time.monotonic() - began, rss_mb(pid) or 0.0))
    return samples
