"""How long the venue's answers took, from the call until the answer was taken in."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from engine.clock import Clock
from engine.kpi.kpi_result import Figure
from engine.oms.order_models import Order


class AckLatencies:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._taken_ms: list[float] = []

    def of(self, call: Callable[[], Order]) -> Order:
        began_s = self._clock.monotonic()
        order = call()
        self._taken_ms.append((self._clock.monotonic() - began_s) * 1000)
        return order

    def figures(self, what: str) -> list[Figure]:
        """Of at least one call."""
        return [
            Figure(name=f"{what}: answered in, median", value=median(self._taken_ms), unit="ms"),
            Figure(name=f"{what}: answered in, longest", value=max(self._taken_ms), unit="ms"),
        ]
