"""The faults' own endpoint, under a path that no venue has.

GET shows the rules in force and what was done to whom (`?since=N` only later
entries), POST adds a rule, or `{"seed", "rules"}`, DELETE ends one (`?rule=N`)
or all. Only from this computer, and with an API key of the exchange.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from itertools import dropwhile

import msgspec

from engine.clock import Clock
from engine.errors import ConfigError, VenueError
from engine.paper.control_paths import FAULTS_PATH
from engine.paper.fault_script import FaultScript, rule_from, script_from
from engine.paper.faults import ActiveRule, FaultBook
from engine.paper.paper_auth import parse_parameters
from engine.paper.paper_venue import Incoming, PaperVenue

_BAD_RULE = -1130


class FaultControl:
    """`play` plays what has become due by a change of the rules."""

    def __init__(
        self, book: FaultBook, venue: PaperVenue, clock: Clock, play: Callable[[], None]
    ) -> None:
        self._book = book
        self._venue = venue
        self._clock = clock
        self._play = play

    def answer(self, incoming: Incoming) -> object | None:
        """The answer's body; None when it is another path. Raises VenueError."""
        if incoming.path != FAULTS_PATH:
            return None
        if not _is_loopback(incoming.address):
            raise VenueError(-1011, "Only this computer may ask.", 403)
        self._venue.keys.find(incoming.api_key)
        if incoming.method == "GET":
            return self._show(_number(incoming, "since") or 0)
        if incoming.method == "POST":
            return self._add(incoming.body)
        if incoming.method == "DELETE":
            return self._end(_number(incoming, "rule"))
        raise VenueError(-5000, f"Method {incoming.method} is invalid here.", 405)

    def _show(self, since: int) -> object:
        entries = dropwhile(lambda entry: entry.number <= since, self._book.log.entries)
        return {
            "at_ms": self._clock.now_ms(),
            "seed": self._book.seed,
            "rules": [_row(active) for active in self._book.rules],
            "log": list(entries),
        }

    def _add(self, body: str) -> object:
        try:
            document = msgspec.json.decode(body.encode("utf-8", "surrogateescape"))
        except msgspec.MsgspecError as error:
            raise VenueError(_BAD_RULE, f"The body is not JSON: {error}.", 400) from None
        try:
            if isinstance(document, dict) and "rules" not in document:
                script = FaultScript(rules=(rule_from(document),))
            else:
                script = script_from(document)
        except ConfigError as error:
            raise VenueError(_BAD_RULE, str(error), 400) from None
        numbers = self._book.add(script)
        self._play()
        return {"rules": numbers}

    def _end(self, number: int | None) -> object:
        if number is None:
            self._book.clear()
        elif not self._book.remove(number):
            raise VenueError(_BAD_RULE, f"There is no rule {number} in force.", 404)
        self._play()
        return {"rules": [active.number for active in self._book.rules]}


def _row(active: ActiveRule) -> dict[str, object]:
    rule = active.rule
    return {
        "rule": active.number,
        "fault": rule.fault,
        **rule.args,
        "when": rule.when,
        "matched": active.matched,
        "played": active.played,
    }


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _number(incoming: Incoming, name: str) -> int | None:
    text = parse_parameters(incoming.query, "").get(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise VenueError(_BAD_RULE, f"{name} must be a whole number, not {text!r}.", 400)
    return int(text)
