"""One look tells the environment: a coloured badge, and a frame around the window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from desktop.theme import palette
from desktop.theme.fonts import ui_font
from engine.trading_types import EnvironmentKind

_SAID = {
    EnvironmentKind.PAPER: "Paper exchange on this computer: no real money",
    EnvironmentKind.TESTNET: "The exchange's test network: no real money",
    EnvironmentKind.LIVE: "LIVE: real money",
}


class EnvironmentBadge(QWidget):
    """A click, or Enter, offers the other environments."""

    environment_wanted = Signal(object)  # name
    keys_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("environment")
        self._font = ui_font(12, QFont.Weight.DemiBold)
        self._name, self._kind = "", EnvironmentKind.PAPER
        self._choices: tuple[str, ...] = ()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_environment(self, name: str, kind: EnvironmentKind) -> None:
        self._name, self._kind = name, kind
        self.setAccessibleName(f"Environment {self.text()}: {_SAID[kind]}")
        self.setToolTip(f"{_SAID[kind]}. Click to trade somewhere else")
        self.updateGeometry()
        self.update()

    def set_choices(self, names: tuple[str, ...]) -> None:
        """Every environment there is; one alone needs no menu."""
        self._choices = names
        has_menu = len(names) > 1
        shape = Qt.CursorShape.PointingHandCursor if has_menu else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)
        self.updateGeometry()
        self.update()

    def menu(self) -> QMenu:
        menu = QMenu(self)
        for name in self._choices:
            action = menu.addAction(name)
            action.setObjectName(f"environment.{name}")
            action.setCheckable(True)
            action.setChecked(name == self._name)
            action.setEnabled(name != self._name)
            action.triggered.connect(lambda _=False, name=name: self.environment_wanted.emit(name))
        menu.addSeparator()
        keys = menu.addAction("Exchange keys …")
        keys.setObjectName("environment.keys")
        keys.triggered.connect(self.keys_wanted)
        return menu

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._open_menu()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._open_menu()
        else:
            super().keyPressEvent(event)

    def _open_menu(self) -> None:
        if len(self._choices) > 1:
            menu = self.menu()
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def text(self) -> str:
        """The kind, with the environment's own name where it says more."""
        kind = self._kind.value.upper()
        return kind if self._name.lower() == self._kind.value else f"{kind} {self._name}"

    def _shown_text(self) -> str:
        return f"{self.text()} ▾" if len(self._choices) > 1 else self.text()

    def colour(self) -> str:
        return palette.ENVIRONMENT_COLOUR[self._kind]

    def sizeHint(self) -> QSize:
        return QSize(QFontMetrics(self._font).horizontalAdvance(self._shown_text()) + 22, 26)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.colour()))
        painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
        is_amber = self._kind is EnvironmentKind.TESTNET
        painter.setPen(QColor(palette.BACKGROUND if is_amber else palette.TEXT_ON_COLOUR))
        painter.setFont(self._font)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._shown_text())
        painter.end()


class EnvironmentFrame(QObject):
    """Strips over the window's edges: thin at the top, and all round in red when LIVE."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._kind = EnvironmentKind.PAPER
        self._strips = [_Strip(window) for _ in range(4)]
        window.installEventFilter(self)

    def set_kind(self, kind: EnvironmentKind) -> None:
        self._kind = kind
        for strip in self._strips:
            strip.set_colour(palette.ENVIRONMENT_COLOUR[kind])
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        is_live = self._kind is EnvironmentKind.LIVE
        thick = 3 if is_live else 2
        width, height = self._window.width(), self._window.height()
        places = [
            QRect(0, 0, width, thick),
            QRect(0, height - thick, width, thick),
            QRect(0, 0, thick, height),
            QRect(width - thick, 0, thick, height),
        ]
        for number, (strip, place) in enumerate(zip(self._strips, places, strict=True)):
            strip.setGeometry(place)
            strip.setVisible(is_live or number == 0)
            strip.raise_()


class _Strip(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._colour = QColor(palette.PAPER)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def set_colour(self, colour: str) -> None:
        self._colour = QColor(colour)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._colour)
        painter.end()
