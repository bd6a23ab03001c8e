"""Which part of the window hears of which other, and of what happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from desktop.handlers import in_turn
from engine.events import Event, MarkPrice
from engine.events.protection import HedgeModeChanged, KillChanged
from engine.trading_types import KillState

if TYPE_CHECKING:
    from desktop.main_window import MainWindow


def link_parts(window: MainWindow) -> None:
    """Once, after all parts are made."""
    _link_commands(window)
    window.market.watch_panel.symbol_chosen.connect(window.added.choose)
    window.market.alerts.crossed.connect(window.tell_alert)
    window.notices.alert_made.connect(window.tell_alert)
    window.notices.sound_wanted.connect(window.sound_wanted)
    window.layouts.add_entry("notices", "Sounds and notices …", window.dialogs.show_notices)
    window.gate.ask_changed.connect(window.market.ticket.set_ask)
    window.market.ticket.ask_chosen.connect(window.gate.set_ask)
    window.account.refused.connect(window.safety.note_refused)
    window.review.opened.connect(window.recall_columns)
    window.safety.guard_changed.connect(window.header.set_guard)
    window.safety.guard_changed.connect(window.market.set_guard)
    window.paper.was_reset.connect(window.reopen)
    window.strategies.panel.shown.connect(lambda: window.recall_columns(window.strategies.panel))
    window.strategies.panel.export_wanted.connect(
        lambda table: window.account.export.ask(table, window)
    )
    window.recording.file_wanted.connect(window.recording_wanted)
    window.recording.leave_wanted.connect(window.recording_left)
    window.recording.symbol_wanted.connect(window.market.show_symbol)
    window.switch.confirmed.connect(window.environment_wanted)
    window.header.badge.keys_wanted.connect(window.keys.open)
    window.keys.trade_wanted.connect(window.switch.ask)
    window.gate.held.connect(window.tell_held)
    window.header.type_command.clicked.connect(window.palette_box.open)
    window.header.help.clicked.connect(window.dialogs.show_help)
    window.header.settings.clicked.connect(window.dialogs.show_settings)
    window.market.symbol_shown.connect(
        lambda: window.strategies.panel.set_symbol(window.market.symbol)
    )
    window.palette_box.symbol_wanted.connect(window.market.show_symbol)
    window.header.arm_switch.held_changed.connect(window.market.ticket.set_held)


def _link_commands(window: MainWindow) -> None:
    for part in (
        window.market,
        window.added,
        window.account,
        window.safety,
        window.review,
        window.kill_switch,
        window.paper,
        window.strategies,
        window.recording,
        window.palette_box,
    ):
        part.command_wanted.connect(window.submit)


def handlers_of(window: MainWindow) -> dict[type[Event], Callable[[Any], None]]:
    """Of every part that hears of events, and the few that no part hears of by itself."""
    own: dict[type[Event], Callable[[Any], None]] = {
        MarkPrice: window.account.set_mark_price,
        HedgeModeChanged: lambda change: window.market.ticket.set_hedge(change.is_on),
        KillChanged: lambda change: window.market.ticket.set_killing(
            change.kill.state is KillState.WORKING
        ),
    }
    desks = (
        window.account,
        window.market,
        window.added,
        window.safety,
        window.connection,
        window.notices,
        window.review,
        window.keys,
        window.paper,
        window.strategies,
        window.recording,
    )
    hints = window.hints.handlers() if window.hints is not None else {}
    return in_turn(*(desk.handlers() for desk in desks), hints, own)
