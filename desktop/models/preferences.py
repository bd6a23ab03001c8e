"""What a person has chosen and need not choose again: one small JSON file.

Values are plain JSON, and none of them is a secret. A damaged file is set aside
and `notice` says so: the choices are then made anew. GUI thread; the window
says when to save.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from desktop.kept_file import KeptFile
from desktop.models.settings import BY_KEY, Setting

logger = logging.getLogger(__name__)

_ALSO_SHARED = ("keys", "ticket.presets")  # beside the table's: what an export carries
_MARK = "perpdesk settings"


class Preferences:
    """With `path` None nothing is kept: for tests and pictures."""

    def __init__(self, path: Path | None) -> None:
        self._file = KeptFile(path) if path is not None else None
        self._is_dirty = False
        self._listeners: list[Callable[[str], None]] = []
        self.notice = ""  # what a person must know of the file; "" when all is well
        self._values = self._read(self._file) if self._file is not None else {}

    def get(self, key: str, default: Any) -> Any:
        """The default also when what stands there is of another kind."""
        value = self._values.get(key, default)
        return value if isinstance(value, type(default)) else default

    def put(self, key: str, value: Any) -> None:
        if key not in self._values or self._values[key] != value:
            self._values[key] = value
            self._changed(key)

    def forget(self, key: str) -> None:
        """Back to the default."""
        if self._values.pop(key, None) is not None:
            self._changed(key)

    def value_of(self, setting: Setting) -> Any:
        """The default also when what stands there can no longer be."""
        value = self._values.get(setting.key, setting.default)
        return setting.default if setting.problem(value) else value

    def is_chosen(self, key: str) -> bool:
        return key in self._values

    def listen(self, told: Callable[[str], None]) -> None:
        """Called with the key after every change, on this thread."""
        self._listeners.append(told)

    def save(self) -> None:
        """Nothing to do without a change. What could not be written is tried again next time."""
        if self._file is not None and self._is_dirty:
            text = json.dumps(self._values, indent=1, ensure_ascii=False)
            self._is_dirty = not self._file.write(text.encode("utf-8"))

    # --- taking it to another computer ----------------------------------------------

    def export_text(self) -> str:
        """Settings, keys and presets; never what is of this computer, and no secret."""
        shared = {
            key: value
            for key, value in self._values.items()
            if key in BY_KEY or key in _ALSO_SHARED
        }
        document = {"kind": _MARK, "values": shared}
        return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True)

    def import_text(self, text: str) -> list[str]:
        """Take over what can be; one sentence for each thing that cannot."""
        try:
            document = json.loads(text)
        except ValueError:
            return ["The file is not JSON; export the settings again on the other computer."]
        values = document.get("values") if isinstance(document, dict) else None
        if not isinstance(values, dict) or document.get("kind") != _MARK:
            return ["The file holds no settings of Perpdesk; choose one that was exported here."]
        problems = []
        for key, value in values.items():
            problem = _import_problem(key, value)
            if problem:
                problems.append(problem)
            else:
                self.put(key, value)
        return problems

    # --- inside ---------------------------------------------------------------------

    def _changed(self, key: str) -> None:
        self._is_dirty = True
        for told in list(self._listeners):
            told(key)

    def _read(self, file: KeptFile) -> dict[str, Any]:
        content = file.read()
        if not content:
            return {}
        try:
            document = json.loads(content)
        except ValueError:
            document = None
        if isinstance(document, dict):
            return document
        aside = file.set_aside()
        logger.warning("preferences file is damaged file=%s aside=%s", file.path, aside)
        where = f" It was kept as {aside.name}." if aside is not None else ""
        self.notice = f"The file of your settings was damaged: the defaults are used.{where}"
        return {}


def _import_problem(key: str, value: object) -> str:
    setting = BY_KEY.get(key)
    if setting is not None:
        return setting.problem(value)
    if key == "keys":
        is_fit = isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
        return "" if is_fit else "The keys are not in a form that can be read."
    if key == "ticket.presets":
        return "" if isinstance(value, list) else "The presets are not in a form that can be read."
    return f"{key} is not a setting that is known here."
