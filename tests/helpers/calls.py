"""A call that blocks, on a thread of its own, while the test moves the clock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from engine.errors import PerpdeskError


class Call(threading.Thread):
    """Starts at once; `result` is what the call returns, or raises what it raised."""

    def __init__(self, call: Callable[..., Any], *args: Any, **named: Any) -> None:
        super().__init__(name="call", daemon=True)
        self._call = lambda: call(*args, **named)
        self._value: Any = None
        self._error: PerpdeskError | None = None
        self.start()

    def run(self) -> None:
        try:
            self._value = self._call()
        except PerpdeskError as error:
            self._error = error

    @property
    def is_done(self) -> bool:
        return not self.is_alive()

    def result(self, timeout_s: float = 30.0) -> Any:
        self.join(timeout_s)
        assert self.is_done, "the call did not end"
        if self._error is not None:
            raise self._error
        return self._value
