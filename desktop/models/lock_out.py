"""The guard's lock-out as a sentence. Pure."""

from __future__ import annotations

from desktop.formatting import clock_time_text
from engine.protection_views import GuardView


def lock_sentence(guard: GuardView) -> str:
    """Until when and why no new risk leaves; "" while it does."""
    if guard.locked_until_ms is None:
        return ""
    lock = f"Locked out until {clock_time_text(guard.locked_until_ms)}."
    return f"{lock} {guard.sentence}".strip()
