"""What one KPI found: its figures, its log lines, and whether it passed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum, unique

import msgspec


@unique
class Verdict(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"  # counts as not passed


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One measured value. `limit` says in words what it is held to; "" is for looking only."""

    name: str
    value: float | str | None  # None: could not be measured
    unit: str = ""
    limit: str = ""
    is_ok: bool = True


class KpiResult(msgspec.Struct, frozen=True, kw_only=True):
    number: str
    title: str
    verdict: Verdict
    figures: tuple[Figure, ...] = ()
    log_lines: tuple[str, ...] = ()
    why: str = ""  # of a failure, or of not having been run; a sentence


def judged(
    number: str, title: str, figures: Iterable[Figure], log_lines: Sequence[str] = ()
) -> KpiResult:
    """Passed when every figure is within its limit."""
    kept = tuple(figures)
    missed = [figure.name for figure in kept if not figure.is_ok]
    return KpiResult(
        number=number,
        title=title,
        verdict=Verdict.FAILED if missed else Verdict.PASSED,
        figures=kept,
        log_lines=tuple(log_lines),
        why=f"Outside its limit: {', '.join(missed)}." if missed else "",
    )


def at_most(name: str, value: float | None, limit: float, unit: str = "") -> Figure:
    """A figure that was not measured is outside its limit."""
    return Figure(
        name=name,
        value=value,
        unit=unit,
        limit=f"at most {limit:g} {unit}".rstrip(),
        is_ok=value is not None and value <= limit,
    )


def exactly(name: str, value: float | str | None, wanted: float | str) -> Figure:
    shown = f"{wanted:g}" if isinstance(wanted, int | float) else wanted
    return Figure(name=name, value=value, limit=f"exactly {shown}", is_ok=value == wanted)
