"""Every benchmark runs in its quick form and prints what it promises. No figure is judged here."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import NAMES
from tests.benchmarks.figures import FIGURES

pytestmark = pytest.mark.long

_ROOT = Path(__file__).resolve().parents[2]
_NOT_EVERYWHERE = {"idle_cpu_pct", "rss_mb", "slope_mb_per_h"}  # read from /proc


@pytest.mark.parametrize("name", NAMES)
def test_a_quick_benchmark_prints_a_number_for_each_of_its_figures(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", name, "--quick", "--json"],
        capture_output=True,
        cwd=_ROOT,
        env=_environment(),
        encoding="utf-8",
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    for figure in FIGURES:
        if figure.benchmark == name:
            for value in _numbers(found[figure.key]):
                assert _is_figure(figure.key, value), (figure.key, value)


def _environment() -> dict[str, str]:
    """Without the tracer of a coverage run: what is measured must not be traced."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return kept | {"PYTHONUTF8": "1"}


def _numbers(value: object) -> list[object]:
    return list(value.values()) if isinstance(value, dict) else [value]


def _is_figure(key: str, value: object) -> bool:
    if value is None:
        return key in _NOT_EVERYWHERE and not Path("/proc").exists()
    return isinstance(value, int | float) and math.isfinite(value)
