"""One line of a recording, and events and commands to and from it.

A recording is gzipped JSON lines. The first is the head. Frames stand as they
came; what the engine made of them stands beside them as events.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from engine.commands import Command
from engine.events import (
    AggTrade,
    BookTicker,
    BookView,
    DepthDiff,
    Event,
    KlineUpdate,
    Liquidation,
    MarkPrice,
    MiniTicker,
    Ticker24h,
    Trade,
)
from engine.market.instruments import Instrument
from engine.recording.revive import revive

VERSION = 1

# they are made anew from the recorded frames
FROM_FRAMES: frozenset[type[Event]] = frozenset(
    {
        AggTrade,
        BookTicker,
        BookView,
        DepthDiff,
        KlineUpdate,
        Liquidation,
        MarkPrice,
        MiniTicker,
        Ticker24h,
        Trade,
    }
)


class Head(msgspec.Struct, frozen=True, kw_only=True, tag_field="k", tag="head"):
    at_ms: int = msgspec.field(name="t")
    version: int
    program: str
    environment: str
    symbol: str
    interval: str
    part: int
    instruments: dict[str, Instrument]


class Heard(msgspec.Struct, frozen=True, kw_only=True, tag_field="k", tag="in"):
    at_ms: int = msgspec.field(name="t")
    route: str
    text: str


class Said(msgspec.Struct, frozen=True, kw_only=True, tag_field="k", tag="out"):
    at_ms: int = msgspec.field(name="t")
    route: str
    text: str


class Called(msgspec.Struct, frozen=True, kw_only=True, tag_field="k", tag="call"):
    """A request over REST or the order socket, with its answer; status 0: none came."""

    at_ms: int = msgspec.field(name="t")
    name: str
    params: dict[str, Any]
    status: int
    body: str
    elapsed_ms: float


class Asked(msgspec.Struct, frozen=True, kw_only=True, tag_field="k", tag="command"):
    at_ms: int = msgspec.field(name="t")
    name: str
    data: dict[str, Any]


class Happened(msgspec.Struct, frozen=True, kw_only=True, tag_field="k", tag="event"):
    at_ms: int = msgspec.field(name="t")
    name: str
    data: dict[str, Any]


class Lost(msgspec.Struct, frozen=True, kw_only=True, tag_field="k", tag="lost"):
    """The disk was too slow: so many market frames are missing here."""

    at_ms: int = msgspec.field(name="t")
    frames: int


Record = Head | Heard | Said | Called | Asked | Happened | Lost


def event_record(event: Event, at_ms: int) -> Happened:
    data = _fields(event)
    command = getattr(event, "command", None)
    if isinstance(command, Command):
        data["command"] = {"name": type(command).__name__, "data": _fields(command)}
    return Happened(at_ms=at_ms, name=type(event).__name__, data=data)


def command_record(command: Command, at_ms: int) -> Asked:
    return Asked(at_ms=at_ms, name=type(command).__name__, data=_fields(command))


def event_of(record: Happened) -> Event | None:
    """None for one that this version does not know, or knows otherwise."""
    kind = all_kinds(Event).get(record.name)
    data: dict[str, Any] = dict(record.data)
    if kind is None:
        return None
    try:
        if isinstance(data.get("command"), dict):
            data["command"] = _command(data["command"])
        event: Event = revive(kind, data)
    except (msgspec.ValidationError, TypeError, KeyError):
        return None
    return event


def _command(row: Mapping[str, Any]) -> Command:
    command: Command = revive(all_kinds(Command)[row["name"]], row["data"])
    return command


def _fields(thing: msgspec.Struct) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.to_builtins(thing)
    return data


def all_kinds(base: type[Any]) -> dict[str, type[Any]]:
    kinds: dict[str, type[Any]] = {}
    waiting = [base]
    while waiting:
        kind = waiting.pop()
        kinds[kind.__name__] = kind
        waiting += kind.__subclasses__()
    return kinds
