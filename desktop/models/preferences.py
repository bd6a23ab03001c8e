"""What a person has chosen and need not choose again: one small JSON file.

Values are plain JSON. A damaged file is a notice in the log and no error: the
choices are then made anew. GUI thread; the window says when to save.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from desktop.kept_file import KeptFile

logger = logging.getLogger(__name__)


class Preferences:
    """With `path` None nothing is kept: for tests and pictures."""

    def __init__(self, path: Path | None) -> None:
        self._file = KeptFile(path) if path is not None else None
        self._is_dirty = False
        self._values = _read(self._file) if self._file is not None else {}

    def get(self, key: str, default: Any) -> Any:
        """The default also when what stands there is of another kind."""
        value = self._values.get(key, default)
        return value if isinstance(value, type(default)) else default

    def put(self, key: str, value: Any) -> None:
        if self._values.get(key) != value:
            self._values[key] = value
            self._is_dirty = True

    def save(self) -> None:
        """Nothing to do without a change."""
        if self._file is not None and self._is_dirty:
            self._is_dirty = False
            self._file.write(json.dumps(self._values, indent=1).encode())


def _read(file: KeptFile) -> dict[str, Any]:
    try:
        document = json.loads(file.read() or b"{}")
    except ValueError:
        logger.warning("preferences file is damaged file=%s", file.path)
        return {}
    return document if isinstance(document, dict) else {}
