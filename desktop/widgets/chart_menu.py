"""What can be done at a price of the chart, as a menu."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from desktop.models.price_alerts import PriceAlert
from desktop.models.resting_orders import Resting
from engine.trading_types import Side


class MenuNow(msgspec.Struct, frozen=True):
    """What the menu is about. `places_at_once`: one-click is on, a choice is an order."""

    price: Decimal
    price_text: str
    line: Resting | PriceAlert | None
    is_stale: bool
    places_at_once: bool
    is_manual_scale: bool
    is_live: bool


class MenuActs(msgspec.Struct, frozen=True):
    place: Callable[[Side, Decimal], None]
    use_price: Callable[[Decimal], None]
    add_alert: Callable[[Decimal], None]
    cancel: Callable[[Resting | PriceAlert], None]
    fit_prices: Callable[[], None]
    go_live: Callable[[], None]


def chart_menu(parent: QWidget, now: MenuNow, acts: MenuActs) -> QMenu:
    """Deleted when it closes; show it with `popup`, so that nothing waits for it."""
    menu = QMenu(parent)
    menu.setObjectName("chart.menu")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if now.line is not None and now.line.can_cancel:
        line = now.line
        words = f"Cancel {line.label}" if isinstance(line, Resting) else "Remove this alert"
        _add(menu, "cancel", words, lambda: acts.cancel(line))
        menu.addSeparator()
    more = "" if now.places_at_once else " …"
    for side, word in ((Side.BUY, "Buy"), (Side.SELL, "Sell")):
        text = f"{word} limit at {now.price_text}{more}"
        _add(menu, word.lower(), text, _placing(acts, side, now.price), is_on=not now.is_stale)
    _add(
        menu,
        "use",
        f"Use {now.price_text} in the ticket",
        lambda: acts.use_price(now.price),
        is_on=not now.is_stale,
    )
    menu.addSeparator()
    _add(menu, "alert", f"Price alert at {now.price_text}", lambda: acts.add_alert(now.price))
    menu.addSeparator()
    _add(menu, "fit", "Auto scale", acts.fit_prices, is_on=now.is_manual_scale)
    _add(menu, "live", "Back to live", acts.go_live, is_on=not now.is_live)
    return menu


def _placing(acts: MenuActs, side: Side, price: Decimal) -> Callable[[], None]:
    return lambda: acts.place(side, price)


def _add(menu: QMenu, name: str, text: str, act: Callable[[], None], *, is_on: bool = True) -> None:
    action = menu.addAction(text)
    action.setObjectName(f"chart.menu.{name}")
    action.setEnabled(is_on)
    action.triggered.connect(lambda _checked=False: act())
