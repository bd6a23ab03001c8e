"""Who hears of an event: several parts of the window may, one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from PySide6.QtCore import QObject, QTimer, Slot

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


class EventTurns(QObject):
    """Hands the events of a batch to their handlers, in order. GUI thread only.

    `after_each` hears of every event, `after_all` when a batch is through.
    """

    def __init__(
        self,
        handlers: dict[type[Event], Handler],
        after_each: Handler,
        after_all: Callable[[], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.handlers = handlers
        self._after_each = after_each
        self._after_all = after_all
        self._waiting: deque[Event] = deque()

    def take(self, events: Iterable[Event]) -> None:
        self._waiting.extend(events)
        self._handle()

    @Slot()
    def _handle(self) -> None:
        """A handler that fails costs its own event alone: the rest follows in the next turn."""
        try:
            while self._waiting:
                event = self._waiting.popleft()
                handler = self.handlers.get(type(event))
                if handler is not None:
                    handler(event)
                self._after_each(event)
        finally:
            if self._waiting:
                QTimer.singleShot(0, self._handle)
        self._after_all()
