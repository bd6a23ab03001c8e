"""The account's statement, page by page. Blocks on the network: 30 of the weight a page.

The venue gives at most 1,000 lines a call, oldest first from a start time on, and has
no page number any more (changed 2026-10): the next page begins at the last line's
millisecond, and what comes twice is counted once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from engine.views import IncomeView

PAGE = 1_000
KEPT_MS = 90 * 24 * 3_600_000  # what the venue still knows


class StatementSource(Protocol):
    """What of the gateway is needed."""

    def server_now_ms(self) -> int: ...

    def get_income(
        self,
        symbol: str | None = None,
        kind: str | None = None,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = PAGE,
    ) -> list[IncomeView]: ...


def read_statement(
    source: StatementSource,
    since_ms: int,
    until_ms: int,
    *,
    kind: str | None = None,
    on_page: Callable[[int], None] = lambda _: None,
) -> Iterator[IncomeView]:
    """Every line from `since_ms` to `until_ms` inclusive, oldest first, each once.

    `on_page` hears the time reached before every further call. Raises what the
    gateway raises.
    """
    start_ms, seen = since_ms, set[IncomeView]()
    while True:
        on_page(start_ms)
        rows = source.get_income(kind=kind, start_ms=start_ms, end_ms=until_ms, limit=PAGE)
        for row in rows:
            if row not in seen:
                yield row
        if len(rows) < PAGE:
            return
        last_ms = rows[-1].time_ms
        # a full page of one millisecond: the rest of it cannot be asked for
        start_ms = last_ms if last_ms > start_ms else start_ms + 1
        seen = {row for row in rows if row.time_ms >= start_ms}
