"""The bar at the top: where we are, what it costs, what we have, and KILL."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QToolButton, QWidget

from desktop.formatting import (
    DASH,
    change_text,
    countdown_text,
    money_text,
    pct_text,
    price_text,
    short_amount,
    signed,
)
from desktop.theme import palette
from desktop.theme.fonts import ui_font
from desktop.theme.redress import put_ground, put_icon
from desktop.widgets.arm_switch import ArmSwitch
from desktop.widgets.environment_badge import EnvironmentBadge
from desktop.widgets.kill_switch import KillSwitch
from desktop.widgets.lock_chip import LockChip
from desktop.widgets.stat_cell import StatCell
from engine.events import MarkPrice, Ticker24h
from engine.market.instruments import Instrument
from engine.protection_views import GuardView
from engine.trading_types import EnvironmentKind

_HEIGHT = 48


class HeaderBar(QWidget):
    symbol_chosen = Signal(object)  # str

    def __init__(self, kill_switch: KillSwitch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self.setAccessibleName("Market and account at a glance")
        self.setFixedHeight(_HEIGHT)
        self._instrument: Instrument | None = None
        self._last_price = 0.0
        self._now_ms = self._next_funding_ms = 0
        self._funding = DASH
        self.badge = EnvironmentBadge(self)
        self.arm_switch = ArmSwitch(self)
        self.symbol = self._symbol_box()
        self.last = StatCell("header.last", "", "123,456.0", size=19, bold=True, parent=self)
        self.last.setAccessibleName("Last price")
        self.change = StatCell("header.change", "24h", "▼ 12.34%", parent=self)
        self.mark = StatCell("header.mark", "Mark", "123,456.0", parent=self)
        self.funding = StatCell("header.funding", "Funding", "-0.0100% 00:00:00", parent=self)
        self.high = StatCell("header.high", "24h high", "123,456.0", parent=self)
        self.low = StatCell("header.low", "24h low", "123,456.0", parent=self)
        self.volume = StatCell("header.volume", "24h volume", "123.45B", parent=self)
        self.equity = StatCell("header.equity", "Equity", "1,234,567.00", parent=self)
        self.profit = StatCell("header.unrealizedPnl", "uPnL", "+123,456.00", parent=self)
        self.today = StatCell("header.today", "Today", "+123,456.00", parent=self)
        self.today.setToolTip("Realized today, with fees and funding")
        self.lock = LockChip(self)
        self.type_command = _tool(self, "header.palette", "Type a command (Ctrl+K)", "search")
        self.help = _tool(self, "header.help", "User guide (F1)", "help")
        self.settings = _tool(self, "header.settings", "Settings (Ctrl+,)", "settings")
        self.panels = _tool(self, "header.panels", "Show or hide panels", "panels")
        self.panels.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.kill_switch = kill_switch
        self._lay_out()

    # --- what it is told ----------------------------------------------------------

    def set_environment(self, name: str, kind: EnvironmentKind) -> None:
        self.badge.set_environment(name, kind)
        self.arm_switch.set_kind(kind)

    def set_symbols(self, symbols: tuple[str, ...], chosen: str) -> None:
        self.symbol.blockSignals(True)
        self.symbol.clear()
        self.symbol.addItems(list(symbols))
        self.symbol.setCurrentText(chosen)
        self.symbol.blockSignals(False)

    def set_instrument(self, instrument: Instrument) -> None:
        """Another contract: the old one's numbers go at once."""
        self._instrument = instrument
        self._last_price, self._next_funding_ms, self._funding = 0.0, 0, DASH
        self.symbol.setCurrentText(instrument.symbol)
        for cell in self._market_cells():
            cell.set_value(DASH, palette.TEXT_FAINT)

    def set_last_price(self, price: float) -> None:
        """The colour keeps the direction of the last change, as a tape does."""
        if price == self._last_price:
            return
        colour = palette.BUY if price > self._last_price else palette.SELL
        first = not self._last_price
        self._last_price = price
        text = price_text(price, self._instrument)
        self.last.set_value(text, "" if first else colour)

    def set_ticker(self, ticker: Ticker24h) -> None:
        text = change_text(ticker.change_pct)
        self.change.set_value(text, palette.signed_colour(ticker.change_pct))
        self.high.set_value(price_text(ticker.high, self._instrument))
        self.low.set_value(price_text(ticker.low, self._instrument))
        self.volume.set_value(short_amount(ticker.quote_volume))

    def set_mark(self, mark: MarkPrice) -> None:
        self.mark.set_value(price_text(mark.mark_price, self._instrument))
        rate = mark.funding
        self._funding = DASH if rate is None else pct_text(rate * 100, 4)
        self._next_funding_ms = mark.next_funding_ms
        self._show_funding()

    def set_account(self, equity: Decimal, unrealized_pnl: Decimal) -> None:
        self.equity.set_value(money_text(equity))
        self.profit.set_value(signed(unrealized_pnl, 2), palette.signed_colour(unrealized_pnl))

    def set_guard(self, guard: GuardView) -> None:
        """What the day has brought, and whether new risk is locked out."""
        self.today.set_value(signed(guard.day_pnl, 2), palette.signed_colour(guard.day_pnl))
        self.lock.set_lock(guard.locked_until_ms, guard.sentence)
        self._make_room()

    def tick(self, now_ms: int) -> None:
        """Once a second: the funding countdown runs without the venue."""
        self._now_ms = now_ms
        self._show_funding()

    def _show_funding(self) -> None:
        if self._next_funding_ms:
            left = countdown_text(self._next_funding_ms - self._now_ms)
            self.funding.set_value(f"{self._funding} {left}")

    def set_market_stale(self, is_stale: bool) -> None:
        for cell in self._market_cells():
            cell.set_stale(is_stale)

    def set_account_stale(self, is_stale: bool) -> None:
        self.equity.set_stale(is_stale)
        self.profit.set_stale(is_stale)
        self.today.set_stale(is_stale)

    def _market_cells(self) -> tuple[StatCell, ...]:
        day = (self.high, self.low, self.volume)
        return (self.last, self.change, self.mark, self.funding, *day)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def redress(self) -> None:
        self._make_room()

    def _make_room(self) -> None:
        """In a narrow window the day's range gives way first, then its change, then the mark."""
        self._row.invalidate()  # a lock that has just come counts already
        groups = ((self.high, self.low, self.volume), (self.change,), (self.mark,))
        widths = [
            sum(cell.sizeHint().width() + self._row.spacing() for cell in cells) for cells in groups
        ]
        shown = [not cells[0].isHidden() for cells in groups]
        needed = self._row.minimumSize().width()
        needed += sum(w for w, is_shown in zip(widths, shown, strict=True) if not is_shown)
        for cells, width in zip(groups, widths, strict=True):
            has_room = needed <= self.width()
            for cell in cells:
                cell.setVisible(has_room)
            if not has_room:
                needed -= width

    # --- building -----------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(palette.HEADER))
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(palette.LINE))
        painter.end()

    def _symbol_box(self) -> QComboBox:
        box = QComboBox(self)
        box.setObjectName("header.symbol")
        box.setAccessibleName("Symbol")
        box.setFont(ui_font(14, QFont.Weight.DemiBold))
        box.setFixedHeight(30)
        box.setMinimumWidth(126)
        box.setMaxVisibleItems(20)
        box.textActivated.connect(self._choose)
        return box

    @Slot(str)
    def _choose(self, symbol: str) -> None:
        self.symbol_chosen.emit(symbol)

    def _lay_out(self) -> None:
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(10, 2, 10, 1)
        row.setSpacing(12)
        row.addWidget(self.badge)
        row.addWidget(self.arm_switch)
        row.addWidget(self.lock)
        row.addWidget(self.symbol)
        for cell in self._market_cells():
            row.addWidget(cell)
        row.addStretch(1)
        row.addWidget(self.equity)
        row.addWidget(self.profit)
        row.addWidget(self.today)
        row.addWidget(_divider(self))
        row.addWidget(self.type_command)
        row.addWidget(self.panels)
        row.addWidget(self.settings)
        row.addWidget(self.help)
        row.addWidget(self.kill_switch)


def _tool(parent: QWidget, name: str, spoken: str, icon_name: str) -> QToolButton:
    button = QToolButton(parent)
    button.setObjectName(name)
    button.setAccessibleName(spoken)
    button.setToolTip(spoken)
    button.setProperty("role", "icon")
    put_icon(button, icon_name)
    button.setIconSize(QSize(18, 18))
    button.setFixedSize(30, 30)
    return button


def _divider(parent: QWidget) -> QFrame:
    line = QFrame(parent)
    line.setFixedSize(1, 24)
    put_ground(line, "LINE_STRONG")
    line.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    return line
