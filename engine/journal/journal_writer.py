"""Writing the journal: intents at once, everything else in batches.

An intent is written on the caller's thread, under a lock: handing it to another
thread and back costs more than the write itself (measured: 53 us against 18). The
thread `journal` writes what the hub delivers, many rows a transaction, and moves
the log into the file on a connection of its own, so that no order ever waits
behind an fsync.

Durable means: survives a kill of the process at any instant. A power cut may
take the last moments before it.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import msgspec

from engine.clock import Clock
from engine.errors import JournalError
from engine.event_hub import EventHub
from engine.events import (
    Alert,
    CommandRefused,
    EngineStateChanged,
    Event,
    FillRecorded,
    OrderChanged,
    OrderReplaced,
    StreamStateChanged,
    ThreadCrashed,
)
from engine.events.protection import AlgoChanged, BracketChanged, PlanChanged
from engine.journal.journal_archive import move_old_rows
from engine.journal.journal_file import journal_error, open_journal
from engine.journal.journal_rows import (
    FORGET_EVENTS,
    INSERT_EVENT,
    INSERT_FILL,
    UPSERT_ALGO,
    UPSERT_BRACKET,
    UPSERT_ORDER,
    Intent,
    Row,
    algo_row,
    fill_row,
    intent_statement,
    order_row,
)
from engine.journal.plan_rows import UPSERT_PLAN, plan_row
from engine.journal.review_rows import REVIEW_EVENTS, review_statements
from engine.plan_records import Plan
from engine.trading_types import AlertLevel
from engine.utils.mailbox import Mailbox
from engine.utils.threads import StoppableThread

logger = logging.getLogger(__name__)

FOLLOWED: tuple[type[Event], ...] = (
    OrderChanged,
    OrderReplaced,
    AlgoChanged,
    BracketChanged,
    FillRecorded,
    Alert,
    CommandRefused,
    EngineStateChanged,
    StreamStateChanged,
    ThreadCrashed,
    PlanChanged,
    *REVIEW_EVENTS,
)
_FILLED = "ORDER_FILLED order=%s side=%s price=%s quantity=%s"  # off the thread that applied it
_BATCH = 256  # bounds how long an intent may wait for a batch
_GATHER_S = 0.02  # what belongs together comes together; orders do not meet a write at each step
_RETRY_S = 1.0
_CHECKPOINT_ROWS = 4_000
_EVENTS_KEPT_MS = 30 * 24 * 3_600_000  # orders, fills and intents stay for ever
_FORGET_ROWS = 1_000


class _Flush:
    """A place in the queue: set when everything before it is written."""

    def __init__(self) -> None:
        self.reached = threading.Event()


class JournalWriter:
    """Thread-safe. `publish` tells the person, by an Alert, of trouble and of its end."""

    def __init__(self, path: Path, clock: Clock, publish: Callable[[Event], None]) -> None:
        """Opens or creates the file. Raises JournalError; a damaged file is set aside."""
        self.path = path
        self._clock = clock
        self._publish = publish
        self._connection, self.set_aside = open_journal(path, clock.now_ms())
        self._lock = threading.Lock()  # guards the connection
        self._mailbox: Mailbox[Event | _Flush] = Mailbox()
        self._waiting: list[Event | _Flush] = []  # taken from the mailbox, not yet on disk
        self._hurry = threading.Event()
        self._rows_since_checkpoint = 0
        self._problem: str | None = None
        self._is_closed = False
        self._thread = StoppableThread("journal", self._work, self._on_crash)
        self._archiver = StoppableThread("journal-archive", self._archive, self._on_archive_crash)

    @property
    def problem(self) -> str | None:
        """Why nothing can be written now, as a sentence; None: all is well."""
        return self._problem

    def start(self, hub: EventHub | None = None) -> None:
        """Start the thread and, with `hub`, keep what happens there."""
        if hub is not None:
            hub.attach(self._mailbox, FOLLOWED)  # type: ignore[arg-type]
        self._thread.start()
        self._archiver.start()
        if self.set_aside is not None:
            self._tell(
                AlertLevel.ERROR,
                "journal.damaged",
                f"The journal was damaged and has been set aside as {self.set_aside.name}."
                " Open orders are read from the exchange.",
            )

    def record_intent(self, intent: Intent, at_ms: int) -> None:
        """Returns when the row survives a kill. Raises JournalError: then send nothing."""
        self._write_now(*intent_statement(intent, at_ms))

    def record_plan(self, plan: Plan) -> None:
        """Its newest state. Returns when it survives a kill. Raises JournalError."""
        self._write_now(UPSERT_PLAN, plan_row(plan))

    def record_bracket(self, bracket_id: str, body: bytes, *, is_ended: bool, at_ms: int) -> None:
        """The bracket's newest record, as JSON. Returns and raises like `record_intent`."""
        self._write_now(UPSERT_BRACKET, (bracket_id, is_ended, at_ms, body.decode()))

    def _write_now(self, statement: str, row: Row) -> None:
        with self._lock:
            if self._is_closed:
                raise JournalError("The journal is closed; nothing was sent.")
            try:
                self._connection.execute(statement, row)
            except sqlite3.Error as error:
                failure = journal_error(error)
            else:
                self._rows_since_checkpoint += 1
                return
        self._note_problem(str(failure))
        raise failure

    def record_event(self, event: Event) -> None:
        """Queue for the next batch; never blocks, never drops."""
        self._mailbox.put(event)

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Block until everything recorded so far is on disk; False: not in time."""
        marker = _Flush()
        self._mailbox.put(marker)
        self._hurry.set()
        return marker.reached.wait(timeout_s)

    def close(self, timeout_s: float = 3.0) -> bool:
        """Write what waits and close the file. False when that did not end in time."""
        if self._is_closed:
            return True
        is_flushed = not self._thread.is_alive or self.flush(timeout_s)
        self._archiver.request_stop()
        self._thread.request_stop()
        self._mailbox.close()
        self._hurry.set()
        has_ended = self._thread.join(timeout_s) and self._archiver.join(timeout_s)
        if not has_ended:
            return False
        with self._lock:
            self._is_closed = True
            self._connection.close()
        if not is_flushed:
            logger.error("journal closed with %d rows unwritten", len(self._waiting))
        return is_flushed

    # --- the journal's thread ----------------------------------------------------------

    def _work(self, stop: threading.Event) -> None:
        checkpointer = sqlite3.connect(self.path, isolation_level=None)
        try:
            self._forget_old_events()
            while not stop.is_set():
                if not self._waiting:
                    self._mailbox.wait()
                    self._clock.wait(self._hurry, _GATHER_S)
                self._hurry.clear()
                self._waiting += self._mailbox.drain()
                if not self._write_waiting():
                    self._clock.wait(stop, _RETRY_S)
                elif self._rows_since_checkpoint >= _CHECKPOINT_ROWS:
                    self._checkpoint(checkpointer)
            self._checkpoint(checkpointer)
        finally:
            checkpointer.close()

    def _archive(self, stop: threading.Event) -> None:
        """The thread `journal-archive`: ends when nothing old is left."""
        move_old_rows(self.path, self._clock.now_ms(), is_stopping=stop.is_set)

    def _write_waiting(self) -> bool:
        """False when the disk did not take it: the rows stay and are tried again."""
        while self._waiting:
            batch = self._waiting[:_BATCH]
            try:
                self._write(batch)
            except sqlite3.Error as error:
                self._note_problem(str(journal_error(error)))
                return False
            del self._waiting[: len(batch)]
            for item in batch:
                if isinstance(item, _Flush):
                    item.reached.set()
            self._note_success()
        return True

    def _write(self, batch: list[Event | _Flush]) -> None:
        now_ms = self._clock.now_ms()
        events = [item for item in batch if not isinstance(item, _Flush)]
        event_rows = [_event_row(e, now_ms) for e in events if not isinstance(e, REVIEW_EVENTS)]
        orders: dict[tuple[str, str], Row] = {}  # the newest state of each is enough
        algos: dict[tuple[str, str], Row] = {}
        fills: list[Row] = []
        for event in events:
            if isinstance(event, OrderChanged):
                order = event.order
                orders[order.symbol, order.client_order_id] = order_row(order)
            elif isinstance(event, AlgoChanged):
                algo = event.algo
                algos[algo.symbol, algo.client_algo_id] = algo_row(algo)
            elif isinstance(event, FillRecorded):
                fills.append(fill_row(event.fill))
                logger.info(_FILLED, *fills[-1][3:7])
        if not events:
            return
        reviewed = review_statements(events)
        with self._lock:
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                _insert(connection, INSERT_EVENT, event_rows)
                _insert(connection, UPSERT_ORDER, list(orders.values()))
                _insert(connection, UPSERT_ALGO, list(algos.values()))
                _insert(connection, INSERT_FILL, fills)
                for statement, rows in reviewed.items():
                    _insert(connection, statement, rows)
                connection.execute("COMMIT")
            except sqlite3.Error:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            self._rows_since_checkpoint += len(events) + len(orders) + len(algos) + len(fills)

    def _forget_old_events(self) -> None:
        """In small steps from the oldest on: an order may be waiting for the connection."""
        before_ms = self._clock.now_ms() - _EVENTS_KEPT_MS
        removed = _FORGET_ROWS
        try:
            while removed == _FORGET_ROWS:
                with self._lock:
                    cursor = self._connection.execute(FORGET_EVENTS, (_FORGET_ROWS, before_ms))
                removed = cursor.rowcount
        except sqlite3.Error as error:
            logger.warning("old events were not removed: %s", error)

    def _checkpoint(self, connection: sqlite3.Connection) -> None:
        # PASSIVE waits for nobody, and nobody waits for it
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            logger.warning("checkpoint failed: %s", error)
            return
        self._rows_since_checkpoint = 0

    # --- trouble -----------------------------------------------------------------------

    def _note_problem(self, sentence: str) -> None:
        if self._problem == sentence:
            return
        self._problem = sentence
        logger.error("%s", sentence)
        self._tell(AlertLevel.ERROR, "journal.broken", sentence)

    def _note_success(self) -> None:
        if self._problem is None:
            return
        self._problem = None
        self._tell(AlertLevel.INFO, "journal.mended", "The journal is being written again.")

    def _tell(self, level: AlertLevel, code: str, sentence: str) -> None:
        at_ms = self._clock.now_ms()
        self._publish(Alert(level=level, code=code, sentence=sentence, at_ms=at_ms))

    def _on_crash(self, thread: str, error: BaseException) -> None:
        self._note_problem(f"The journal's thread ended: {error}. No new orders are sent.")
        self._publish(ThreadCrashed(thread=thread, sentence=str(error)))

    def _on_archive_crash(self, thread: str, error: BaseException) -> None:
        self._publish(
            ThreadCrashed(thread=thread, sentence=f"Old rows stay where they are: {error}")
        )


def _insert(connection: sqlite3.Connection, statement: str, rows: list[Row]) -> None:
    """All rows in one step of SQLite: each step gives the interpreter away and has to win it
    back, and an order waits for the connection meanwhile.
    """
    if rows:
        head, word, values = statement.partition("VALUES")
        many = ",".join([values] * len(rows))
        connection.execute(head + word + many, list(chain.from_iterable(rows)))


def _event_row(event: Event, now_ms: int) -> Row:
    return now_ms, type(event).__name__, msgspec.json.encode(event).decode()
