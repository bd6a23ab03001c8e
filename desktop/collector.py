"""Garbage that holds Qt's objects is collected on the GUI thread, and on no other.

Python collects on whichever thread makes the next object. A closed dialog in a circle
of references would so be freed by an engine's thread one day, which Qt does not
survive: the program would be gone without a word.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

_EVERY_MS = 500
_FREEZE_AFTER = 20  # looks: by then all is loaded, and no collection has to walk through it
_FULL_EVERY = 120  # looks between two collections of everything


class Collector(QObject):
    """From here to `close` nobody else collects. Make it on the GUI thread."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._looks = self._full_at = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.start(_EVERY_MS)

    def close(self) -> None:
        self._timer.stop()
        gc.unfreeze()
        gc.enable()

    @Slot()
    def _look(self) -> None:
        """As Python would: the young often, the old seldom."""
        self._looks += 1
        if self._looks == _FREEZE_AFTER:
            gc.freeze()
        young, middle, old = gc.get_threshold()
        if gc.get_count()[0] > young:
            gc.collect(0)
        if gc.get_count()[1] > middle:
            gc.collect(1)
        if gc.get_count()[2] > old and self._looks >= self._full_at:
            self._full_at = self._looks + _FULL_EVERY
            gc.collect()
