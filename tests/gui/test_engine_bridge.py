"""Threads meet Qt in one place: in order, in batches, on the GUI thread."""

import threading
import time

import pytest
from PySide6.QtCore import QObject, Signal

from desktop import engine_bridge
from desktop.engine_bridge import EngineBridge
from desktop.frame_pace import SHORTEST_MS
from engine.commands import CancelAllOrders
from engine.errors import ShuttingDown
from engine.event_hub import EventHub
from engine.events import Alert, BookTicker, CommandRefused
from engine.trading_types import AlertLevel


def alert(number: int) -> Alert:
    return Alert(level=AlertLevel.INFO, code="n", sentence=str(number), at_ms=number)


@pytest.fixture
def batches(qtbot):
    return []


@pytest.fixture
def bridge(qtbot, batches):
    hub = EventHub()
    made = EngineBridge(hub, lambda command: None)
    made.hub = hub
    made.events_ready.connect(batches.append)
    yield made
    made.close()


def test_events_of_many_threads_arrive_on_the_gui_thread_in_order(qtbot, bridge, batches):
    seen_on = set()
    bridge.events_ready.connect(lambda batch: seen_on.add(threading.current_thread().name))

    def publish(start: int) -> None:
        for number in range(start, start + 500):
            bridge.hub.publish(alert(number))

    writers = [threading.Thread(target=publish, args=(k * 1000,)) for k in range(4)]
    began_s = time.monotonic()
    for writer in writers:
        writer.start()
    qtbot.waitUntil(lambda: sum(map(len, batches)) == 2000)
    frames = (time.monotonic() - began_s) * 1000 / SHORTEST_MS + 2
    for writer in writers:
        writer.join()
    numbers = [event.at_ms for batch in batches for event in batch]
    for k in range(4):
        assert [n for n in numbers if n // 1000 == k] == list(range(k * 1000, k * 1000 + 500))
    assert seen_on == {threading.main_thread().name}
    assert len(batches) <= frames


def test_prices_are_conflated_to_the_frame(qtbot, bridge, batches):
    for number in range(1000):
        bridge.hub.publish(
            BookTicker(
                symbol="BTCUSDT",
                update_id=number,
                bid_price=number,
                bid_quantity=1,
                ask_price=number + 1,
                ask_quantity=1,
            )
        )
    qtbot.waitUntil(lambda: bool(batches))
    assert [event.update_id for batch in batches for event in batch] == [999]


def test_nothing_comes_after_close(qtbot, bridge, batches):
    bridge.hub.publish(alert(1))
    bridge.close()
    bridge.hub.publish(alert(2))
    with qtbot.assertNotEmitted(bridge.events_ready, wait=60):
        pass
    assert batches == []


def test_a_command_while_closing_is_answered(qtbot):
    def refuse(command):
        raise ShuttingDown("The engine is closing; this was not carried out.")

    bridge = EngineBridge(EventHub(), refuse)
    answers = []
    bridge.events_ready.connect(answers.append)
    bridge.submit(CancelAllOrders(symbol="BTCUSDT"))
    assert answers == [], "never before the window has noted what it sent"
    qtbot.waitUntil(lambda: bool(answers))
    assert isinstance(answers[0][0], CommandRefused)
    bridge.close()


def test_many_commands_at_once_make_one_pause(qtbot, bridge, batches, monkeypatch):
    pauses = []
    monkeypatch.setattr(engine_bridge.time, "sleep", pauses.append)
    for _ in range(50):
        bridge.submit(CancelAllOrders(symbol="BTCUSDT"))
    assert len(pauses) == 1
    bridge.hub.publish(alert(1))
    qtbot.waitUntil(lambda: bool(batches))
    bridge.submit(CancelAllOrders(symbol="BTCUSDT"))  # of another frame
    assert len(pauses) == 2


class Sender(QObject):
    told = Signal(object)


def test_2000_emits_leave_the_interpreter_alive(qtbot):
    """PySide6 6.12 on Python 3.11 ends the process after some 570 of them."""
    sender, heard = Sender(), []
    sender.told.connect(heard.append)
    for _ in range(2000):
        sender.told.emit(True)
    assert heard == [True] * 2000


def test_a_13_digit_id_survives_a_signal(qtbot):
    sender, heard = Sender(), []
    sender.told.connect(heard.append)
    sender.told.emit(8389765432101)
    assert heard == [8389765432101]
