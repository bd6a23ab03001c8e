"""Start a plan: one intent that is carried out by several orders."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop.models.plan_draft import PlanDraft
from desktop.models.plans_model import KIND_WORDS
from desktop.theme.fonts import ui_font
from desktop.widgets.buttons import make_button
from desktop.widgets.decimal_field import DecimalField
from desktop.widgets.problem_line import ProblemLine
from engine.market.instruments import Instrument
from engine.trading_types import PlanKind, Side

_KINDS = (PlanKind.CHASE, PlanKind.SCALED, PlanKind.TWAP)
_ROLES = {Side.BUY: "buy", Side.SELL: "sell"}


class PlanDialog(QDialog):
    """Connect `command_wanted` and call `open()`; it never blocks the window."""

    command_wanted = Signal(object)  # StartChase, StartScaled or StartTwap

    def __init__(
        self, parent: QWidget, instrument: Instrument, quantity: Decimal | None, *, is_hedge: bool
    ) -> None:
        super().__init__(parent)
        self.setObjectName("plan.dialog")
        self.setAccessibleName("Start a plan")
        self.setWindowTitle("Perpdesk")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(400)
        self._instrument = instrument
        self._is_hedge = is_hedge
        self.kind = QComboBox(self)
        self.kind.setObjectName("plan.kind")
        self.kind.setAccessibleName("Kind of plan")
        self.kind.addItems([KIND_WORDS[kind] for kind in _KINDS])
        self._make_fields(quantity)
        self.reduce_only = QCheckBox("Reduce-only", self)
        self.reduce_only.setObjectName("plan.reduceOnly")
        self.reduce_only.setAccessibleName("Reduce-only")
        self.problems = ProblemLine("plan.problem", self)
        self.buttons = {side: self._side_button(side) for side in Side}
        self._lay_out()
        self.kind.currentIndexChanged.connect(self._check)
        self.reduce_only.toggled.connect(self._check)
        for field in self._fields():
            field.edited.connect(self._check)
        self._check()

    def draft(self) -> PlanDraft:
        """What is typed, for the kind that is chosen."""
        return PlanDraft(
            instrument=self._instrument,
            kind=_KINDS[self.kind.currentIndex()],
            quantity=self.quantity.number(),
            first_price=self.first.number(),
            last_price=self.last.number(),
            count=self.count.number(),
            minutes=self.minutes.number(),
            reduce_only=self.reduce_only.isChecked(),
            is_hedge=self._is_hedge,
        )

    # --- building -------------------------------------------------------------------

    def _make_fields(self, quantity: Decimal | None) -> None:
        rules = self._instrument
        self.quantity = self._field("plan.quantity", "Quantity")
        self.quantity.set_rules(
            rules.limit_quantity.step, rules.quantity_decimals, rules.base_asset
        )
        self.first = self._field("plan.first", "From")
        self.last = self._field("plan.last", "To")
        for field in (self.first, self.last):
            field.set_rules(rules.tick_size, rules.price_decimals, rules.quote_asset)
        self.count = self._field("plan.count", "Orders")
        self.count.set_rules(Decimal(1), 0, "")
        self.count.set_number(Decimal(5))
        self.minutes = self._field("plan.minutes", "Minutes")
        self.minutes.set_rules(Decimal(1), 0, "")
        self.minutes.set_number(Decimal(5))
        if quantity is not None:
            self.quantity.set_number(quantity)

    def _fields(self) -> tuple[DecimalField, ...]:
        return (self.quantity, self.first, self.last, self.count, self.minutes)

    def _field(self, name: str, caption: str) -> DecimalField:
        return DecimalField(name, caption, self)

    def _side_button(self, side: Side) -> QPushButton:
        button = make_button(
            f"plan.{side.lower()}", side.value, _ROLES[side], height=34, parent=self
        )
        button.clicked.connect(lambda: self._send(side))
        return button

    def _lay_out(self) -> None:
        title = QLabel(f"Plan for {self._instrument.symbol}", self)
        title.setFont(ui_font(15, QFont.Weight.DemiBold))
        self._words = QLabel(self)
        self._words.setObjectName("plan.words")
        self._words.setWordWrap(True)
        leave = make_button("plan.cancel", "Leave it", "plain", height=34, parent=self)
        leave.clicked.connect(self.reject)
        acts = QHBoxLayout()
        for button in (leave, *self.buttons.values()):
            acts.addWidget(button, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(9)
        above = (title, self.kind, self._words)
        for part in (*above, *self._fields(), self.reduce_only, self.problems):
            column.addWidget(part)
        column.addLayout(acts)

    # --- acts -----------------------------------------------------------------------

    @Slot()
    def _check(self) -> None:
        draft = self.draft()
        self._words.setText(draft.explanation())
        self.first.setVisible(draft.kind is not PlanKind.TWAP)
        self.first.set_caption("From" if draft.kind is PlanKind.SCALED else "Limit")
        self.first.setPlaceholderText("" if draft.kind is PlanKind.SCALED else "none")
        self.last.setVisible(draft.kind is PlanKind.SCALED)
        self.count.setVisible(draft.kind is not PlanKind.CHASE)
        self.minutes.setVisible(draft.kind is not PlanKind.SCALED)
        missing = draft.missing()
        self.problems.show_hint(missing)
        for side, button in self.buttons.items():
            problem = None if missing else draft.problem(side)
            button.setEnabled(not missing and problem is None)
            button.setToolTip(problem or missing)
            if problem:
                self.problems.show_problem(problem, field="", fix=None, fix_text="")
        self.adjustSize()

    def _send(self, side: Side) -> None:
        draft = self.draft()
        if not draft.missing() and draft.problem(side) is None:
            self.accept()  # a second click finds no dialog
            self.command_wanted.emit(draft.command(side))
