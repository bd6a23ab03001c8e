"""The one sentence above the ladder's rows that says why a click did or will do nothing."""

from __future__ import annotations

from desktop.models.ladder_model import OutOfView

JUST_MOVED = "Rows just moved: click ignored"
ORDERS_STALE = "Own orders may have changed unseen: moving is off"
_STALE = "Prices are stale: clicks are off"
_REBUILDING = "Order book is being rebuilt: clicks are off"


def hint_text(
    *, is_stale: bool, is_synced: bool, passing: str, out_of_view: OutOfView | None
) -> str:
    """The most important one; empty if there is nothing to say."""
    if is_stale:
        return _STALE
    if not is_synced:
        return _REBUILDING
    if passing or out_of_view is None:
        return passing
    return f"{out_of_view.value.capitalize()}: press Space to recentre"
