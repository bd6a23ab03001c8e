"""One short notice over the chart: a fill, a refusal with its fix, a lost connection.

It covers no button and takes no focus.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QRectF, Qt, QTimer, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from desktop.theme import palette
from desktop.theme.fonts import ui_font
from desktop.theme.icons import icon_pixmap
from desktop.theme.redress import put_icon, put_ink
from desktop.widgets.buttons import make_button
from engine.trading_types import AlertLevel

_SHOWN_MS = {AlertLevel.INFO: 5_000, AlertLevel.WARNING: 8_000, AlertLevel.ERROR: 12_000}
_ICONS = {AlertLevel.INFO: "info", AlertLevel.WARNING: "warning", AlertLevel.ERROR: "error"}
_ECHO_MS = 1_000
WIDEST = 340


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
        self.setFixedWidth(WIDEST)
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
        self._others = _others_label(self)
        edge = self._edge = QVBoxLayout()
        edge.setSpacing(0)
        edge.addWidget(self._close_button(), 0, Qt.AlignmentFlag.AlignTop)
        edge.addWidget(self._others, 0, Qt.AlignmentFlag.AlignCenter)
        edge.addStretch(1)
        row.addLayout(edge)
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
        self._timer.start(_SHOWN_MS[self.level])
        self.fit(self.width())

    def fit(self, width: int, *, is_folded: bool = False) -> None:
        """As high as the words need when they are broken at this width; folded: one line,
        but for an error and for what asks something.
        """
        is_folded = is_folded and self._act is None and self.level is not AlertLevel.ERROR
        said = self._plain if self.times == 1 else f"{self._plain} (x{self.times})"
        self._sentence.setWordWrap(not is_folded)
        self._sentence.setText(self._shortened(said, width) if is_folded else said)
        self._sentence.setToolTip(said if is_folded else "")
        for part in (self._edge, self._row):
            part.invalidate()  # it remembers how high other words were
        self.setFixedWidth(width)
        self.setFixedHeight(self.sizeHint().height() if is_folded else self.heightForWidth(width))

    def set_others(self, count: int) -> None:
        """So many earlier notices found no room."""
        self._others.setText(f"+{count}" if count else "")
        self._others.setVisible(bool(count))

    def _shortened(self, said: str, width: int) -> str:
        """What else stands in the row keeps its width."""
        column = self.layout()
        assert column is not None
        beside = self._row.sizeHint().width() - self._sentence.sizeHint().width()
        margins = column.contentsMargins()
        room = width - beside - margins.left() - margins.right()
        return self._sentence.fontMetrics().elidedText(said, Qt.TextElideMode.ElideRight, room)

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


def _others_label(toast: Toast) -> QLabel:
    label = QLabel(toast)
    label.setObjectName("toast.others")
    label.setAccessibleName("Earlier notices")
    label.setToolTip("So many earlier notices; all of them stand under Alerts or Log")
    label.setFont(ui_font(11))
    put_ink(label, "TEXT_DIM")
    label.hide()
    return label
