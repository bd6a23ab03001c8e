"""The paper exchange's server with a market that publishes at a steady rate, for its listeners.

`fanout_server RATE STATE_DIR`: best prices of BTCUSDT with the sender's clock as their
event time. Everything else is the paper exchange as it is. Runs in its own process.
"""

from __future__ import annotations

import asyncio
import sys
import time

from engine.paper import paper_server
from engine.paper.fault_stage import FaultStage
from engine.paper.paper_venue import PaperVenue
from tests.benchmarks.measuring import now_us

STREAM = "btcusdt@bookTicker"
_TICK_S = 0.005


def main(words: list[str]) -> int:
    rate = float(words[0])

    async def publish(venue: PaperVenue, _stage: FaultStage) -> None:
        hub = venue.hub
        began, sent = time.monotonic(), 0
        while True:
            await asyncio.sleep(_TICK_S)
            due = int((time.monotonic() - began) * rate)
            for number in range(sent, due):
                hub.publish(STREAM, _best_prices(number))
            sent = due

    paper_server.run_market = publish
    return paper_server.main(["--quiet-market", "--state-dir", words[1]])


def _best_prices(number: int) -> dict[str, object]:
    return {
        "e": "bookTicker", "u": number, "s": "BTCUSDT", "ps": "BTCUSDT", "b": "64250.0",
        "B": "1.200", "a": "64250.1", "A": "0.800", "T": 0, "E": now_us(), "st": 1,
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
