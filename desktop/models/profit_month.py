"""One month of a profit calendar: its weeks, and what each day brought. Pure, no Qt."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from engine.review_views import ReviewDay
from engine.views import ZERO


class MonthDay(NamedTuple):
    """`net` is None on a day without bookings."""

    day: str  # 2026-11-28
    number: int
    net: Decimal | None
    bookings: int


class ProfitMonths:
    """Every day of a review; months are named "2026-11"."""

    def __init__(self, days: Iterable[ReviewDay] = ()) -> None:
        self._days = {day.day: day for day in days}
        self.largest = max((abs(day.net) for day in self._days.values()), default=ZERO)

    def newest(self) -> str:
        return max(self._days, default="")[:7]

    def oldest(self) -> str:
        return min(self._days, default="")[:7]

    def net(self, month: str) -> Decimal:
        return sum((d.net for d in self._days.values() if d.day.startswith(month)), ZERO)

    def weeks(self, month: str) -> list[list[MonthDay | None]]:
        """Monday first; None is a day of another month."""
        year, number = map(int, month.split("-"))
        weeks = calendar.Calendar().monthdatescalendar(year, number)
        return [[self._day(day) if day.month == number else None for day in week] for week in weeks]

    def share(self, net: Decimal) -> float:
        """How strong a day's colour is, against the largest day of all: 0 to 1."""
        return float(abs(net) / self.largest) if self.largest else 0.0

    def _day(self, day: date) -> MonthDay:
        known = self._days.get(day.isoformat())
        if known is None:
            return MonthDay(day.isoformat(), day.day, None, 0)
        return MonthDay(known.day, day.day, known.net, known.bookings)


def month_after(month: str, step: int) -> str:
    """ "2026-12", 1 -> "2027-01" """
    year, number = map(int, month.split("-"))
    months = year * 12 + number - 1 + step
    return f"{months // 12:04d}-{months % 12 + 1:02d}"


def month_name(month: str) -> str:
    """November 2026"""
    return date.fromisoformat(f"{month}-01").strftime("%B %Y") if month else ""
