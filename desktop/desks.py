"""The desk that is open, and the way from one environment to another."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from desktop.desk import Desk
from engine.config import Config, Environment, recording_of
from engine.recording.recording_files import RecordingError

logger = logging.getLogger(__name__)


class Desks(QObject):
    """The desk that is open, and the way to another environment: close, then open there.

    One at a time: an engine that does not end in time ends the program.
    """

    closed = Signal(object)  # True: everything ended in time

    def __init__(
        self, config: Config, environment: Environment, user_data: Path, *, has_hints: bool = False
    ) -> None:
        super().__init__()
        self._has_hints = has_hints
        self._config = config
        self._user_data = user_data
        self._environment = environment
        self._home = environment if environment.recording is None else config.environment()
        self._next: Environment | None = None
        self.desk = self._make(environment)

    @Slot(object)
    def go_to(self, name: str) -> None:
        self._next = self._config.environment(name)
        self.desk.window.keep_choices()
        self.desk.close()

    @Slot(object)
    def open_recording(self, file: Path) -> None:
        self._next = recording_of(file)
        self.desk.window.keep_choices()
        self.desk.close()

    @Slot()
    def leave_recording(self) -> None:
        self.go_to(self._home.name)

    def close(self) -> None:
        """The program ends, also in the middle of a change."""
        self._next = None
        self.desk.close()

    def tell(self, sentence: str) -> None:
        self.desk.tell(sentence)

    @Slot()
    def come_forward(self) -> None:
        self.desk.come_forward()

    def _make(self, environment: Environment) -> Desk:
        desk = Desk(self._config, environment, self._user_data, has_hints=self._has_hints)
        desk.closed.connect(self._on_closed)
        desk.window.environment_wanted.connect(self.go_to)
        desk.window.recording_wanted.connect(self.open_recording)
        desk.window.recording_left.connect(self.leave_recording)
        self._environment = environment
        if environment.recording is None:
            self._home = environment
        return desk

    def _try(self, environment: Environment) -> Desk:
        """A file that is no recording leads back, with the reason."""
        try:
            return self._make(environment)
        except RecordingError as error:
            desk = self._make(self._environment)
            desk.tell(str(error))
            return desk

    @Slot(object)
    def _on_closed(self, in_time: bool) -> None:
        environment, self._next = self._next, None
        if environment is None or not in_time:
            self.closed.emit(in_time)
            return
        logger.info("environment changes to %s", environment.name)
        before, self.desk = self.desk, self._try(environment)
        self.desk.open()
        before.window.deleteLater()
        before.deleteLater()
