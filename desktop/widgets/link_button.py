"""A dot in the colour of a panel's group, and the menu to choose another."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QActionGroup, QColor, QIcon, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from desktop.models.layouts import Link
from desktop.theme import palette

_SIZE = QSize(26, 24)
_RADIUS = 5.0
_WORDS = {Link.NONE: "Not linked"}


class LinkButton(QToolButton):
    """`whose` is spoken: "the main panels". The bar below tells the active panel."""

    link_chosen = Signal(object)  # Link

    def __init__(self, name: str, whose: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._whose = whose
        self._is_active = False
        self.link = Link.NONE
        self.setProperty("role", "bare")
        self.setFixedSize(_SIZE)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setMenu(self._make_menu(name))
        self.set_link(Link.NONE)

    def set_link(self, link: Link) -> None:
        self.link = link
        for action in self.menu().actions():
            action.setChecked(action.data() == link.value)
        word = _WORDS.get(link, f"Linked {link.value}")
        self.setAccessibleName(f"Link of {self._whose}: {word}")
        self.setToolTip(f"{word}. Panels of one colour follow the same symbol.")
        self.update()

    def set_active(self, is_active: bool) -> None:
        if is_active is not self._is_active:
            self._is_active = is_active
            self.update()

    def redress(self) -> None:
        for action in self.menu().actions():
            action.setIcon(_dot_icon(Link(action.data())))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _draw_dot(painter, self.link, QPointF(self.width() / 2, self.height() / 2 - 1))
        if self._is_active:
            bar = self.rect().adjusted(3, self.height() - 2, -3, 0)
            painter.fillRect(bar, QColor(palette.ACCENT))
        painter.end()

    def _make_menu(self, name: str) -> QMenu:
        menu = QMenu(self)
        menu.setObjectName(f"{name}.menu")
        group = QActionGroup(menu)
        for link in Link:
            action = menu.addAction(_dot_icon(link), _WORDS.get(link, link.value.capitalize()))
            action.setObjectName(f"{name}.{link.value}")
            action.setData(link.value)
            action.setCheckable(True)
            action.triggered.connect(lambda _=False, chosen=link: self._choose(chosen))
            group.addAction(action)
        return menu

    def _choose(self, link: Link) -> None:
        self.set_link(link)
        self.link_chosen.emit(link)


def link_colour(link: Link) -> str:
    return {
        Link.NONE: palette.TEXT_FAINT,
        Link.BLUE: palette.ACCENT,
        Link.VIOLET: palette.OVERLAY_2,
        Link.AMBER: palette.WARNING,
        Link.PINK: palette.OVERLAY_3,
    }[link]


def _draw_dot(painter: QPainter, link: Link, middle: QPointF) -> None:
    """Hollow for not linked: the colour is never the only sign."""
    colour = QColor(link_colour(link))
    painter.setPen(QPen(colour, 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush if link is Link.NONE else colour)
    painter.drawEllipse(middle, _RADIUS, _RADIUS)


def _dot_icon(link: Link) -> QIcon:
    pixmap = QPixmap(16, 16)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _draw_dot(painter, link, QPointF(8, 8))
    painter.end()
    return QIcon(pixmap)
