"""The look that a person chose, put on the running program."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from desktop.models.preferences import Preferences
from desktop.models.settings import FONT_PX, PAIR, THEME
from desktop.theme.apply_theme import Look, apply_theme


def look_of(preferences: Preferences) -> Look:
    return Look(
        theme=preferences.value_of(THEME),
        pair=preferences.value_of(PAIR),
        font_px=preferences.value_of(FONT_PX),
    )


def look_on(preferences: Preferences) -> None:
    """GUI thread; everything on show follows at once."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app, look_of(preferences))
