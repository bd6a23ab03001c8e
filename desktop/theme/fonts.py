"""The two shipped families: Inter for words, JetBrains Mono for numbers.

Fonts are shipped because Windows' offscreen platform has none and because
digits must be equally wide everywhere. Sizes are logical pixels: Qt scales them.
"""

from __future__ import annotations

import logging

from PySide6.QtGui import QFont, QFontDatabase

from desktop.theme.resources import resource_path

logger = logging.getLogger(__name__)

UI_FAMILY = "Inter"
MONO_FAMILY = "JetBrains Mono"
UI_SIZE = 12
MONO_SIZE = 12


def load_fonts() -> None:
    """Register the shipped files with Qt. GUI thread, after QApplication."""
    known = set(QFontDatabase.families())
    if {UI_FAMILY, MONO_FAMILY} <= known:
        return
    for path in sorted(resource_path("fonts").glob("*.[ot]tf")):
        if QFontDatabase.addApplicationFont(str(path)) < 0:
            logger.warning("font not loaded file=%s", path.name)


def ui_font(size: int = UI_SIZE, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    font = QFont(UI_FAMILY)
    font.setPixelSize(size)
    font.setWeight(weight)
    return font


def mono_font(size: int = MONO_SIZE, *, bold: bool = False) -> QFont:
    font = QFont(MONO_FAMILY)
    font.setPixelSize(size)
    font.setBold(bold)
    font.setStyleHint(QFont.StyleHint.Monospace)
    return font
