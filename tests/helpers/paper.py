"""A real paper exchange for a test: its own process, any free port, closed at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.paper.paper_process import PaperOptions, PaperProcess


@contextlib.contextmanager
def paper_server(state_dir: Path, **options: Any) -> Iterator[PaperProcess]:
    """Yields the running exchange; `options` as in PaperOptions, quiet by default."""
    options.setdefault("quiet_market", True)
    process = PaperProcess.start(PaperOptions(state_dir=state_dir, **options))
    try:
        yield process
    finally:
        process.stop()
