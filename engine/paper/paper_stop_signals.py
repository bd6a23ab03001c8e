"""When the paper exchange must end: a signal, or its parent closing its input."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import stat
import sys
import threading
import time


def stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows has no signals in its loop
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))


def stop_on_closed_input(stop: asyncio.Event) -> None:
    """End with whoever started us. No input at all (a null device) means no such wish."""
    try:
        handle = sys.stdin.fileno()
        mode = os.fstat(handle).st_mode
    except (AttributeError, OSError, ValueError):
        return
    loop = asyncio.get_running_loop()

    def watch() -> None:
        started = time.monotonic()
        with contextlib.suppress(OSError):
            while os.read(handle, 4096):
                pass
        at_once = time.monotonic() - started < 0.1
        if at_once and stat.S_ISCHR(mode):
            return
        with contextlib.suppress(RuntimeError):  # the loop has already closed
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=watch, name="paper-stdin", daemon=True).start()
