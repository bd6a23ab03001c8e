from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from desktop.collector import Collector


class Circle:
    """Only the collector can free it."""

    def __init__(self) -> None:
        self.me = self
        weakref.finalize(self, lambda told: told.append(threading.current_thread().name), FREED)


FREED: list[str] = []
_MANY = 3_000  # far more than it takes for a collection


@pytest.fixture
def collector(qtbot: QtBot) -> Iterator[Collector]:
    FREED.clear()
    made = Collector()
    yield made
    made.close()
    assert gc.isenabled()


def test_another_thread_never_collects_and_the_gui_thread_soon_does(
    qtbot: QtBot, collector: Collector
) -> None:
    def litter() -> None:
        for _ in range(_MANY):
            Circle()

    thread = threading.Thread(target=litter, name="engine")
    thread.start()
    thread.join()
    assert FREED == []
    qtbot.waitUntil(lambda: len(FREED) == _MANY)
    assert set(FREED) == {"MainThread"}
