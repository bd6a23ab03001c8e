"""One worker thread that carries out calls in the order they were handed in."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from engine.errors import ShuttingDown
from engine.utils.threads import CrashHandler, StoppableThread

logger = logging.getLogger(__name__)

Task = Callable[[], None]


class TaskQueue:
    """`submit` never blocks. A task that raises is published, the next one runs.

    Tasks still waiting at `stop` are not run: each is given to its `dropped`
    call, so that nothing a person asked for disappears without a word.
    """

    def __init__(self, name: str, on_crash: CrashHandler | None = None) -> None:
        self._tasks: deque[tuple[Task, Task | None]] = deque()
        self._condition = threading.Condition()
        self._on_crash = on_crash
        self._thread = StoppableThread(name, self._work, on_crash)

    def start(self) -> None:
        self._thread.start()

    def submit(self, task: Task, dropped: Task | None = None) -> None:
        """Raises ShuttingDown once the queue is stopping."""
        with self._condition:
            if self._thread.stop_event.is_set():
                raise ShuttingDown("The engine is closing; this was not carried out.")
            self._tasks.append((task, dropped))
            self._condition.notify()

    def stop(self, timeout_s: float) -> bool:
        with self._condition:
            self._thread.request_stop()
            left = list(self._tasks)
            self._tasks.clear()
            self._condition.notify_all()
        for _, dropped in left:
            if dropped is not None:
                dropped()
        return self._thread.join(timeout_s)

    def __len__(self) -> int:
        return len(self._tasks)

    def _work(self, stop: threading.Event) -> None:
        while True:
            with self._condition:
                while not self._tasks and not stop.is_set():
                    self._condition.wait()
                if stop.is_set():
                    return
                task, _ = self._tasks.popleft()
            self._run(task)

    def _run(self, task: Task) -> None:
        try:
            task()
        except Exception as error:
            logger.exception("a task failed on %s", self._thread.name)
            if self._on_crash is not None:
                self._on_crash(self._thread.name, error)
