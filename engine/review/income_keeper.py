"""Keeps in the journal what no fill tells: funding, as the exchange's statement has it.

The stream says that funding was paid, not which line of the statement it is; so it only
is the reason to read the statement. The exchange forgets after three months, the journal
does not.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from engine.clock import Clock
from engine.errors import PerpdeskError
from engine.events import Event
from engine.events.review import IncomeRecorded
from engine.journal.journal_reader import JournalReader
from engine.review.statement_reader import KEPT_MS, StatementSource, read_statement
from engine.views import IncomeView

logger = logging.getLogger(__name__)

_PAUSE_S = 3_600.0  # a call is dear (30), and funding comes every few hours
_RETRY_S = 60.0
# funding of all symbols is paid within a moment, and the statement may be a little late
_SETTLE_S = 2.0
_KIND = "FUNDING_FEE"


class IncomeKeeper:
    """`keep` for one thread; the rest may be called from any and returns at once."""

    def __init__(
        self,
        reader: JournalReader,
        source: StatementSource,
        publish: Callable[[Event], None],
        clock: Clock,
    ) -> None:
        self._reader = reader
        self._source = source
        self._publish = publish
        self._clock = clock
        self._lock = threading.Lock()
        self._due_s = 0.0

    def note_funding(self) -> None:
        """The stream told of it: the statement has a new line, or several, in a moment."""
        self._set_due(self._clock.monotonic() + _SETTLE_S)

    def take_due(self) -> bool:
        """Whether `keep` is to be called now; asked again, no, until that is over."""
        with self._lock:
            is_due = self._clock.monotonic() >= self._due_s
            if is_due:
                self._due_s = float("inf")
            return is_due

    def keep(self) -> None:
        """Blocks on the network. Trouble is logged: the next call, or a tie-out, reads the
        same lines.
        """
        pause_s = _RETRY_S
        try:
            until_ms = self._source.server_now_ms()
            since_ms = self._since_ms(until_ms)
            if since_ms is not None:
                lines = read_statement(self._source, since_ms, until_ms, kind=_KIND)
                self.record(unknown_income(self._reader, lines, since_ms))
            pause_s = _PAUSE_S
        except PerpdeskError as error:
            logger.info("funding not read: %s", error)
        self._set_due(self._clock.monotonic() + pause_s)

    def _set_due(self, due_s: float) -> None:
        """The sooner one counts."""
        with self._lock:
            self._due_s = min(self._due_s, due_s)

    def record(self, rows: Iterable[IncomeView]) -> int:
        """Returns their number."""
        new = tuple(rows)
        if new:
            self._publish(IncomeRecorded(rows=new))
        return len(new)

    def _since_ms(self, until_ms: int) -> int | None:
        """From the newest line known, else from the journal's beginning; None: it is empty."""
        known = [row.time_ms for row in self._reader.income() if row.kind == _KIND]
        begun = known[-1] if known else self._reader.first_ms()
        return None if begun is None else max(begun, until_ms - KEPT_MS)


def unknown_income(
    reader: JournalReader, lines: Iterable[IncomeView], since_ms: int
) -> list[IncomeView]:
    known = set(reader.income(since_ms=since_ms))
    return [line for line in lines if line not in known]
