"""Buttons whose look comes from the style sheet by their `role`."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QPushButton, QWidget

from desktop.theme.fonts import ui_font


def make_button(
    name: str,
    text: str,
    role: str,
    *,
    accessible_name: str = "",
    height: int = 24,
    weight: QFont.Weight = QFont.Weight.Medium,
    size: int = 12,
    parent: QWidget | None = None,
) -> QPushButton:
    """Every button a person may click has a stable object name and a spoken one."""
    button = QPushButton(text, parent)
    dress_button(
        button,
        name,
        role,
        accessible_name=accessible_name,
        height=height,
        weight=weight,
        size=size,
    )
    return button


def dress_button(
    button: QPushButton,
    name: str,
    role: str,
    *,
    accessible_name: str = "",
    height: int = 24,
    weight: QFont.Weight = QFont.Weight.Medium,
    size: int = 12,
) -> None:
    button.setObjectName(name)
    button.setAccessibleName(accessible_name or button.text())
    button.setProperty("role", role)
    button.setFont(ui_font(size, weight))
    button.setFixedHeight(height)
    button.setAutoDefault(False)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
