"""What a person has chosen and need not choose again: one small JSON file.

Values are plain JSON. A damaged file is a notice in the log and no error: the
choices are then made anew. GUI thread; the window says when to save.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)


class Preferences:
    """With `path` None nothing is kept: for tests and pictures."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._is_dirty = False
        self._values = _read(path) if path is not None else {}

    def get(self, key: str, default: Any) -> Any:
        """The default also when what stands there is of another kind."""
        value = self._values.get(key, default)
        return value if isinstance(value, type(default)) else default

    def put(self, key: str, value: Any) -> None:
        if self._values.get(key) != value:
            self._values[key] = value
            self._is_dirty = True

    def save(self) -> None:
        """Never half a file: written beside and renamed. Nothing to do without a change."""
        if self._path is None or not self._is_dirty:
            return
        self._is_dirty = False
        beside = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(json.dumps(self._values, indent=1), encoding="utf-8")
            beside.replace(self._path)
        except OSError as error:
            logger.warning("preferences not kept file=%s reason=%s", self._path, error)


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        logger.warning("preferences file is damaged file=%s", path)
        return {}
    return document if isinstance(document, dict) else {}
