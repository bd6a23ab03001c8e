"""The order ticket's controls, laid out and named; they decide nothing."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLayoutItem,
    QPushButton,
    QScrollArea,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from desktop.models.conditional_rules import CONDITIONAL, TYPE_WORDS
from desktop.models.preferences import Preferences
from desktop.models.size_unit import SizeUnit
from desktop.theme.fonts import mono_font, ui_font
from desktop.widgets.buttons import dress_button, make_button
from desktop.widgets.decimal_field import DecimalField
from desktop.widgets.leverage_button import LeverageButton
from desktop.widgets.margin_button import MarginButton
from desktop.widgets.order_button import OrderButton
from desktop.widgets.preset_row import Preset, PresetRow
from desktop.widgets.problem_line import ProblemLine
from desktop.widgets.ticket_summary import TicketSummary
from engine.trading_types import Side, WorkingType

TABS = ("Limit", "Market", "Stop")
CONDITIONAL_TAB = 2
SIZE_UNITS = tuple(SizeUnit)  # in the order of the box
WORKING_TYPES = (WorkingType.CONTRACT_PRICE, WorkingType.MARK_PRICE)
# what a person reaches for first
TRIGGER_TYPES = tuple(sorted(CONDITIONAL, key=list(TYPE_WORDS).index))
_SHARES_PCT = (25, 50, 75, 100)
_SIDE_WORDS = {Side.BUY: "BUY / LONG", Side.SELL: "SELL / SHORT"}
_LEAST_WIDTH = 280
_SPACING, _MOST_SPACING = 4, 10


class TicketControls(QWidget):
    """Base of the ticket. The lower part, with the two buttons, never moves.

    What a high panel has too much of is air between the rows, then nothing below the buttons.
    """

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("orderTicket")
        self.setAccessibleName("Order ticket")
        self._make_controls()
        self.presets = PresetRow(preferences, self.typed_size, self)
        self._lay_out()

    def typed_size(self) -> Preset | None:
        """What a preset would keep. Overridden by the ticket, which knows the symbol."""
        return None

    def _make_controls(self) -> None:
        self.type = QTabBar(self)
        self.type.setObjectName("orderTicket.type")
        self.type.setAccessibleName("Order type")
        self.type.setExpanding(False)
        self.type.setUsesScrollButtons(False)
        self.type.setFont(ui_font(12, QFont.Weight.Medium))
        for title in TABS:
            self.type.addTab(title)
        self.leverage = LeverageButton(self)
        self.margin_type = MarginButton(self)
        types = [TYPE_WORDS[order_type] for order_type in TRIGGER_TYPES]
        self.trigger_type = _box(self, "orderTicket.triggerType", "Conditional type", types)
        self.working_type = _box(
            self, "orderTicket.workingType", "Price that triggers", ["Last", "Mark"]
        )
        self.trigger = DecimalField("orderTicket.trigger", "Trigger", self)
        self.price = DecimalField("orderTicket.price", "Price", self)
        self.callback = DecimalField("orderTicket.callback", "Callback", self)
        self.callback.set_rules(Decimal("0.1"), 1, "%")
        self.quantity = DecimalField("orderTicket.quantity", "Quantity", self)
        self.unit = _box(self, "orderTicket.unit", "Size is counted in", [""] * len(SIZE_UNITS))
        self.unit.setFixedSize(84, 32)
        self.stop = DecimalField("orderTicket.stop", "Stop", self)
        self.target = DecimalField("orderTicket.target", "Target", self)
        self.problems = ProblemLine("orderTicket.problem", self)
        self.summary = TicketSummary(self)
        self._make_choices()
        self.best_buttons = {side: self._best_button(side) for side in Side}
        self.share_buttons = {share: self._share_button(share) for share in _SHARES_PCT}
        self.side_buttons = {side: self._side_button(side) for side in Side}

    def _make_choices(self) -> None:
        """How an order is sent."""
        self.time_in_force = _box(
            self, "orderTicket.timeInForce", "Time in force", ["GTC", "IOC", "FOK"]
        )
        self.post_only = _check_box(self, "orderTicket.postOnly", "Post-only")
        self.post_only.setToolTip("GTX: refused by the exchange rather than trade at once")
        self.reduce_only = _check_box(self, "orderTicket.reduceOnly", "Reduce-only")
        self.reduce_only.setToolTip("May only make a position smaller")
        self.exits = _check_box(self, "orderTicket.exits", "TP / SL")
        self.exits.setToolTip("Stop and target go to the exchange with what is filled")
        self.ask = _check_box(self, "orderTicket.ask", "Ask first")
        self.ask.setToolTip("Every order that makes risk larger is confirmed before it is sent")
        self.one_click = _check_box(self, "orderTicket.oneClick", "One-click")
        self.one_click.setToolTip("A click on the ladder places an order of this quantity at once")
        self.plan = make_button(
            "orderTicket.plan", "⋯", "quiet", accessible_name="Start a plan", height=22, parent=self
        )
        self.plan.setFixedWidth(34)
        self.plan.setToolTip("Plan: chase, scaled orders or TWAP; one intent, several orders")

    def _best_button(self, side: Side) -> QPushButton:
        word = "bid" if side is Side.BUY else "ask"
        name = f"orderTicket.best.{word}"
        button = make_button(
            name, "", "chip", accessible_name=f"Use the best {word}", height=22, parent=self
        )
        button.setFont(mono_font(11))
        button.setMinimumWidth(20)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return button

    def _share_button(self, share_pct: int) -> QPushButton:
        name = f"orderTicket.share.{share_pct}"
        spoken = f"{share_pct} % of what is available"
        text = "Max" if share_pct == 100 else f"{share_pct}%"
        button = make_button(name, text, "chip", accessible_name=spoken, height=22, parent=self)
        button.setFont(ui_font(11))
        button.setMinimumWidth(20)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return button

    def _side_button(self, side: Side) -> OrderButton:
        button = OrderButton(_SIDE_WORDS[side], self)
        name, role = f"orderTicket.side.{side.lower()}", side.lower()
        dress_button(button, name, role, height=38, weight=QFont.Weight.DemiBold, size=13)
        return button

    # --- layout -------------------------------------------------------------------

    def _lay_out(self) -> None:
        lower = QVBoxLayout()
        lower.setContentsMargins(10, 2, 10, 7)
        lower.setSpacing(_SPACING)
        lower.addWidget(self.problems)
        lower.addWidget(self.summary)
        lower.addLayout(_row(self.side_buttons.values(), stretch=1))
        self._lower = lower
        self._fields = self._upper()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._fields, 1)
        column.addLayout(lower)
        column.addStretch()
        order: list[QWidget] = [self.type, self.trigger_type, self.working_type, self.trigger]
        order += [self.price, self.callback, self.quantity, self.unit, self.stop, self.target]
        order += [self.post_only, self.reduce_only, self.time_in_force, self.exits, self.ask]
        order += [self.one_click, self.plan, *self.side_buttons.values()]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    def minimumSizeHint(self) -> QSize:
        """Nothing that decides about an order is ever cut off, with large letters too."""
        least = super().minimumSizeHint()
        return QSize(max(least.width(), _LEAST_WIDTH), least.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fields.spread(event.size().height() - self._lower.sizeHint().height())

    def _upper(self) -> _Fields:
        """What a person fills in; it scrolls where the window is too low for all of it."""
        page = QWidget(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(10, 2, 10, 2)
        top = _row([self.type, self.margin_type, self.leverage])
        top.insertStretch(1, 1)
        size = _row([self.quantity, self.unit])
        size.setStretch(0, 1)
        options = _row([self.post_only, self.reduce_only, self.time_in_force])
        options.insertStretch(2, 1)
        modes = _row([self.exits, self.ask, self.one_click])
        modes.addStretch(1)
        modes.addWidget(self.plan)
        parts: list[QWidget | QHBoxLayout] = [top]
        parts += [_row([self.trigger_type, self.working_type], stretch=1), self.trigger, self.price]
        parts += [self.callback, _row(self.best_buttons.values(), stretch=1), size]
        parts += [_row(self.share_buttons.values(), stretch=1), self.presets, modes]
        parts += [_row([self.stop, self.target], stretch=1), options]
        for part in parts:
            if isinstance(part, QWidget):
                column.addWidget(part)
            else:
                column.addLayout(part)
        column.addStretch(1)
        # a callback takes a price's place, and exits go with no conditional order
        area = _Fields(page, never_beside={self.callback, self.stop, self.target}, parent=self)
        area.setObjectName("orderTicket.fields")
        area.setAccessibleName("Order fields")
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return area


class _Fields(QScrollArea):
    """Never narrower than what it holds: with large letters the panel grows instead.

    As high as the rows of the longest kind of order, whichever is shown: the rows keep
    their places while another kind is chosen. Those `never_beside` them do not count.
    """

    def __init__(self, page: QWidget, never_beside: set[QWidget], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWidget(page)
        self._page = page
        self._never_beside = never_beside

    def redress(self) -> None:
        """Letters of another size: a scroll area does not tell that its page needs more,
        which it knows once it was laid out anew.
        """
        QTimer.singleShot(0, self.updateGeometry)

    def spread(self, height: int) -> None:
        """So high may it be: room that is left goes between the rows, as far as it looks well."""
        column = self._page.layout()
        assert column is not None
        rows = [
            max(widget.sizeHint().height() for widget in kept)
            for n in range(column.count())
            if (kept := set(_widgets_of(column.itemAt(n))) - self._never_beside)
        ]
        gaps = len(rows) - 1
        margins = column.contentsMargins()
        full = sum(rows) + margins.top() + margins.bottom()
        spacing = min(max((height - full) // gaps, _SPACING), _MOST_SPACING)
        column.setSpacing(spacing)
        self.setMaximumHeight(full + gaps * spacing)

    def minimumSizeHint(self) -> QSize:
        width = self._page.minimumSizeHint().width()
        return QSize(width, super().minimumSizeHint().height())


def _widgets_of(item: QLayoutItem | None) -> list[QWidget]:
    """Itself, or those of its row, hidden or not."""
    inside = item.layout() if item is not None else None
    items = [item] if inside is None else [inside.itemAt(n) for n in range(inside.count())]
    found = [one.widget() for one in items if one is not None]
    return [widget for widget in found if widget is not None]


def _row(widgets: Iterable[QWidget], *, stretch: int = 0) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(_SPACING)
    for widget in widgets:
        row.addWidget(widget, stretch)
    return row


def _check_box(parent: QWidget, name: str, text: str) -> QCheckBox:
    box = QCheckBox(text, parent)
    box.setObjectName(name)
    box.setAccessibleName(text)
    return box


def _box(parent: QWidget, name: str, spoken: str, words: list[str]) -> QComboBox:
    box = QComboBox(parent)
    box.setObjectName(name)
    box.setAccessibleName(spoken)
    box.addItems(words)
    box.setFixedHeight(24)
    box.setMinimumWidth(58)
    box.setMinimumContentsLength(3)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return box
