"""Where commands come in: each goes to the desk that carries out its kind, or is refused."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from engine.commands import Command, LoadCandles, UnwatchSymbol, WatchSymbol
from engine.errors import PerpdeskError, ShuttingDown
from engine.event_hub import EventHub
from engine.events import CommandRefused
from engine.key_commands import KeyCommand
from engine.key_desk import KeyDesk
from engine.paper_commands import PaperCommand
from engine.recording_commands import StartRecording, StopRecording
from engine.review_commands import ReviewCommand
from engine.session_recorder import SessionRecorder
from engine.strategy_commands import StrategyCommand
from engine.utils.task_queue import TaskQueue

if TYPE_CHECKING:
    from engine.build_engine import Parts
    from engine.command_desk import CommandDesk
    from engine.market_feed import MarketFeed
    from engine.paper_desk import PaperDesk
    from engine.review.review_desk import ReviewDesk

_EARLY = WatchSymbol | UnwatchSymbol | LoadCandles  # they only read: they wait for the start


class StrategyTaker(Protocol):
    """Who runs a person's own programs: they are above the engine, and use it."""

    def submit(self, command: StrategyCommand) -> None:
        """Never blocks. Raises ShuttingDown."""

    def close(self, timeout_s: float) -> bool:
        """Stop all of them; False when that took too long."""


class CommandDoor:
    """`submit` may be called from any thread and never waits.

    Desks are let in as the start makes them; until then what needs them is refused,
    and what only reads waits.
    """

    def __init__(
        self, hub: EventHub, keys: KeyDesk, recorder: SessionRecorder, queries: TaskQueue
    ) -> None:
        self._hub = hub
        self._keys = keys
        self._recorder = recorder
        self._queries = queries
        self._lock = threading.Lock()
        self._early: list[Command] = []
        self._is_closed = False
        self._desk: CommandDesk | None = None
        self._review: ReviewDesk | None = None
        self._paper: PaperDesk | None = None
        self._recorded: tuple[Parts, MarketFeed] | None = None
        self._strategies: StrategyTaker | None = None

    def let_in(self, review: ReviewDesk, paper: PaperDesk) -> None:
        """These answer before the exchange is reached."""
        with self._lock:
            self._review, self._paper = review, paper

    def open(self, desk: CommandDesk, parts: Parts, feed: MarketFeed) -> list[Command]:
        """From here on `desk` is given its commands. Returns those that have waited for it."""
        with self._lock:
            self._desk, self._recorded = desk, (parts, feed)
            early, self._early = self._early, []
        return early

    def close(self) -> bool:
        """Nothing comes in any more. False when it was closed before."""
        with self._lock:
            was_open, self._is_closed = not self._is_closed, True
        return was_open

    def host(self, strategies: StrategyTaker) -> None:
        self._strategies = strategies

    def close_strategies(self, timeout_s: float) -> bool:
        """False when one did not end in time."""
        return self._strategies is None or self._strategies.close(timeout_s)

    def submit(self, command: Command) -> None:
        """Raises ShuttingDown once closed."""
        with self._lock:
            if self._is_closed:
                raise ShuttingDown("The engine is closing; this was not carried out.")
            if isinstance(command, KeyCommand):
                self._keys.submit(command)  # never recorded: it may hold a secret
                return
            desk, review, paper = self._desk, self._review, self._paper
            if desk is None and isinstance(command, _EARLY):
                self._early.append(command)
                return
        self._recorder.asked(command)
        if review is not None and isinstance(command, ReviewCommand):
            review.submit(command)
        elif desk is not None and isinstance(command, StartRecording | StopRecording):
            self._queries.submit(lambda: self._record(command))
        elif isinstance(command, StrategyCommand):
            self._run_strategies(command)
        elif paper is not None and isinstance(command, PaperCommand):
            paper.submit(command)  # also while the exchange is not reached
        elif desk is not None:
            desk.submit(command)
        else:
            self._refuse(
                command, "The connection to the exchange is not ready yet; nothing was sent."
            )

    def _run_strategies(self, command: StrategyCommand) -> None:
        if self._strategies is not None:
            self._strategies.submit(command)
            return
        self._refuse(
            command, "This program runs no strategies; use the window, or perpdesk-cli run."
        )

    def _record(self, command: StartRecording | StopRecording) -> None:
        if isinstance(command, StopRecording) or self._recorded is None:
            self._recorder.end()
            return
        try:
            self._recorder.begin(*self._recorded, self.submit)
        except PerpdeskError as error:
            self._refuse(command, str(error))

    def _refuse(self, command: Command, sentence: str) -> None:
        self._hub.publish(CommandRefused(command=command, sentence=sentence))
