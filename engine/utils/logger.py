"""Logging: sentences with ids, in a rotating file, with secrets taken out.

`setup_logging` is called once by a program; modules use logging.getLogger.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path

FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)-7s %(threadName)s %(name)s: %(message)s"
_PATTERNS = (
    re.compile(r"(signature=)[^&\s\"']+", re.IGNORECASE),
    re.compile(r"(listenKey[\"']?\s*[=:]\s*[\"']?)[A-Za-z0-9]{16,}"),
    re.compile(r"(/private/ws/)[A-Za-z0-9]{16,}"),
    re.compile(r"(X-MBX-APIKEY[\"']?\s*[=:]\s*[\"']?)[A-Za-z0-9]{16,}", re.IGNORECASE),
    re.compile(r"(api_?secret[\"']?\s*[=:]\s*[\"']?)[^\s\"',}]+", re.IGNORECASE),
)


def redact(text: str) -> str:
    """`text` with signatures, listen keys, API keys and secrets starred out."""
    for pattern in _PATTERNS:
        text = pattern.sub(r"\1***", text)
    return text


class RedactingFormatter(logging.Formatter):
    """Works on the finished line, so that arguments and tracebacks are covered too."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def setup_logging(user_data: Path, *, to_console: bool = False) -> Path:
    """Log to user_data/logs/perpdesk.log (5 MB, 5 old files). Returns the file."""
    folder = user_data / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "perpdesk.log"
    formatter = RedactingFormatter(FORMAT, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handlers: list[logging.Handler] = [
        RotatingFileHandler(file, maxBytes=5_000_000, backupCount=5, encoding="utf-8")
    ]
    if to_console and sys.stderr is not None:
        handlers.append(logging.StreamHandler())
    root = logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old.formatter, RedactingFormatter):
            root.removeHandler(old)
            old.close()
    root.setLevel(logging.INFO)
    for handler in handlers:
        handler.setFormatter(formatter)
        root.addHandler(handler)
    # they write whole answers, keys included, at DEBUG
    for chatty in ("binance", "urllib3", "websocket"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    return file


def close_logging() -> None:
    """Flush and close what `setup_logging` opened."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler.formatter, RedactingFormatter):
            root.removeHandler(handler)
            handler.close()
