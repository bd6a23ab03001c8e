"""Long work: progress is seen, it can be stopped, and the window stays smooth meanwhile."""

from __future__ import annotations

import gzip
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDockWidget,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from desktop.desks import Desks
from desktop.engine_bridge import EngineBridge
from desktop.models.csv_lines import row_line
from desktop.models.table_model import Column
from desktop.widgets import csv_export
from desktop.widgets.data_table import DataTable
from engine.clock import SystemClock
from engine.commands import LoadCandles
from engine.config import default_config, recording_of
from engine.event_hub import EventHub
from engine.events import HistoryLoaded
from engine.journal.journal_reader import JournalReader
from engine.journal.journal_rows import INSERT_FILL
from engine.journal.journal_writer import JournalWriter
from engine.paper.trade_file import FileTrade, TradeFile
from engine.recording.record import Head, Heard, Record
from engine.recording.recording_files import RecordingReader
from engine.review.review_desk import ReviewDesk
from engine.views import FillView
from tests.gui import scene
from tests.gui.conftest import Desk
from tests.gui.hands import Hands
from tests.helpers import mouse
from tests.helpers.trade_files import write_trades
from tests.helpers.trade_history import BEGIN_MS

FILLS = 20_000
RECORDS = 250_000
TRADES = 200_000
# far above what the window needs, far below what the work itself takes;
# a Windows Python is tried where its system calls are played by another system
LONGEST_BUSY_S = 2.0 if sys.platform == "win32" else 0.5
# a machine that does other things, too, leaves the window waiting for its turn
LONGEST_GAP_S = 10.0 if sys.platform == "win32" else 3.0


class Pulse(QObject):
    """How long the window's thread was busy at a stretch at most, until `assert_smooth`.

    In its own processor time: how long it waits for a turn is the machine's affair. What the
    window has to paint before that, its first frame above all, is not counted.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        for _ in range(3):
            QApplication.processEvents()
        self._longest_busy_s = self._longest_gap_s = 0.0
        self._last_busy_s, self._last_s = time.thread_time(), time.perf_counter()
        self._timer = QTimer(self, interval=5, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def assert_smooth(self) -> None:
        """Ends it."""
        self._beat()
        self._timer.stop()
        assert self._longest_busy_s < LONGEST_BUSY_S
        assert self._longest_gap_s < LONGEST_GAP_S

    def _beat(self) -> None:
        busy_s, now_s = time.thread_time(), time.perf_counter()
        self._longest_busy_s = max(self._longest_busy_s, busy_s - self._last_busy_s)
        self._longest_gap_s = max(self._longest_gap_s, now_s - self._last_s)
        self._last_busy_s, self._last_s = busy_s, now_s


# --- the review ----------------------------------------------------------------------


class _NoStatement:
    """The exchange has nothing to say about these made-up fills."""

    def server_now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def get_income(self, *_args: object, **_options: object) -> list[object]:
        return []


@pytest.fixture
def slow_journal(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A journal that is read up to its 5,000th fill, and on from there when the event is set."""
    goes_on = threading.Event()
    every_fill = JournalReader.every_fill

    def held(reader: JournalReader) -> Iterator[FillView]:
        for number, fill in enumerate(every_fill(reader)):
            if number == 5_000:
                assert goes_on.wait(60)
            yield fill

    monkeypatch.setattr(JournalReader, "every_fill", held)
    yield goes_on
    goes_on.set()


@pytest.fixture
def reviewed(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    """The window with the engine's review behind it, over a journal of many fills."""
    clock, hub = SystemClock(), EventHub()
    journal = JournalWriter(tmp_path / "j.db", clock, hub.publish)
    journal.start()
    with closing(sqlite3.connect(journal.path)) as database, database:
        database.executemany(INSERT_FILL, _rows())
    review = ReviewDesk(journal, _NoStatement(), hub.publish, clock, lambda *_: None)
    review.start()
    desk = Desk(qtbot)
    bridge = EngineBridge(hub, lambda _command: None)
    bridge.events_ready.connect(desk.window.handle_events)
    desk.window.review.command_wanted.connect(review.submit)
    yield desk
    bridge.close()
    review.stop(30)
    journal.close()


def _rows() -> Iterator[tuple[object, ...]]:
    for n in range(FILLS):
        side, price, pnl = ("SELL", "101", "1") if n % 2 else ("BUY", "100", "0")
        yield (
            *("BTCUSDT", n, n, f"pd-{n}", side, price, "1", "0.01", "USDT", pnl, 0, "BOTH"),
            BEGIN_MS + n * 60_000,
        )


def see(desk: Desk, condition: Callable[[], object]) -> None:
    desk.qtbot.waitUntil(lambda: bool(condition()), timeout=30_000)


def open_review(desk: Desk) -> None:
    QTest.keyClick(desk.window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)


def test_statistics_show_progress_can_be_cancelled_and_do_not_hold_the_window_up(
    slow_journal: threading.Event, reviewed: Desk
) -> None:
    open_review(reviewed)
    bar = reviewed.find(QProgressBar, "review.progress")
    words = reviewed.find(QLabel, "review.words")
    assert bar.isVisible()
    see(reviewed, lambda: 0 < bar.value() < 100)
    reviewed.click("review.cancel")
    slow_journal.set()
    see(reviewed, lambda: "Cancelled" in words.text())
    assert not bar.isVisible()
    pulse = Pulse(reviewed.window)
    reviewed.click("review.load")
    window = reviewed.window.review.window
    assert window is not None
    see(reviewed, lambda: f"{FILLS:,} fills" in words.text())
    see(reviewed, lambda: window.trips.rowCount() == 5_000)
    pulse.assert_smooth()


def test_an_export_of_round_trips_can_be_cancelled_and_leaves_no_half_file(
    slow_journal: threading.Event, reviewed: Desk, tmp_path: Path
) -> None:
    slow_journal.set()
    open_review(reviewed)
    words = reviewed.find(QLabel, "review.words")
    see(reviewed, lambda: f"{FILLS:,} fills" in words.text())
    pulse = Pulse(reviewed.window)
    slow_journal.clear()
    reviewed.window.review.export_to(str(tmp_path / "stopped.csv"))
    bar = reviewed.find(QProgressBar, "review.progress")
    see(reviewed, bar.isVisible)
    reviewed.click("review.cancel")
    slow_journal.set()
    see(reviewed, lambda: "Cancelled" in words.text())
    reviewed.window.review.export_to(str(tmp_path / "whole.csv"))
    see(reviewed, lambda: words.text().startswith(f"{FILLS // 2:,} round trips written"))
    pulse.assert_smooth()
    assert not list(tmp_path.glob("stopped*"))
    with (tmp_path / "whole.csv").open(encoding="utf-8-sig") as file:
        assert sum(1 for _ in file) == FILLS // 2 + 1


# --- a table's export ------------------------------------------------------------------


@pytest.fixture
def slow_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """An export that waits at its 300th row until the event is set, as on a slow drive."""
    goes_on, lines = threading.Event(), count(1)

    def line(columns: Sequence[Column[Any]], row: Any) -> str:
        if next(lines) == 300:
            assert goes_on.wait(60)
        return row_line(columns, row)

    monkeypatch.setattr(csv_export, "row_line", line)
    yield goes_on
    goes_on.set()


def test_a_table_s_export_shows_how_far_it_is_and_stops(
    desk: Desk, tmp_path: Path, slow_disk: threading.Event
) -> None:
    fills = tuple(scene.fill(number) for number in range(5_000))
    desk.feed(HistoryLoaded(orders=(), fills=fills))
    table = desk.find(DataTable, "fills.table")
    desk.window.account.blotter.setCurrentWidget(table)
    pulse = Pulse(desk.window)
    desk.window.account.export.start(table, tmp_path / "fills.csv")
    see(desk, lambda: "Exporting: 250 of 5,000 rows" in desk.window.toasts.sentences())
    stop = desk.find(QPushButton, "toast.action")
    assert stop.text() == "Stop"
    desk.qtbot.mouseClick(stop, Qt.MouseButton.LeftButton)
    slow_disk.set()
    see(desk, lambda: "no file was written" in " ".join(desk.window.toasts.sentences()))
    assert not list(tmp_path.glob("fills.csv*"))
    pulse.assert_smooth()


def test_a_table_s_export_leaves_the_window_smooth(desk: Desk, tmp_path: Path) -> None:
    fills = tuple(scene.fill(number) for number in range(5_000))
    desk.feed(HistoryLoaded(orders=(), fills=fills))
    table = desk.find(DataTable, "fills.table")
    pulse = Pulse(desk.window)
    desk.window.account.export.start(table, tmp_path / "fills.csv")
    see(desk, lambda: "5,000 rows written to fills.csv." in desk.window.toasts.sentences())
    pulse.assert_smooth()


# --- older candles --------------------------------------------------------------------


def test_scrolling_back_says_what_is_loading_and_going_home_ends_it(desk: Desk) -> None:
    chart = desk.window.market.chart
    chart.setFocus()
    for _ in range(60):
        QTest.keyClick(chart, Qt.Key.Key_Left)
    assert "Loading candles before" in chart._scene.hints.history_text()
    QTest.keyClick(chart, Qt.Key.Key_Home)
    assert chart._scene.hints.history_text() == ""
    assert chart._model.is_live


def test_older_candles_are_stopped_by_a_click_and_loaded_by_another(desk: Desk) -> None:
    chart = desk.window.market.chart
    chart.setFocus()
    for _ in range(60):
        QTest.keyClick(chart, Qt.Key.Key_Left)
    hints = chart._scene.hints
    count, asked = len(chart._model.candles), desk.all_commands[-1]
    assert isinstance(asked, LoadCandles)
    late = replace(scene.candles(), request_id=asked.request_id, end_ms=asked.end_ms)

    def click_the_words() -> None:
        chart.grab()
        middle = hints.history_button.center()
        assert chart.explanation(middle).endswith("candles." if chart_is_stopped() else "it.")
        mouse.click(chart, middle)
        chart.grab()

    def chart_is_stopped() -> bool:
        return hints.history_text().startswith("Load older candles")

    assert "Loading candles before" in hints.history_text()
    click_the_words()
    assert chart_is_stopped()
    QTest.keyClick(chart, Qt.Key.Key_Left)
    desk.feed(late)
    assert chart_is_stopped()
    assert (desk.all_commands[-1], len(chart._model.candles)) == (asked, count)
    click_the_words()
    assert "Loading candles before" in hints.history_text()
    assert desk.all_commands[-1] == replace(asked, request_id=desk.all_commands[-1].request_id)
    click_the_words()
    QTest.keyClick(chart, Qt.Key.Key_Home)
    for _ in range(60):
        QTest.keyClick(chart, Qt.Key.Key_Left)
    assert "Loading candles before" in hints.history_text()


# --- a trade file -----------------------------------------------------------------------


@pytest.fixture
def slow_reading(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A trade file that is read up to its middle, and on from there when the event is set."""
    goes_on, trades, next_trade = threading.Event(), count(1), TradeFile.next

    def held(file: TradeFile) -> FileTrade | None:
        if next(trades) == TRADES // 2:
            assert goes_on.wait(60)
        return next_trade(file)

    monkeypatch.setattr(TradeFile, "next", held)
    yield goes_on
    goes_on.set()


@pytest.mark.long
def test_a_long_trade_file_shows_progress_stops_and_is_loaded_without_holding_the_window_up(
    hands: Hands, tmp_path: Path, slow_reading: threading.Event
) -> None:
    file = write_trades(tmp_path, TRADES)
    dock = hands.find(QDockWidget, "dock.paper")
    dock.toggleViewAction().trigger()
    dock.raise_()
    hands.see(lambda: "runs" in hands.find(QLabel, "paper.state").text())
    hands.find(QComboBox, "paper.market.kind").setCurrentText("Replay of a trade file")
    hands.find(QLineEdit, "paper.market.source").setText(str(file))
    bar = hands.find(QProgressBar, "paper.market.reading")
    pulse = Pulse(hands.window)
    hands.click("paper.market.start")
    hands.see(lambda: bar.isVisible() and 0 < bar.value() < 100)
    assert not hands.find(QWidget, "paper.market.start").isEnabled()
    assert bar.visibleRegion().boundingRect().size() == bar.size()
    hands.click("paper.market.cancel")
    slow_reading.set()
    hands.see(lambda: not bar.isVisible())
    hands.see(lambda: hands.find(QWidget, "paper.market.start").isEnabled())
    runs = "The exchange runs: invented market."
    hands.see(lambda: hands.find(QLabel, "paper.state").text() == runs)
    hands.click("paper.market.start")
    assert not hands.find(QWidget, "paper.market.start").isEnabled()
    hands.see(lambda: hands.find(QLabel, "paper.replay.time").text().startswith("2026-09-21"))
    pulse.assert_smooth()
    hands.see(lambda: "runs: replay of" in hands.find(QLabel, "paper.state").text())


# --- a recording ---------------------------------------------------------------------


@pytest.fixture
def long_recording(tmp_path: Path) -> Path:
    encode = msgspec.json.Encoder().encode
    head = Head(
        at_ms=BEGIN_MS,
        version=1,
        program="0",
        environment="paper",
        symbol="BTCUSDT",
        interval="1m",
        part=1,
        instruments=scene.INSTRUMENTS,
    )
    file = tmp_path / "long.jsonl.gz"
    with gzip.open(file, "wb", compresslevel=1) as out:
        out.write(encode(head) + b"\n")
        for number in range(RECORDS):
            out.write(encode(Heard(at_ms=BEGIN_MS + number, route="public", text="{}")) + b"\n")
    return file


@pytest.fixture
def slow_drive(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A recording that is read half-way, and on from there when the event is set."""
    goes_on = threading.Event()
    records = RecordingReader.records

    def held(reader: RecordingReader) -> Iterator[Record]:
        for number, record in enumerate(records(reader)):
            if number == RECORDS // 2:
                assert goes_on.wait(60)
            yield record

    monkeypatch.setattr(RecordingReader, "records", held)
    yield goes_on
    goes_on.set()


def test_a_long_recording_shows_progress_and_is_left_while_it_is_read(
    qtbot: QtBot, long_recording: Path, tmp_path: Path, slow_drive: threading.Event
) -> None:
    config = default_config().with_values(paper__symbols=["BTCUSDT"])
    desks = Desks(config, recording_of(long_recording), tmp_path)
    ended: list[object] = []
    desks.closed.connect(ended.append)
    hands = Hands(qtbot, desks)
    first = desks.desk
    first.open()
    pulse = Pulse(first.window)
    state = hands.find(QLabel, "recording.state")
    hands.see(lambda: "%" in state.text() and "0%" not in state.text().split())
    assert state.text().startswith("Reading the recording:")
    pulse.assert_smooth()
    hands.click("recording.leave")
    slow_drive.set()
    hands.see(lambda: desks.desk is not first)
    assert hands.window.header.badge.text() == "PAPER"
    hands.wait_until_live()
    desks.close()
    hands.see(lambda: ended)
