"""Short notices over the chart: fills, refusals with their fix, lost connections.

They cover no button and take no focus. The same sentence again counts up
instead of piling up.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QRect, QRectF, Qt, QTimer, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from desktop.theme import palette
from desktop.theme.fonts import ui_font
from desktop.theme.icons import icon_pixmap
from desktop.theme.redress import put_icon
from desktop.widgets.buttons import make_button
from engine.trading_types import AlertLevel

_SHOWN_MS = {AlertLevel.INFO: 5_000, AlertLevel.WARNING: 8_000, AlertLevel.ERROR: 12_000}
_ICONS = {AlertLevel.INFO: "info", AlertLevel.WARNING: "warning", AlertLevel.ERROR: "error"}
_MOST = 4
_ECHO_MS = 1_000
_WIDEST, _NARROWEST = 340, 236
_WIDTH_SHARE, _HEIGHT_SHARE = 0.5, 0.22  # of the chart: on a low one there is one at a time
_MARGIN = 12
_CLEAR_RIGHT = 76  # the chart's prices
_CLEAR_BELOW = 62  # its times, and the words above them
_CLEAR_ABOVE = 60  # the words at the top
_GAP = 6


class Toast(QWidget):
    """One notice. `key` tells which later one replaces it."""

    def __init__(
        self,
        parent: QWidget,
        *,
        key: str,
        sentence: str,
        level: AlertLevel,
        icon_name: str = "",
        colour: str = "",
        action: str = "",
        act: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("toast")
        self.setAccessibleName(sentence)
        self.key = key
        self.level = level
        self.times = 1
        self._colour = colour or palette.ALERT_COLOUR[level]
        self._act = act
        self.setFixedWidth(_WIDEST)
        sign = QLabel(self)
        sign.setPixmap(icon_pixmap(icon_name or _ICONS[level], self._colour))
        self._sentence = QLabel(self)
        self._sentence.setObjectName("toast.sentence")
        self._sentence.setWordWrap(True)
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setFont(ui_font(12))
        self._lay_out(sign, action)
        self._shown_for = QElapsedTimer()
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.close)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.say(sentence)

    def _lay_out(self, sign: QLabel, action: str) -> None:
        row = self._row = QHBoxLayout()
        row.setSpacing(9)
        row.addWidget(sign, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._sentence, 1)
        row.addWidget(self._close_button(), 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 9, 8, 9)
        column.addLayout(row)
        if action:
            button = make_button("toast.action", action, "fix", parent=self)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setToolTip("Does what the notice is about, and closes it")
            button.clicked.connect(self._on_action)
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignRight)

    def say(self, sentence: str) -> None:
        self._plain = sentence
        self._shown_for.start()
        self._sentence.setText(sentence if self.times == 1 else f"{sentence} (x{self.times})")
        self._timer.start(_SHOWN_MS[self.level])
        self.fit(self.width())

    def fit(self, width: int) -> None:
        """As high as the words need when they are broken at this width."""
        self._row.invalidate()  # it remembers how high other words were
        self.setFixedWidth(width)
        self.setFixedHeight(self.heightForWidth(width))

    def redress(self) -> None:
        self._colour = palette.renewed(self._colour)

    def sentence(self) -> str:
        return self._plain

    def say_again(self) -> None:
        """Two events may tell the same at once: an order's end and its refusal."""
        if self._shown_for.elapsed() > _ECHO_MS:
            self.times += 1
        self.say(self._plain)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(QColor(palette.LINE_STRONG), 1))
        painter.setBrush(QColor(palette.RAISED))
        painter.drawRoundedRect(box, 5, 5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._colour))
        painter.drawRoundedRect(QRectF(4, 7, 3, self.height() - 14), 1.5, 1.5)
        painter.end()

    def _close_button(self) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName("toast.close")
        button.setAccessibleName("Close this notice")
        button.setToolTip("Close this notice; it goes by itself, and stays under Alerts or Log")
        put_icon(button, "close", "TEXT_FAINT")
        button.setProperty("role", "bare")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(self.close)
        return button

    @Slot()
    def _on_action(self) -> None:
        act, self._act = self._act, None
        if act is not None:
            act()
        self.close()


def _nowhere() -> QRect:
    return QRect()


class ToastStack(QObject):
    """At the right of `area`, below what must stay in sight or above it; newest lowest.

    `in_sight` tells where the price is now: as wide as the plot, as high as the newest
    moves. The newest notice and the newest error are always shown, others only while
    they find room: all of it stands under Alerts and in the log.
    """

    def __init__(self, area: QWidget, in_sight: Callable[[], QRect] = _nowhere) -> None:
        super().__init__(area)
        self._area = area
        self._in_sight = in_sight
        self._top = 0
        self._toasts: list[Toast] = []
        area.installEventFilter(self)

    def window(self) -> QWidget:
        return self._area.window()

    def show(
        self,
        sentence: str,
        level: AlertLevel = AlertLevel.INFO,
        *,
        key: str = "",
        icon_name: str = "",
        colour: str = "",
        action: str = "",
        act: Callable[[], None] | None = None,
    ) -> None:
        """A toast of the same `key` is rewritten, one of the same sentence counted up."""
        for toast in self._toasts:
            if toast.sentence() == sentence:
                toast.say_again()
                self._arrange()
                return
            if key and toast.key == key:
                toast.say(sentence)
                self._arrange()
                return
        toast = Toast(
            self._area,
            key=key,
            sentence=sentence,
            level=level,
            icon_name=icon_name,
            colour=colour,
            action=action,
            act=act,
        )
        toast.installEventFilter(self)
        self._toasts.insert(0, toast)
        toast.show()
        while len(self._toasts) > _MOST:
            self._toasts.pop().close()
        self._arrange()

    @Slot(object)
    def set_top(self, top: int) -> None:
        """Leave so much free above: an alarm is not covered by a notice."""
        self._top = top
        self._arrange()

    def drop(self, key: str) -> None:
        """What that notice said is no longer so."""
        for toast in [toast for toast in self._toasts if toast.key == key]:
            toast.close()

    def toasts(self) -> list[Toast]:
        return list(self._toasts)

    def sentences(self) -> list[str]:
        """Newest first."""
        return [toast.sentence() for toast in self._toasts]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._area and event.type() == QEvent.Type.Resize:
            self._arrange()
        if event.type() == QEvent.Type.Close and isinstance(watched, Toast):
            self._forget(watched)
        return super().eventFilter(watched, event)

    def _forget(self, toast: Toast) -> None:
        if toast in self._toasts:
            self._toasts.remove(toast)
        self._arrange()

    def _arrange(self) -> None:
        area = self._area.size()
        width = min(max(round(area.width() * _WIDTH_SHARE), _NARROWEST), _WIDEST)
        left = max(self._right() - width - _MARGIN, _MARGIN)
        for toast in self._toasts:
            toast.fit(width)
        shown = self._with_room(round(area.height() * _HEIGHT_SHARE))
        height = sum(toast.height() + _GAP for toast in shown) - _GAP
        bottom = self._bottom_for(height)
        for toast in self._toasts:
            toast.setVisible(toast in shown)
            if toast in shown:
                toast.move(left, bottom - toast.height())
                toast.raise_()
                bottom -= toast.height() + _GAP

    def _with_room(self, room: int) -> list[Toast]:
        """Newest first. An error is not pushed out of sight by the fills after it."""
        errors = [toast for toast in self._toasts if toast.level is AlertLevel.ERROR]
        always = {*self._toasts[:1], *errors[:1]}
        room -= sum(toast.height() + _GAP for toast in always)
        shown = []
        for toast in self._toasts:
            if toast not in always:
                room -= toast.height() + _GAP
                if room < 0:
                    continue
            shown.append(toast)
        return shown

    def _right(self) -> int:
        kept = self._in_sight()
        return kept.right() if kept.width() else self._area.width() - _CLEAR_RIGHT

    def _bottom_for(self, height: int) -> int:
        """Below the present price if the stack fits there, else above it, else where more is."""
        highest = self._top + _CLEAR_ABOVE
        lowest = self._area.height() - _CLEAR_BELOW
        kept = self._in_sight()
        below, above = lowest - kept.bottom() - _GAP, kept.top() - _GAP - highest
        if kept.isEmpty() or below >= min(height, above):
            return lowest
        return max(kept.top() - _GAP, highest + height)
