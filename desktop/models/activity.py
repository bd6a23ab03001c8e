"""What was asked and what happened, line by line, in words and as the call a script would make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from PySide6.QtCore import QObject

from desktop.formatting import local_date_time_text, local_time_text
from desktop.models.command_words import call_text
from desktop.models.conditional_rules import type_words
from desktop.models.table_model import Cell, Column, TableModel
from desktop.theme import palette
from desktop.theme.colours import per_palette
from engine.commands import Command, LoadCandles, UnwatchSymbol, WatchSymbol
from engine.events import (
    Alert,
    CommandDone,
    CommandRefused,
    EngineStateChanged,
    Event,
    FillRecorded,
    OrderChanged,
    StreamStateChanged,
    ThreadCrashed,
)
from engine.events.paper import FaultPlayed
from engine.events.protection import (
    AlgoChanged,
    BracketChanged,
    GuardChanged,
    KillChanged,
    PlanChanged,
)
from engine.paper_commands import WatchPaper

_KEPT = 5000
_NOT_ASKED_BY_A_PERSON = WatchSymbol | UnwatchSymbol | LoadCandles | WatchPaper


@per_palette
def _colours() -> dict[str, str]:
    return {
        "Asked": palette.ACCENT,
        "Refused": palette.WARNING,
        "Alert": palette.WARNING,
        "Crash": palette.ERROR,
        "KILL": palette.ERROR,
    }


class LogLine(msgspec.Struct, frozen=True):
    at_ms: int
    kind: str
    text: str


class ActivityModel(TableModel[LogLine]):
    def __init__(self, now_ms: Callable[[], int], parent: QObject | None = None) -> None:
        self._now_ms = now_ms
        self._count = 0
        self._last = ("", "")
        super().__init__(
            [
                Column("Time", _time, sample="00:00:00", is_time=True),
                Column("Kind", _kind, sample="Bracket"),
                Column("What happened", lambda line: Cell(line.text, tip=line.text)),
            ],
            newest_first=True,
            limit=_KEPT,
            parent=parent,
        )

    def note_sent(self, command: Command) -> None:
        if not isinstance(command, _NOT_ASKED_BY_A_PERSON):
            self._add("Asked", f"engine.submit({call_text(command)})")

    def note(self, event: Event) -> None:
        """Events that say nothing for the log, and the same words twice, leave no line."""
        describe = _DESCRIBED.get(type(event))
        if describe is not None:
            kind, text = describe(event)
            if text and (kind, text) != self._last:
                self._add(kind, text)

    def _add(self, kind: str, text: str) -> None:
        self._last = (kind, text)
        self._count += 1
        self.put_new({self._count: LogLine(self._now_ms(), kind, text)})


def _time(line: LogLine) -> Cell:
    tip = local_date_time_text(line.at_ms)
    return Cell(local_time_text(line.at_ms), palette.TEXT_DIM, tip=tip, sort=line.at_ms)


def _kind(line: LogLine) -> Cell:
    return Cell(line.kind, _colours().get(line.kind, palette.TEXT_DIM))


def _order(event: OrderChanged) -> tuple[str, str]:
    order = event.order
    what = f"{order.symbol} {order.side} {type_words(order.type)} {order.orig_qty:f}"
    at = f" at {order.price:f}" if order.price else ""
    filled = f", {order.executed_qty:f} filled" if order.executed_qty else ""
    return "Order", f"{what}{at}: {order.status}{filled} ({order.client_order_id})"


def _fill(event: FillRecorded) -> tuple[str, str]:
    fill = event.fill
    what = f"{fill.symbol} {fill.side} {fill.quantity:f} at {fill.price:f}"
    return "Fill", f"{what}, fee {fill.commission:f} {fill.commission_asset}"


def _algo(event: AlgoChanged) -> tuple[str, str]:
    algo = event.algo
    at = f"at {algo.trigger_price:f}" if algo.trigger_price else f"{algo.callback_pct} % back"
    what = f"{algo.symbol} {algo.side} {type_words(algo.type)} {at}"
    return "Algo", f"{what}: {algo.status} ({algo.client_algo_id})"


def _bracket(event: BracketChanged) -> tuple[str, str]:
    bracket = event.bracket
    reason = f": {bracket.reason}" if bracket.reason else ""
    return "Bracket", f"{bracket.symbol} {bracket.state}{reason} ({bracket.bracket_id})"


def _plan(event: PlanChanged) -> tuple[str, str]:
    plan = event.plan
    done = f"{plan.executed_qty:f} of {plan.quantity:f}"
    return "Plan", f"{plan.symbol} {plan.kind} {plan.state}, {done} ({plan.plan_id})"


def _guard(event: GuardChanged) -> tuple[str, str]:
    """The day's result alone, which changes with every fill, is no line."""
    is_locked = event.guard.locked_until_ms is not None
    return "Guard", event.guard.sentence or "Locked out." if is_locked else ""


_DESCRIBED: dict[type[Event], Callable[[Any], tuple[str, str]]] = {
    OrderChanged: _order,
    FillRecorded: _fill,
    AlgoChanged: _algo,
    BracketChanged: _bracket,
    PlanChanged: _plan,
    GuardChanged: _guard,
    KillChanged: lambda event: ("KILL", event.kill.sentence),
    CommandRefused: lambda event: ("Refused", event.sentence),
    CommandDone: lambda event: ("Done", event.sentence),
    Alert: lambda event: ("Alert", event.sentence),
    EngineStateChanged: lambda event: ("Engine", event.sentence),
    StreamStateChanged: lambda event: ("Stream", event.sentence),
    FaultPlayed: lambda event: ("Fault", event.sentence),
    ThreadCrashed: lambda event: ("Crash", f"{event.thread}: {event.sentence}"),
}
