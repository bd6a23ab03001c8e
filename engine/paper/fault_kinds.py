"""Every fault the paper exchange can play, as one table: what it is, when, with which values.

A fault is triggered by a request, an event on its way out, a subscription or
the time. Of the faults that replace a request's reply or an event's frame at
most one is played at once; the others may be added to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Any

import msgspec

from engine.config_keys import Check, number, one_of, truth, whole
from engine.errors import ConfigError
from engine.paper.paper_account import ACCOUNT_IDS

MOST_MS = 600_000
MOST_SECONDS = 86_400.0


@unique
class Trigger(StrEnum):
    REQUEST = "request"
    EVENT = "event"
    SUBSCRIPTION = "subscription"
    TIME = "time"


class FaultKind(msgspec.Struct, frozen=True, kw_only=True):
    """`args` maps a value's name to its check and default; the first trigger is the usual one.

    `replaces` says that it stands in for the reply or the frame itself. `acts`
    says whether the request is carried out, where no value of the rule says so.
    """

    name: str
    says: str
    triggers: tuple[Trigger, ...]
    args: Mapping[str, tuple[Check, Any]] = {}
    replaces: bool = False
    acts: bool = True
    rest_only: bool = False

    def does_act(self, args: Mapping[str, Any]) -> bool:
        """Whether the request is carried out although its reply is spoilt."""
        if "moment" in args:
            return bool(args["moment"] != "before")
        return bool(args.get("acted", self.acts))


def _gateway_status(key: str, value: object) -> int:
    if value not in (408, 502, 504):
        raise ConfigError(key, f"must be 408, 502 or 504, not {value!r}.")
    return int(str(value))


_ROUTES = ("all", "public", "market", "private", "orders")
_ACTED = {"acted": (truth, True)}
_NOT_ACTED = {"acted": (truth, False)}
_HOW = {
    "how": (one_of("bad_json", "bad_utf8", "truncated", "oversized"), "bad_json"),
    "bytes": (whole(1, 64 * 1024 * 1024, "bytes"), 2 * 1024 * 1024),
}
_ROUTE = {"route": (one_of(*_ROUTES), "all")}
_DRIP = {"bytes_per_s": (whole(1, 1_000_000, "bytes per second"), 100)}


def _retry(default_s: int) -> dict[str, tuple[Check, Any]]:
    return {"retry_after_s": (whole(1, 86_400, "s"), default_s)}


def _reply(
    name: str,
    says: str,
    args: Mapping[str, tuple[Check, Any]] | None = None,
    *,
    acts: bool = True,
    rest_only: bool = False,
) -> FaultKind:
    return FaultKind(
        name=name,
        says=says,
        triggers=(Trigger.REQUEST,),
        args=args or {},
        replaces=True,
        acts=acts,
        rest_only=rest_only,
    )


def _event(name: str, says: str, args: Mapping[str, tuple[Check, Any]] | None = None) -> FaultKind:
    return FaultKind(
        name=name, says=says, triggers=(Trigger.EVENT,), args=args or {}, replaces=True
    )


def _any_time(
    name: str, says: str, args: Mapping[str, tuple[Check, Any]] | None = None
) -> FaultKind:
    triggers = (Trigger.TIME, Trigger.REQUEST, Trigger.EVENT)
    return FaultKind(name=name, says=says, triggers=triggers, args=args or {})


_KINDS = (
    # the reply
    _reply("reply_lost", "The connection is closed without a reply.", _ACTED),
    _reply(
        "reply_late",
        "The reply comes late; the request is carried out at once or late.",
        {"ms": (whole(1, MOST_MS, "ms"), 1000), "act": (one_of("at_once", "late"), "at_once")},
    ),
    _reply("reply_dripped", "The reply trickles byte by byte.", _DRIP),
    _reply("reply_malformed", "The request is carried out, its reply cannot be read.", _HOW),
    _reply(
        "connection_reset",
        "RST before the request is carried out, during its reply or right after it.",
        {"moment": (one_of("before", "during", "after"), "before")},
    ),
    _reply("connection_silent", "Half-open: no reply, no FIN, no RST, ever.", _ACTED),
    _reply(
        "unknown_503",
        "503 A, Unknown error; `bare` leaves the code out.",
        {**_ACTED, "bare": (truth, False)},
    ),
    _reply("unavailable_503", "503 B, Service Unavailable: not carried out.", acts=False),
    _reply("internal_503", "503 C, Internal error.", _NOT_ACTED),
    _reply("throttled_503", "503 D, code -1008: not carried out.", acts=False),
    _reply("timeout_1007", "Code -1007, execution status unknown.", _ACTED),
    _reply("unknown_1000", "Code -1000, unknown error.", _ACTED),
    _reply("disconnected_1001", "Code -1001, internal error.", _NOT_ACTED),
    _reply(
        "gateway_html",
        "A gateway's HTML page instead of a reply.",
        {**_ACTED, "status": (_gateway_status, 502)},
        rest_only=True,
    ),
    _reply(
        "amend_limit",
        "Code -5026: the order counts as amended as often as is allowed; not carried out.",
        acts=False,
    ),
    _reply(
        "refused",
        "400 with a code of one's own: not carried out.",
        {"code": (whole(-9999, -1), -2019)},
        acts=False,
    ),
    _reply("rate_limited_429", "429 with Retry-After: not carried out.", _retry(1), acts=False),
    _reply("banned_418", "418 with Retry-After: not carried out.", _retry(120), acts=False),
    # beside the reply
    FaultKind(
        name="order_hidden",
        says="The order is accepted, but asking for it gives -2013 for some seconds.",
        triggers=(Trigger.REQUEST,),
        args={"seconds": (number(0.01, 3600, "s"), 5.0)},
    ),
    FaultKind(
        name="fill_before_cancel",
        says="The order to be cancelled is filled just before, whole or in part.",
        triggers=(Trigger.REQUEST,),
        args={"share": (number(0.000001, 1), 1.0)},
    ),
    # events and frames
    _event("event_dropped", "The event is not sent."),
    _event("event_duplicated", "The event is sent twice."),
    _event(
        "event_delayed",
        "The event comes later; what follows overtakes it.",
        {"ms": (whole(1, MOST_MS, "ms"), 500)},
    ),
    _event(
        "event_reordered",
        "The event and the next one of its stream change places.",
        {"within_ms": (whole(1, MOST_MS, "ms"), 1000)},
    ),
    _event("event_renamed", "The event has a name that no document knows."),
    _event("depth_gap", "A depth update is missing."),
    _event("frame_malformed", "The event's frame cannot be read.", _HOW),
    _event("stream_dripped", "From this event on the connection trickles.", _DRIP),
    FaultKind(
        name="ack_without_data",
        says="The subscription is acknowledged and stays silent.",
        triggers=(Trigger.SUBSCRIPTION,),
    ),
    # at any time
    _any_time(
        "disconnect",
        "WebSockets end: by a close frame, a bare FIN or RST.",
        {**_ROUTE, "how": (one_of("close", "fin", "reset"), "close")},
    ),
    _any_time("day_over", "WebSockets end as after 24 hours.", _ROUTE),
    _any_time("half_open", "WebSockets fall silent: no data, pong, FIN or RST.", _ROUTE),
    _any_time(
        "listen_key_expired",
        "The account's listenKey expires now.",
        {"account": (one_of("all", *ACCOUNT_IDS), "all")},
    ),
    _any_time(
        "trigger_refused",
        "The next conditional order of the account that triggers is refused: margin.",
        {"account": (one_of("all", *ACCOUNT_IDS), "all")},
    ),
    _any_time(
        "limits_nearly_full",
        "Request weight and order counts stand just below their limits.",
        {
            "weight_left": (whole(0, 2400), 0),
            "orders_left": (whole(0, 1200), 0),
        },
    ),
    FaultKind(
        name="line_cut",
        says="Every connection ends, and none is taken until the rule ends.",
        triggers=(Trigger.TIME,),
    ),
    FaultKind(
        name="clock_skew",
        says="The clock that judges and tells time is off.",
        triggers=(Trigger.TIME,),
        args={"ms": (whole(-MOST_MS, MOST_MS, "ms"), 2000)},
    ),
    FaultKind(
        name="crash",
        says="The process ends at once, before or after a request is carried out.",
        triggers=(Trigger.TIME, Trigger.REQUEST),
        args={"moment": (one_of("before", "after"), "after")},
    ),
)

KINDS: Mapping[str, FaultKind] = MappingProxyType({kind.name: kind for kind in _KINDS})
