"""`python -m tests.proofs long-run`: hours of the paper exchange's life, and what it costs.

A real server with its market and a few trading clients, its clock sped up. The
memory must not grow once its histories are full, the state file must not grow
without end, and at the end every account's wallet must be what its private
events have said: deposits + realized - commission + funding + insurance.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.paper.paper_process import PaperAccountKeys, PaperProcess
from engine.paper.paper_state import StateFolder
from tests.helpers.paper import paper_server
from tests.proofs.fast_client import FastClient
from tests.proofs.random_trader import RandomTrader
from tests.proofs.streams import CountingStream, PrivateTally

BALANCE = "1000000"
MOST_GROWTH_MB_PER_H = 30.0  # of the last third of the run
_SAMPLE_S = 5.0
_KEEP_EVERY_S = 60.0  # an hour of a listenKey is 3 minutes at speed 20
_MARKET_STREAMS = (
    "public/stream?streams=btcusdt@depth@100ms/ethusdt@depth@100ms/btcusdt@bookTicker/!bookTicker",
    "market/stream?streams=btcusdt@aggTrade/ethusdt@aggTrade/btcusdt@kline_1m/!markPrice@arr@1s/"
    "!ticker@arr",
)


def run(minutes: float, speed: float, seed: int, pause_s: float) -> dict[str, Any]:
    """Blocks for the whole time; the figures, `passed` among them."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        options: dict[str, Any] = {"quiet_market": False, "fresh": True, "unlimited": True}
        with paper_server(
            folder, balance=BALANCE, verify=True, seed=seed, clock_speed=speed, **options
        ) as server:
            return _Run(server, folder, minutes, speed, seed, pause_s).figures()


class _Run:
    def __init__(
        self,
        server: PaperProcess,
        folder: Path,
        minutes: float,
        speed: float,
        seed: int,
        pause_s: float,
    ) -> None:
        self._server = server
        self._folder = folder
        self._seconds = minutes * 60
        self._speed = speed
        self._stop = threading.Event()
        self._rss: list[tuple[float, float]] = []
        self._sizes: list[int] = []
        first, second = server.accounts
        hedge = self._client(second)
        hedge.signed("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")
        hedge.close()
        self._tallies = [PrivateTally(server, self._client(keys)) for keys in (first, second)]
        self._streams = [
            CountingStream(f"{server.hosts.streams}/{path}") for path in _MARKET_STREAMS
        ]
        self._traders = [
            RandomTrader(
                self._client(keys), seed * 100 + number, self._stop, pause_s, hedge=keys is second
            )
            for number, keys in enumerate((first, second, first, second))
        ]

    def _client(self, keys: PaperAccountKeys) -> FastClient:
        return FastClient(self._server, keys, self._speed)

    def figures(self) -> dict[str, Any]:
        listeners = [*self._tallies, *self._streams]
        for thread in (*listeners, *self._traders):
            thread.start()
        try:
            self._watch()
        finally:
            self._stop.set()
            for trader in self._traders:
                trader.join()
            balances = [tally.settled_wallet() for tally in self._tallies]
            for listener in listeners:
                listener.finish()
        problems = [trader.wrong for trader in self._traders if trader.wrong]
        problems += [listener.wrong for listener in listeners if listener.wrong]
        problems += self._unbalanced(balances)
        return self._report(problems)

    def _watch(self) -> None:
        """Until the time is over, or nobody is left to trade."""
        started = time.monotonic()
        kept = started
        while (now := time.monotonic()) - started < self._seconds:
            if not self._server.is_running or any(t.wrong for t in self._traders):
                return
            self._rss.append((now - started, rss_mb(self._server.pid)))
            self._sizes.append((self._folder / "paper-exchange.jsonl").stat().st_size)
            if now - kept > _KEEP_EVERY_S:
                kept = now
                for tally in self._tallies:
                    tally.keep_alive()
            self._stop.wait(_SAMPLE_S)

    def _unbalanced(self, balances: list[Decimal]) -> list[str]:
        """The wallets by event, by REST and on disk after a kill."""
        self._server.kill()
        with StateFolder(self._folder) as folder:
            saved = folder.load(fresh=False)
        problems = []
        for tally, shown, books in zip(
            self._tallies, balances, saved.accounts.values(), strict=True
        ):
            books.check()
            if not tally.wallet == shown == books.wallet:
                problems.append(
                    f"{books.account_id}: events {tally.wallet}, REST {shown}, disk {books.wallet}"
                )
        return problems

    def _report(self, problems: list[str]) -> dict[str, Any]:
        answers: Counter[str] = Counter()
        for trader in self._traders:
            answers.update(trader.answers)
        third = [row for row in self._rss if row[0] > self._seconds * 2 / 3]
        slope = statistics.linear_regression(*zip(*third, strict=True)).slope * 3600
        flat = slope <= MOST_GROWTH_MB_PER_H
        return {
            "passed": flat and not problems,
            "minutes": round(self._seconds / 60, 1),
            "simulated_hours": round(self._seconds * self._speed / 3600, 1),
            "rss_start_mb": self._rss[0][1],
            "rss_third_mb": self._rss[len(self._rss) // 3][1],
            "rss_two_thirds_mb": third[0][1],
            "rss_end_mb": self._rss[-1][1],
            "rss_most_mb": max(mb for _, mb in self._rss),
            "slope_last_third_mb_per_h": round(slope, 1),
            "state_file_most_mb": round(max(self._sizes) / 1e6, 1),
            "state_file_rewritten": sum(
                1 for a, b in zip(self._sizes, self._sizes[1:], strict=False) if b < a
            ),
            "orders": sum(n for what, n in answers.items() if not what.startswith("refused")),
            "answers": dict(answers.most_common()),
            "fills": sum(tally.fills for tally in self._tallies),
            "fundings": sum(tally.fundings for tally in self._tallies),
            "public_trades": sum(stream.trades for stream in self._streams),
            "stream_messages": sum(stream.messages for stream in self._streams),
            "books_balanced": not problems,
            "problems": problems,
        }


def rss_mb(pid: int) -> float:
    """Resident memory of a process; Linux only."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return round(int(line.split()[1]) / 1024, 1)
