"""Events that are lost, doubled, late, out of order or unreadable on their way out.

Pure: held frames leave at `flush`, which the venue's step calls about every
50 ms, or when the event that they have let pass has gone. One thread only.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from engine.clock import Clock
from engine.paper.fault_kinds import Trigger
from engine.paper.fault_replies import renamed, spoil
from engine.paper.fault_script import Target
from engine.paper.faults import FaultBook, Play
from engine.paper.paper_streams import Publication, StreamConnection, StreamHub

Do = Callable[[Play], None]
Trickle = Callable[[StreamConnection, int], None]


class EventTamper:
    """Stands between the hub and its listeners while a rule waits for events.

    `do` plays what is no matter of one event, `trickle` slows a connection down.
    """

    def __init__(
        self, book: FaultBook, hub: StreamHub, clock: Clock, do: Do, trickle: Trickle
    ) -> None:
        self._book = book
        self._hub = hub
        self._clock = clock
        self._do = do
        self._trickle = trickle
        self._late: list[tuple[float, Publication]] = []
        self._passed_by: dict[str, tuple[float, Publication]] = {}

    @property
    def holds(self) -> bool:
        """Events are held back that must still go out."""
        return bool(self._late or self._passed_by)

    def on_publication(self, event: Publication) -> None:
        """Send the event on, as the rules will have it."""
        waiting = self._passed_by.pop(event.stream, None)
        replacing: Play | None = None
        for play in self._book.on(Trigger.EVENT, target_of(event)):
            if play.rule.kind.replaces:
                replacing = play
            else:
                self._do(play)
        if replacing is None:
            self._hub.deliver(event)
        else:
            self._tamper(replacing, event)
        if waiting is not None:
            self._hub.deliver(waiting[1])

    def _tamper(self, play: Play, event: Publication) -> None:
        now_s = self._clock.monotonic()
        if play.fault == "event_duplicated":
            self._hub.deliver(event)
            self._hub.deliver(event)
        elif play.fault == "event_delayed":
            self._late.append((now_s + play["ms"] / 1000, event))
        elif play.fault == "event_reordered":
            self._passed_by[event.stream] = (now_s + play["within_ms"] / 1000, event)
        elif play.fault == "frame_malformed":
            self._hub.deliver(event, partial(spoil, play=play))
        elif play.fault == "event_renamed":
            self._hub.deliver(event, renamed)
        elif play.fault == "stream_dripped":
            for connection in event.listeners:
                self._trickle(connection, play["bytes_per_s"])
            self._hub.deliver(event)
        # event_dropped and depth_gap: nothing is sent

    def flush(self) -> None:
        """Send what has been held back for long enough."""
        now_s = self._clock.monotonic()
        due = sorted((row for row in self._late if row[0] <= now_s), key=lambda row: row[0])
        self._late = [row for row in self._late if row[0] > now_s]
        for stream, row in list(self._passed_by.items()):
            if row[0] <= now_s:
                due.append(self._passed_by.pop(stream))
        for _, event in due:
            self._hub.deliver(event)


def target_of(event: Publication) -> Target:
    """A listenKey is a key: a user event is named by its account alone."""
    route = event.listeners[0].route or "public"
    payload = event.payload if isinstance(event.payload, dict) else {}
    if not payload and isinstance(event.payload, list) and event.payload:
        payload = {"e": event.payload[0]["e"]}
    body = payload.get("o", payload)
    names = body if isinstance(body, dict) else payload
    return Target(
        route=route,
        stream="" if event.account_id else event.stream,
        event=str(payload.get("e", "")),
        account=event.account_id,
        symbol=str(names.get("s") or payload.get("s") or payload.get("ps") or ""),
        client_order_id=str(names.get("c", "")) if event.account_id else "",
    )
