"""Plans as the journal holds them, with their orders: what a restart and a list read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from engine.journal.journal_reader import JournalReader
from engine.plan_records import Plan
from engine.views import OrderView


class KeptPlan(msgspec.Struct, frozen=True):
    plan: Plan
    orders: tuple[OrderView, ...]


class KeptPlans:
    """Any thread; blocks on the disk; raises JournalError."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal

    def unfinished_plans(self) -> list[KeptPlan]:
        """Those that were not over when the journal was last written, oldest first."""
        return self._kept(JournalReader.unfinished_plans)

    def newest_plans(self, limit: int) -> list[KeptPlan]:
        """Newest first."""
        return self._kept(lambda reader: reader.plans(limit=limit))

    def _kept(self, read: Callable[[JournalReader], list[Plan]]) -> list[KeptPlan]:
        reader = JournalReader(self._journal)
        return [KeptPlan(plan, tuple(reader.orders_of(plan))) for plan in read(reader)]
