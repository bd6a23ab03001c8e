"""The paper exchange as it is, but funding is paid every second: run as its program."""

from __future__ import annotations

import sys

from engine.paper.paper_market import PaperMarket
from engine.paper.paper_server import main

INTERVAL_MS = 1_000


def _next_funding(_market: PaperMarket, now_ms: int) -> int:
    return now_ms - now_ms % INTERVAL_MS + INTERVAL_MS


PaperMarket._next_funding = _next_funding  # type: ignore[method-assign]

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
