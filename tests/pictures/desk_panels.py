"""What stands around the trade, in the states that a person meets: for the gallery."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from msgspec.structs import replace
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QWidget

from desktop.main_window import MainWindow
from desktop.models.layouts import Link, PanelKind
from desktop.theme.apply_theme import Look, apply_theme
from engine.events import Alert, FillRecorded, StreamStateChanged
from engine.events.keys import Finding, KeyFinding, KeysChecked
from engine.events.paper import PaperChanged, PaperView, ReplayFileRead, ReplayView
from engine.events.protection import BracketChanged
from engine.events.recording import RecordingChanged
from engine.events.review import TieOutDone
from engine.review_views import TieOutDifference, TieOutLine, TieOutResult
from engine.trading_types import (
    AlertLevel,
    EnvironmentKind,
    PaperMarketKind,
    PositionSide,
    Route,
    StreamState,
)
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


def _floating(window: MainWindow) -> None:
    """A ladder of its own beside the window, as on a second screen."""
    busy(window)
    window.added.add(PanelKind.LADDER)
    window.handle_events(scene.market())
    dock = window.findChild(QDockWidget, "dock.ladder-1")
    assert dock is not None
    dock.setFloating(True)
    dock.resize(300, 640)


def _tip_over(name: str) -> Callable[[MainWindow], None]:
    """The reason why a control looks different, as read on hover, over stale prices."""

    def show(window: MainWindow) -> None:
        _stale_book(window)
        QApplication.processEvents()
        widget = window.findChild(QWidget, name)
        assert widget is not None
        here = widget.rect().center()
        hover = QHelpEvent(QEvent.Type.ToolTip, here, widget.mapToGlobal(here))
        QApplication.sendEvent(widget, hover)

    return show


def _history(window: MainWindow) -> None:
    """Older candles are on their way."""
    busy(window)
    for _ in range(60):
        QTest.keyClick(window.market.chart, Qt.Key.Key_Left)


def _long_notices(window: MainWindow) -> None:
    busy(window)
    QApplication.processEvents()
    window.toasts.show(
        "BTCUSDT: the mark price is 4.1 % from liquidation at 61,700.0.", AlertLevel.ERROR
    )
    window.toasts.show(
        "The stop of BTCUSDT was moved to 63,900.0; the old one at 63,500.0 is cancelled.",
        AlertLevel.WARNING,
    )
    window.toasts.show(
        "Bracket BUY BTCUSDT: the entry was filled, its stop stands at 63,900.0 and its target at"
        " 65,000.0."
    )


def _reading(window: MainWindow) -> None:
    """A long trade file is read through before it is played."""
    PANELS["paper"](window)
    panel = window.paper.panel
    panel._kind.setCurrentText("Replay of a trade file")
    panel._source.setText("BTCUSDT-aggTrades-2026-11-22.zip")
    panel._start.click()
    window.handle_events([ReplayFileRead(share=0.42)])


class _Told:
    """In place of the system's tray, which no picture can be taken of."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def tell(self, sentence: str, level: AlertLevel) -> None:
        self.messages.append(f"{level}: {sentence}")

    def close(self) -> None:
        pass


def tray_messages(window: MainWindow) -> list[str]:
    """What the tray would say of an afternoon while the window is behind."""
    told = _Told()
    window.notices.tray = told  # type: ignore[assignment]
    busy(window)
    window.handle_events(
        [
            FillRecorded(fill=scene.fill(9_001)),
            BracketChanged(bracket=scene.bracket()),
            Alert(
                level=AlertLevel.ERROR,
                code="liquidation.near",
                sentence="BTCUSDT: the mark price is 4.1 % from liquidation at 61,700.0.",
                at_ms=scene.NOW_MS,
            ),
            *scene.streams(StreamState.STALE),
        ]
    )
    return told.messages


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
    "floating": _floating,
    "tip-buy": _tip_over("orderTicket.side.buy"),
    "tip-ladder": _tip_over("ladder"),
    "history": _history,
    "long-notices": _long_notices,
    "paper-reading": _reading,
}
DRESSED: dict[str, Callable[[MainWindow], None]] = {
    "safe-dark": _dressed(pair="blue / orange"),
    "safe-light": _dressed(theme="light", pair="blue / orange"),
    "large-dark": _dressed(font_px=14),
}
