"""Pens, colours and fonts of painted widgets, made once: making them is what costs.

Everything handed out is shared: copy a pen before changing it. GUI thread only.
"""

from __future__ import annotations

from functools import cache, lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPen

from desktop.theme.fonts import mono_font, ui_font, when_resized

SMALL = 11


@cache
def ink(name: str, alpha: int = 255) -> QColor:
    colour = QColor(name)
    colour.setAlpha(alpha)
    return colour


@cache
def hairline(name: str, style: Qt.PenStyle = Qt.PenStyle.SolidLine, width: int = 1) -> QPen:
    """`width` device pixels at every scaling."""
    pen = QPen(ink(name), width, style)
    pen.setCosmetic(True)
    return pen


@cache
def words_font(size: int = SMALL) -> QFont:
    return ui_font(size)


@cache
def numbers_font(size: int = SMALL, *, bold: bool = False) -> QFont:
    return mono_font(size, bold=bold)


@lru_cache(maxsize=2048)
def words_px(text: str, size: int = SMALL) -> int:
    """Width in logical pixels, in the font for words."""
    return QFontMetrics(words_font(size)).horizontalAdvance(text)


@cache
def digit_px(size: int = SMALL) -> float:
    """Every character of the font for numbers is so wide."""
    return QFontMetrics(numbers_font(size)).horizontalAdvance("0" * 20) / 20


when_resized.extend(kept.cache_clear for kept in (words_font, numbers_font, words_px, digit_px))
