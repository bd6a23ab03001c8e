"""The paper exchange that we started, which may be killed, restarted and given another market.

It comes back on its own port with its own keys, so that a client meets a venue
that was away for a while, and nothing else.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from engine.errors import PaperExchangeError
from engine.paper.paper_discovery import announce, withdraw
from engine.paper.paper_process import PaperOptions, PaperProcess, ReadyLine

logger = logging.getLogger(__name__)


class PaperKeeper:
    """`kill`, `restart` and `reset` block and belong to one thread; `stop` to any."""

    def __init__(self, options: PaperOptions, state_dir: Path) -> None:
        """Starts it. Raises PaperExchangeError."""
        self._state_dir = state_dir
        self._lock = threading.Lock()  # guards the next three
        self._is_closed = False
        self._is_away = False
        self._process = PaperProcess.start(options)
        self.options = msgspec.structs.replace(options, port=_port_of(self._process))
        announce(state_dir, self._process.ready)

    @property
    def ready(self) -> ReadyLine:
        return self._process.ready

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.is_running

    @property
    def is_away(self) -> bool:
        """Ended on purpose: somebody restarts it, or a person will."""
        return self._is_away

    def kill(self) -> None:
        """End it at once, as a crash would; until `restart` nothing answers."""
        self._is_away = True
        self._process.kill()

    def restart(self, options: PaperOptions | None = None) -> None:
        """End it and start it again, perhaps with other options (the port stays).

        Raises PaperExchangeError when it does not start so; it is then started as it
        was before.
        """
        before = self.options
        wanted = msgspec.structs.replace(options or before, port=before.port)
        self._is_away = True
        self._process.stop()
        try:
            self._start(wanted)
            self.options = wanted
        except PaperExchangeError:
            self._start(before)
            raise

    def reset(self, balance: str) -> None:
        """A new account with so much USDT, and new keys: who knows the old ones must start anew.

        Raises PaperExchangeError.
        """
        plain = msgspec.structs.replace(self.options, replay=None, mirror="", speed=1.0)
        fresh = msgspec.structs.replace(plain, balance=balance, fresh=True, new_keys=True)
        self._is_away = True
        self._process.stop()
        try:
            self._start(fresh)
        finally:
            self.options = plain

    def stop(self, timeout_s: float) -> None:
        """For good. May be called twice."""
        withdraw(self._state_dir)
        with self._lock:
            self._is_closed = True
            process = self._process
        process.stop(timeout_s)

    def _start(self, options: PaperOptions) -> None:
        process = PaperProcess.start(options)
        with self._lock:
            is_late = self._is_closed
            if not is_late:
                self._process, self._is_away = process, False
        if is_late:
            process.stop()
            raise PaperExchangeError("Perpdesk is closing.")
        announce(self._state_dir, process.ready)
        logger.info("paper exchange is back pid=%s", process.pid)


def _port_of(process: PaperProcess) -> int:
    port = urlsplit(process.ready.rest).port
    assert port is not None  # the ready line always has one
    return port
