"""The two shipped families: Inter for words, JetBrains Mono for numbers.

Fonts are shipped because Windows' offscreen platform has none and because
digits must be equally wide everywhere. Sizes are logical pixels: Qt scales them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtGui import QFont, QFontDatabase

from desktop.theme.resources import resource_path

logger = logging.getLogger(__name__)

UI_FAMILY = "Inter"
MONO_FAMILY = "JetBrains Mono"
UI_SIZE = 12
MONO_SIZE = 12
SIZES = (11, 12, 13, 14)  # what UI_SIZE may become; every other size follows in proportion


class _Scale:
    """How large everything is written. `before` is what fonts on show were made with."""

    now = 1.0
    before = 1.0


when_resized: list[Callable[[], None]] = []  # whoever keeps fonts or widths, to forget them


def set_size(size: int) -> None:
    """Write with `size` px where UI_SIZE was meant. Widgets on show must be redressed."""
    _Scale.before, _Scale.now = _Scale.now, size / UI_SIZE
    for forget in when_resized:
        forget()


def usual_px(size: int) -> int:
    """What was asked for, where a font on show came out `size` px before the last `set_size`."""
    return round(size / _Scale.before)


def scaled_px(size: int) -> int:
    return round(size * _Scale.now)


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
    font.setPixelSize(scaled_px(size))
    font.setWeight(weight)
    return font


def mono_font(size: int = MONO_SIZE, *, bold: bool = False) -> QFont:
    font = QFont(MONO_FAMILY)
    font.setPixelSize(scaled_px(size))
    font.setBold(bold)
    font.setStyleHint(QFont.StyleHint.Monospace)
    return font
