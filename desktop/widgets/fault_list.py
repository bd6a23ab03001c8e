"""Every fault that can be played, with what it does, what to watch for, and a button."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop.models.paper_faults import FAULT_GROUPS, FaultCard
from desktop.theme.fonts import ui_font
from desktop.theme.redress import put_ink
from desktop.widgets.buttons import make_button
from desktop.widgets.decimal_field import DecimalField

_AMOUNT_WIDTH = 88


class FaultList(QWidget):
    command_wanted = Signal(object)  # PaperCommand

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("paper.faults")
        self.setAccessibleName("Faults")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for group in FAULT_GROUPS:
            column.addWidget(heading(group.title, self))
            for card in group.cards:
                row = _FaultRow(card, self)
                row.command_wanted.connect(self.command_wanted)
                column.addWidget(row)


class _FaultRow(QWidget):
    command_wanted = Signal(object)

    def __init__(self, card: FaultCard, parent: QWidget) -> None:
        super().__init__(parent)
        self._card = card
        name = f"paper.fault.{card.key}"
        title = QLabel(card.title, self)
        title.setFont(ui_font(12, QFont.Weight.Medium))
        title.setWordWrap(True)  # the panel may be narrow
        self._play = make_button(f"{name}.play", "Play", "plain", parent=self)
        self._play.setAccessibleName(f"Play: {card.title}")
        self._play.setToolTip(card.does)
        self._play.clicked.connect(self._on_play)
        top = QHBoxLayout()
        top.addWidget(title, 1)
        self._amount: DecimalField | None = None
        if card.amount is not None:
            amount = self._amount = DecimalField(f"{name}.amount", "", self)
            amount.setAccessibleName(f"{card.title}: how much, in {card.amount.unit}")
            amount.set_rules(Decimal(1), 0, card.amount.unit)
            amount.set_number(Decimal(card.amount.usual))
            amount.setFixedWidth(_AMOUNT_WIDTH)
            amount.edited.connect(self._check)
            top.addWidget(amount)
        top.addWidget(self._play)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(top)
        column.addWidget(words(card.does, "TEXT_DIM", self))
        column.addWidget(words(f"Then: {card.see}", "TEXT_FAINT", self))

    def _check(self) -> None:
        self._play.setEnabled(self._number() is not None)

    def _on_play(self) -> None:
        number = self._number()
        if number is not None:
            self.command_wanted.emit(self._card.command(number))

    def _number(self) -> int | None:
        """None when it is outside the fault's range."""
        limits = self._card.amount
        if limits is None or self._amount is None:
            return 0
        number = self._amount.number()
        if number is None or not limits.lowest <= number <= limits.highest:
            return None
        return int(number)


def heading(text: str, parent: QWidget) -> QLabel:
    label = words(text.upper(), "TEXT_FAINT", parent)
    label.setFont(ui_font(10, QFont.Weight.DemiBold))
    return label


def words(text: str, ink: str, parent: QWidget) -> QLabel:
    """`ink` is a name of the palette."""
    label = QLabel(text, parent)
    label.setWordWrap(True)
    label.setFont(ui_font(11))
    put_ink(label, ink)
    return label
