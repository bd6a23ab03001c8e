"""A hint beside a control, and a ring around it. Neither takes focus or covers the control."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop.theme import palette
from desktop.theme.fonts import ui_font
from desktop.widgets.buttons import make_button

_WIDTH = 300
_GAP = 12
_RING = 3


class HintBubble(QWidget):
    skipped = Signal()
    dismissed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("hint")
        self.setFixedWidth(_WIDTH)
        self._ring = _Ring(window)
        self._count = QLabel(self)
        self._count.setFont(ui_font(11, QFont.Weight.DemiBold))
        self._words = QLabel(self)
        self._words.setObjectName("hint.sentence")
        self._words.setWordWrap(True)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setFont(ui_font(13))
        dismiss = make_button("hint.dismiss", "Don't show again", "quiet", parent=self)
        dismiss.setToolTip("The hints are gone for good")
        self._skip = make_button("hint.skip", "Skip", "quiet", parent=self)
        self._skip.setToolTip("Goes on without doing this step")
        dismiss.clicked.connect(self.dismissed)
        self._skip.clicked.connect(self.skipped)
        row = QHBoxLayout()
        row.addWidget(self._count)
        row.addStretch(1)
        row.addWidget(self._skip)
        row.addWidget(dismiss)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 11, 10, 8)
        column.setSpacing(6)
        column.addWidget(self._words)
        column.addLayout(row)

    def say(self, sentence: str, place: str, *, is_last: bool) -> None:
        if sentence != self._words.text():
            self._words.setText(sentence)
            self._count.setText(place)
            self._skip.setText("Done" if is_last else "Skip")
            self.setAccessibleName(sentence)
            self._fit()

    def _fit(self) -> None:
        """As high as these words need: a layout remembers how high the last ones were."""
        column = self.layout()
        assert column is not None
        column.invalidate()
        self.setFixedHeight(self.heightForWidth(_WIDTH))

    def point_at(self, target: QRect, clear: QRect, room: QRect) -> None:
        """A ring around `target`, and the words beside `clear`, inside `room`; all in the
        window's coordinates.
        """
        place = beside(clear, target, self.size(), room)
        self._ring.setGeometry(target.adjusted(-_RING, -_RING, _RING, _RING))
        if place != self.geometry():
            self.setGeometry(place)
        for part in (self._ring, self):
            part.show()
            part.raise_()

    def leave(self) -> None:
        self.hide()
        self._ring.hide()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(palette.ACCENT), 1.5))
        painter.setBrush(QColor(palette.RAISED))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        painter.end()


def beside(clear: QRect, target: QRect, size: QSize, room: QRect) -> QRect:
    """The first of left, below, above, right of `clear` where it fits, as near to `target` as
    it goes; else the room's middle. Above a row of the tables are BUY and SELL.
    """
    top = min(max(target.center().y() - size.height() // 2, room.top()), _last_top(size, room))
    left = min(max(target.center().x() - size.width() // 2, room.left()), _last_left(size, room))
    places = (
        QRect(clear.left() - _GAP - size.width(), top, size.width(), size.height()),
        QRect(left, clear.bottom() + _GAP, size.width(), size.height()),
        QRect(left, clear.top() - _GAP - size.height(), size.width(), size.height()),
        QRect(clear.right() + _GAP, top, size.width(), size.height()),
    )
    middle = QRect(left, top, size.width(), size.height())
    return next((place for place in places if room.contains(place)), middle)


def _last_top(size: QSize, room: QRect) -> int:
    return max(room.top(), room.bottom() - size.height())


def _last_left(size: QSize, room: QRect) -> int:
    return max(room.left(), room.right() - size.width())


class _Ring(QWidget):
    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("hint.ring")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(palette.ACCENT), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 5, 5)
        painter.end()
