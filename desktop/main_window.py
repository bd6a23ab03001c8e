"""The window: panels as docks around the chart, events in, commands out.

It never sees the engine. Batches of events come in by `handle_events`, and
everything a person asks for leaves by the `submit` it was given, which must
return at once. GUI thread only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow, QWidget

from desktop.handlers import EventTurns
from desktop.layout_desk import LayoutDesk
from desktop.layout_store import LayoutStore
from desktop.models.keymap import Keymap
from desktop.models.phrase_reading import DeskNow
from desktop.models.preferences import Preferences
from desktop.setting_effects import SettingEffects
from desktop.theme.icons import program_icon
from desktop.widgets.account_desk import AccountDesk
from desktop.widgets.account_link import AccountLink
from desktop.widgets.added_panels import AddedPanels
from desktop.widgets.alarm_bars import AlarmBars
from desktop.widgets.command_palette import CommandPalette
from desktop.widgets.connection_desk import ConnectionDesk
from desktop.widgets.data_table import DataTable
from desktop.widgets.environment_badge import EnvironmentFrame
from desktop.widgets.environment_switch import EnvironmentSwitch
from desktop.widgets.first_trade_hints import FirstTradeHints
from desktop.widgets.header_bar import HeaderBar
from desktop.widgets.keys_desk import KeysDesk
from desktop.widgets.kill_switch import KillSwitch
from desktop.widgets.market_desk import MarketDesk
from desktop.widgets.notice_desk import NoticeDesk
from desktop.widgets.order_gate import OrderGate
from desktop.widgets.panel_docks import PanelDocks
from desktop.widgets.paper_desk import PaperDesk
from desktop.widgets.recording_desk import CLOSED, RecordingDesk
from desktop.widgets.review_desk import ReviewDesk
from desktop.widgets.safety_desk import SafetyDesk
from desktop.widgets.status_strip import StatusStrip
from desktop.widgets.strategies_desk import StrategiesDesk
from desktop.widgets.toasts import ToastStack
from desktop.widgets.tooltips import explain_all
from desktop.widgets.window_keys import WindowKeys
from desktop.window_acts import acts_of
from desktop.window_dialogs import WindowDialogs
from desktop.window_links import handlers_of, link_parts
from engine.commands import Command
from engine.events import Alert, CommandRefused, Event
from engine.market.instruments import Instrument
from engine.trading_types import AlertLevel, EnvironmentKind

DEFAULT_SIZE = QSize(1440, 900)
MINIMUM_SIZE = QSize(1280, 720)


def _wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


class MainWindow(QMainWindow):
    """`close_requested` asks the owner to stop the engine; the window stays until it says so.

    `symbol` is shown as soon as `set_instruments` has told its rules. `has_hints`: a
    person sits in front of it, who may be new.
    """

    close_requested = Signal()
    environment_wanted = Signal(object)  # name: trade there instead
    recording_wanted = Signal(object)  # Path of a recording: play it here instead
    recording_left = Signal()  # trade again where it was opened from
    sound_wanted = Signal(object)  # a Notice: its sound

    def __init__(
        self,
        *,
        environment: str,
        kind: EnvironmentKind,
        symbol: str,
        environments: Mapping[str, EnvironmentKind] = MappingProxyType({}),
        submit: Callable[[Command], None],
        interval: str = "1m",
        has_hints: bool = False,
        user_data: Path | None = None,
        preferences: Preferences | None = None,
        configured: Mapping[str, object] | None = None,
        now_ms: Callable[[], int] = _wall_clock_ms,
    ) -> None:
        super().__init__()
        self._submit = submit
        self._now_ms = now_ms
        self._first_symbol = symbol
        self._instruments: dict[str, Instrument] = {}
        self._layout_store = LayoutStore(user_data / "layout.json" if user_data else None)
        self.preferences = preferences or Preferences(
            user_data / "preferences.json" if user_data else None
        )
        self._environments = environments
        self._has_hints = has_hints
        self.dialogs = WindowDialogs(self, configured or {})
        self._set_up()
        self._make_panels(interval)
        self._make_desks()
        self._make_docks()
        self._frame = EnvironmentFrame(self)
        self._turns = EventTurns(
            handlers_of(self),
            after_each=self.account.models.log.note,
            after_all=self.link.show_changes,
            parent=self,
        )
        link_parts(self)
        self.keys.command_wanted.connect(self._submit)  # past the gate: nothing is traded
        self.header.badge.set_choices(tuple(environments))
        self._bind_keys()
        self.set_environment(environment, kind)
        explain_all(self)
        self._start_clock()
        self._bring_back(user_data, kind)

    def _bring_back(self, user_data: Path | None, kind: EnvironmentKind) -> None:
        """What was kept when the window was closed."""
        self.layouts.show_last()
        self._fit_docks(kind)  # kept from another environment
        self.recall_columns(self)
        if user_data is not None:
            self.market.alerts.keep_in(user_data / "chart")
            self.market.chart_panel.keep_in(user_data / "chart")
        if self.preferences.notice:
            self.toasts.show(self.preferences.notice, AlertLevel.WARNING)

    # --- what the owner tells -----------------------------------------------------

    def set_environment(self, name: str, kind: EnvironmentKind) -> None:
        self.header.set_environment(name, kind)
        self.gate.set_environment(name, kind)
        self._frame.set_kind(kind)
        self.keys.set_environment(name)
        if self.hints is not None:
            self.hints.set_kind(kind)
        self._environment = name
        self._fit_docks(kind)
        self.recording.set_environment(kind)
        closed = CLOSED if kind is EnvironmentKind.RECORDING else ""
        self.market.ticket.set_closed(closed)
        self.account.blotter.set_closed(bool(closed))
        self.kill_switch.set_closed(closed)
        self.setWindowTitle(f"Perpdesk - {name}")

    def _fit_docks(self, kind: EnvironmentKind) -> None:
        self.paper.set_environment(self.docks.paper, kind)
        self.strategies.set_environment(self.docks.strategies, kind)

    def set_instruments(self, instruments: Mapping[str, Instrument]) -> None:
        """The contracts' rules have come: from now on the window can show and check."""
        self._instruments.update(instruments)
        shown = self.market.symbol or self._first_symbol
        if shown not in self._instruments and self._instruments:
            shown = next(iter(self._instruments))
            self.market.ticket.forget_typed()  # it was typed for a contract that is not here
        self.header.set_symbols(tuple(self._instruments), shown)
        self.market.watch.watch(tuple(self._instruments))
        self.market.show_symbol(shown)
        self.added.show_known()

    @Slot(object)
    def handle_events(self, events: Iterable[Event]) -> None:
        """One batch, in order; called once per frame. What changed repaints once."""
        self._turns.take(events)

    def tables(self) -> list[DataTable]:
        """Those of panels and windows that were opened, too."""
        return self.findChildren(DataTable)

    @Slot(QWidget)
    def recall_columns(self, part: QWidget) -> None:
        """As a person left them: at the start, and where tables are made later."""
        for table in part.findChildren(DataTable):
            table.columns.restore(self.preferences.get(f"columns.{table.objectName()}", {}))

    @Slot()
    def reopen(self) -> None:
        """The same environment with another account: all of it is made anew."""
        self.environment_wanted.emit(self._environment)

    @Slot(object)
    def submit(self, command: Command) -> None:
        """Whatever a person asks for, from wherever."""
        self.gate.submit(command)

    @Slot(object, object)
    def tell_held(self, command: Command, sentence: str) -> None:
        """As if the engine had refused it: a drag rolls back, an edit gives its value up."""
        self.handle_events([CommandRefused(command=command, sentence=sentence)])

    def _let_out(self, command: Command) -> None:
        """On its way first: what is shown of it waits."""
        self._submit(command)
        self.account.note_sent(command)
        self.safety.note_sent(command)

    # --- events -------------------------------------------------------------------

    @Slot(object)
    def tell_alert(self, alert: Alert) -> None:
        """Made in the window: a row for the table, a notice and a sound."""
        self.toasts.show(alert.sentence, alert.level, key=alert.sentence)
        self.handle_events([alert])

    @Slot()
    def _tick(self) -> None:
        now_ms = self._now_ms()
        self.header.tick(now_ms)
        self.status.tick(now_ms)
        self.safety.tick()
        self.preferences.save()  # most seconds there is nothing to write

    # --- building -----------------------------------------------------------------

    def _set_up(self) -> None:
        self.setObjectName("mainWindow")
        self.setWindowIcon(program_icon())
        self.setMinimumSize(MINIMUM_SIZE)
        self.resize(DEFAULT_SIZE)
        self.setDockNestingEnabled(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)

    def _make_panels(self, interval: str) -> None:
        self.kill_switch = KillSwitch(lambda: self.account.kill_plan())  # noqa: PLW0108 (made later)
        self.header = HeaderBar(self.kill_switch)
        self.market = MarketDesk(
            self.header, self._instruments, interval, self.preferences, self._now_ms, self
        )
        self.setCentralWidget(self.market.chart_panel)
        self.setMenuWidget(self.header)
        self.toasts = ToastStack(self.market.chart, self.market.chart.newest_part)
        self.alarms = AlarmBars(self.market.chart)
        self.alarms.height_changed.connect(self.toasts.set_top)
        self.alarms.height_changed.connect(self.market.chart.set_covered)
        self.safety = SafetyDesk(self.alarms, self._now_ms, self)
        self.gate = OrderGate(
            self,
            self.header.arm_switch,
            self.toasts,
            self.preferences,
            self._instruments,
            self._let_out,
        )
        self.account = AccountDesk(self._instruments, self.toasts, self._now_ms, self)

    def _make_desks(self) -> None:
        self.palette_box = CommandPalette(self, self._desk_now)
        self.status = StatusStrip(self)
        self.setStatusBar(self.status)
        self.connection = ConnectionDesk(
            status=self.status,
            header=self.header,
            market=self.market,
            account=self.account,
            toasts=self.toasts,
            parent=self,
        )
        self.paper = PaperDesk(self, self.toasts)
        self.strategies = StrategiesDesk(self.preferences, self)
        self.recording = RecordingDesk(self, self.status, self.toasts)
        self.added = AddedPanels(self.market, self.account, self._instruments, self)
        self.link = AccountLink(
            self.account, self.market, self.added, self.header, self._instruments, self
        )
        self.notices = NoticeDesk(self, self.account, self.preferences, self._now_ms)
        self.switch = EnvironmentSwitch(
            self, self.header.badge, self._environments, self.preferences
        )
        self.keys = KeysDesk(self)
        self.hints: FirstTradeHints | None = None
        if self._has_hints:
            self.hints = FirstTradeHints(
                self,
                self.market.ticket,
                self.account.blotter,
                self.header.badge,
                self.preferences,
            )
            self.alarms.height_changed.connect(self.hints.give_way)
        self.review = ReviewDesk(self._instruments, self._now_ms, self)

    def _desk_now(self) -> DeskNow:
        return DeskNow(
            instruments=self._instruments,
            symbol=self.market.symbol,
            order_symbols=tuple(self.account.models.orders.symbols()),
            positions=tuple(self.account.models.positions.rows()),
            mark_prices=self.account.mark_prices,
        )

    def _make_docks(self) -> None:
        self.docks = PanelDocks(
            self,
            watch=self.market.watch_panel,
            tape=self.market.tape,
            ladder=self.market.ladder,
            ticket=self.market.ticket,
            blotter=self.account.blotter,
            paper=self.paper.panel,
            strategies=self.strategies.panel,
        )
        self.layouts = LayoutDesk(self, self.docks, self.added, self._layout_store)
        self.header.panels.setMenu(self.layouts.menu)
        self.layouts.add_entry("review", "Review past trades (Ctrl+R)", self.review.open)
        self.layouts.add_actions(self.recording.actions())

    def _bind_keys(self) -> None:
        self.keymap = Keymap(self.preferences)
        self.window_keys = WindowKeys(
            self,
            self.keymap,
            acts_of(self),
            lambda sentence: self.toasts.show(sentence, AlertLevel.WARNING),
        )
        for name, widget, words in (
            ("window.palette", self.header.type_command, "Type a command"),
            ("window.settings", self.header.settings, "Settings"),
            ("window.help", self.header.help, "User guide and keys"),
            ("window.kill", self.kill_switch, "Cancel all orders and close all positions"),
        ):
            self.window_keys.put_tip(name, widget, words)
        self._effects = SettingEffects(
            self.preferences,
            self.keymap,
            self.window_keys,
            market=self.market,
            gate=self.gate,
            notices=self.notices,
            parent=self,
        )

    def _start_clock(self) -> None:
        self._clock = QTimer(self, interval=1000)
        self._clock.timeout.connect(self._tick)
        self._clock.start()
        self._tick()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.WindowUnblocked:
            self.market.ignore_a_late_click()
        return super().event(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask the owner to close: only it can stop the engine."""
        self.keep_choices()
        event.ignore()
        self.close_requested.emit()

    def keep_choices(self) -> None:
        """Layout and preferences go to disk, and nothing ticks any more: the end is near."""
        self.layouts.keep_last()
        for table in self.tables():
            self.preferences.put(f"columns.{table.objectName()}", table.columns.state())
        self.preferences.save()
        self.account.export.close()
        self.notices.close()
        self.review.close()
        self.keys.close()
        self.dialogs.close()
        self._clock.stop()
