"""The program's own line icons, drawn from SVG in any colour of the palette."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from desktop.theme.colours import palette
from desktop.theme.resources import resource_path

_SCALE = 3  # drawn three times as large, so that it stays crisp at 200 %


def icon(name: str, colour: str = "", size: int = 16) -> QIcon:
    """The icon `resources/icons/NAME.svg`. GUI thread, after QApplication."""
    return QIcon(icon_pixmap(name, colour or palette.TEXT_DIM, size))


@lru_cache(maxsize=128)
def icon_pixmap(name: str, colour: str, size: int = 16) -> QPixmap:
    source = resource_path("icons", f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(source.replace("currentColor", colour).encode()))
    pixmap = QPixmap(size * _SCALE, size * _SCALE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(pixmap.rect()))
    painter.end()
    pixmap.setDevicePixelRatio(_SCALE)
    return pixmap


def program_icon() -> QIcon:
    return icon("perpdesk", size=64)
