"""Strategies at a window's word: commands in, events out, and nobody waits for a file.

A file is loaded on one thread and a strategy stopped on another, so that a file
that never ends loading keeps nothing from being stopped.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from engine.errors import PerpdeskError, ShuttingDown
from engine.events import CommandRefused
from engine.strategy_commands import StartStrategy, StopStrategy, StrategyCommand
from engine.trading_engine import TradingEngine
from engine.utils.task_queue import TaskQueue
from engine.utils.threads import StoppableThread

if TYPE_CHECKING:
    from engine.strategies.strategy_runner import StrategyRunner


class StrategyHost:
    """Give it to `TradingEngine.host`. `submit` never blocks; nothing runs before it is used."""

    def __init__(self, engine: TradingEngine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._runner: StrategyRunner | None = None
        self._starts = TaskQueue("strategy-starts", engine.note_crash)
        self._stops = TaskQueue("strategy-stops", engine.note_crash)
        self._is_closed = False

    def submit(self, command: StrategyCommand) -> None:
        """Raises ShuttingDown. A refusal is published as CommandRefused."""
        with self._lock:
            if self._is_closed:
                raise ShuttingDown("Perpdesk is closing; no strategy was started.")
            runner = self._runner or self._begin()
        if isinstance(command, StartStrategy):
            self._starts.submit(lambda: self._start(runner, command))
        elif isinstance(command, StopStrategy):
            self._stops.submit(lambda: self._stop(runner, command))

    def close(self, timeout_s: float) -> bool:
        """Stop all of them. False: not every one ended in time; what hangs cannot trade."""
        with self._lock:
            self._is_closed = True
            runner = self._runner
        if runner is None:
            return True
        # half of it for the strategies, half to cancel the orders of one that hangs; which may
        # wait for an exchange that does not answer, and then nobody waits for it
        closing = StoppableThread(
            "strategy-close", lambda _: runner.close(timeout_s / 2), self._engine.note_crash
        )
        closing.start()
        ended = closing.join(timeout_s)
        return self._stops.stop(0.1) and self._starts.stop(0.1) and ended

    def _begin(self) -> StrategyRunner:
        # with order management in it, which the window's first frame does not wait for
        from engine.strategies.strategy_runner import StrategyRunner  # noqa: PLC0415

        self._starts.start()
        self._stops.start()
        self._runner = StrategyRunner(self._engine)
        return self._runner

    def _start(self, runner: StrategyRunner, command: StartStrategy) -> None:
        try:
            runner.start(command.file, command.symbols)
        except PerpdeskError as error:
            self._refuse(command, str(error))

    def _stop(self, runner: StrategyRunner, command: StopStrategy) -> None:
        try:
            runner.stop(command.name)
        except PerpdeskError as error:
            self._refuse(command, str(error))

    def _refuse(self, command: StrategyCommand, sentence: str) -> None:
        self._engine.hub.publish(CommandRefused(command=command, sentence=sentence))
