"""What happens when something of ours breaks: a file that says where, never silence.

A windowed program on Windows has no console (sys.stderr is None), so hard
crashes go to a file through faulthandler and are offered at the next start.
"""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TextIO

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

from engine.utils.logger import redact

logger = logging.getLogger(__name__)

_QT_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class CrashHooks:
    """Install once, on the main thread; `close` puts everything back.

    `on_crash(sentence)` is told of each unhandled error; it may be called from
    any thread and must only pass the word on.
    """

    def __init__(self, user_data: Path, on_crash: Callable[[str], None]) -> None:
        self.file = user_data / "logs" / "crash.log"
        self._on_crash = on_crash
        self._stream: TextIO | None = None
        self._before = (sys.excepthook, threading.excepthook)

    def install(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self._stream = self.file.open("a", encoding="utf-8")
        faulthandler.enable(self._stream)
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception
        qInstallMessageHandler(_log_qt_message)

    def close(self) -> None:
        sys.excepthook, threading.excepthook = self._before
        qInstallMessageHandler(None)
        faulthandler.disable()
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self._record(kind, error, trace, "main")

    def _on_thread_exception(self, args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread is not None else "?"
        error = args.exc_value if args.exc_value is not None else args.exc_type()
        self._record(args.exc_type, error, args.exc_traceback, name)

    def _record(
        self,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
        thread: str,
    ) -> None:
        text = redact("".join(traceback.format_exception(kind, error, trace)))
        logger.error("unhandled error on thread %s\n%s", thread, text)
        if self._stream is not None:
            self._stream.write(f"thread {thread}\n{text}\n")
            self._stream.flush()
        self._on_crash(
            f"Something went wrong inside Perpdesk ({kind.__name__})."
            f" Your orders are not touched by it. Details: {self.file}"
        )


def _log_qt_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    if "propagateSizeHints" not in text:  # harmless noise of the offscreen platform
        logger.log(_QT_LEVELS.get(kind, logging.WARNING), "Qt: %s (%s)", text, context.category)
