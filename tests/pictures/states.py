"""The window in each of its states, filled by hand with events."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.main_window import MainWindow
from desktop.models.layouts import PanelKind
from engine.commands import Command
from engine.events import EngineStateChanged, LeverageChanged
from engine.events.keys import KeyPlace, KeysListed
from engine.events.paper import FaultView, PaperChanged, PaperView
from engine.events.protection import BracketChanged, GuardChanged, KillChanged
from engine.events.recording import PlaybackChanged, PlaybackView
from engine.events.review import ReviewLoaded
from engine.protection_commands import Kill
from engine.protection_views import GuardView, KillView
from engine.review.review_loader import load_review
from engine.review_commands import LoadReview
from engine.review_views import Review
from engine.trading_types import AlertLevel, EngineState, EnvironmentKind, KillState, StreamState
from tests.gui import scene
from tests.helpers.trade_history import journal_of, random_fills

ENVIRONMENTS = {
    kind.value: kind
    for kind in (EnvironmentKind.PAPER, EnvironmentKind.TESTNET, EnvironmentKind.LIVE)
}


def open_window(*, has_hints: bool = False) -> MainWindow:
    def nowhere(_command: Command) -> None:
        """A picture asks for nothing."""

    window = MainWindow(
        environment="paper",
        kind=EnvironmentKind.PAPER,
        symbol="BTCUSDT",
        environments=ENVIRONMENTS,
        submit=nowhere,
        has_hints=has_hints,
        now_ms=lambda: scene.NOW_MS,
    )
    window.show()
    return window


def busy(window: MainWindow) -> None:
    window.set_instruments(scene.INSTRUMENTS)
    window.handle_events([*scene.everything(), *scene.plans()])
    window.account.blotter.setCurrentWidget(window.account.blotter.orders)
    window.market.ticket.price.setText("64246.0")
    window.market.ticket.quantity.setText("0.120")


def show_tab(window: MainWindow, name: str) -> None:
    busy(window)
    window.account.blotter.setCurrentWidget(getattr(window.account.blotter, name))


def _empty(_window: MainWindow) -> None:
    """As it opens: nothing has been heard yet."""


def _quiet(window: MainWindow) -> None:
    window.set_instruments(scene.INSTRUMENTS)
    window.handle_events([*scene.streams(), *scene.market()])


def _market(window: MainWindow) -> None:
    busy(window)
    window.market.ticket.type.setCurrentIndex(1)


def _stop(window: MainWindow) -> None:
    busy(window)
    ticket = window.market.ticket
    ticket.type.setCurrentIndex(2)
    ticket.trigger_type.setCurrentIndex(1)
    ticket.trigger.setText("64300.0")
    ticket.price.setText("64310.0")


def _exits(window: MainWindow) -> None:
    busy(window)
    ticket = window.market.ticket
    ticket.exits.setChecked(True)
    ticket.stop.setText("63900.0")
    ticket.target.setText("65000.0")


def _error(window: MainWindow) -> None:
    busy(window)
    window.market.ticket.price.setText("64250.13")
    window.toasts.show("The exchange refused it: margin is insufficient.", AlertLevel.ERROR)
    window.market.ladder.show_refusal("Would trade at once: refused.")


def _disconnected(window: MainWindow) -> None:
    busy(window)
    window.handle_events(scene.streams(StreamState.STALE))


def _locked(window: MainWindow) -> None:
    busy(window)
    guard = GuardView(
        day_pnl=scene.D("-312.40"),
        locked_until_ms=scene.NOW_MS + 3_600_000,
        sentence="The day's loss has reached 300.00 USDT.",
    )
    window.handle_events([GuardChanged(guard=guard)])


def _kill(window: MainWindow) -> None:
    busy(window)
    window.submit(Kill())
    view = KillView(
        state=KillState.WORKING,
        sentence="Closing at market, round 2.",
        left=("2 orders of BTCUSDT", "short 2.000 ETHUSDT"),
    )
    window.handle_events([KillChanged(kill=view)])


def _unprotected(window: MainWindow) -> None:
    busy(window)
    window.handle_events([BracketChanged(bracket=scene.bracket())])


def _plan(window: MainWindow) -> None:
    busy(window)
    window.market.ticket.plan.click()


def _strategies(window: MainWindow) -> None:
    busy(window)
    dock = window.docks.strategies
    dock.show()
    dock.raise_()
    window.handle_events(scene.strategies())


STATES: dict[str, Callable[[MainWindow], None]] = {
    "empty": _empty,
    "quiet": _quiet,
    "busy": busy,
    "market": _market,
    "stop": _stop,
    "exits": _exits,
    "error": _error,
    "disconnected": _disconnected,
    "locked": _locked,
    "kill": _kill,
    "unprotected": _unprotected,
    "plan": _plan,
    "strategies": _strategies,
}


# --- panels and dialogs ---------------------------------------------------------


def _settings(window: MainWindow) -> None:
    busy(window)
    window.dialogs.show_settings()


def _settings_at(title: str) -> Callable[[MainWindow], None]:
    def show(window: MainWindow) -> None:
        _settings(window)
        assert window.dialogs.settings is not None
        groups = window.dialogs.settings.groups
        (row,) = [n for n in range(groups.count()) if groups.item(n).text() == title]
        groups.setCurrentRow(row)

    return show


def _first_trade(window: MainWindow) -> None:
    """`window` has hints, as at the first start."""
    window.set_instruments(scene.INSTRUMENTS)
    window.handle_events([*scene.streams(), *scene.market(), *scene.account()[-4:-2]])
    live = EngineStateChanged(state=EngineState.LIVE, sentence="Live.", gap_s=0.7)
    leverage = LeverageChanged(symbol="BTCUSDT", leverage=20, event_ms=0)
    window.handle_events([scene.terms(), leverage, live])
    window.market.ticket.price.clear()


def _recording(window: MainWindow) -> None:
    window.set_environment("recording", EnvironmentKind.RECORDING)
    busy(window)
    view = PlaybackView(
        environment="paper",
        first_ms=scene.NOW_MS - 600_000,
        last_ms=scene.NOW_MS,
        position_ms=scene.NOW_MS - 200_000,
        share_read=1.0,
    )
    window.handle_events([PlaybackChanged(playback=view)])


def _guide(window: MainWindow) -> None:
    busy(window)
    window.dialogs.show_help()


def _keys(window: MainWindow) -> None:
    busy(window)
    window.keys.open()
    places = {"testnet": KeyPlace.KEY_STORE, "live": KeyPlace.NOWHERE}
    window.handle_events([KeysListed(request_id="", places=places, has_store=True)])


@cache
def _some_review() -> Review:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        reader = journal_of(Path(folder) / "j.db", random_fills(400, 3))
        return load_review(reader, LoadReview(), lambda *_: None)


def _review(window: MainWindow) -> None:
    busy(window)
    window.review.open()
    assert window.review.window is not None
    loaded = ReviewLoaded(request_id=window.review._asked, review=_some_review())
    window.handle_events([loaded])


def _paper(window: MainWindow) -> None:
    busy(window)
    window.docks.paper.show()
    window.docks.paper.raise_()
    faults = (FaultView(number=1, fault="reply_lost", played=0),)
    view = PaperView(is_ours=True, is_running=True, faults=faults)
    window.handle_events([PaperChanged(paper=view)])


def _added(window: MainWindow) -> None:
    busy(window)
    for kind in PanelKind:
        window.added.add(kind)
    candles = replace(scene.candles(), request_id="chart-1:1")
    window.handle_events([*scene.market(), candles])


def _notices(window: MainWindow) -> None:
    busy(window)
    window.dialogs.show_notices()


def _typed(window: MainWindow) -> None:
    busy(window)
    window.palette_box.open()
    QTest.keyClicks(window.palette_box._input, "buy 0.1 btc 64000 post")


def _ladder_keys(window: MainWindow) -> None:
    busy(window)
    for _ in range(5):
        QTest.keyClick(window.market.ladder, Qt.Key.Key_Down)


PANELS: dict[str, Callable[[MainWindow], None]] = {
    "settings": _settings,
    "limits": _settings_at("Risk limits"),
    "appearance": _settings_at("Appearance"),
    "keymap": _settings_at("Keys"),
    "first-trade": _first_trade,
    "recording": _recording,
    "guide": _guide,
    "keys": _keys,
    "review": _review,
    "paper": _paper,
    "added": _added,
    "notices": _notices,
    "typed": _typed,
    "ladder-keys": _ladder_keys,
}
