"""Closing in stages: the window goes at once, the engine within a deadline.

The GUI thread never joins anything: the engine is stopped on a thread of its
own, and the event loop ends when that is done or when the deadline has passed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.utils.threads import StoppableThread

logger = logging.getLogger(__name__)

DEADLINE_MS = 4500


class Shutdown(QObject):
    """`finished(in_time)` once; `begin` may be called many times."""

    finished = Signal(object)
    _stopped = Signal()

    def __init__(self, stop_engine: Callable[[], None]) -> None:
        super().__init__()
        self._thread = StoppableThread("shutdown", lambda _stop: self._stop(stop_engine))
        self._begun = False
        self._deadline = QTimer(self, singleShot=True, interval=DEADLINE_MS)
        self._deadline.timeout.connect(self._on_deadline)
        self._stopped.connect(self._on_stopped)

    @Slot()
    def begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._deadline.start()
            self._thread.start()

    def _stop(self, stop_engine: Callable[[], None]) -> None:
        try:
            stop_engine()
        finally:
            self._stopped.emit()

    @Slot()
    def _on_stopped(self) -> None:
        if self._deadline.isActive():
            self._deadline.stop()
            self.finished.emit(True)

    @Slot()
    def _on_deadline(self) -> None:
        logger.error("the engine did not stop within %s ms", DEADLINE_MS)
        self.finished.emit(False)
