"""What stands around the trade, in the states that a person meets: for the gallery."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from msgspec.structs import replace
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.main_window import MainWindow
from desktop.models.layouts import Link, PanelKind
from desktop.theme.apply_theme import Look, apply_theme
from engine.events import StreamStateChanged
from engine.events.keys import Finding, KeyFinding, KeysChecked
from engine.events.paper import PaperChanged, PaperView, ReplayView
from engine.events.recording import RecordingChanged
from engine.events.review import TieOutDone
from engine.review_views import TieOutDifference, TieOutLine, TieOutResult
from engine.trading_types import EnvironmentKind, PaperMarketKind, PositionSide, Route, StreamState
from tests.gui import scene
from tests.pictures.states import PANELS, busy

D = Decimal
LONG = ("BTCUSDT", PositionSide.BOTH)


def _in(kind: EnvironmentKind, *, is_armed: bool = False) -> Callable[[MainWindow], None]:
    def show(window: MainWindow) -> None:
        window.set_environment(kind.value, kind)
        busy(window)
        window.header.arm_switch.setChecked(is_armed)

    return show


def _ask_live(window: MainWindow) -> None:
    _in(EnvironmentKind.TESTNET)(window)
    window.switch.ask("live")


def _keys_tested(window: MainWindow) -> None:
    PANELS["keys"](window)
    dialog = window.keys._dialog
    assert dialog is not None
    dialog.key.setText("x" * 64)
    dialog.secret.setText("x" * 64)
    dialog.test.click()
    findings = (
        KeyFinding(finding=Finding.GOOD, sentence="The exchange accepts the key."),
        KeyFinding(finding=Finding.WARNING, sentence="The key works from everywhere."),
        KeyFinding(finding=Finding.BAD, sentence="The key may withdraw: take that right away."),
    )
    window.handle_events(
        [KeysChecked(request_id=dialog._request_id, environment="testnet", findings=findings)]
    )


def _key_conflict(window: MainWindow) -> None:
    PANELS["keymap"](window)
    window.keymap.choose("window.settings", "Ctrl+K")


def _searched(window: MainWindow) -> None:
    PANELS["settings"](window)
    assert window.dialogs.settings is not None
    QTest.keyClicks(window.dialogs.settings.search, "loss")


def _completed(window: MainWindow) -> None:
    busy(window)
    window.palette_box.open()
    QTest.keyClicks(window.palette_box._input, "close ")


def _stale_book(window: MainWindow) -> None:
    busy(window)
    silent = "No public data for 3 s."
    window.handle_events(
        [StreamStateChanged(route=Route.PUBLIC, state=StreamState.STALE, sentence=silent)]
    )


def _linked(window: MainWindow) -> None:
    busy(window)
    window.added.add(PanelKind.CHART)
    window.added.add(PanelKind.LADDER)
    for panel in window.added.panels():
        panel.link.set_link(Link.PINK)
        panel.link.link_chosen.emit(Link.PINK)
    window.added.move("chart-1", "ETHUSDT")
    candles = replace(scene.candles(3_131.2), request_id="chart-1:2", symbol="ETHUSDT")
    window.handle_events([*scene.market(), candles])


def _panels_menu(window: MainWindow) -> None:
    busy(window)
    window.layouts.menu.popup(window.mapToGlobal(QPoint(1100, 60)))


def _position_menu(window: MainWindow) -> None:
    busy(window)
    window.account.blotter.setCurrentWidget(window.account.blotter.positions)
    table = window.account.blotter.positions
    table.row_menu(table.index_of(LONG, "Symbol")).popup(window.mapToGlobal(QPoint(900, 600)))


def _protect(window: MainWindow) -> None:
    busy(window)
    window.account.position_acts.ask_protect(LONG)


def _replay(window: MainWindow) -> None:
    busy(window)
    window.docks.paper.show()
    window.docks.paper.raise_()
    replay = ReplayView(
        symbol="BTCUSDT",
        is_paused=False,
        is_finished=False,
        first_ms=scene.NOW_MS - 3_600_000,
        last_ms=scene.NOW_MS,
        position_ms=scene.NOW_MS - 1_200_000,
        speed=10.0,
    )
    view = PaperView(is_ours=True, is_running=True, market=PaperMarketKind.REPLAY, replay=replay)
    window.handle_events([PaperChanged(paper=view)])


def _recorded(window: MainWindow) -> None:
    busy(window)
    window.handle_events(
        [RecordingChanged(is_on=True, file="a.jsonl.gz", sentence="This session is recorded.")]
    )


def _review_at(tab: int) -> Callable[[MainWindow], None]:
    def show(window: MainWindow) -> None:
        PANELS["review"](window)
        assert window.review.window is not None
        window.review.window.tabs.setCurrentIndex(tab)

    return show


def _tied_out(window: MainWindow) -> None:
    PANELS["review"](window)
    window.review._tie_out()
    line = TieOutLine(
        kind="COMMISSION", asset="USDT", venue=D(-3), journal=D(-2), venue_rows=3, journal_rows=2
    )
    missing = TieOutDifference(
        kind="COMMISSION",
        symbol="BTCUSDT",
        asset="USDT",
        trade_id="7",
        time_ms=scene.NOW_MS,
        venue=D(-1),
        journal=None,
    )
    result = TieOutResult(
        since_ms=scene.NOW_MS - 86_400_000,
        until_ms=scene.NOW_MS,
        lines=(line,),
        differences=(missing,),
    )
    window.handle_events([TieOutDone(request_id=window.review._asked, result=result)])


def _refused(window: MainWindow) -> None:
    """Asked first, with the question on the screen."""
    busy(window)
    window.gate.set_ask(True)
    window.market.ticket.side_buttons["BUY"].click()


def _dressed(**look: object) -> Callable[[MainWindow], None]:
    """In another dress; the gallery puts its own back before the next picture."""

    def show(window: MainWindow) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        apply_theme(app, Look(**look))  # type: ignore[arg-type]
        busy(window)

    return show


DESK: dict[str, Callable[[MainWindow], None]] = {
    "testnet": _in(EnvironmentKind.TESTNET),
    "live-disarmed": _in(EnvironmentKind.LIVE),
    "live-armed": _in(EnvironmentKind.LIVE, is_armed=True),
    "live-question": _ask_live,
    "keys-tested": _keys_tested,
    "keymap-conflict": _key_conflict,
    "settings-search": _searched,
    "completed": _completed,
    "stale-book": _stale_book,
    "linked": _linked,
    "panels-menu": _panels_menu,
    "position-menu": _position_menu,
    "protect": _protect,
    "asked-first": _refused,
    "paper-replay": _replay,
    "recorded": _recorded,
    "review-trips": _review_at(1),
    "review-orders": _review_at(7),
    "review-tie-out": _tied_out,
}
DRESSED: dict[str, Callable[[MainWindow], None]] = {
    "safe-dark": _dressed(pair="blue / orange"),
    "safe-light": _dressed(theme="light", pair="blue / orange"),
    "large-dark": _dressed(font_px=14),
}
