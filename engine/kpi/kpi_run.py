"""The plan of a KPI run: which checks, in which order, and which are left out and why."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import msgspec

from engine.errors import PerpdeskError
from engine.kpi.kpi_bench import KpiBench
from engine.kpi.kpi_result import KpiResult, Verdict
from engine.kpi.limit_orders import limit_orders
from engine.kpi.market_orders import market_orders
from engine.kpi.network_breaks import NetworkBreak
from engine.kpi.network_cut import network_cut
from engine.kpi.stream_stability import stream_stability
from engine.trading_types import EnvironmentKind

logger = logging.getLogger(__name__)

Tell = Callable[[str], None]

_REAL_MONEY = "Orders on a live account are placed only with --really."
_NOT_LOCAL = (
    "The network can only be cut before an exchange on this computer: run it on paper."
    " Here, pull the cable for 30 s and watch the status bar."
)


class KpiSettings(msgspec.Struct, frozen=True, kw_only=True):
    duration_s: float
    cut_s: float
    places_real_orders: bool  # also where the orders cost money


class _Check(msgspec.Struct, frozen=True, kw_only=True):
    """`run` is None where it is not done; `why` says it."""

    number: str
    title: str
    run: Callable[[], KpiResult] | None
    why: str = ""


def run_kpis(
    bench: KpiBench, kind: EnvironmentKind, settings: KpiSettings, tell: Tell
) -> tuple[KpiResult, ...]:
    """Every check, one after the other; one that fails does not keep the next from running."""
    return tuple(_outcome(check, tell) for check in _plan(bench, kind, settings, tell))


def _plan(
    bench: KpiBench, kind: EnvironmentKind, settings: KpiSettings, tell: Tell
) -> Iterator[_Check]:
    yield _Check(
        number="1.1",
        title=f"Stream stability for {settings.duration_s:g} s",
        run=lambda: stream_stability(bench, settings.duration_s, tell),
    )
    may_order = kind is not EnvironmentKind.LIVE or settings.places_real_orders
    orders: dict[str, tuple[str, Callable[[KpiBench], KpiResult]]] = {
        "1.2": ("Five market orders", market_orders),
        "1.3": ("Three limit orders, two amended, one cancelled", limit_orders),
    }
    for number, (title, check) in orders.items():
        run = _bound(check, bench) if may_order else None
        yield _Check(number=number, title=title, run=run, why="" if may_order else _REAL_MONEY)
    for broken in bench.breaks:
        cut = _cut(bench, broken, settings.cut_s, tell)
        yield _Check(number="1.4", title="Network cut", run=cut)
    if not bench.breaks:
        yield _Check(number="1.4", title="Network cut", run=None, why=_NOT_LOCAL)


def _bound(check: Callable[[KpiBench], KpiResult], bench: KpiBench) -> Callable[[], KpiResult]:
    return lambda: check(bench)


def _cut(
    bench: KpiBench, broken: NetworkBreak, cut_s: float, tell: Tell
) -> Callable[[], KpiResult]:
    return lambda: network_cut(bench, broken, cut_s, tell)


def _outcome(check: _Check, tell: Tell) -> KpiResult:
    if check.run is None:
        tell(f"{check.number} {check.title}: not run. {check.why}")
        return KpiResult(
            number=check.number, title=check.title, verdict=Verdict.NOT_RUN, why=check.why
        )
    tell(f"{check.number} {check.title}")
    try:
        result = check.run()
    except PerpdeskError as error:
        logger.warning("KPI %s ended early: %s", check.number, error)
        result = KpiResult(
            number=check.number, title=check.title, verdict=Verdict.FAILED, why=str(error)
        )
    tell(f"{check.number} {result.verdict} {result.why}".rstrip())
    return result
