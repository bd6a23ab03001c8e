"""What happened to conditional orders, brackets, plans and the guard. Lossless, in order."""

from __future__ import annotations

from collections.abc import Hashable

from engine.events.event import Event
from engine.protection_views import (
    AlgoView,
    BracketView,
    DeadManView,
    GuardView,
    KillView,
    PlanView,
)


class AlgoChanged(Event, frozen=True, kw_only=True, gc=False):
    algo: AlgoView


class BracketChanged(Event, frozen=True, kw_only=True):
    bracket: BracketView


class PlanChanged(Event, frozen=True, kw_only=True):
    plan: PlanView


class GuardChanged(Event, frozen=True, kw_only=True):
    guard: GuardView

    def latest_key(self) -> Hashable | None:
        return "guard"


class KillChanged(Event, frozen=True, kw_only=True):
    kill: KillView


class DeadManChanged(Event, frozen=True, kw_only=True):
    dead_man: DeadManView


class HedgeModeChanged(Event, frozen=True, kw_only=True):
    """True: long and short are held side by side. Told at the login and when it changes."""

    is_on: bool
