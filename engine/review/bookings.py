"""What was booked when: the equity curve, its drawdown and the days. Pure.

A booking is (ms, amount): realised profit less the fee of a fill by the exchange's
word, or a funding payment. Deposits are no result and are not in here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from decimal import Decimal
from functools import lru_cache

from engine.review.trip_figures import local_time
from engine.review_views import CurvePoint, ReviewDay
from engine.views import ZERO

Booking = tuple[int, Decimal]

CURVE_BUCKETS = 500  # up to four points are kept of each
_QUARTER_HOUR_MS = 900_000  # no zone's days begin in between

# settled in dollars, which are counted at one each
DOLLARS = ("FDUSD", "BNFCR", "USDT", "USDC", "BUSD", "USD1")


@lru_cache(maxsize=4096)  # asked for every fill, of a few symbols
def is_dollar_symbol(symbol: str) -> bool:
    """BTCUSDT, BTCUSDT_261225: profit and loss are in dollars."""
    return symbol.partition("_")[0].endswith(DOLLARS)


def equity_curve(bookings: Sequence[Booking]) -> tuple[list[CurvePoint], Decimal]:
    """Oldest first, one point a booking; and the deepest drawdown. Begins at 0."""
    net = highest = deepest = ZERO
    points: list[CurvePoint] = []
    for at_ms, amount in bookings:
        net += amount
        highest = max(highest, net)
        drawdown = highest - net
        deepest = max(deepest, drawdown)
        points.append(CurvePoint(at_ms=at_ms, net=net, drawdown=drawdown))
    return points, deepest


def thinned(points: Sequence[CurvePoint], buckets: int = CURVE_BUCKETS) -> list[CurvePoint]:
    """First, last, lowest and deepest of each bucket: what a picture shows stays."""
    if len(points) <= 4 * buckets:
        return list(points)
    kept: set[int] = set()
    for number in range(buckets):
        first, end = (len(points) * n // buckets for n in (number, number + 1))
        span = range(first, end)
        lowest = min(span, key=lambda at: points[at].net)
        highest = max(span, key=lambda at: points[at].net)
        deepest = max(span, key=lambda at: points[at].drawdown)
        kept |= {lowest, highest, deepest, end - 1}
    return [points[at] for at in sorted(kept)]


def days_of(bookings: Iterable[Booking], zone: tzinfo | None) -> list[ReviewDay]:
    """Days with at least one booking, oldest first, in `zone`; None is the machine's own."""
    nets: dict[str, Decimal] = {}
    counts: dict[str, int] = {}
    names: dict[int, str] = {}  # asking for the zone's day is slow
    for at_ms, amount in bookings:
        quarter = at_ms // _QUARTER_HOUR_MS
        day = names.get(quarter)
        if day is None:
            day = names[quarter] = local_time(at_ms, zone).strftime("%Y-%m-%d")
        nets[day] = nets.get(day, ZERO) + amount
        counts[day] = counts.get(day, 0) + 1
    return [ReviewDay(day=day, net=nets[day], bookings=counts[day]) for day in sorted(nets)]
