"""Dress the application: Fusion, our palette, one small style sheet, our fonts."""

from __future__ import annotations

import re

import msgspec
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from desktop.theme.colours import PAIRS, THEMES, look_of, palette
from desktop.theme.fonts import UI_SIZE, load_fonts, set_size, ui_font
from desktop.theme.redress import redress
from desktop.theme.resources import resource_path

_CLASSES_WITH_THEIR_OWN_FONT = (
    "QAbstractItemView",
    "QHeaderView",
    "QMenu",
    "QMenuBar",
    "QMessageBox",
    "QTipLabel",
    "QStatusBar",
    "QComboBoxListView",
    "QTabBar",
    "QPushButton",
    "QToolButton",
    "QCheckBox",
    "QLineEdit",
)


class Look(msgspec.Struct, frozen=True):
    theme: str = THEMES[0]
    pair: str = PAIRS[0]
    font_px: int = UI_SIZE


_USUAL = Look()
_WORN = "themeWorn"


def apply_theme(app: QApplication, look: Look = _USUAL) -> None:
    """Call on the GUI thread before the first window, and again for another look at once."""
    if app.property(_WORN) == str(look):
        return  # a style sheet put on again costs as much as the first time, for every widget
    app.setProperty(_WORN, str(look))
    load_fonts()
    if app.style().name().lower() != "fusion":
        app.setStyle("Fusion")
    palette.take(look_of(look.theme, look.pair))
    set_size(look.font_px)
    _dress(app)
    redress(app.allWidgets())


def _dress(app: QApplication) -> None:
    app.setPalette(_qt_palette())
    font = ui_font()
    app.setFont(font)
    app.setStyleSheet(style_sheet())
    # Windows gives these classes the system's font again with every style sheet
    for name in _CLASSES_WITH_THEIR_OWN_FONT:
        app.setFont(font, name)  # type: ignore[arg-type] # its stub says bytes, and refuses them


def style_sheet() -> str:
    """app.qss with the palette's colours filled in. An unknown name is a KeyError."""
    values = palette.named()
    values["ICONS"] = resource_path("icons").as_posix()
    text = resource_path("styles", "app.qss").read_text(encoding="utf-8")
    return re.sub(r"\$([A-Z_]+)(?=\W)", lambda found: values[found[1]], text)


def _qt_palette() -> QPalette:
    role = QPalette.ColorRole
    colours = {
        role.Window: palette.PANEL,
        role.WindowText: palette.TEXT,
        role.Base: palette.FIELD,
        role.AlternateBase: palette.ROW_HOVER,
        role.Text: palette.TEXT,
        role.Button: palette.RAISED,
        role.ButtonText: palette.TEXT,
        role.BrightText: palette.TEXT_ON_COLOUR,
        role.Highlight: palette.ACCENT,
        role.HighlightedText: palette.TEXT_ON_COLOUR,
        role.ToolTipBase: palette.RAISED,
        role.ToolTipText: palette.TEXT,
        role.PlaceholderText: palette.TEXT_FAINT,
        role.Link: palette.ACCENT,
        role.Light: palette.RAISED_HOVER,
        role.Midlight: palette.RAISED,
        role.Mid: palette.LINE,
        role.Dark: palette.BACKGROUND,
        role.Shadow: palette.BACKGROUND,
    }
    made = QPalette()
    for which, colour in colours.items():
        made.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, which, QColor(palette.TEXT_OFF))
    return made
