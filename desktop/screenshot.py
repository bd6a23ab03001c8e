"""`--screenshot`: the window takes its own picture once there is something to see."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot

from desktop.main_window import MainWindow

logger = logging.getLogger(__name__)


class Screenshot(QObject):
    def __init__(self, window: MainWindow, file: Path, after_s: float) -> None:
        super().__init__()
        self.exit_code = 1
        self._window = window
        self._file = file
        self._timer = QTimer(self, singleShot=True, interval=round(after_s * 1000))
        self._timer.timeout.connect(self._take)

    def begin(self) -> None:
        self._timer.start()

    @Slot()
    def _take(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        if self._window.grab().save(str(self._file)):
            self.exit_code = 0
        else:
            self._complain(f"The picture cannot be written to {self._file}.")
        self._window.close()

    def _complain(self, sentence: str) -> None:
        logger.error("%s", sentence)
        if sys.stderr is not None:
            print(f"perpdesk: {sentence}", file=sys.stderr)  # noqa: T201 - for the shell that asked
