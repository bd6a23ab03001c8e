"""Threads with a name, a stop and an obituary."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)

CrashHandler = Callable[[str, BaseException], None]


class StoppableThread:
    """Runs `body(stop_event)` once on a named thread.

    The body returns when `stop_event` is set. An exception that leaves it is
    logged and given to `on_crash(thread_name, error)`: a thread never dies
    silently. Daemon, so that a stuck system call cannot keep the process alive.
    """

    def __init__(
        self,
        name: str,
        body: Callable[[threading.Event], None],
        on_crash: CrashHandler | None = None,
    ) -> None:
        self.name = name
        self.stop_event = threading.Event()
        self._body = body
        self._on_crash = on_crash
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def request_stop(self) -> None:
        self.stop_event.set()

    def join(self, timeout_s: float) -> bool:
        """True when the thread has ended (or never ran). Not from its own body."""
        if self._thread.ident is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def is_current(self) -> bool:
        return threading.current_thread() is self._thread

    def _run(self) -> None:
        try:
            self._body(self.stop_event)
        except Exception as error:
            logger.exception("thread %s crashed", self.name)
            if self._on_crash is not None:
                self._on_crash(self.name, error)
