"""Colours of a painted widget at logical pixels, at any scaling of the screen."""

from __future__ import annotations

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget


def colour_at(picture: QImage, x: float, y: float) -> str:
    ratio = picture.devicePixelRatio()
    return picture.pixelColor(round(x * ratio), round(y * ratio)).name()


def colours_of_row(widget: QWidget, y: float, left: int, right: int) -> set[str]:
    """Every colour between two x; a hairline may be a device pixel beside its place."""
    picture = widget.grab().toImage()
    ratio = picture.devicePixelRatio()
    rows = {round(round(y) * ratio), int(round(y) * ratio)}
    return {
        picture.pixelColor(x, row).name()
        for row in rows
        for x in range(round(left * ratio), round(right * ratio))
    }
