"""How far the engine is and what ended its work; whoever waits for it waits here."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.clock import Clock
from engine.errors import NotConnected, PerpdeskError
from engine.event_hub import EventHub
from engine.events import Alert, EngineStateChanged, ThreadCrashed
from engine.trading_types import AlertLevel, EngineState


class EngineStanding:
    """Any thread. Only the two waits block."""

    def __init__(self, environment: str, hub: EventHub, clock: Clock) -> None:
        self._environment = environment
        self._hub = hub
        self._clock = clock
        self._changed = threading.Condition()
        self._state = EngineState.STOPPED
        self._failure: PerpdeskError | None = None
        self._last_gap_s: float | None = None
        self._is_reached = False
        hub.listen(EngineStateChanged, self._on_state)

    @property
    def state(self) -> EngineState:
        return self._state

    @property
    def failure(self) -> PerpdeskError | None:
        """What ended the engine's work for good, if something did."""
        return self._failure

    @property
    def last_gap_s(self) -> float | None:
        """How long closing the account's last gap took."""
        return self._last_gap_s

    def wait_until_live(self, timeout_s: float) -> None:
        """Block until LIVE. Raises what stopped the start, or NotConnected at the time-out."""
        self._wait(lambda: self._state is EngineState.LIVE, timeout_s, tells_state=True)

    def wait_until_reached(self, timeout_s: float) -> None:
        """Block until commands are taken; the account stream may still be down. Raises like
        `wait_until_live`.
        """
        self._wait(lambda: self._is_reached, timeout_s, tells_state=False)

    def _wait(self, is_there: Callable[[], bool], timeout_s: float, *, tells_state: bool) -> None:
        with self._changed:
            settled = self._changed.wait_for(
                lambda: is_there() or self._failure is not None, timeout_s
            )
        if self._failure is not None:
            raise self._failure
        if not settled:
            state = f" (state: {self._state})" if tells_state else ""
            raise NotConnected(
                f"{self._environment} was not reached within {timeout_s:g} s{state}."
            )

    def tell(self, state: EngineState, sentence: str) -> None:
        self._hub.publish(EngineStateChanged(state=state, sentence=sentence))

    def alert(self, code: str, sentence: str) -> None:
        now_ms = self._clock.now_ms()
        self._hub.publish(Alert(level=AlertLevel.ERROR, code=code, sentence=sentence, at_ms=now_ms))

    def reach(self) -> None:
        """Commands are taken from now on."""
        with self._changed:
            self._is_reached = True
            self._changed.notify_all()

    def give_up(self, error: PerpdeskError, code: str) -> None:
        """The start has failed for good."""
        self._failure = error
        self.tell(EngineState.DEGRADED, str(error))
        self.alert(code, str(error))

    def fail(self, error: PerpdeskError) -> None:
        """What was told already; the first failure stays the one that is raised."""
        with self._changed:
            self._failure = self._failure or error
            self._changed.notify_all()

    def mend(self) -> None:
        """What had failed is there again."""
        self._failure = None

    def note_crash(self, thread: str, error: BaseException) -> None:
        """A thread of ours has ended by a mistake of ours: an alert says so."""
        sentence = f"Perpdesk's thread {thread!r} failed ({type(error).__name__}); see the log."
        self._hub.publish(ThreadCrashed(thread=thread, sentence=sentence))
        self.alert("THREAD_CRASHED", sentence)

    def _on_state(self, event: EngineStateChanged) -> None:
        with self._changed:
            self._state = event.state
            if event.gap_s is not None:
                self._last_gap_s = event.gap_s
            self._changed.notify_all()
