"""What is told of one strategy while it lives: its state, its words, the count of its orders."""

from __future__ import annotations

import threading

from msgspec.structs import replace

from engine.clock import Clock
from engine.event_hub import EventHub
from engine.events import Alert
from engine.events.strategies import StrategyChanged, StrategyView
from engine.trading_types import AlertLevel, StrategyState
from engine.utils.logger import redact


class StrategyDiary:
    """Thread-safe. A word is an alert, and the last one stands in the view."""

    def __init__(self, hub: EventHub, clock: Clock, view: StrategyView) -> None:
        self._hub = hub
        self._clock = clock
        self._lock = threading.Lock()
        self._view = replace(view, started_at=clock.now_ms())

    @property
    def view(self) -> StrategyView:
        return self._view

    def say(self, level: AlertLevel, code: str, sentence: str) -> None:
        sentence = redact(sentence)
        self._change(last_word=sentence)
        self._hub.publish(
            Alert(
                level=level,
                code=code,
                sentence=f"{self._view.name}: {sentence}",
                at_ms=self._clock.now_ms(),
            )
        )

    def turn(self, state: StrategyState) -> None:
        """An end is final, but one that hung may still come to it."""
        if self._view.state in (StrategyState.STOPPED, StrategyState.CRASHED):
            return
        self._change(state=state, ended_at=self._clock.now_ms() if state.is_over else 0)

    def count(self, open_orders: int, traded_orders: int) -> None:
        self._change(open_orders=open_orders, traded_orders=traded_orders)

    def _change(self, **changes: object) -> None:
        with self._lock:
            before, self._view = self._view, replace(self._view, **changes)
            view = self._view
        if view != before:
            self._hub.publish(StrategyChanged(strategy=view))
