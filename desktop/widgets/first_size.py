"""How large a window opens the first time: never larger than what its screen has room for."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget


def put_first_size(window: QWidget, usual: QSize, least: QSize) -> None:
    """`usual` where there is room, frame and all; on a smaller screen all of it.

    One that has not even `least` changes nothing: no window fits there.
    """
    window.resize(usual)
    room = QGuiApplication.primaryScreen().availableSize()
    is_too_small = room.boundedTo(least) != least
    if is_too_small or room.boundedTo(usual) == usual:
        return
    window.resize(usual.boundedTo(room))
    window.setWindowState(Qt.WindowState.WindowMaximized)
