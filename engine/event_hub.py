"""Where events are published and who gets them.

`publish` may be called from any thread, also under a lock: mailboxes only do
dictionary work. Listeners are for code that is as quick as that (counters,
health); a listener that raises is reported once a time and never stops others.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from engine.events import Event
from engine.utils.mailbox import Mailbox

logger = logging.getLogger(__name__)

E = TypeVar("E", bound=Event)


class EventHub:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        # copied on write, so that publish reads them without the lock
        self._mailboxes: tuple[tuple[Mailbox[Event], frozenset[type[Event]] | None], ...] = ()
        self._listeners: dict[type[Event], tuple[Callable[..., None], ...]] = {}
        # who gets a type, worked out at its first event; a new dictionary at every change
        self._routes: dict[type[Event], _Route] = {}

    def attach(
        self, mailbox: Mailbox[Event], types: Iterable[type[Event]] | None = None
    ) -> Mailbox[Event]:
        """Put every event (or those of `types`) into `mailbox` from now on."""
        wanted = frozenset(types) if types is not None else None
        with self._lock:
            self._mailboxes = (*self._mailboxes, (mailbox, wanted))
            self._routes = {}
        return mailbox

    def detach(self, mailbox: Mailbox[Event]) -> None:
        with self._lock:
            self._mailboxes = tuple(row for row in self._mailboxes if row[0] is not mailbox)
            self._routes = {}

    def listen(self, event_type: type[E], listener: Callable[[E], None]) -> Callable[[], None]:
        """Call `listener` on the publishing thread. Returns the call that ends it."""
        with self._lock:
            self._listeners[event_type] = (*self._listeners.get(event_type, ()), listener)
            self._routes = {}

        def stop() -> None:
            with self._lock:
                kept = tuple(x for x in self._listeners.get(event_type, ()) if x is not listener)
                self._listeners[event_type] = kept
                self._routes = {}

        return stop

    def publish(self, event: Event) -> None:
        listeners, mailboxes, has_key = self._routes.get(type(event)) or self._new_route(
            type(event)
        )
        for listener in listeners:
            try:
                listener(event)
            except Exception:
                logger.exception("listener failed event=%s", type(event).__name__)
        if mailboxes:
            key = event.latest_key() if has_key else None
            for mailbox in mailboxes:
                mailbox.put(event, key)

    def _new_route(self, event_type: type[Event]) -> _Route:
        with self._lock:
            route = _Route(
                self._listeners.get(event_type, ()),
                tuple(
                    mailbox
                    for mailbox, wanted in self._mailboxes
                    if wanted is None or event_type in wanted
                ),
                event_type.latest_key is not Event.latest_key,
            )
            self._routes[event_type] = route
            return route


class _Route(NamedTuple):
    """What becomes of one type of event."""

    listeners: tuple[Callable[..., None], ...]
    mailboxes: tuple[Mailbox[Event], ...]
    has_key: bool  # whether it is a latest value at all
