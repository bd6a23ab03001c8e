"""Who hears of an event: several parts of the window may, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.events import Event

Handler = Callable[[Any], None]


def in_turn(*tables: Mapping[type[Event], Handler]) -> dict[type[Event], Handler]:
    """One table; where several name an event, they hear of it in the order given."""
    heard_by: dict[type[Event], list[Handler]] = {}
    for table in tables:
        for kind, handler in table.items():
            heard_by.setdefault(kind, []).append(handler)
    return {kind: _all_of(handlers) for kind, handlers in heard_by.items()}


def _all_of(handlers: list[Handler]) -> Handler:
    if len(handlers) == 1:
        return handlers[0]

    def handle(event: Event) -> None:
        for handler in handlers:
            handler(event)

    return handle
