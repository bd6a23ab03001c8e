"""A test must leave no thread behind: the next one would run beside it."""

from __future__ import annotations

import threading

from tests.helpers.waiting import wait_until

# libraries' own pools, kept for the life of the process
_KEPT = ("pytest_timeout", "ThreadPoolExecutor", "asyncio_", "QDBusConnection", "Dummy-")


def running_threads() -> set[threading.Thread]:
    return {
        thread
        for thread in threading.enumerate()
        if thread is not threading.main_thread() and not thread.name.startswith(_KEPT)
    }


def assert_no_new_threads(before: set[threading.Thread]) -> None:
    """What ends within a moment is no leak: a joined thread may still be in the list."""
    wait_until(
        lambda: not (running_threads() - before),
        timeout_s=5.0,
        what=f"leaked threads {sorted(t.name for t in running_threads() - before)}",
    )
