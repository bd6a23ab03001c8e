"""How connections, limits and threads are."""

from __future__ import annotations

from collections.abc import Hashable

import msgspec

from engine.events.event import Event
from engine.trading_types import EngineState, Route, StreamState


class UnknownMessage(Event, frozen=True, kw_only=True):
    """A frame that could not be read or is not known: kept raw, counted."""

    raw: bytes
    reason: str


class StreamStateChanged(Event, frozen=True, kw_only=True):
    """`is_doubted`: the state has not changed, but the exchange is late with an answer.

    Nothing is lost yet; the connection is dropped when the answer does not come at all.
    """

    route: Route
    state: StreamState
    sentence: str
    reconnects: int = 0
    is_doubted: bool = False
    at_ms: int = 0


class EngineStateChanged(Event, frozen=True, kw_only=True):
    """`gap_s`: how long closing the gap took, set when the state becomes LIVE."""

    state: EngineState
    sentence: str
    gap_s: float | None = None


class RateBrake(Event, frozen=True, kw_only=True):
    """The venue asked for a pause: nothing is sent for so long. Every second; 0 at its end."""

    seconds_left: int
    sentence: str

    def latest_key(self) -> Hashable | None:
        return "brake"


class HealthReport(Event, frozen=True, kw_only=True):
    """Once a second. None means: not measured yet."""

    order_rtt_p50_ms: float | None
    order_rtt_p99_ms: float | None
    clock_offset_ms: float | None
    clock_error_ms: float | None
    weight_used: int
    weight_limit: int
    orders_used: int
    orders_limit: int
    messages_per_s: float
    last_data_age_s: dict[str, float]  # by route
    decode_errors: int
    route_states: dict[str, StreamState] = msgspec.field(default_factory=dict)
    # by route, since the start
    reconnects: dict[str, int] = msgspec.field(default_factory=dict)
    last_gap_s: float | None = None  # how long closing the last gap took

    def latest_key(self) -> Hashable | None:
        return "health"


class ThreadCrashed(Event, frozen=True, kw_only=True):
    thread: str
    sentence: str
