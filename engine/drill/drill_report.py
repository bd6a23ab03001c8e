"""The drill's figures: one object to print, and what is told of a failing seed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from engine.drill.drill_run import SessionResult


class DrillReport(msgspec.Struct, frozen=True, kw_only=True):
    """The last line. Violations are counted one by one, not by seed."""

    seeds: int
    orders: int
    faults: int
    kills: int
    lost: int
    duplicated: int
    wrong_state: int
    hung: int
    longest_unprotected_ms: int = 0

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.duplicated or self.wrong_state or self.hung)


def report_of(results: Sequence[SessionResult]) -> DrillReport:
    verdicts = [result.verdict for result in results]
    return DrillReport(
        seeds=len(results),
        orders=sum(result.orders for result in results),
        faults=sum(len(result.faults) for result in results),
        kills=sum(result.killed for result in results),
        lost=sum(len(verdict.lost) for verdict in verdicts),
        duplicated=sum(len(verdict.duplicated) for verdict in verdicts),
        wrong_state=sum(len(verdict.wrong_state) for verdict in verdicts),
        hung=sum(len(verdict.hung) for verdict in verdicts),
        longest_unprotected_ms=max((r.longest_unprotected_ms for r in results), default=0),
    )


def faults_by_kind(results: Sequence[SessionResult]) -> dict[str, int]:
    """How often each fault was played, the most frequent first."""
    return dict(Counter(kind for result in results for kind in result.faults).most_common())


def failure_lines(result: SessionResult) -> list[str]:
    """Empty for a clean one. The seed makes the same session again."""
    found = result.verdict.sentences()
    if not found:
        return []
    faults = ", ".join(result.faults) or "none"
    head = f"seed {result.seed} failed (faults: {faults}); again: drill --seeds 1 --seed "
    return [f"{head}{result.seed}", *(f"  {sentence}" for sentence in found)]
