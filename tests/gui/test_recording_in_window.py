"""Recording by the menu, and a recording played in the same window: real clicks, real exchange."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QWidget

from desktop.options import parse_options
from engine.events.recording import PlaybackChanged, PlaybackView, RecordingChanged
from engine.recording_commands import SetPlayback, StartRecording, StopRecording
from engine.trading_types import EnvironmentKind
from tests.gui.conftest import Desk
from tests.gui.hands import Hands


def test_the_menu_starts_and_ends_a_recording_and_shows_what_the_engine_said(desk: Desk) -> None:
    record = desk.find(QAction, "recording.record")  # type: ignore[type-var]
    light = desk.find(QLabel, "recording.light")
    record.trigger()
    assert desk.commands == [StartRecording()]
    assert not record.isChecked()
    desk.feed(RecordingChanged(is_on=True, file="a.jsonl.gz", sentence="It is recorded."))
    assert record.isChecked()
    assert light.isVisible()
    record.trigger()
    assert desk.commands[-1] == StopRecording()
    desk.feed(RecordingChanged(is_on=False, file="a.jsonl.gz", sentence="It is in a.jsonl.gz."))
    assert not light.isVisible()


def test_the_bar_under_a_recording_pauses_hurries_and_moves(desk: Desk) -> None:
    desk.window.set_environment("recording", EnvironmentKind.RECORDING)
    view = PlaybackView(environment="paper", first_ms=1_000, last_ms=2_000, position_ms=1_000)
    desk.feed(PlaybackChanged(playback=view))
    assert desk.find(QLabel, "recording.state").text() == "Reading the recording: 0%"
    view = PlaybackView(
        environment="paper", first_ms=1_000, last_ms=2_000, position_ms=1_500, share_read=1.0
    )
    desk.feed(PlaybackChanged(playback=view))
    assert "nothing can be sent" in desk.find(QLabel, "recording.state").text()
    desk.click("recording.line.pause")
    assert desk.commands[-1] == SetPlayback(is_paused=True)
    speed = desk.find(QComboBox, "recording.line.speed")
    speed.activated.emit(speed.findText("10x"))
    line = desk.window.recording._line
    assert line is not None
    assert line.slider.value() == 500
    line.slider.setValue(800)
    line.slider.sliderReleased.emit()
    assert desk.commands[-1] == SetPlayback(position_ms=1_800)
    assert not desk.find(QAction, "recording.record").isVisible()  # type: ignore[type-var]
    assert desk.find(QWidget, "environment").text() == "RECORDING"


def test_the_buttons_in_the_rows_of_a_recording_are_off(full_desk: Desk) -> None:
    table = full_desk.window.account.blotter.orders
    key = table.shown_keys()[0]
    full_desk.window.set_environment("recording", EnvironmentKind.RECORDING)
    full_desk.click_cell("orders.table", key, "")
    table.setCurrentIndex(table.index_of(key, "Price"))
    full_desk.qtbot.keyClick(table, Qt.Key.Key_Delete)
    full_desk.qtbot.keyClick(table, Qt.Key.Key_F2)
    assert not table.findChildren(QLineEdit)
    assert full_desk.commands == []
    full_desk.window.set_environment("paper", EnvironmentKind.PAPER)
    full_desk.click_cell("orders.table", key, "")
    assert len(full_desk.commands) == 1


def test_a_recording_can_be_named_on_the_command_line() -> None:
    options = parse_options(["--replay-recording", "a.jsonl.gz"])
    assert options.replay_recording == Path("a.jsonl.gz")


def test_a_recorded_session_is_opened_in_the_same_window_and_a_wrong_file_leads_back(
    hands: Hands, tmp_path: Path
) -> None:
    hands.window.recording.record.trigger()
    hands.see(hands.window.recording.record.isChecked)
    hands.type_into("orderTicket.price", "1000")
    hands.click("orderTicket.type")
    hands.see(lambda: len(hands.window.account.models.log.rows()) > 3)
    hands.window.recording.record.trigger()
    hands.see(lambda: not hands.window.recording.record.isChecked())
    (file,) = (tmp_path / "recordings").iterdir()
    first = hands.desks.desk
    hands.window.recording.file_wanted.emit(file)
    hands.see(lambda: hands.desks.desk is not first)
    hands.see(lambda: "nothing can be sent" in hands.find(QLabel, "recording.state").text())
    assert hands.find(QWidget, "environment").text() == "RECORDING"
    hands.see(lambda: hands.window.market.symbol == "BTCUSDT")
    hands.see(lambda: "ended" in hands.find(QLabel, "recording.state").text())
    wrong = tmp_path / "wrong.jsonl.gz"
    wrong.write_text("no", encoding="utf-8")
    second = hands.desks.desk
    hands.desks.open_recording(wrong)
    hands.see(lambda: hands.desks.desk is not second)
    hands.see(lambda: any("not a recording" in s for s in hands.window.toasts.sentences()))
