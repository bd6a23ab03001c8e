"""Note and tags of the chosen round trip; kept when Enter is pressed or Keep clicked."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from desktop.theme.fonts import ui_font
from desktop.widgets.buttons import make_button
from engine.review_commands import NoteTrade
from engine.review_views import ReviewedTrip
from engine.trading_types import Side
from engine.utils.decimals import plain

_CHOOSE = "Choose a round trip above to write about it."


class NoteEditor(QWidget):
    note_wanted = Signal(object)  # NoteTrade

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("review.editor")
        self._trip: ReviewedTrip | None = None
        self.title = QLabel(_CHOOSE, self)
        self.title.setObjectName("review.editor.title")
        self.title.setFont(ui_font(12))
        self.tags = _line("review.tags", "tags, with commas between", "Tags of the trade", self)
        self.note = _line("review.note", "note", "Note about the trade", self)
        self.keep = make_button("review.keep", "Keep", "chip", accessible_name="Keep note and tags")
        self.keep.setFixedWidth(64)
        self.keep.clicked.connect(self._keep)
        for field in (self.tags, self.note):
            field.returnPressed.connect(self._keep)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 6, 8, 6)
        row.setSpacing(8)
        row.addWidget(self.title)
        row.addWidget(self.tags, 1)
        row.addWidget(self.note, 2)
        row.addWidget(self.keep)
        self.show_trip(None)

    def show_trip(self, one: ReviewedTrip | None) -> None:
        self._trip = one
        self.title.setText(_CHOOSE if one is None else _named(one))
        self.tags.setText("" if one is None else ", ".join(one.tags))
        self.note.setText("" if one is None else one.note)
        for part in (self.tags, self.note, self.keep):
            part.setEnabled(one is not None)

    @Slot()
    def _keep(self) -> None:
        if self._trip is None:
            return
        trip = self._trip.trip
        self.note_wanted.emit(
            NoteTrade(
                symbol=trip.symbol,
                position_side=trip.position_side,
                trade_id=trip.opened_trade_id,
                note=self.note.text(),
                tags=tuple(self.tags.text().split(",")),
            )
        )


def _named(one: ReviewedTrip) -> str:
    side = "long" if one.trip.side is Side.BUY else "short"
    return f"{one.trip.symbol} {side} {plain(one.trip.quantity)}"


def _line(name: str, placeholder: str, spoken: str, parent: QWidget) -> QLineEdit:
    field = QLineEdit(parent)
    field.setObjectName(name)
    field.setAccessibleName(spoken)
    field.setPlaceholderText(placeholder)
    field.setFont(ui_font(12))
    field.setFixedHeight(24)
    return field
