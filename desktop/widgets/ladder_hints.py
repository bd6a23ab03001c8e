"""The one sentence above the ladder's rows that says why a click did or will do nothing."""

from __future__ import annotations

from desktop.models.ladder_model import OutOfView

JUST_MOVED = "Rows just moved: click ignored"
CURSOR_AWAY = "The chosen price is out of view: Up or Down brings it back"
ORDERS_STALE = "Own orders may have changed unseen: moving is off"
_STALE = "Prices are stale: clicks are off"
LOCKED = "Locked out: only orders that reduce leave"
_REBUILDING = "Order book is being rebuilt: clicks are off"


def hint_text(
    *,
    is_stale: bool,
    is_synced: bool,
    is_locked: bool,
    passing: str,
    out_of_view: OutOfView | None,
) -> str:
    """The most important one; empty if there is nothing to say."""
    if is_stale:
        return _STALE
    if not is_synced:
        return _REBUILDING
    if passing:
        return passing
    if is_locked:
        return LOCKED
    if out_of_view is None:
        return ""
    return f"{out_of_view.value.capitalize()}: press Space to recentre"
