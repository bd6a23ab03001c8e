"""Plays the short sounds of notices with what the system has. It never keeps the window waiting.

`winsound` on Windows; elsewhere the first player that is installed; silent
where there is none.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from desktop.theme.resources import resource_path
from engine.errors import ShuttingDown
from engine.utils.task_queue import TaskQueue

logger = logging.getLogger(__name__)

_PLAYERS = (("paplay",), ("pw-play",), ("aplay", "-q"), ("afplay",))
_LONGEST_S = 5.0
_JOIN_S = 0.5
_MOST_WAITING = 2  # what comes faster than it can be heard is left out

Play = Callable[[Path], None]


class Sounds:
    """`play` from the GUI thread; the sound is made on a thread of its own."""

    def __init__(self, player: Play | None = None) -> None:
        self._player = player or system_player()
        self._queue: TaskQueue | None = None

    def play(self, name: str) -> None:
        """One of resources/sounds, named without its ending."""
        if self._player is None:
            return
        if self._queue is None:
            self._queue = TaskQueue("sounds")
            self._queue.start()
        if len(self._queue) >= _MOST_WAITING:
            return
        file, player = resource_path("sounds", f"{name}.wav"), self._player
        try:
            self._queue.submit(lambda: _play(player, file))
        except ShuttingDown:
            logger.debug("no sound %s: the window is closing", name)

    def close(self) -> None:
        if self._queue is not None:
            self._queue.stop(_JOIN_S)


def _play(player: Play, file: Path) -> None:
    """Thread sounds."""
    try:
        player(file)
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        logger.info("no sound file=%s reason=%s", file.name, error)


def system_player() -> Play | None:
    """None where nothing can play a WAV file."""
    if sys.platform == "win32":
        import winsound  # noqa: PLC0415 (Windows alone has it)

        flags = winsound.SND_FILENAME | winsound.SND_NODEFAULT
        return lambda file: winsound.PlaySound(str(file), flags)
    else:  # noqa: RET505 (mypy knows by it which half is whose)
        installed = (command for command in _PLAYERS if shutil.which(command[0]))
        found = next(installed, None)
        return _command_player(found) if found is not None else None


def _command_player(command: Sequence[str]) -> Play:
    def play(file: Path) -> None:
        subprocess.run(  # noqa: S603 (a player of the list above, a file of our own)
            [*command, str(file)],
            check=False,
            timeout=_LONGEST_S,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    return play
