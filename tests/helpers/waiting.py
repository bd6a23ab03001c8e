"""Waiting in tests: for a condition, with a deadline, without sleeping blindly."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from engine.clock import FakeClock

PATIENCE_S = 30.0
"""How long a test waits for what comes in a moment. It is spent only by a test that fails, so
it is far above what a slow machine needs that does other things, too.
"""


def wait_until(
    condition: Callable[[], object], timeout_s: float = PATIENCE_S, what: str = ""
) -> None:
    """Returns when `condition()` is true; fails the test after `timeout_s`."""
    ends_at = time.monotonic() + timeout_s
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < ends_at, f"not within {timeout_s} s: {what or condition}"
        pause.wait(0.005)


def advance_until(clock: FakeClock, condition: Callable[[], object], step_s: float = 0.2) -> None:
    """Let the clock run, some 40 times as fast as real time, until the condition holds.

    It waits longer than others do: on a busy machine each of many steps is slow.
    """

    def step() -> object:
        if condition():
            return True
        clock.advance(step_s)
        return False

    wait_until(step, timeout_s=2 * PATIENCE_S)
