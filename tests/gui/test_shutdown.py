"""Closing: the window never waits, the engine has a deadline, a crash leaves a file."""

import logging
import sys
import threading

import pytest
from PySide6.QtCore import qWarning

from desktop import shutdown as shutdown_module
from desktop.crash_hooks import CrashHooks
from desktop.shutdown import Shutdown


def test_the_engine_is_stopped_once_on_another_thread(qtbot):
    stopped_on = []
    shutdown = Shutdown(lambda: stopped_on.append(threading.current_thread().name))
    with qtbot.waitSignal(shutdown.finished) as done:
        shutdown.begin()
        shutdown.begin()
    assert done.args == [True]
    assert stopped_on == ["shutdown"]


def test_an_engine_that_hangs_does_not_keep_the_program(qtbot, monkeypatch):
    monkeypatch.setattr(shutdown_module, "DEADLINE_MS", 30)
    release = threading.Event()
    shutdown = Shutdown(lambda: release.wait(30))
    with qtbot.waitSignal(shutdown.finished) as done:
        shutdown.begin()
    assert done.args == [False]
    with qtbot.assertNotEmitted(shutdown.finished, wait=50):
        release.set()


@pytest.fixture
def hooks(tmp_path, qtbot):
    told = []
    made = CrashHooks(tmp_path, told.append)
    made.told = told
    made.install()
    yield made
    made.close()


def test_an_unhandled_error_leaves_a_file_without_secrets_and_is_told(hooks, caplog):
    error = ValueError("https://host/x?signature=deadbeef00")
    sys.excepthook(ValueError, error, None)
    written = hooks.file.read_text(encoding="utf-8")
    assert "ValueError" in written
    assert "deadbeef00" not in written + caplog.text
    assert "ValueError" in hooks.told[0]
    assert str(hooks.file) in hooks.told[0]


def test_a_thread_that_dies_is_told_by_name(hooks):
    thread = threading.Thread(target=lambda: 1 / 0, name="worker-7")
    thread.start()
    thread.join()
    assert "thread worker-7" in hooks.file.read_text(encoding="utf-8")
    assert "ZeroDivisionError" in hooks.told[0]


def test_words_of_qt_go_to_the_log(hooks, caplog):
    with caplog.at_level(logging.WARNING):
        qWarning("layout is odd")
        qWarning("This plugin does not support propagateSizeHints()")
    assert "layout is odd" in caplog.text
    assert "propagateSizeHints" not in caplog.text


def test_everything_is_put_back(tmp_path, qtbot):
    before = (sys.excepthook, threading.excepthook)
    hooks = CrashHooks(tmp_path, lambda sentence: None)
    hooks.install()
    hooks.close()
    hooks.close()
    assert (sys.excepthook, threading.excepthook) == before
