"""The order ticket's controls, laid out and named; they decide nothing."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from desktop.theme.fonts import mono_font, ui_font
from desktop.widgets.buttons import make_button
from desktop.widgets.decimal_field import DecimalField
from desktop.widgets.leverage_button import LeverageButton
from desktop.widgets.problem_line import ProblemLine
from desktop.widgets.ticket_summary import TicketSummary
from engine.trading_types import OrderType, Side

ORDER_TYPES = (OrderType.LIMIT, OrderType.MARKET)  # in the order of the tabs
_SHARES_PCT = (25, 50, 75, 100)
_SIDE_WORDS = {Side.BUY: "BUY / LONG", Side.SELL: "SELL / SHORT"}


class TicketControls(QWidget):
    """Base of the ticket. Nothing moves while a person aims: every height is fixed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("orderTicket")
        self.setAccessibleName("Order ticket")
        self._make_controls()
        self._lay_out()

    def _make_controls(self) -> None:
        self.type = QTabBar(self)
        self.type.setObjectName("orderTicket.type")
        self.type.setAccessibleName("Order type")
        self.type.setExpanding(False)
        self.type.setFont(ui_font(12, QFont.Weight.Medium))
        for order_type in ORDER_TYPES:
            self.type.addTab(order_type.value.capitalize())
        self.leverage = LeverageButton(self)
        self.price = DecimalField("orderTicket.price", "Price", self)
        self.quantity = DecimalField("orderTicket.quantity", "Quantity", self)
        self.problems = ProblemLine("orderTicket.problem", self)
        self.summary = TicketSummary(self)
        self.time_in_force = QComboBox(self)
        self.time_in_force.setObjectName("orderTicket.timeInForce")
        self.time_in_force.setAccessibleName("Time in force")
        self.time_in_force.addItems(["GTC", "IOC", "FOK"])
        self.time_in_force.setFixedHeight(24)
        self.post_only = _check_box(self, "orderTicket.postOnly", "Post-only")
        self.post_only.setToolTip("GTX: refused by the exchange rather than trade at once")
        self.reduce_only = _check_box(self, "orderTicket.reduceOnly", "Reduce-only")
        self.reduce_only.setToolTip("May only make a position smaller")
        self.one_click = _check_box(self, "orderTicket.oneClick", "One-click ladder")
        self.one_click.setToolTip("A click on the ladder places an order of this quantity at once")
        self.best_buttons = {side: self._best_button(side) for side in Side}
        self.share_buttons = {share: self._share_button(share) for share in _SHARES_PCT}
        self.side_buttons = {side: self._side_button(side) for side in Side}

    def _best_button(self, side: Side) -> QPushButton:
        word = "bid" if side is Side.BUY else "ask"
        name = f"orderTicket.best.{word}"
        button = make_button(name, "", "chip", accessible_name=f"Use the best {word}", parent=self)
        button.setFont(mono_font(11))
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return button

    def _share_button(self, share_pct: int) -> QPushButton:
        name = f"orderTicket.share.{share_pct}"
        spoken = f"{share_pct} % of what is available"
        button = make_button(name, f"{share_pct}%", "chip", accessible_name=spoken, parent=self)
        button.setFont(ui_font(11))
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return button

    def _side_button(self, side: Side) -> QPushButton:
        return make_button(
            f"orderTicket.side.{side.lower()}",
            _SIDE_WORDS[side],
            side.lower(),
            height=42,
            weight=QFont.Weight.DemiBold,
            size=13,
            parent=self,
        )

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.type)
        top.addStretch(1)
        top.addWidget(self.leverage)
        best, shares, sides = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for row, buttons in (
            (best, self.best_buttons.values()),
            (shares, self.share_buttons.values()),
            (sides, self.side_buttons.values()),
        ):
            row.setSpacing(6)
            for button in buttons:
                row.addWidget(button, 1)
        options = QGridLayout()
        options.setHorizontalSpacing(10)
        options.addWidget(self.post_only, 0, 0)
        options.addWidget(self.reduce_only, 0, 1)
        options.addWidget(self.time_in_force, 0, 2)
        options.addWidget(self.one_click, 1, 0, 1, 2)
        options.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 4, 10, 10)
        column.setSpacing(6)
        parts: list[QWidget | QHBoxLayout | QGridLayout] = [top, self.price, best, self.quantity]
        parts += [shares, self.problems, options, self.summary, sides]
        for part in parts:
            _add(column, part)
        column.addStretch(1)
        order: list[QWidget] = [self.type, self.price, self.quantity, self.post_only]
        order += [self.reduce_only, self.time_in_force, *self.side_buttons.values()]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)


def _check_box(parent: QWidget, name: str, text: str) -> QCheckBox:
    box = QCheckBox(text, parent)
    box.setObjectName(name)
    box.setAccessibleName(text)
    return box


def _add(column: QVBoxLayout, part: QWidget | QHBoxLayout | QGridLayout) -> None:
    if isinstance(part, QWidget):
        column.addWidget(part)
    else:
        column.addLayout(part)
