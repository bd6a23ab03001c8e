"""The drill's choice of faults: one rule of the paper exchange's fault endpoint each. Pure.

Waiting times are short, as the drill's own time-outs are. Not drawn here: limits
that are nearly full, since waiting for the minute to end would be most of the
drill, and a crash, which is a step of its own.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

TRADER = "first"  # the paper exchange's name of the account that is drilled
Args = Mapping[str, Any]
Rule = dict[str, Any]

_ORDER = "/fapi/v1/order"
_ALGO = "/fapi/v1/algoOrder"
_READS = (
    *(_ORDER, "/fapi/v1/openOrders", "/fapi/v1/userTrades", "/fapi/v3/*", "*"),
    *(_ALGO, "/fapi/v1/openAlgoOrders"),
)
_HOW = ("bad_json", "bad_utf8", "truncated", "oversized")


class PlannedFault(msgspec.Struct, frozen=True):
    """`rule` is the JSON that the endpoint takes."""

    rule: Rule

    @property
    def kind(self) -> str:
        return str(self.rule["fault"])

    @property
    def loses_events(self) -> bool:
        """An event of the account vanishes while the connection stays up."""
        return self.kind in ("event_dropped", "ack_without_data")


def _acted(chance: random.Random) -> Args:
    return {"acted": chance.random() < 0.6}


def _nothing(_chance: random.Random) -> Args:
    return {}


_REPLIES: Mapping[str, Callable[[random.Random], Args]] = {
    "reply_lost": _acted,
    "reply_late": lambda chance: {
        "ms": chance.choice((30, 150, 600)),
        "act": chance.choice(("at_once", "late")),
    },
    "reply_dripped": lambda chance: {"bytes_per_s": chance.choice((400, 4000))},
    "reply_malformed": lambda chance: {"how": chance.choice(_HOW), "bytes": 300_000},
    "connection_reset": lambda chance: {"moment": chance.choice(("before", "during", "after"))},
    "connection_silent": _acted,
    "unknown_503": lambda chance: {**_acted(chance), "bare": chance.random() < 0.3},
    "unavailable_503": _nothing,
    "internal_503": _acted,
    "throttled_503": _nothing,
    "timeout_1007": _acted,
    "unknown_1000": _acted,
    "disconnected_1001": _acted,
    "gateway_html": lambda chance: {**_acted(chance), "status": chance.choice((408, 502, 504))},
    "rate_limited_429": lambda _: {"retry_after_s": 1},
    "banned_418": lambda _: {"retry_after_s": 1},
}
_EVENTS: Mapping[str, Callable[[random.Random], Args]] = {
    "event_dropped": _nothing,
    "event_duplicated": _nothing,
    "event_delayed": lambda chance: {"ms": chance.choice((20, 100, 300))},
    "event_reordered": lambda chance: {"within_ms": chance.choice((60, 300))},
    "frame_malformed": lambda chance: {"how": chance.choice(_HOW[:3])},
    "stream_dripped": lambda _: {"bytes_per_s": 3000},
}
_ROUTES = ("private", "private", "private", "all", "orders")
_TIMED: Mapping[str, Callable[[random.Random], Args]] = {
    "disconnect": lambda chance: {
        "route": chance.choice(_ROUTES),
        "how": chance.choice(("close", "fin", "reset")),
    },
    "day_over": lambda chance: {"route": chance.choice(_ROUTES)},
    "half_open": lambda chance: {"route": chance.choice(_ROUTES)},
    "listen_key_expired": lambda _: {"account": TRADER},
    "trigger_refused": lambda _: {"account": TRADER},
    "clock_skew": lambda chance: {"ms": chance.choice((-8000, -2500, 2500, 8000))},
}
_WEIGHTS: Mapping[str, int] = {"rate_limited_429": 1, "banned_418": 1, "connection_silent": 2}
_USUAL_WEIGHT = 3

_OTHERS: Mapping[str, Callable[[random.Random], tuple[Args, Rule]]] = {
    "order_hidden": lambda chance: (
        {"seconds": chance.choice((0.1, 0.3))},
        {"method": "POST", "path": _ORDER, "account": TRADER, "count": 2},
    ),
    "fill_before_cancel": lambda chance: (
        {"share": chance.choice((1.0, 1.0, 0.4))},
        {"method": "DELETE", "path": _ORDER, "account": TRADER},
    ),
    "ack_without_data": lambda _: ({}, {"trigger": "subscription", "account": TRADER}),
}
# after these a recovery reads what the stream did not tell, or it is late
STREAM_FAULTS = frozenset({*_EVENTS, *_TIMED, "ack_without_data", "crash"}) - {"clock_skew"}
KINDS = (*_REPLIES, *_OTHERS, *_EVENTS, *_TIMED)


def plan_fault(chance: random.Random) -> PlannedFault:
    weights = [_WEIGHTS.get(kind, _USUAL_WEIGHT) for kind in KINDS]
    kind = chance.choices(KINDS, weights)[0]
    return PlannedFault(_rule(kind, chance))


def _rule(kind: str, chance: random.Random) -> Rule:
    if kind in _REPLIES:
        return {"fault": kind, **_REPLIES[kind](chance), "when": _some_request(chance)}
    if kind in _EVENTS:
        return {"fault": kind, **_EVENTS[kind](chance), "when": _some_event(chance)}
    if kind in _TIMED:
        when = {"trigger": "time", "after_s": chance.choice((0.0, 0.02, 0.1))}
        return {"fault": kind, **_TIMED[kind](chance), "when": when}
    args, when = _OTHERS[kind](chance)
    return {"fault": kind, **args, "when": when}


def _some_request(chance: random.Random) -> Rule:
    """Mostly a write; sometimes what is asked to find out about one."""
    if chance.random() < 0.8:
        path = chance.choice((_ORDER, _ORDER, _ALGO))
        changes = ("PUT", "DELETE") if path == _ORDER else ("DELETE", "DELETE")
        method = chance.choice(("POST", "POST", *changes, ""))
        when: Rule = {"path": path, "account": TRADER, "nth": chance.randint(1, 3)}
        return {**when, "method": method} if method else when
    return {"method": "GET", "path": chance.choice(_READS), "account": TRADER, "count": 2}


def _some_event(chance: random.Random) -> Rule:
    event = chance.choice(
        ("ORDER_TRADE_UPDATE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ALGO_UPDATE")
    )
    return {"event": event, "account": TRADER, "nth": chance.randint(1, 4)}
