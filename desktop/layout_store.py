"""Where the panels stand, kept between runs. A layout of another version is ignored."""

from __future__ import annotations

import base64
import binascii
import json
import logging
from pathlib import Path

from PySide6.QtCore import QByteArray, QIODevice, QSaveFile
from PySide6.QtWidgets import QMainWindow

logger = logging.getLogger(__name__)

# raise when a dock or toolbar is added, renamed or removed
LAYOUT_VERSION = 1


class LayoutStore:
    """One small JSON file. GUI thread; a broken file is a notice in the log, no error."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def save(self, window: QMainWindow) -> None:
        document = {
            "version": LAYOUT_VERSION,
            "geometry": _text(window.saveGeometry()),
            "state": _text(window.saveState(LAYOUT_VERSION)),
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # never half a file: written beside and renamed
        file = QSaveFile(str(self._path))
        if not file.open(QIODevice.OpenModeFlag.WriteOnly):
            logger.warning("layout not kept file=%s reason=%s", self._path, file.errorString())
            return
        file.write(json.dumps(document).encode())
        if not file.commit():
            logger.warning("layout not kept file=%s reason=%s", self._path, file.errorString())

    def restore(self, window: QMainWindow) -> bool:
        """False when there is nothing fit to restore; the window is then untouched."""
        document = self._read()
        if document.get("version") != LAYOUT_VERSION:
            return False
        try:
            geometry, state = _bytes(document["geometry"]), _bytes(document["state"])
        except (KeyError, TypeError, ValueError, binascii.Error):
            logger.warning("layout file is damaged file=%s", self._path)
            return False
        window.restoreGeometry(geometry)
        return bool(window.restoreState(state, LAYOUT_VERSION))

    def _read(self) -> dict[str, object]:
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            logger.warning("layout file is damaged file=%s", self._path)
            return {}
        return document if isinstance(document, dict) else {}


def _text(data: QByteArray) -> str:
    return base64.b64encode(data.data()).decode("ascii")


def _bytes(text: object) -> QByteArray:
    return QByteArray(base64.b64decode(str(text), validate=True))
