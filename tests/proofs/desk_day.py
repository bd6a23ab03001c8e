"""The real window on a real paper exchange, used round after round; tells its memory each time.

`desk_day USER_DATA ROUNDS`: a round is what a person does in some minutes (symbols,
intervals, orders, a position, dialogs, added panels, looks). Prints a line of JSON
after each. Runs in its own process, offscreen.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QEvent, QObject, QPointF, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from desktop.desk import Desk
from desktop.models.layouts import PanelKind
from desktop.models.settings import THEME
from desktop.theme.apply_theme import apply_theme
from desktop.theme.colours import THEMES
from engine.config import default_config
from engine.market.instruments import Instrument
from engine.protection_commands import Kill
from engine.trading_types import EngineState, KillState, Side
from tests.benchmarks.child import end_with_parent, tell
from tests.benchmarks.measuring import rss_mb
from tests.helpers import mouse
from tests.helpers.paper import paper_server

SYMBOLS = ("ETHUSDT", "SOLUSDT", "BTCUSDT")
INTERVALS = ("5m", "1h", "1m")
_DIALOGS = ("window.settings", "window.help", "window.review", "window.palette")
_DEADLINE_S = 20.0
_SETTLE_S = 0.05


class Round:
    """The acts of one round, in steps; between two of them the window lives."""

    def __init__(self, desk: Desk, number: int) -> None:
        self._desk, self._window = desk, desk.window
        self._number = number

    def play(self) -> None:
        self._look_around()
        self._trade()
        self._open_and_close()
        self._add_and_remove_panels()
        self._change_looks()

    def _look_around(self) -> None:
        market = self._window.market
        for symbol in SYMBOLS:
            market.show_symbol(symbol)
            self._see(lambda: market.ladder._model.middle() is not None)
            self._see(lambda: bool(market.chart._model.candles))
        for interval in INTERVALS:
            market.show_interval(interval)
            self._see(lambda: not market.chart._state.is_waiting)
        tabs = self._window.account.blotter
        for place in range(tabs.count()):
            tabs.setCurrentIndex(place)
            _live()
        middle = market.chart.rect().center()
        for step in range(20):
            mouse.move(market.chart, middle + QPointF(step * 3, step).toPoint())
        mouse.wheel(market.chart, middle, 2)
        mouse.wheel(market.chart, middle, -2)

    def _trade(self) -> None:
        """A limit order that rests, is cancelled; a position that is opened and closed."""
        window = self._window
        orders, ticket = window.account.models.orders, window.market.ticket
        rules: Instrument = self._desk.engine.instruments["BTCUSDT"]
        best = ticket._facts.best[Side.BUY]
        assert best is not None
        ticket.type.setCurrentIndex(0)
        ticket.price.setText(rules.price_text(rules.round_price(best * 9 / 10)))
        ticket.quantity.setText("0.01")
        self._press_buy()
        self._see(lambda: bool(orders.rowCount()))
        ticket.type.setCurrentIndex(1)
        self._press_buy()
        positions = window.account.models.positions
        self._see(lambda: bool(positions.rowCount()))
        window.submit(Kill())
        self._see(lambda: self._desk.engine.kill_switch.view.state is KillState.FLAT)  # type: ignore[union-attr]
        self._see(lambda: not orders.rowCount() and not positions.rowCount())

    def _press_buy(self) -> None:
        button = self._window.market.ticket.side_buttons[Side.BUY]
        self._see(button.isEnabled)
        ends_s = time.monotonic() + 0.45  # the guard against a second click
        self._see(lambda: time.monotonic() > ends_s)
        mouse.click(button, QPointF(button.rect().center()))

    def _open_and_close(self) -> None:
        acts = self._window.window_keys._shortcuts
        for name in _DIALOGS:
            acts[name].activated.emit()
            _live()
            _close_dialogs(self._window)
        self._window.keys.open()
        self._window.market.ticket.plan.click()
        self._window.dialogs.show_notices()
        _live()
        _close_dialogs(self._window)

    def _add_and_remove_panels(self) -> None:
        added = self._window.added
        for kind in PanelKind:
            added.add(kind)
            _live()
        for panel in list(added.panels()):
            added.remove(panel.panel_id)
        _live()

    def _change_looks(self) -> None:
        for theme in (*THEMES[1:], THEMES[0]):
            self._window.preferences.put(THEME.key, theme)
            _live()
        self._window.toasts.show(f"Round {self._number}.")

    def _see(self, condition: Callable[[], bool]) -> None:
        ends_s = time.monotonic() + _DEADLINE_S
        while not condition():
            if time.monotonic() > ends_s:
                raise RuntimeError(f"round {self._number}: waited in vain")
            _live()


def _live() -> None:
    """A moment of the window's life, and what was thrown away is really gone."""
    QTest.qWait(round(_SETTLE_S * 1000))
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _close_dialogs(window: QWidget) -> None:
    for opened in window.findChildren(QWidget):
        if opened.isVisible() and (isinstance(opened, QDialog) or opened.isWindow()):
            opened.close()
    _live()


def figures(number: int) -> dict[str, float]:
    gc.collect()
    widgets = QApplication.allWidgets()
    objects = sum(len(top.findChildren(QObject)) for top in QApplication.topLevelWidgets())
    return {
        "round": number,
        "rss_mb": rss_mb(os.getpid()) or 0.0,
        "widgets": len(widgets),
        "objects": objects,
        "python_objects": len(gc.get_objects()),
    }


def rounds(desk: Desk, count: int) -> Iterator[dict[str, float]]:
    for number in range(count):
        Round(desk, number).play()
        yield figures(number)


def main(words: list[str]) -> None:
    user_data, count = Path(words[0]), int(words[1])
    end_with_parent()
    sys.setswitchinterval(0.0005)
    app = QApplication(["perpdesk"])
    app.setQuitOnLastWindowClosed(False)
    apply_theme(app)
    # hours in minutes: no exchange would answer so many questions
    with paper_server(
        user_data / "exchange",
        quiet_market=False,
        symbols=SYMBOLS,
        balance="1000000",
        unlimited=True,
    ) as exchange:
        os.environ["PERPDESK_API_KEY"] = exchange.api_key
        os.environ["PERPDESK_API_SECRET"] = exchange.api_secret
        hosts = exchange.hosts
        config = default_config().with_values(
            environments={
                "day": {"rest": hosts.rest, "streams": hosts.streams, "ws_api": hosts.ws_api}
            },
            network__weight_limit_per_minute=100_000,
            risk__max_daily_loss_equity_pct=0,
        )
        desk = Desk(config, config.environment("day"), user_data)
        desk.open()
        while desk.engine.state is not EngineState.LIVE:
            QTest.qWait(20)
        tell({"live": True})
        for line in rounds(desk, count):
            tell(line)
        desk.closed.connect(app.quit)
        QTimer.singleShot(0, desk.close)
        app.exec()


if __name__ == "__main__":
    main(sys.argv[1:])
