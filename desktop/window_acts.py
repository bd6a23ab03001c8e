"""What each key of the window does, from the parts of the window that do it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QWidget

from desktop.models.keymap import PRESET_COUNT
from engine.protection_commands import CancelOrders, Flatten
from engine.trading_types import Side

if TYPE_CHECKING:
    from desktop.main_window import MainWindow


def acts_of(window: MainWindow) -> dict[str, Callable[[], None]]:
    """By the names of the keymap, every one of them."""
    market, header = window.market, window.header
    ticket = market.ticket
    return {
        "window.palette": window.palette_box.open,
        "window.settings": window.dialogs.show_settings,
        "window.help": window.dialogs.show_help,
        "window.review": window.review.open,
        "symbol.next": lambda: _step_symbol(window, 1),
        "symbol.previous": lambda: _step_symbol(window, -1),
        "symbol.search": lambda: _go_to(market.watch_panel.search),
        "ticket.type": lambda: _go_to(ticket.type),
        "ticket.price": lambda: _go_to(ticket.price),
        "ticket.quantity": lambda: _go_to(ticket.quantity),
        **{f"ticket.preset.{n + 1}": partial(ticket.presets.press, n) for n in range(PRESET_COUNT)},
        "trade.buyBid": lambda: ticket.place_at_best(Side.BUY, Side.BUY),
        "trade.buyAsk": lambda: ticket.place_at_best(Side.BUY, Side.SELL),
        "trade.sellAsk": lambda: ticket.place_at_best(Side.SELL, Side.SELL),
        "trade.sellBid": lambda: ticket.place_at_best(Side.SELL, Side.BUY),
        "orders.cancelBids": lambda: _cancel(window, Side.BUY),
        "orders.cancelAsks": lambda: _cancel(window, Side.SELL),
        "orders.cancelAll": lambda: window.submit(CancelOrders()),
        "positions.flatten": lambda: _flatten(window),
        "window.arm": header.arm_switch.arm,
        "window.disarm": header.arm_switch.disarm,
        "window.kill": window.kill_switch.click,
    }


def _go_to(widget: QWidget) -> None:
    """Also where its panel was hidden."""
    around: QWidget | None = widget
    while around is not None and not isinstance(around, QDockWidget):
        around = around.parentWidget()
    if around is not None:
        around.show()
        around.raise_()
    widget.setFocus(Qt.FocusReason.ShortcutFocusReason)


def _step_symbol(window: MainWindow, step: int) -> None:
    box = window.header.symbol
    if box.count():
        place = (box.currentIndex() + step) % box.count()
        window.market.show_symbol(box.itemText(place))


def _cancel(window: MainWindow, side: Side) -> None:
    if window.market.symbol:
        window.submit(CancelOrders(symbol=window.market.symbol, side=side))


def _flatten(window: MainWindow) -> None:
    if window.market.symbol:
        window.submit(Flatten(symbol=window.market.symbol))
