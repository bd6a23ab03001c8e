"""KPI 1.4: the network is cut, comes back, and everything is true and LIVE within a minute."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.errors import NotConnected
from engine.events import EngineStateChanged, StreamStateChanged
from engine.kpi.cut_story import CutStory
from engine.kpi.kpi_bench import KpiBench
from engine.kpi.kpi_result import Figure, KpiResult, at_most, exactly, judged
from engine.kpi.log_lines import LogLines
from engine.kpi.network_breaks import NetworkBreak
from engine.kpi.stream_ear import NAMES, StreamEar
from engine.trading_types import EngineState, StreamState
from engine.utils.deadline import Deadline

LIVE_WITHIN_S = 60.0
_GIVE_UP_S = 180.0
_POLL_S = 0.02
_SETTLE_S = 15.0
_ON_THE_WAY_S = 0.3  # what was sent before the cut has been read by then
_LOGGERS = ("engine.oms", "engine.exchange.stream_route")
_LOST = (StreamState.DISCONNECTED, StreamState.STALE)

Tell = Callable[[str], None]


def network_cut(bench: KpiBench, broken: NetworkBreak, cut_s: float, tell: Tell) -> KpiResult:
    """Blocks for `cut_s` and until LIVE, or for some minutes. Leaves no order behind."""
    story = CutStory(bench)
    trial = _Trial(bench, broken, cut_s, story)
    with LogLines(*_LOGGERS) as lines:
        try:
            story.begin()
            tell(f"1.4 cutting for {cut_s:g} s: {broken.how}")
            figures = trial.run()
        finally:
            trial.close()
            story.end()
    return judged("1.4", f"Network cut of {cut_s:g} s: {broken.how}", figures, lines.all())


class _Trial:
    """One cut and what follows. Times are the clock's monotonic seconds."""

    def __init__(
        self, bench: KpiBench, broken: NetworkBreak, cut_s: float, story: CutStory
    ) -> None:
        self._bench = bench
        self._broken = broken
        self._cut_s = cut_s
        self._story = story
        self._never = threading.Event()
        self._losses_s: list[float] = []  # when a stream was seen to be lost
        self._gaps_s: list[float] = []  # length of each gap, from the loss until it was closed
        self._ear = StreamEar(bench.engine.hub, bench.clock, bench.symbol)
        hub = bench.engine.hub
        self._ends = [
            hub.listen(EngineStateChanged, self._on_engine_state),
            hub.listen(StreamStateChanged, self._on_stream_state),
        ]

    def close(self) -> None:
        self._ear.close()
        for end in self._ends:
            end()

    def run(self) -> list[Figure]:
        clock = self._bench.clock
        self._wait_until_whole()
        if not self._broken.reaches_venue:
            self._story.foretell(self._cut_s / 2)
        began_s, began_ms = clock.monotonic(), clock.now_ms()
        during = self._cut(began_s)
        ended_s = clock.monotonic()
        live_s, known_s = self._recovery(ended_s)
        unheard = self._ear.unheard_since(ended_s)
        noticed_s = self._losses_s[0] - began_s if self._losses_s else None
        gap_s = self._gaps_s[-1] if self._gaps_s else None
        return [
            Figure(name="cut for", value=ended_s - began_s, unit="s"),
            *during,
            Figure(name="noticed by the engine after", value=noticed_s, unit="s"),
            at_most("from the end of the cut to LIVE", live_s, LIVE_WITHIN_S, "s"),
            Figure(name="gap that the recovery closed, its length", value=gap_s, unit="s"),
            exactly("streams delivering again", len(NAMES) - len(unheard), len(NAMES)),
            at_most("what happened meanwhile is known after", known_s, LIVE_WITHIN_S, "s"),
            *self._story.figures(began_ms),
            *(self._story.afterwards() if live_s is not None else ()),
        ]

    def _wait_until_whole(self) -> None:
        """Raises NotConnected: nothing can be learnt from cutting what is not whole."""
        is_whole = self._wait_for(
            lambda: not self._ear.unheard_since(0.0) and self._bench.is_up(), _SETTLE_S
        )
        if is_whole is None:
            silent = ", ".join(self._ear.unheard_since(0.0)) or "none"
            raise NotConnected(f"Not everything was LIVE before the cut; silent streams: {silent}.")
        self._losses_s.clear()
        self._gaps_s.clear()

    def _cut(self, began_s: float) -> list[Figure]:
        """Blocks for the length of the cut; what was seen of the venue during it."""
        bench = self._bench
        self._broken.begin()
        try:
            self._pause(min(_ON_THE_WAY_S, self._cut_s / 2))
            before = bench.health().messages
            if self._broken.reaches_venue:
                self._story.meanwhile()
            self._pause(began_s + self._cut_s - bench.clock.monotonic())
            heard, suspected = bench.health().messages - before, self._story.is_suspected()
        finally:
            self._broken.end()
        return [
            exactly("messages received during the cut", heard, 0),
            exactly(
                "known of the venue's news during the cut", "some" if suspected else "none", "none"
            ),
        ]

    def _recovery(self, ended_s: float) -> tuple[float | None, float | None]:
        """Seconds from the end of the cut to LIVE in every part with every stream
        delivering, and to knowing the venue's news; LIVE without the news is none.
        """
        clock, story = self._bench.clock, self._story
        known_s: float | None = None

        def is_whole() -> bool:
            nonlocal known_s
            if known_s is None and story.is_known():
                known_s = clock.monotonic() - ended_s
            is_delivering = not self._ear.unheard_since(ended_s)
            return known_s is not None and is_delivering and self._bench.is_up()

        return self._wait_for(is_whole, _GIVE_UP_S), known_s

    def _wait_for(self, condition: Callable[[], bool], timeout_s: float) -> float | None:
        """Seconds until the condition held; None when it did not in time."""
        clock = self._bench.clock
        began_s, deadline = clock.monotonic(), Deadline(clock, timeout_s)
        while not condition():
            if deadline.passed:
                return None
            self._pause(_POLL_S)
        return clock.monotonic() - began_s

    def _pause(self, seconds: float) -> None:
        if seconds > 0:
            self._bench.clock.wait(self._never, seconds)

    def _on_engine_state(self, event: EngineStateChanged) -> None:
        if event.state is EngineState.LIVE and event.gap_s is not None:
            self._gaps_s.append(event.gap_s)

    def _on_stream_state(self, event: StreamStateChanged) -> None:
        if event.state in _LOST:
            self._losses_s.append(self._bench.clock.monotonic())
