"""A month of days, each with what it brought: sign and number, and a colour besides."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFont, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolTip, QVBoxLayout, QWidget

from desktop.formatting import signed
from desktop.models.profit_month import MonthDay, ProfitMonths, month_after, month_name
from desktop.theme import palette
from desktop.theme.fonts import ui_font
from desktop.widgets.buttons import make_button
from desktop.widgets.inks import hairline, ink, numbers_font, words_font
from engine.review_views import ReviewDay
from engine.views import ZERO

_HEAD = 20
_WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_ROWS = 6


class ProfitCalendar(QWidget):
    day_chosen = Signal(object)  # "2026-11-28"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("review.calendar")
        self.setAccessibleName("Profit by day")
        self._months = ProfitMonths()
        self._month = ""
        self.before = make_button(
            "review.calendar.before", "<", "quiet", accessible_name="Month before"
        )
        self.after = make_button(
            "review.calendar.after", ">", "quiet", accessible_name="Month after"
        )
        self.title = QLabel(self)
        self.title.setObjectName("review.calendar.title")
        self.title.setFont(ui_font(12, QFont.Weight.Medium))
        self.title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.grid = _Grid(self)
        self.before.clicked.connect(self._go_back)
        self.after.clicked.connect(self._go_on)
        self.grid.day_chosen.connect(self.day_chosen)
        self._lay_out()

    def show_days(self, days: Iterable[ReviewDay]) -> None:
        self._months = ProfitMonths(days)
        self._show_month(self._months.newest())

    @property
    def month(self) -> str:
        return self._month

    @Slot()
    def _go_back(self) -> None:
        self._show_month(month_after(self._month, -1))

    @Slot()
    def _go_on(self) -> None:
        self._show_month(month_after(self._month, 1))

    def _show_month(self, month: str) -> None:
        self._month = month
        self.before.setEnabled(bool(month) and month > self._months.oldest())
        self.after.setEnabled(bool(month) and month < self._months.newest())
        net = f"   {signed(self._months.net(month), 2)}" if month else ""
        self.title.setText(f"{month_name(month)}{net}")
        self.grid.show_weeks(self._months, self._months.weeks(month) if month else [])

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.before)
        top.addWidget(self.title, 1)
        top.addWidget(self.after)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 8)
        column.setSpacing(4)
        column.addLayout(top)
        column.addWidget(self.grid, 1)


class _Grid(QWidget):
    day_chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("review.calendar.days")
        self.setAccessibleName("Days of the month")
        self.setMinimumSize(QSize(364, 220))
        self._months = ProfitMonths()
        self._weeks: list[list[MonthDay | None]] = []

    def show_weeks(self, months: ProfitMonths, weeks: list[list[MonthDay | None]]) -> None:
        self._months, self._weeks = months, weeks
        told = [f"{day.day} {signed(day.net, 2)}" for day in self._days() if day.net is not None]
        self.setAccessibleDescription(", ".join(told))
        self.update()

    def rect_of(self, day: str) -> QRectF:
        """Where a day is shown; empty when it is not."""
        return next((rect for rect, one in self._cells() if one.day == day), QRectF())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        for rect, day in self._cells():
            if rect.contains(event.position()) and day.net is not None:
                self.day_chosen.emit(day.day)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            for rect, day in self._cells():
                if rect.contains(event.pos()) and day.net is not None:
                    text = f"{day.day}: {signed(day.net, 2)} in {day.bookings} bookings"
                    QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(words_font())
        painter.setPen(ink(palette.TEXT_FAINT))
        width = self.width() / 7
        for column, name in enumerate(_WEEKDAYS):
            head = QRectF(column * width, 0, width, _HEAD)
            painter.drawText(head, Qt.AlignmentFlag.AlignCenter, name)
        for rect, day in self._cells():
            self._paint_day(painter, rect.adjusted(1, 1, -1, -1), day)
        painter.end()

    def _paint_day(self, painter: QPainter, rect: QRectF, day: MonthDay) -> None:
        painter.fillRect(rect, ink(palette.FIELD))
        if day.net:
            colour = palette.BUY if day.net > 0 else palette.SELL
            painter.fillRect(rect, ink(colour, round(28 + 90 * self._months.share(day.net))))
        painter.setPen(hairline(palette.LINE))
        painter.drawRect(rect)
        painter.setFont(words_font(10))
        painter.setPen(ink(palette.TEXT_DIM if day.net is not None else palette.TEXT_FAINT))
        inside = rect.adjusted(4, 2, -4, -2)
        top_left = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
        painter.drawText(inside, top_left, str(day.number))
        if day.net is not None:
            painter.setFont(numbers_font(10))
            painter.setPen(ink(palette.TEXT))
            bottom_right = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignRight
            painter.drawText(inside, bottom_right, _short(day))

    def _cells(self) -> list[tuple[QRectF, MonthDay]]:
        width, height = self.width() / 7, (self.height() - _HEAD) / _ROWS
        return [
            (QRectF(column * width, _HEAD + row * height, width, height), day)
            for row, week in enumerate(self._weeks)
            for column, day in enumerate(week)
            if day is not None
        ]

    def _days(self) -> list[MonthDay]:
        return [day for week in self._weeks for day in week if day is not None]


def _short(day: MonthDay) -> str:
    """Cents while there is room for them."""
    net = day.net or ZERO
    return signed(net, 2 if abs(net) < 1000 else 0)
