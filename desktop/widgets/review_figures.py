"""The figures of a review in one glance: money, then how often, then how well."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from desktop.formatting import DASH, signed
from desktop.models.review_tables import duration_text
from desktop.theme import palette
from desktop.widgets.stat_cell import StatCell
from engine.review_views import Review

_MONEY = "+1,234,567.00"
_TRIPS = "12,345: 678 won, 543 lost"
# name, caption; in the order they are read
_CELLS = (
    ("net", "Net result"),
    ("realized", "Realised"),
    ("fees", "Fees"),
    ("funding", "Funding"),
    ("drawdown", "Deepest drawdown"),
    ("profitFactor", "Profit factor"),
    ("trips", "Round trips"),
    ("winRate", "Win rate"),
    ("expectancy", "Expectancy by trip"),
    ("averageWin", "Average win"),
    ("averageLoss", "Average loss"),
    ("held", "Held on average"),
    ("slippage", "Slippage, market orders"),
    ("slippageBps", "Slippage, basis points"),
    ("ack", "Acknowledged, median"),
    ("ackP99", "Acknowledged, 99 %"),
    ("fill", "Market filled, median"),
    ("fillP99", "Market filled, 99 %"),
)
_BY_ROW = 6


class ReviewFigures(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("review.figures")
        grid = QGridLayout(self)
        grid.setContentsMargins(10, 6, 10, 6)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        self.cells: dict[str, StatCell] = {}
        for place, (name, caption) in enumerate(_CELLS):
            sample = _TRIPS if name == "trips" else _MONEY
            cell = StatCell(f"review.{name}", caption, sample, size=13, parent=self)
            self.cells[name] = cell
            grid.addWidget(cell, place // _BY_ROW, place % _BY_ROW, Qt.AlignmentFlag.AlignLeft)

    def show_review(self, review: Review) -> None:
        totals, figures, quality = review.totals, review.figures, review.quality
        self._money("net", totals.net)
        self._money("realized", totals.realized)
        self._money("fees", -totals.fees)
        self._money("funding", totals.funding)
        self._money("drawdown", -totals.max_drawdown)
        self._money("expectancy", figures.expectancy)
        self._money("averageWin", figures.average_win)
        self._money("averageLoss", figures.average_loss)
        self._plain("profitFactor", figures.profit_factor)
        self._text("trips", f"{figures.trips:,}: {figures.wins:,} won, {figures.losses:,} lost")
        self._plain("winRate", figures.win_rate_pct, " %")
        held_ms = figures.average_held_ms
        self._text("held", DASH if held_ms is None else duration_text(held_ms))
        self._cost("slippage", quality.slippage)
        self._cost("slippageBps", quality.slippage_bps)
        self._plain("ack", quality.ack_p50_ms, " ms")
        self._plain("ackP99", quality.ack_p99_ms, " ms")
        self._plain("fill", quality.fill_p50_ms, " ms")
        self._plain("fillP99", quality.fill_p99_ms, " ms")

    def _money(self, name: str, amount: Decimal | None) -> None:
        if amount is None:
            self._text(name, DASH)
        else:
            self.cells[name].set_value(signed(amount, 2), palette.signed_colour(amount))

    def _cost(self, name: str, amount: Decimal | None) -> None:
        """Above zero it cost something: red."""
        if amount is None:
            self._text(name, DASH)
        else:
            self.cells[name].set_value(signed(amount, 2), palette.signed_colour(-amount))

    def _plain(self, name: str, value: Decimal | float | None, unit: str = "") -> None:
        self._text(name, DASH if value is None else f"{value:,.2f}{unit}")

    def _text(self, name: str, text: str) -> None:
        self.cells[name].set_value(text)
