"""Keeps in the journal what no fill tells: funding, as the exchange's statement has it.

The stream says that funding was paid, not which line of the statement it is; so it only
is the reason to read the statement. The exchange forgets after three months, the journal
does not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from engine.clock import Clock
from engine.errors import PerpdeskError
from engine.events import Event
from engine.journal.journal_reader import JournalReader
from engine.review.statement_reader import KEPT_MS, StatementSource, read_statement
from engine.review_events import IncomeRecorded
from engine.views import IncomeView

logger = logging.getLogger(__name__)

_PAUSE_S = 3_600.0  # a call is dear (30), and funding comes every few hours
_KIND = "FUNDING_FEE"


class IncomeKeeper:
    """For one thread."""

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
        self._kept_at_s: float | None = None

    def keep(self, *, is_urgent: bool = False) -> None:
        """Blocks on the network, at most once an hour unless urgent. Trouble is logged:
        the next call, or a tie-out, reads the same lines.
        """
        now_s = self._clock.monotonic()
        is_due = self._kept_at_s is None or now_s - self._kept_at_s >= _PAUSE_S
        if not is_due and not is_urgent:
            return
        try:
            until_ms = self._source.server_now_ms()
            since_ms = self._since_ms(until_ms)
            if since_ms is not None:
                lines = read_statement(self._source, since_ms, until_ms, kind=_KIND)
                self.record(unknown_income(self._reader, lines, since_ms))
            self._kept_at_s = now_s
        except PerpdeskError as error:
            logger.info("funding not read: %s", error)

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
