"""Stream connections: what each one listens to, and the frames it gets.

No sockets here: a connection hands finished WebSocket frames to a `send`
callback. A payload is encoded once, however many listen. A stream asked for on
the wrong route is acknowledged and stays silent, as at the venue; an unrouted
connection gets what /public carries.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import msgspec

from engine.paper.paper_events import UserEvent

MAX_STREAMS = 1024
MAX_REQUESTS_PER_SECOND = 10
_PUBLIC_SUFFIXES = ("bookTicker", "trade", "rpiDepth")
_METHODS = "SUBSCRIBE, UNSUBSCRIBE, LIST_SUBSCRIPTIONS, SET_PROPERTY, GET_PROPERTY"

Send = Callable[[bytes], None]


def text_frame(payload: bytes) -> bytes:
    """A whole unmasked text frame, ready for any number of sockets."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def route_of(stream: str) -> str:
    """The route that carries a market stream."""
    kind = stream.partition("@")[2] if "@" in stream else stream.removeprefix("!")
    kind = kind.partition("@")[0]
    if kind.startswith("depth") or kind in _PUBLIC_SUFFIXES:
        return "public"
    return "market"


class StreamConnection:
    """One WebSocket. `route` is public, market, private, or empty on an unrouted URL."""

    def __init__(self, hub: StreamHub, route: str, *, combined: bool, send: Send) -> None:
        self.route = route
        self.combined = combined
        self.send = send
        self.subscriptions: dict[str, None] = {}
        self.filters: dict[str, frozenset[str] | None] = {}
        self._hub = hub
        self._recent: deque[int] = deque(maxlen=MAX_REQUESTS_PER_SECOND + 1)

    def is_flooding(self, now_ms: int) -> bool:
        """Count a message; True above ten a second, when the venue hangs up."""
        recent = self._recent
        recent.append(now_ms)
        return len(recent) > MAX_REQUESTS_PER_SECOND and now_ms - recent[0] < 1000

    def on_text(self, text: str) -> bytes:
        """Answer a control message, as a frame."""
        return text_frame(msgspec.json.encode(self._answer(text)))

    def _answer(self, text: str) -> dict[str, object]:
        try:
            request = msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            return {"code": 3, "msg": f"Invalid JSON: {error}"}
        fault = _fault_of(request)
        if fault:
            return _invalid(fault)
        request_id = request.get("id")
        handler = {
            "SUBSCRIBE": self._subscribe,
            "UNSUBSCRIBE": self._unsubscribe,
            "LIST_SUBSCRIPTIONS": self._list,
            "SET_PROPERTY": self._set_property,
            "GET_PROPERTY": self._get_property,
        }.get(str(request["method"]))
        if handler is None:
            return _invalid(
                f"unknown variant `{request['method']}`, expected one of {_METHODS}", request_id
            )
        reply = handler(request.get("params"))
        reply["id"] = request_id
        return reply

    def _subscribe(self, params: Any) -> dict[str, object]:
        if not _are_names(params):
            return _invalid("params must be an array of stream names")
        if len(self.subscriptions) + len(params) > MAX_STREAMS:
            return _invalid(f"too many streams, at most {MAX_STREAMS} per connection")
        for name in params:
            self.listen(name)
        return {"result": None}

    def _unsubscribe(self, params: Any) -> dict[str, object]:
        if not _are_names(params):
            return _invalid("params must be an array of stream names")
        for name in params:
            self.subscriptions.pop(name, None)
            self.filters.pop(name, None)
            self._hub.remove(self, name)
        return {"result": None}

    def _list(self, _params: Any) -> dict[str, object]:
        return {"result": list(self.subscriptions)}

    def _set_property(self, params: Any) -> dict[str, object]:
        if not isinstance(params, list) or len(params) != 2:
            return _invalid("expected a property name and its value")
        if not isinstance(params[0], str):
            return _invalid("property name must be a string")
        if params[0] != "combined":
            return {"code": 0, "msg": "Unknown property"}
        if not isinstance(params[1], bool):
            return {"code": 1, "msg": "Invalid value type: expected Boolean"}
        self.combined = params[1]
        return {"result": None}

    def _get_property(self, params: Any) -> dict[str, object]:
        if not isinstance(params, list) or len(params) != 1:
            return _invalid("expected one property name")
        if not isinstance(params[0], str):
            return _invalid("property name must be a string")
        if params[0] != "combined":
            return {"code": 0, "msg": "Unknown property"}
        return {"result": self.combined}

    def listen(self, name: str, events: frozenset[str] | None = None) -> None:
        """Subscribe; on /private the name is a listenKey and `events` its filter."""
        self.subscriptions[name] = None
        if self.route == "private":
            self.filters[name] = events
        self._hub.add(self, name)

    def close(self) -> None:
        for name in self.subscriptions:
            self._hub.remove(self, name)
        self.subscriptions.clear()


class Publication(NamedTuple):
    """One event and those who get it; `account_id` is empty on market streams."""

    stream: str
    payload: object
    listeners: list[StreamConnection]
    account_id: str = ""


class StreamHub:
    """Who listens to what. One thread only.

    `tamper`, while there is one, gets every event instead of its listeners, and
    `swallows` every subscription: it is not heard when the answer is True.
    """

    def __init__(self) -> None:
        self.tamper: Callable[[Publication], None] | None = None
        self.swallows: Callable[[StreamConnection, str], bool] | None = None
        self._listeners: dict[str, dict[StreamConnection, None]] = {}
        self._private: dict[str, dict[StreamConnection, None]] = {}
        self._encoder = msgspec.json.Encoder()
        self.newcomers: set[str] = (
            set()
        )  # asked for and not yet served: a still market must speak once

    @property
    def streams(self) -> Iterable[str]:
        return self._listeners.keys()

    def wants(self, stream: str) -> bool:
        return stream in self._listeners

    def add(self, connection: StreamConnection, name: str) -> None:
        if self.swallows is not None and self.swallows(connection, name):
            return
        if connection.route == "private":
            self._private.setdefault(name, {})[connection] = None
        elif (connection.route or "public") == route_of(name):
            self._listeners.setdefault(name, {})[connection] = None
            self.newcomers.add(name)

    def remove(self, connection: StreamConnection, name: str) -> None:
        for table in (self._private, self._listeners):
            listeners = table.get(name)
            if listeners is not None:
                listeners.pop(connection, None)
                if not listeners:
                    del table[name]
                    self.newcomers.discard(name)

    def publish(self, stream: str, payload: object) -> None:
        """Send to everyone who listens; encoded only if somebody does."""
        listeners = self._listeners.get(stream)
        if listeners:
            self.newcomers.discard(stream)
            self._send(Publication(stream, payload, list(listeners)))

    def publish_user(self, listen_key: str, event: UserEvent) -> None:
        listeners = self._private.get(listen_key)
        if not listeners:
            return
        wanted = [
            connection
            for connection in listeners
            if _lets_through(connection.filters.get(listen_key), event.name)
        ]
        if wanted:
            self._send(Publication(listen_key, event.payload, wanted, event.account_id))

    def forget_key(self, listen_key: str) -> None:
        """An expired key: its sockets stay open and silent."""
        self._private.pop(listen_key, None)

    def _send(self, event: Publication) -> None:
        if self.tamper is None:
            self.deliver(event)
        else:
            self.tamper(event)

    def deliver(self, event: Publication, spoil: Callable[[bytes], bytes] | None = None) -> None:
        """Put the event into its listeners' frames, through `spoil` if given."""
        data = self._encoder.encode(event.payload)
        frames: dict[bool, bytes] = {}
        for connection in event.listeners:
            frame = frames.get(connection.combined)
            if frame is None:
                text = data
                if connection.combined:
                    stream = self._encoder.encode(event.stream)
                    text = b'{"stream":' + stream + b',"data":' + data + b"}"
                frame = frames[connection.combined] = text_frame(
                    text if spoil is None else spoil(text)
                )
            connection.send(frame)


def _lets_through(events: frozenset[str] | None, name: str) -> bool:
    return events is None or name in events or name == "listenKeyExpired"


def _invalid(what: str, request_id: object = None) -> dict[str, object]:
    reply: dict[str, object] = {"code": 2, "msg": f"Invalid request: {what}"}
    if request_id is not None:
        reply["id"] = request_id
    return reply


def _fault_of(request: Any) -> str:
    """What makes it no request at all; empty when it is one."""
    if not isinstance(request, dict):
        return "expected a request object"
    if "method" not in request:
        return "missing field `method`"
    if not _is_good_id(request.get("id")):
        return "request ID must be an unsigned integer"
    if set(request) - {"method", "params", "id"}:
        return "too many fields"
    return ""


def _is_good_id(request_id: object) -> bool:
    if isinstance(request_id, bool):
        return False
    if isinstance(request_id, int):
        return request_id >= 0
    return isinstance(request_id, str) or request_id is None


def _are_names(params: object) -> bool:
    return isinstance(params, list) and all(isinstance(name, str) and name for name in params)


class Stash:
    """Depth changes gathered for one stream speed."""

    __slots__ = ("asks", "bids", "last_id")

    def __init__(self, update_id: int) -> None:
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}
        self.last_id = update_id

    def add(self, bids: Iterable[tuple[int, int]], asks: Iterable[tuple[int, int]]) -> None:
        self.bids.update(bids)
        self.asks.update(asks)
