"""KPI 1.1: the streams stay up, deliver, and lose nothing for as long as asked."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.exchange.gateway_health import GatewayHealth
from engine.exchange.stream_liveness import StreamSettings
from engine.kpi.kpi_bench import KpiBench
from engine.kpi.kpi_result import Figure, KpiResult, at_most, exactly, judged
from engine.kpi.process_figures import growth_mb_per_h, memory_mb
from engine.kpi.stream_ear import NAMES, StreamEar
from engine.trading_types import Route
from engine.utils.deadline import Deadline

Tell = Callable[[str], None]

# the book's streams speak when something changes; on the market route the mark
# price comes every second whatever happens
GAP_LIMITS_S = {Route.PUBLIC: StreamSettings().silence_s, Route.MARKET: 5.0}
_SAMPLE_S = 0.1
_MEMORY_EVERY = 10  # samples
_TELL_EVERY_S = 60.0
_FIRST_DATA_S = 15.0


class _Watch:
    """Samples the state every 100 ms, the memory every second."""

    def __init__(self, bench: KpiBench) -> None:
        self._bench = bench
        self._began_s = bench.clock.monotonic()
        self.taken = self.up = 0
        self.memory: list[tuple[float, float]] = []

    def sample(self) -> None:
        self.up += self._bench.is_up()
        if self.taken % _MEMORY_EVERY == 0:
            self.memory.append((self.elapsed_s(), memory_mb()))
        self.taken += 1

    def elapsed_s(self) -> float:
        return self._bench.clock.monotonic() - self._began_s

    @property
    def uptime_pct(self) -> float:
        return 100.0 * self.up / self.taken if self.taken else 0.0


def stream_stability(bench: KpiBench, duration_s: float, tell: Tell) -> KpiResult:
    """Blocks for `duration_s`, plus what the streams need to begin."""
    ear = StreamEar(bench.engine.hub, bench.clock, bench.symbol)
    try:
        _wait_for_every_stream(bench, ear)
        ear.restart()
        before, threads = bench.health(), threading.active_count()
        watch = _Watch(bench)
        _watch_for(watch, bench, duration_s, tell)
        figures = [
            *_state_figures(watch, before, bench.health()),
            *_gap_figures(ear),
            *_process_figures(watch, threads),
        ]
    finally:
        ear.close()
    return judged("1.1", "Stream stability", figures)


def _wait_for_every_stream(bench: KpiBench, ear: StreamEar) -> None:
    """One that never begins is not waited for longer: it shows as a gap."""
    deadline = Deadline(bench.clock, _FIRST_DATA_S)
    never = threading.Event()
    while not deadline.passed and (ear.unheard_since(0.0) or not bench.is_up()):
        bench.clock.wait(never, _SAMPLE_S)


def _watch_for(watch: _Watch, bench: KpiBench, duration_s: float, tell: Tell) -> None:
    deadline = Deadline(bench.clock, duration_s)
    never = threading.Event()
    next_word_s = _TELL_EVERY_S
    while not deadline.passed:
        watch.sample()
        bench.clock.wait(never, min(_SAMPLE_S, deadline.left_s()))
        if watch.elapsed_s() >= next_word_s:
            next_word_s += _TELL_EVERY_S
            tell(f"1.1 {watch.elapsed_s():.0f} of {duration_s:g} s, up {watch.uptime_pct:.2f} %")


def _state_figures(watch: _Watch, before: GatewayHealth, after: GatewayHealth) -> list[Figure]:
    seconds = watch.elapsed_s()
    messages = after.messages - before.messages
    reconnects = sum(r.reconnects for r in after.routes) - sum(r.reconnects for r in before.routes)
    return [
        Figure(name="measured for", value=seconds, unit="s"),
        Figure(name="up (engine and three routes LIVE)", value=watch.uptime_pct, unit="%"),
        Figure(name="messages", value=messages, limit="more than 0", is_ok=messages > 0),
        Figure(name="messages a second", value=messages / seconds, unit="1/s"),
        exactly("unplanned reconnects", reconnects, 0),
        exactly("decode errors", after.decode_errors - before.decode_errors, 0),
        exactly("callback errors", after.callback_errors - before.callback_errors, 0),
    ]


def _gap_figures(ear: StreamEar) -> list[Figure]:
    routes = [
        at_most(f"longest gap, route {route}", ear.longest_silence_s(route), limit_s, "s")
        for route, limit_s in GAP_LIMITS_S.items()
    ]
    streams = [
        Figure(name=f"longest gap, {name}", value=ear.longest_silence_s(name), unit="s")
        for name in NAMES
    ]
    return routes + streams


def _process_figures(watch: _Watch, threads: int) -> list[Figure]:
    return [
        Figure(name="memory at the end", value=memory_mb(), unit="MB"),
        Figure(name="memory growth", value=growth_mb_per_h(watch.memory), unit="MB/h"),
        Figure(name="threads at the start", value=threads),
        Figure(name="threads at the end", value=threading.active_count()),
    ]
