"""`python -m tests.proofs soak`: the streams at full load on a network that breaks all the time.

A market of mixed messages and a paper exchange's user stream, over real sockets and
through a relay that breaks every turn: closed and refused, or open and silent, by
turns. Every stream must have delivered again before the next break, and at the end
memory and threads must be what they were.
"""

from __future__ import annotations

import contextlib
import logging
import statistics
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from engine.clock import SystemClock
from engine.exchange.rest_client import RestSettings
from engine.exchange.stream_liveness import StreamSettings
from engine.kpi.network_breaks import CleanCut, HalfOpenSilence, NetworkBreak, RelayedHosts
from engine.kpi.process_figures import memory_mb
from engine.utils.deadline import Deadline
from engine.wire.hosts import Hosts
from tests.benchmarks.child import child
from tests.benchmarks.measuring import slope
from tests.helpers.paper import paper_server
from tests.proofs.soak_client import OrderTrickle, SoakClient

logger = logging.getLogger(__name__)

MOST_GROWTH_MB_PER_H = 5.0  # of the later half: freed memory goes back to the system late
MOST_GROWTH_MB = 15.0  # of the whole run, after its first tenth
LEAST_SHARE_OF_RATE = 0.8  # the sender gives up what a busy machine made it miss
FULL_TURN_S = 60.0
_LONGEST_BREAK_S = 10.0
_SLOPE_MEANS_SOMETHING_S = 1200.0
_SAMPLE_S = 0.1
_MEMORY_EVERY_S = 2.0
_FIRST_DATA_S = 30.0


def run(duration_s: float, rate: float, cut_every_s: float) -> dict[str, Any]:
    """Blocks for the whole time; the figures, `passed` among them.

    With turns under a minute the engine's own deadlines are shortened in proportion.
    """
    with _bench(rate, cut_every_s) as bench:
        bench.serve(duration_s)
    return bench.figures(duration_s, rate)


@contextlib.contextmanager
def _bench(rate: float, cut_every_s: float) -> Iterator[_Soak]:
    clock = SystemClock()
    pace = min(1.0, cut_every_s / FULL_TURN_S)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        server = stack.enter_context(paper_server(Path(folder), fresh=True))
        sender = stack.enter_context(child("stream_server"))
        url = f"{sender.ready['url']}/steady-{rate:g}-0-split"
        market = RelayedHosts(Hosts(rest=url, streams=url, ws_api=url))
        stack.callback(market.close)
        account = RelayedHosts(server.hosts)
        stack.callback(account.close)
        client = SoakClient(
            market.hosts,
            account.hosts,
            server.accounts[0],
            clock,
            _hurried(StreamSettings(), pace),
            _hurried(RestSettings(), pace),
        )
        trickle = OrderTrickle(server.hosts, server.accounts[0], clock, pause_s=pace)
        stack.callback(trickle.close)
        stack.callback(client.close)
        relays = (*market.relays, *account.relays)
        yield _Soak(
            client, trickle, clock, cut_every_s, (CleanCut(relays), HalfOpenSilence(relays))
        )


def _hurried(settings: Any, pace: float) -> Any:
    """The engine's waiting times in seconds, all in the same proportion."""
    names = (
        "connect_timeout_s", "read_timeout_s", "write_timeout_s", "reconnect_base_s",
        "quiet_ping_interval_s", "doubt_s", "pong_timeout_s", "first_data_s", "silence_s",
    )  # fmt: skip
    times = {name: getattr(settings, name) * pace for name in names if hasattr(settings, name)}
    return msgspec.structs.replace(settings, **times)


class _Soak:
    def __init__(
        self,
        client: SoakClient,
        trickle: OrderTrickle,
        clock: SystemClock,
        cut_every_s: float,
        breaks: tuple[NetworkBreak, ...],
    ) -> None:
        self._client = client
        self._trickle = trickle
        self._clock = clock
        self._cut_every_s = cut_every_s
        self._breaks = breaks
        self._never = threading.Event()
        self._began_s = self._memory_due_s = clock.monotonic()
        self._memory: list[tuple[float, float]] = []
        self._threads: list[int] = []
        self._healed_s: dict[str, list[float]] = {type(b).__name__: [] for b in breaks}
        self._problems: list[str] = []
        self._live_messages = 0
        self._live_s = 0.0
        self._reconnects = 0

    def serve(self, duration_s: float) -> None:
        self._client.start()
        self._trickle.start()
        if not self._wait_healed(self._began_s, _FIRST_DATA_S):
            self._problems.append(f"never heard: {self._client.unheard_since(self._began_s)}")
            return
        self._began_s = self._clock.monotonic()
        turns = max(2, int(duration_s / self._cut_every_s))
        for number in range(turns):
            self._turn(self._breaks[number % len(self._breaks)])
        self._reconnects = sum(route.reconnects for route in self._client.routes())

    def _turn(self, cut: NetworkBreak) -> None:
        """Settled figures are taken just before a break, and once after the last."""
        ends = Deadline(self._clock, self._cut_every_s)
        self._pause(Deadline(self._clock, self._cut_every_s / 6))
        self._threads.append(threading.active_count())
        cut.begin()
        self._pause(Deadline(self._clock, min(_LONGEST_BREAK_S, self._cut_every_s / 4)))
        cut.end()
        restored_s = self._clock.monotonic()
        if self._wait_healed(restored_s, ends.left_s()):
            self._healed_s[type(cut).__name__].append(self._clock.monotonic() - restored_s)
        else:
            unheard = self._client.unheard_since(restored_s)
            self._problems.append(f"turn {len(self._threads)}, {cut.how}: unheard {unheard}")
        before, before_s = self._client.messages, self._clock.monotonic()
        self._pause(ends)
        logger.info(
            "turn %d %s healed_s=%s threads=%d memory_mb=%.1f",
            len(self._threads),
            type(cut).__name__,
            [round(times[-1], 2) for times in self._healed_s.values() if times],
            self._threads[-1],
            memory_mb(),
        )
        self._live_messages += self._client.messages - before
        self._live_s += self._clock.monotonic() - before_s

    def _wait_healed(self, since_s: float, timeout_s: float) -> bool:
        """Every stream has delivered since then, and every route says LIVE."""
        deadline = Deadline(self._clock, timeout_s)
        while self._client.unheard_since(since_s) or not self._client.is_live():
            if deadline.passed:
                return False
            self._sample()
        return True

    def _pause(self, deadline: Deadline) -> None:
        while not deadline.passed:
            self._sample()

    def _sample(self) -> None:
        now_s = self._clock.monotonic()
        if now_s >= self._memory_due_s:
            self._memory_due_s = now_s + _MEMORY_EVERY_S
            self._memory.append((now_s - self._began_s, memory_mb()))
        self._clock.wait(self._never, _SAMPLE_S)

    def figures(self, duration_s: float, rate: float) -> dict[str, Any]:
        per_s = self._live_messages / self._live_s if self._live_s else 0.0
        means_something = duration_s >= _SLOPE_MEANS_SOMETHING_S
        mb_per_h = slope(self._memory) * 3600 if means_something else None
        grown = _growth_mb([mb for _, mb in self._memory])
        client, trickle = self._client, self._trickle
        checks = {
            "memory_is_flat": grown <= MOST_GROWTH_MB
            and (mb_per_h is None or mb_per_h <= MOST_GROWTH_MB_PER_H),
            "threads_are_flat": bool(self._threads) and self._threads[-1] <= self._threads[0],
            "all_streams_alive": not self._problems,
            "no_errors": client.decode_errors + client.callback_errors == 0 and not trickle.wrong,
            "rate_kept": per_s >= LEAST_SHARE_OF_RATE * rate,
        }
        return {
            "passed": all(checks.values()),
            **checks,
            "seconds": round(self._clock.monotonic() - self._began_s, 1),
            "messages": client.messages,
            "messages_per_s_when_live": round(per_s),
            "cuts": len(self._threads),
            "reconnects": self._reconnects,
            **{
                f"healed_s_{name}": {
                    "median": round(statistics.median(times), 2),
                    "most": round(max(times), 2),
                }
                for name, times in self._healed_s.items()
                if times
            },
            "memory_first_mb": round(self._memory[0][1], 1),
            "memory_last_mb": round(self._memory[-1][1], 1),
            "memory_grown_mb": round(grown, 1),
            "slope_mb_per_h": None if mb_per_h is None else round(mb_per_h, 2),
            "threads_first": self._threads[0] if self._threads else None,
            "threads_last": self._threads[-1] if self._threads else None,
            "orders": trickle.orders,
            "decode_errors": client.decode_errors,
            "callback_errors": client.callback_errors,
            "problems": [*self._problems, *filter(None, [trickle.wrong])],
        }


def _growth_mb(samples: list[float]) -> float:
    """From the second tenth of the run to its last, by their medians."""
    part = max(1, len(samples) // 10)
    early = samples[part : 2 * part] or samples
    return statistics.median(samples[-part:]) - statistics.median(early)
