"""Days of the person's own calendar as moments, and back. Pure but for the system's zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_DAY = "%Y-%m-%d"


def day_begin_ms(text: str) -> int | None:
    """When the day "2026-11-28" begins here, in ms since 1970 UTC; None when it is no day."""
    try:
        day = datetime.strptime(text.strip(), _DAY).astimezone()
    except (ValueError, OverflowError, OSError):
        return None
    return int(day.timestamp() * 1000)


def day_end_ms(text: str) -> int | None:
    """When the next day begins: days may have 23 or 25 hours."""
    begin_ms = day_begin_ms(text)
    return None if begin_ms is None else day_begin_ms(days_later(text, 1))


def day_of(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone().strftime(_DAY)


def days_later(text: str, days: int) -> str:
    """Raises ValueError when `text` is no day."""
    later = datetime.strptime(text.strip(), _DAY).replace(tzinfo=UTC) + timedelta(days=days)
    return later.strftime(_DAY)
