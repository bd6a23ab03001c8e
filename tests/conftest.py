"""What every test gets: no screen, no thread left behind, no key of the person's own."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator

# before anything imports Qt
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_SCALE_FACTOR", "1")

import pytest
from pytestqt.qtbot import QtBot

from tests.helpers.leaks import assert_no_new_threads, running_threads
from tests.helpers.waiting import PATIENCE_S

for _wait in (QtBot.waitUntil, QtBot.waitSignal, QtBot.waitExposed):
    _wait.__kwdefaults__["timeout"] = round(PATIENCE_S * 1000)  # 5 s are few on a busy machine

_QT_FOLDERS = {"gui", "desktop"}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a test often waits for another process or a clock."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """What is there now stays to the end: no collection has to walk through it."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Closed windows go at once: outside an event loop Qt keeps what is to be deleted later,
    and a theme that changes would be put on every window of every earlier test.

    And they go here: left to the collector, their last parts might be freed on any thread
    of a later test, which Qt does not survive.
    """
    yield
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return
    had_windows = bool(widgets.QApplication.topLevelWidgets())
    is_last_of_qt = _is_about_qt(item) and (nextitem is None or not _is_about_qt(nextitem))
    core = sys.modules["PySide6.QtCore"]
    core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete.value)
    if had_windows or is_last_of_qt:
        gc.collect()


def _is_about_qt(item: pytest.Item) -> bool:
    return not _QT_FOLDERS.isdisjoint(item.path.parts)


@pytest.fixture(autouse=True)
def _no_thread_is_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    # servers shared by many tests start before the first look at the threads
    for name in ("paper",):
        if name in request.fixturenames:
            request.getfixturevalue(name)
    before = running_threads()
    yield
    assert_no_new_threads(before)


@pytest.fixture(autouse=True)
def _is_traced_alone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tracer follows into the paper exchange's process from its contract tests alone:
    hundreds of others start one, and each would start half as fast.
    """
    if "contract" not in request.path.parts:
        monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture(autouse=True)
def _no_keys_of_the_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PERPDESK_API_KEY", raising=False)
    monkeypatch.delenv("PERPDESK_API_SECRET", raising=False)
