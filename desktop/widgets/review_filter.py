"""Which part of past trading is shown: days, symbol and tag."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from desktop.theme.fonts import ui_font
from desktop.widgets.buttons import make_button
from desktop.widgets.search_field import SearchField
from engine.utils.local_days import day_begin_ms, day_end_ms, day_of, days_later

ALL_SYMBOLS = "All symbols"
ALL_TAGS = "All tags"
_SPANS = (("All", 0), ("Today", 1), ("7 days", 7), ("30 days", 30), ("90 days", 90))
_DAY = "2026-11-28"


class ReviewFilterBar(QWidget):
    """`changed`: a person chose something else."""

    changed = Signal()

    def __init__(self, now_ms: Callable[[], int], parent: QWidget) -> None:
        super().__init__(parent)
        self._now_ms = now_ms
        self.setObjectName("review.filter")
        self.since = SearchField("review.since", f"from, {_DAY}", "From day", self)
        self.until = SearchField("review.until", f"to, {_DAY}", "To day, itself included", self)
        self.symbol = _box("review.symbol", "Symbol", ALL_SYMBOLS, self)
        self.tag = _box("review.tag", "Tag", ALL_TAGS, self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for name, days in _SPANS:
            chip = make_button(
                f"review.span.{days}", name, "interval", accessible_name=f"Span {name}"
            )
            chip.clicked.connect(lambda _checked=False, days=days: self.choose_span(days))
            row.addWidget(chip)
        for field in (self.since, self.until):
            field.setFixedWidth(124)
            field.returnPressed.connect(self.changed)
            row.addWidget(field)
        for box in (self.symbol, self.tag):
            box.activated.connect(self._choose)
            row.addWidget(box)
        row.addStretch(1)

    def problem(self) -> str:
        """A sentence about a day that is none; empty when both are good."""
        for field in (self.since, self.until):
            if field.text().strip() and day_begin_ms(field.text()) is None:
                return f"{field.accessibleName()}: write a day as {_DAY}, not {field.text()}."
        return ""

    def since_ms(self) -> int:
        return day_begin_ms(self.since.text()) or 0

    def until_ms(self) -> int | None:
        return day_end_ms(self.until.text())

    def wanted_symbol(self) -> str:
        return self.symbol.currentText() if self.symbol.currentIndex() > 0 else ""

    def wanted_tag(self) -> str:
        return self.tag.currentText() if self.tag.currentIndex() > 0 else ""

    def set_choices(self, symbols: Iterable[str], tags: Iterable[str]) -> None:
        """What was chosen stays chosen, also when it has gone."""
        _fill(self.symbol, ALL_SYMBOLS, symbols, self.wanted_symbol())
        _fill(self.tag, ALL_TAGS, tags, self.wanted_tag())

    def choose_span(self, days: int) -> None:
        """The last so many days; 0: all."""
        today = day_of(self._now_ms())
        self.since.setText(days_later(today, 1 - days) if days else "")
        self.until.setText("")
        self.changed.emit()

    def choose_day(self, day: str) -> None:
        self.since.setText(day)
        self.until.setText(day)
        self.changed.emit()

    @Slot()
    def _choose(self) -> None:
        self.changed.emit()


def _box(name: str, spoken: str, first: str, parent: QWidget) -> QComboBox:
    box = QComboBox(parent)
    box.setObjectName(name)
    box.setAccessibleName(spoken)
    box.setFont(ui_font(12))
    box.setFixedHeight(24)
    box.setMinimumWidth(124)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box.addItem(first)
    return box


def _fill(box: QComboBox, first: str, texts: Iterable[str], chosen: str) -> None:
    found = [first, *texts]
    if chosen and chosen not in found:
        found.append(chosen)
    box.blockSignals(True)
    box.clear()
    box.addItems(found)
    box.setCurrentIndex(found.index(chosen) if chosen else 0)
    box.blockSignals(False)
