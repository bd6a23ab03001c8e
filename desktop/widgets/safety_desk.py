"""Kill switch, risk guard and bare positions: what the hand must know at once.

Shows only what the engine reported; asks for nothing but to stop the kill switch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from desktop.widgets.alarm_bars import AlarmBars
from engine.commands import Command
from engine.events import CommandRefused, Event
from engine.events.protection import BracketChanged, GuardChanged, KillChanged
from engine.protection_commands import Kill, StopKill
from engine.protection_views import BracketView, GuardView, KillView
from engine.trading_types import AlertLevel, BracketState, KillState

_KILL = "kill"
_UNPROTECTED = "unprotected"
_FLAT_SHOWN_MS = 15_000
_LEVELS = {
    KillState.IDLE: AlertLevel.INFO,
    KillState.WORKING: AlertLevel.ERROR,
    KillState.FLAT: AlertLevel.INFO,
    KillState.LEFT_OVER: AlertLevel.ERROR,
}


class SafetyDesk(QObject):
    """Feed it events and the time once a second."""

    command_wanted = Signal(object)  # StopKill
    guard_changed = Signal(object)  # GuardView, without a lock that has run out

    def __init__(self, alarms: AlarmBars, now_ms: Callable[[], int], parent: QObject) -> None:
        super().__init__(parent)
        self._alarms = alarms
        self._now_ms = now_ms
        self.guard = GuardView()
        self._bare: dict[str, tuple[str, int]] = {}  # bracket id -> symbol, since when
        self._kill_over_ms: int | None = None

    def handlers(self) -> dict[type[Event], Callable[[Any], None]]:
        return {
            KillChanged: lambda event: self._on_kill(event.kill),
            GuardChanged: lambda event: self._on_guard(event.guard),
            BracketChanged: lambda event: self._on_bracket(event.bracket),
        }

    def note_sent(self, command: Command) -> None:
        """The bar stands before the engine's first word: the press was taken."""
        if isinstance(command, Kill):
            self._kill_over_ms = None
            self._show_kill("KILL was sent; waiting for the engine's first word.")

    def note_refused(self, refused: CommandRefused) -> None:
        if isinstance(refused.command, Kill):
            self._alarms.drop(_KILL)

    @Slot()
    def tick(self) -> None:
        """Once a second: alarms count up, locks and good news run out."""
        now_ms = self._now_ms()
        if self._bare:
            self._show_bare()
        until_ms = self.guard.locked_until_ms
        if until_ms is not None and until_ms <= now_ms:
            self._on_guard(self.guard)
        if self._kill_over_ms is not None and now_ms >= self._kill_over_ms:
            self._kill_over_ms = None
            self._alarms.drop(_KILL)

    # --- kill -----------------------------------------------------------------------

    def _on_kill(self, kill: KillView) -> None:
        if kill.state is KillState.IDLE:
            self._alarms.drop(_KILL)
            return
        left = f" Left: {', '.join(kill.left)}." if kill.left else ""
        sentence = f"KILL: {kill.sentence}{left}"
        if kill.state is KillState.WORKING:
            self._show_kill(sentence)
            return
        self._alarms.show(
            _KILL,
            sentence,
            _LEVELS[kill.state],
            action="Close",
            act=lambda: self._alarms.drop(_KILL),
        )
        is_flat = kill.state is KillState.FLAT
        self._kill_over_ms = self._now_ms() + _FLAT_SHOWN_MS if is_flat else None

    def _show_kill(self, sentence: str) -> None:
        stop = StopKill()
        self._alarms.show(
            _KILL,
            sentence,
            AlertLevel.ERROR,
            action="Stop",
            act=lambda: self.command_wanted.emit(stop),
        )

    # --- guard ----------------------------------------------------------------------

    def _on_guard(self, guard: GuardView) -> None:
        until_ms = guard.locked_until_ms
        if until_ms is not None and until_ms <= self._now_ms():
            guard = GuardView(day_pnl=guard.day_pnl, day_began_ms=guard.day_began_ms)
        if guard != self.guard:
            self.guard = guard
            self.guard_changed.emit(guard)

    # --- brackets -------------------------------------------------------------------

    def _on_bracket(self, bracket: BracketView) -> None:
        since_ms = bracket.unprotected_since_ms
        if since_ms is None and bracket.state is BracketState.UNPROTECTED:
            since_ms = bracket.updated_at or self._now_ms()
        if since_ms is None:
            self._bare.pop(bracket.bracket_id, None)
        else:
            self._bare[bracket.bracket_id] = (bracket.symbol, since_ms)
        self._show_bare()

    def _show_bare(self) -> None:
        if not self._bare:
            self._alarms.drop(_UNPROTECTED)
            return
        phrases = [
            f"{seconds_text(self._now_ms() - since_ms)} {symbol}"
            for symbol, since_ms in sorted(self._bare.values(), key=lambda bare: bare[1])
        ]
        self._alarms.show(_UNPROTECTED, f"UNPROTECTED {', '.join(phrases)}", AlertLevel.ERROR)


def seconds_text(elapsed_ms: int) -> str:
    """4 s, 2 min 05 s."""
    minutes, seconds = divmod(max(0, elapsed_ms) // 1000, 60)
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
