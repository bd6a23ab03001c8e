"""Where an equity curve lies in its picture: time across, money up. Pure, no Qt."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from engine.review_views import CurvePoint

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


class CurveShape:
    """Pixels of a picture `width` x `height`; the lowest `below` part shows the drawdown."""

    def __init__(
        self, points: Sequence[CurvePoint], width: float, height: float, below: float = 0.28
    ) -> None:
        self.points = points
        self._width = width
        nets = [float(point.net) for point in points]
        self.lowest, self.highest = min(0.0, *nets), max(0.0, *nets)
        self.deepest = max(float(point.drawdown) for point in points)
        self.curve_height = height * (1 - below)
        self._drawdown_top = self.curve_height + 10
        self._drawdown_height = max(1.0, height - self._drawdown_top)
        self._begin_ms = points[0].at_ms
        self._span_ms = max(1, points[-1].at_ms - self._begin_ms)

    def x(self, at_ms: int) -> float:
        return self._width * (at_ms - self._begin_ms) / self._span_ms

    def y(self, net: float) -> float:
        span = (self.highest - self.lowest) or 1.0
        return self.curve_height * (self.highest - net) / span

    def drawdown_y(self, drawdown: float) -> float:
        """The deeper, the lower; none is at the top."""
        return self._drawdown_top + self._drawdown_height * drawdown / (self.deepest or 1.0)

    def curve(self) -> list[tuple[float, float]]:
        return [(self.x(p.at_ms), self.y(float(p.net))) for p in self.points]

    def drawdown(self) -> list[tuple[float, float]]:
        return [(self.x(p.at_ms), self.drawdown_y(float(p.drawdown))) for p in self.points]

    def nearest(self, x: float) -> CurvePoint:
        at_ms = self._begin_ms + self._span_ms * x / self._width
        place = bisect_left(self.points, at_ms, key=lambda point: point.at_ms)
        around = self.points[max(0, place - 1) : place + 1] or self.points[-1:]
        return min(around, key=lambda point: abs(point.at_ms - at_ms))


class MoneyTicks(NamedTuple):
    values: list[float]
    decimals: int


def money_ticks(lowest: float, highest: float, wanted: int = 4) -> MoneyTicks:
    """Round amounts between both, about `wanted` of them."""
    span = (highest - lowest) or 1.0
    rough = span / wanted
    scale = 1.0
    while scale * 10 <= rough:
        scale *= 10
    while scale > rough:
        scale /= 10
    step = next(scale * n for n in _STEPS if scale * n >= rough)
    first = int(lowest // step)
    values = [n * step for n in range(first, first + wanted * 3) if lowest <= n * step <= highest]
    return MoneyTicks(values, 0 if step >= 1 and step == int(step) else 2)
