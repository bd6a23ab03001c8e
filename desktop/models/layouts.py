"""How the desk is laid out, as data: which panels were added, and where everything stands.

`geometry` and `state` are Qt's own bytes as base64. Frozen; GUI thread has no part in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec

Rect = tuple[int, int, int, int]  # x, y, width, height

NAME_LENGTH = 40
_GRIP_PX = 60  # so much of a window's top edge must be reachable


class PanelKind(StrEnum):
    CHART = "chart"
    LADDER = "ladder"


class Link(StrEnum):
    """Panels of one colour follow the same symbol; NONE follows nobody."""

    NONE = "none"
    BLUE = "blue"
    VIOLET = "violet"
    AMBER = "amber"
    PINK = "pink"


class PanelState(msgspec.Struct, frozen=True, kw_only=True):
    """An added panel. `panel_id` such as "chart-1" is also the name of its dock."""

    panel_id: str
    kind: PanelKind
    symbol: str
    interval: str = "1m"  # a chart's
    link: Link = Link.NONE


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    geometry: str
    state: str
    panels: tuple[PanelState, ...] = ()
    main_link: Link = Link.BLUE


class LayoutBook(msgspec.Struct, frozen=True, kw_only=True):
    """`named` by the person, `last` by the screens it was used on (see `screens_key`)."""

    version: int
    named: dict[str, Layout] = {}
    last: dict[str, Layout] = {}


def screens_key(screens: Iterable[Rect]) -> str:
    """The same screens in the same places give the same key, in whatever order."""
    return " ".join(f"{w}x{h}+{x}+{y}" for x, y, w, h in sorted(screens))


def brought_back(window: Rect, screens: Sequence[Rect]) -> Rect:
    """`window`, moved and made smaller where its title could not be grasped any more."""
    x, y, width, height = window
    if not screens or any(_can_be_grasped(window, screen) for screen in screens):
        return window
    left, top, screen_width, screen_height = screens[0]
    width, height = min(width, screen_width), min(height, screen_height)
    x = min(max(x, left), left + screen_width - width)
    y = min(max(y, top), top + screen_height - height)
    return (x, y, width, height)


def _can_be_grasped(window: Rect, screen: Rect) -> bool:
    x, y, width, _ = window
    left, top, screen_width, screen_height = screen
    seen = min(x + width, left + screen_width) - max(x, left)
    return seen >= min(_GRIP_PX, width) and top <= y <= top + screen_height - _GRIP_PX // 2


def problem_with_name(name: str, taken: Iterable[str]) -> str:
    """Why a layout cannot be called so; empty: it can."""
    if not name.strip():
        return "Type a name for the layout."
    if len(name.strip()) > NAME_LENGTH:
        return f"A name has at most {NAME_LENGTH} letters."
    if name.strip().casefold() in {one.casefold() for one in taken}:
        return f"There is a layout {name.strip()!r} already."
    return ""
