"""Which fault is played to whom: active rules, their draws, and the log of what was done.

Pure but for the log's file. Everything is decided by the rules, their seed, the
order in which things happen and the clock object, so that the same session
gets the same faults again. One thread only.
"""

from __future__ import annotations

import logging
import random
from collections import deque
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec

from engine.clock import Clock
from engine.paper.fault_kinds import Trigger
from engine.paper.fault_script import FaultRule, FaultScript, Target

logger = logging.getLogger(__name__)

_KEPT_ENTRIES = 10_000


class LogEntry(msgspec.Struct, frozen=True, kw_only=True):
    """`number` rises without a gap for as long as the exchange runs."""

    number: int
    at_ms: int
    rule: int
    fault: str
    target: Target
    what: str = ""


class Play(msgspec.Struct, frozen=True):
    """One rule's turn, already in the log."""

    number: int
    rule: FaultRule

    @property
    def fault(self) -> str:
        return self.rule.fault

    def __getitem__(self, arg: str) -> Any:
        return self.rule.args[arg]

    @property
    def does_act(self) -> bool:
        return self.rule.kind.does_act(self.rule.args)


class FaultLog:
    """In memory for those who ask, and appended to a file for those who come later."""

    def __init__(self, path: Path | None = None) -> None:
        self.entries: deque[LogEntry] = deque(maxlen=_KEPT_ENTRIES)
        self._path = path
        self._written = 0

    def add(self, at_ms: int, number: int, fault: str, target: Target, what: str = "") -> None:
        self._written += 1
        entry = LogEntry(
            number=self._written, at_ms=at_ms, rule=number, fault=fault, target=target, what=what
        )
        self.entries.append(entry)
        if self._path is not None:
            self._write(self._path, entry)

    def _write(self, path: Path, entry: LogEntry) -> None:
        """At once and whole, because a crash may be what is played next."""
        try:
            with path.open("ab") as file:
                file.write(msgspec.json.encode(entry) + b"\n")
        except OSError as error:
            logger.warning("the log of faults %s cannot be written: %s", path, error.strerror)


class ActiveRule:
    """A rule while it waits for its turn."""

    def __init__(self, number: int, rule: FaultRule, draws: random.Random, added_s: float) -> None:
        self.number = number
        self.rule = rule
        self.matched = 0
        self.played = 0
        self._draws = draws
        self._starts_s = added_s + rule.when.after_s
        self._ends_s = self._starts_s + rule.when.for_s if rule.when.for_s else None

    def is_spent(self, now_s: float) -> bool:
        """It will never be played again, nor last any longer."""
        if self._ends_s is not None and now_s >= self._ends_s:
            return True
        if self.rule.when.trigger is Trigger.TIME:
            return bool(self.played) and not self.lasts
        return 0 < self.rule.when.count <= self.played

    @property
    def lasts(self) -> bool:
        """A state rather than a deed: it ends with its rule."""
        return self.rule.fault in ("clock_skew", "line_cut")

    def is_due(self, now_s: float) -> bool:
        return not self.played and now_s >= self._starts_s

    def wants(self, target: Target, now_s: float) -> bool:
        """Count a match; True when it is this rule's turn."""
        if now_s < self._starts_s or not self._matches(target):
            return False
        self.matched += 1
        when = self.rule.when
        if self.matched < when.nth:
            return False
        return when.probability >= 1 or self._draws.random() < when.probability

    def _matches(self, target: Target) -> bool:
        when = self.rule.when
        if self.rule.fault == "depth_gap" and target.event != "depthUpdate":
            return False
        return (
            when.door in ("", target.door)
            and when.method in ("", target.method)
            and when.account in ("", target.account)
            and when.symbol in ("", target.symbol)
            and when.route in ("", target.route)
            and when.event in ("", target.event)
            and _is_like(when.path, target.path)
            and _is_like(when.stream, target.stream)
            and _is_like(when.client_order_id, target.client_order_id)
        )


def _is_like(pattern: str, value: str) -> bool:
    return not pattern or fnmatchcase(value, pattern)


class FaultBook:
    """The rules in force. `watches_*` says whether any rule waits for such a thing."""

    def __init__(self, clock: Clock, log: FaultLog, seed: int = 0) -> None:
        self.seed = seed
        self.log = log
        self.watches_requests = False
        self.watches_events = False
        self.watches_subscriptions = False
        self._clock = clock
        self._rules: list[ActiveRule] = []
        self._added = 0
        self._since_clear = 0

    @property
    def rules(self) -> list[ActiveRule]:
        """Those that are not spent, in the order of their adding."""
        self._forget_spent()
        return list(self._rules)

    def add(self, script: FaultScript) -> list[int]:
        """Put rules in force; their numbers. A seed in the script holds from now on."""
        if script.seed is not None:
            self.seed, self._since_clear = script.seed, 0
        numbers = [self._add(rule) for rule in script.rules]
        self._look_again()
        return numbers

    def _add(self, rule: FaultRule) -> int:
        self._added += 1
        self._since_clear += 1
        # drawn by place, not by number, so that a later replay draws the same
        draws = random.Random(f"faults:{self.seed}:{self._since_clear}")  # noqa: S311 - no secret
        self._rules.append(ActiveRule(self._added, rule, draws, self._clock.monotonic()))
        return self._added

    def remove(self, number: int) -> bool:
        """False when no such rule is in force."""
        kept = [active for active in self._rules if active.number != number]
        found = len(kept) < len(self._rules)
        self._rules = kept
        self._look_again()
        return found

    def clear(self) -> None:
        self._rules = []
        self._since_clear = 0
        self._look_again()

    def on(self, trigger: Trigger, target: Target) -> list[Play]:
        """What is played to `target`, written down: at most one fault that replaces."""
        plays: list[Play] = []
        now_s = self._clock.monotonic()
        is_replaced = False
        for active in self._waiting(trigger, now_s):
            if is_replaced and active.rule.kind.replaces:
                continue  # not its turn: a match that it did not see
            if active.wants(target, now_s):
                is_replaced = is_replaced or active.rule.kind.replaces
                plays.append(self._play(active, target))
        if plays:
            self._forget_spent()
        return plays

    def due(self) -> list[Play]:
        """What is played because its time has come. Forgets rules that are over."""
        now_s = self._clock.monotonic()
        waiting = self._waiting(Trigger.TIME, now_s)
        plays = [self._play(active, Target()) for active in waiting if active.is_due(now_s)]
        self._forget_spent()
        return plays

    def skew_ms(self) -> int:
        """How far the venue's clock is off."""
        skews = [a.rule.args["ms"] for a in self._played("clock_skew")]
        return int(skews[-1]) if skews else 0

    def is_line_cut(self) -> bool:
        return bool(self._played("line_cut"))

    def note(self, play: Play, target: Target, what: str) -> None:
        """Write down a later effect of a fault that was played earlier."""
        self.log.add(self._clock.now_ms(), play.number, play.fault, target, what)

    def _played(self, fault: str) -> list[ActiveRule]:
        """What lasts and has begun."""
        now_s = self._clock.monotonic()
        return [
            active
            for active in self._rules
            if active.rule.fault == fault and active.played and not active.is_spent(now_s)
        ]

    def _waiting(self, trigger: Trigger, now_s: float) -> Iterable[ActiveRule]:
        return [
            active
            for active in self._rules
            if active.rule.when.trigger is trigger and not active.is_spent(now_s)
        ]

    def _play(self, active: ActiveRule, target: Target) -> Play:
        active.played += 1
        play = Play(active.number, active.rule)
        self.note(play, target, "")
        return play

    def _forget_spent(self) -> None:
        now_s = self._clock.monotonic()
        kept = [active for active in self._rules if not active.is_spent(now_s)]
        if len(kept) < len(self._rules):
            self._rules = kept
            self._look_again()

    def _look_again(self) -> None:
        watched = {active.rule.when.trigger for active in self._rules}
        self.watches_requests = Trigger.REQUEST in watched
        self.watches_events = Trigger.EVENT in watched
        self.watches_subscriptions = Trigger.SUBSCRIPTION in watched
