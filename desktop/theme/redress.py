"""Put on what follows the theme: ink, ground and icon by the name of their colour.

Whoever dresses a widget here need not know of themes: `redress` finds what was
put on and puts it on again in the new colours and size. A widget that keeps
fonts or colours of its own has a method `redress()` which makes them anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QAbstractButton, QWidget

from desktop.theme.colours import palette
from desktop.theme.fonts import scaled_px, usual_px
from desktop.theme.icons import icon

_ICON = "themeIcon"
_USUAL_PX = "themeUsualPx"
_INK = "themeInk"
_GROUND = "themeGround"


def put_icon(button: QAbstractButton, name: str, ink: str = "TEXT_DIM") -> None:
    """`ink` is a name of the palette."""
    button.setProperty(_ICON, f"{name} {ink}")
    button.setIcon(icon(name, palette.named()[ink]))


def put_ink(widget: QWidget, ink: str) -> None:
    widget.setProperty(_INK, ink)
    _paint(widget, widget.foregroundRole(), ink)


def put_ground(widget: QWidget, ground: str) -> None:
    widget.setProperty(_GROUND, ground)
    widget.setAutoFillBackground(True)
    _paint(widget, widget.backgroundRole(), ground)


def redress(widgets: Iterable[QWidget]) -> None:
    """GUI thread, after palette or font size were exchanged."""
    for widget in widgets:
        if widget.testAttribute(Qt.WidgetAttribute.WA_SetFont):
            _resize(widget)
        if (ink := widget.property(_INK)) is not None:
            put_ink(widget, ink)
        if (ground := widget.property(_GROUND)) is not None:
            put_ground(widget, ground)
        if isinstance(widget, QAbstractButton) and (worn := widget.property(_ICON)) is not None:
            name, ink = worn.split()
            put_icon(widget, name, ink)
        own = getattr(widget, "redress", None)
        if own is not None:
            own()
        widget.update()


def _resize(widget: QWidget) -> None:
    """The usual size is noted once: a new style sheet brings back fonts of an earlier size."""
    font = widget.font()
    usual = widget.property(_USUAL_PX)
    if usual is None:
        usual = usual_px(font.pixelSize())
        widget.setProperty(_USUAL_PX, usual)
    if usual > 0:
        font.setPixelSize(scaled_px(usual))
        widget.setFont(font)


def _paint(widget: QWidget, role: QPalette.ColorRole, name: str) -> None:
    dress = widget.palette()
    dress.setColor(role, QColor(palette.named()[name]))
    widget.setPalette(dress)
