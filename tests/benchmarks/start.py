"""From the process's first instant to a window, a price and a desk that can trade."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.child import Child
from tests.benchmarks.measuring import median, now_us

KEYS = ("visible_s", "price_s", "tradable_s")


def run(*, quick: bool) -> dict[str, Any]:
    """On paper, warm: the first start fills the caches of the disk and is not counted."""
    how_often = 3 if quick else 9
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        one_start(folder)
        starts = [one_start(folder) for _ in range(how_often)]
    return {key: median([found[key] for found in starts]) for key in KEYS}


def one_start(folder: str) -> dict[str, float]:
    # as installed: the first start keeps the compiled modules, whatever this shell says of them
    kept = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(Path(folder) / "compiled")}
    began_us = now_us()
    program = Child("window_start", folder, **kept)
    try:
        return {key: (program.ready[key] - began_us) / 1e6 for key in KEYS}
    finally:
        program.close()
