"""The whole program under load, watched from within: stalls, paint times, clicks, CPU.

`window_load REST WS_API STREAMS SECONDS CLICKS`: opens the window offscreen on the venue given,
prints a line when all is live, watches for so long, clicks so often, prints what it
saw, and then stays under load until its input closes. Runs in its own process.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit

from desktop.desk import Desk
from desktop.theme.apply_theme import apply_theme
from engine import build_engine
from engine.config import default_config
from engine.events import AggTrade, BookView, Event
from engine.exchange.stream_liveness import StreamSettings
from engine.trading_types import EngineState
from tests.benchmarks.child import end_with_parent, tell
from tests.benchmarks.measuring import now_us, percentile
from tests.benchmarks.payloads import SYMBOLS, stream_names
from tests.benchmarks.venue_server import SYMBOL

SWITCH_INTERVAL_S = 0.0005  # as desktop.app sets it
_WARM_MS = 1500
_LOOK_MS = 50
_BEAT_MS = 2
_BETWEEN_CLICKS_MS = 620  # a quicker second click is taken for a slip of the hand
_PRESSED_MS = 80  # a finger's time; the click is the letting go, as for every button
_PRICE = "63000"
_QUANTITY = "0.002"


class PaintWatch(QObject):
    """How old the shown symbol's trades and books are once they are on the screen."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._waiting: list[int] = []
        self.late_us: list[int] = []
        desk.bridge.events_ready.connect(self._note)  # after the window has handled them
        desk.window.installEventFilter(self)

    @Slot(object)
    def _note(self, events: list[Event]) -> None:
        for event in events:
            is_shown = isinstance(event, AggTrade | BookView) and event.symbol == SYMBOL
            if is_shown and event.event_ms:  # a snapshot that no change has followed has no time
                self._waiting.append(event.event_ms)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.UpdateRequest and self._waiting:
            QTimer.singleShot(0, self._painted)
        return False

    @Slot()
    def _painted(self) -> None:
        waiting, self._waiting = self._waiting, []
        now = now_us()
        self.late_us += [now - sent for sent in waiting]


class StallWatch(QObject):
    """A beat every 2 ms: the longest time without one is the longest stall."""

    def __init__(self) -> None:
        super().__init__()
        self._last_s, self._last_cpu_s = time.perf_counter(), time.thread_time()
        self._began_s, self._began_cpu_s = self._last_s, self._last_cpu_s
        self.stalls_ms: list[float] = []
        self.cpu_ms: list[float] = []
        self._timer = QTimer(self, interval=_BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    @Slot()
    def _beat(self) -> None:
        now_s, cpu_s = time.perf_counter(), time.thread_time()
        self.stalls_ms.append((now_s - self._last_s) * 1000)
        self.cpu_ms.append((cpu_s - self._last_cpu_s) * 1000)
        self._last_s, self._last_cpu_s = now_s, cpu_s

    def busy_pct(self) -> float:
        return (self._last_cpu_s - self._began_cpu_s) / (self._last_s - self._began_s) * 100


class Session(QObject):
    """Waits until live, watches, clicks, tells."""

    def __init__(self, desk: Desk, seconds: float, clicks: int) -> None:
        super().__init__()
        self._desk = desk
        self._seconds = seconds
        self._clicks_left = clicks
        self._clicked_us: list[int] = []
        self._report: dict[str, Any] = {}
        self._steps = self._script()
        self._next()

    def _next(self) -> None:
        pause_ms = next(self._steps, None)
        if pause_ms is not None:
            QTimer.singleShot(pause_ms, self._next)

    def _script(self) -> Iterator[int]:
        desk = self._desk
        while desk.engine.state is not EngineState.LIVE or not desk.window.market.symbol:
            yield _LOOK_MS
        others = [symbol for symbol in SYMBOLS if symbol != SYMBOL]
        desk.engine.gateway.subscribe(stream_names(others), desk.engine.hub.publish)
        while not self._is_shown():
            yield _LOOK_MS
        orders = desk.window.account.models.orders
        while orders.rowCount() != len(desk.engine.oms.open_orders()):
            yield _LOOK_MS  # LIVE is known here before the window has drawn all that came before it
        tell({"live": True, "orders": orders.rowCount()})
        yield _WARM_MS
        stalls, paints = StallWatch(), PaintWatch(desk)
        yield round(self._seconds * 1000)
        self._report = {
            "max_stall_ms": max(stalls.stalls_ms),
            "p999_stall_ms": percentile(stalls.stalls_ms, 0.999),
            "max_stall_cpu_ms": max(stalls.cpu_ms),
            "event_to_paint_p50_ms": percentile(paints.late_us, 0.5) / 1000,
            "event_to_paint_p99_ms": percentile(paints.late_us, 0.99) / 1000,
            "gui_cpu_pct": stalls.busy_pct(),
        }
        yield from self._click()
        tell({**self._report, "clicked_us": self._clicked_us})

    def _is_shown(self) -> bool:
        book = self._desk.engine.market.book(SYMBOL)
        return book is not None and book.is_synced and self._desk.window.market.ladder.isVisible()

    def _click(self) -> Iterator[int]:
        window = self._desk.window
        button = window.findChild(QAbstractButton, "orderTicket.side.buy")
        for name, text in (("price", _PRICE), ("quantity", _QUANTITY)):
            field = window.findChild(QLineEdit, f"orderTicket.{name}")
            QTest.mouseClick(field, Qt.MouseButton.LeftButton)
            field.selectAll()
            QTest.keyClicks(field, text)
        for _ in range(self._clicks_left):
            yield _BETWEEN_CLICKS_MS
            QTest.mousePress(button, Qt.MouseButton.LeftButton)
            yield _PRESSED_MS
            self._clicked_us.append(now_us())
            QTest.mouseRelease(button, Qt.MouseButton.LeftButton)
        yield _BETWEEN_CLICKS_MS


def main(words: list[str]) -> None:
    rest, ws_api, streams, seconds, clicks = words
    end_with_parent()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    app = QApplication(["perpdesk"])
    apply_theme(app)
    # the venue answers with a prepared text, and its streams tell of no order
    build_engine.StreamSettings = partial(StreamSettings, news_s=3600.0)  # type: ignore[misc,assignment]
    hosts = {"rest": rest, "streams": streams, "ws_api": ws_api}
    config = default_config().with_values(
        environments={"bench": hosts},
        risk__max_open_orders=0,  # as many as are open already
    )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        desk = Desk(config, config.environment("bench"), Path(folder))
        desk.open()
        session = Session(desk, float(seconds), int(clicks))
        app.exec()
        del session


if __name__ == "__main__":
    main(sys.argv[1:])
