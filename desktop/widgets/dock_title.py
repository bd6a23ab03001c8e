"""Slim title bars of the panels; dragging them moves the panel."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QToolButton, QWidget

from desktop.theme import palette
from desktop.theme.fonts import ui_font
from desktop.theme.redress import put_icon, put_ink

_HEIGHT = 26
_GRIP_HEIGHT = 7


class DockTitle(QWidget):
    """Name, float and close. It leaves mouse events alone, so the dock can be dragged.

    `is_added`: whoever added the panel removes it on `close_clicked`.
    """

    def __init__(self, dock: QDockWidget, *, is_added: bool = False) -> None:
        super().__init__(dock)
        label = QLabel(dock.windowTitle(), self)
        label.setFont(ui_font(11, QFont.Weight.DemiBold))
        put_ink(label, "TEXT_DIM")
        name = dock.objectName()
        float_it = _tool(self, f"{name}.float", f"Float {dock.windowTitle()}", "float")
        act = "Remove" if is_added else "Hide"
        close_it = _tool(self, f"{name}.close", f"{act} {dock.windowTitle()}", "close")
        float_it.clicked.connect(lambda: dock.setFloating(not dock.isFloating()))
        self.close_clicked = close_it.clicked
        if not is_added:
            close_it.clicked.connect(dock.close)
        dock.windowTitleChanged.connect(label.setText)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 5, 0)
        row.setSpacing(1)
        row.addWidget(label)
        row.addStretch(1)
        row.addWidget(float_it)
        row.addWidget(close_it)
        self.setFixedHeight(_HEIGHT)

    def sizeHint(self) -> QSize:
        # the dock's layout asks for this and ignores the fixed height
        return QSize(super().sizeHint().width(), _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), _HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(palette.PANEL))
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(palette.LINE))
        painter.end()


class DockGrip(QWidget):
    """For a panel whose tabs are its title: a strip to drag it by."""

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        self.setFixedHeight(_GRIP_HEIGHT)
        self.setCursor(Qt.CursorShape.SizeAllCursor)
        self.setToolTip("Drag to move this panel")

    def sizeHint(self) -> QSize:
        return QSize(60, _GRIP_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(palette.PANEL))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(palette.LINE_STRONG))
        painter.drawRoundedRect(self.width() // 2 - 16, 3, 32, 3, 1.5, 1.5)
        painter.end()


def _tool(parent: QWidget, name: str, spoken: str, icon_name: str) -> QToolButton:
    button = QToolButton(parent)
    button.setObjectName(name)
    button.setAccessibleName(spoken)
    button.setToolTip(spoken)
    button.setProperty("role", "bare")
    put_icon(button, icon_name, "TEXT_FAINT")
    button.setIconSize(QSize(13, 13))
    button.setFixedSize(20, 20)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button
