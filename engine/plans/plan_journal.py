"""What plans ask of the journal. The journal package fits this by shape."""

from __future__ import annotations

from typing import Protocol

from engine.plan_records import Plan


class PlanJournal(Protocol):
    def record_plan(self, plan: Plan) -> None:
        """Return only when it survives a kill of this process. Raises JournalError."""
