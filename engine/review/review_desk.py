"""Carries out questions about past trading on the engine's thread `review`.

One after the other, oldest first. Long work tells how far it is and ends early when
somebody gives up or the engine closes. Nothing here touches orders.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from engine.clock import Clock
from engine.errors import BadInput, JournalError, PerpdeskError, ShuttingDown
from engine.events import AccountUpdate, CommandRefused, Event
from engine.events.review import (
    ReviewCancelled,
    ReviewExported,
    ReviewLoaded,
    ReviewProgress,
    TieOutDone,
    TradeNoted,
)
from engine.journal.csv_file import write_csv
from engine.journal.journal_reader import JournalReader
from engine.review.income_keeper import IncomeKeeper
from engine.review.review_loader import ReviewGivenUp, Tell, load_review, load_trips
from engine.review.statement_reader import StatementSource
from engine.review.tie_out_run import tie_out
from engine.review.trade_notes import clean_note, clean_tags
from engine.review.trip_csv import REVIEW_COLUMNS, review_rows
from engine.review_commands import (
    CancelReview,
    ExportReview,
    LoadReview,
    NoteTrade,
    ReviewCommand,
    TieOut,
)
from engine.review_views import TradeNote
from engine.utils.task_queue import TaskQueue
from engine.utils.threads import CrashHandler

logger = logging.getLogger(__name__)

Work = Callable[[Any, Tell], Event]


class Journal(Protocol):
    """What of the journal's writer is needed."""

    @property
    def path(self) -> Path: ...

    def flush(self, timeout_s: float = 5.0) -> bool: ...


class ReviewDesk:
    """`submit`, `on_account_event` and `tick` return at once, on any thread."""

    def __init__(
        self,
        journal: Journal,
        source: StatementSource,
        publish: Callable[[Event], None],
        clock: Clock,
        on_crash: CrashHandler,
    ) -> None:
        self._journal = journal
        self._source = source
        self._publish = publish
        self._clock = clock
        self._reader = JournalReader(journal.path)
        self._income = IncomeKeeper(self._reader, source, publish, clock)
        self._queue = TaskQueue("review", on_crash)
        self._lock = threading.Lock()  # guards the number
        self._given_up = 0  # work with a smaller number ends
        self._number = 0
        self._works: Mapping[type[ReviewCommand], Work] = {
            LoadReview: self._load,
            ExportReview: self._export,
            TieOut: self._tie_out,
            NoteTrade: self._note,
        }

    def start(self) -> None:
        self._queue.start()

    def stop(self, timeout_s: float) -> bool:
        self._give_up()
        return self._queue.stop(timeout_s)

    def submit(self, command: ReviewCommand) -> None:
        """Raises ShuttingDown when the engine is closing."""
        if isinstance(command, CancelReview):
            self._give_up()
            return
        with self._lock:
            self._number += 1
            number = self._number
        self._queue.submit(
            lambda: self._answer(command, number),
            lambda: self._publish(ReviewCancelled(request_id=command.request_id)),
        )

    def on_account_event(self, event: Event) -> None:
        """From the user stream."""
        if isinstance(event, AccountUpdate) and event.reason == "FUNDING_FEE":
            self._income.note_funding()

    def tick(self) -> None:
        """Now and then, while the account is live: funding is read into the journal when due."""
        if self._income.take_due():
            try:
                self._queue.submit(self._income.keep)
            except ShuttingDown:
                logger.debug("no statement is read: the engine is closing")

    # --- the thread `review` -----------------------------------------------------------

    def _answer(self, command: ReviewCommand, number: int) -> None:
        def tell(share: float | None, sentence: str) -> None:
            if number <= self._given_up:
                raise ReviewGivenUp
            self._publish(
                ReviewProgress(request_id=command.request_id, share=share, sentence=sentence)
            )

        try:
            self._publish(self._works[type(command)](command, tell))
        except ReviewGivenUp:
            self._publish(ReviewCancelled(request_id=command.request_id))
        except BadInput as error:
            self._publish(
                CommandRefused(
                    command=command, sentence=str(error), field=error.field, fix=error.fix
                )
            )
        except PerpdeskError as error:
            self._publish(CommandRefused(command=command, sentence=str(error)))

    def _give_up(self) -> None:
        with self._lock:
            self._given_up = self._number

    def _load(self, command: LoadReview, tell: Tell) -> Event:
        tell(0.0, "Opening the journal")
        self._flush()
        review = load_review(self._reader, command, tell)
        return ReviewLoaded(request_id=command.request_id, review=review)

    def _export(self, command: ExportReview, tell: Tell) -> Event:
        tell(0.0, "Opening the journal")
        self._flush()
        trips = load_trips(self._reader, command, tell)
        rows = write_csv(Path(command.file), REVIEW_COLUMNS, review_rows(trips, tell))
        return ReviewExported(request_id=command.request_id, file=command.file, rows=rows)

    def _tie_out(self, command: TieOut, tell: Tell) -> Event:
        until_ms = self._source.server_now_ms()
        result = tie_out(
            self._reader, self._source, command.since_ms, until_ms, tell, flush=self._flush
        )
        if result.differences:
            # a trade of this very moment may have reached one side alone: look once more
            result = tie_out(
                self._reader, self._source, command.since_ms, until_ms, tell, flush=self._flush
            )
        added = self._income.record(result.unknown_income)
        return TieOutDone(request_id=command.request_id, result=result.told(added))

    def _note(self, command: NoteTrade, _tell: Tell) -> Event:
        """Whatever was given up: a note that was written is kept."""
        note = TradeNote(
            symbol=command.symbol,
            position_side=command.position_side,
            trade_id=command.trade_id,
            note=clean_note(command.note),
            tags=clean_tags(command.tags),
            at_ms=self._clock.now_ms(),
        )
        return TradeNoted(note=note)

    def _flush(self) -> None:
        """What happened until now is read, too. Raises JournalError."""
        if not self._journal.flush():
            raise JournalError("The journal could not be written in time; try again.")
