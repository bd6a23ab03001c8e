"""Five sizes one press away, each with a key. A right click keeps another in their place."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from desktop.models.preferences import Preferences
from desktop.models.size_unit import SizeUnit
from desktop.theme.fonts import ui_font
from desktop.widgets.buttons import make_button
from engine.utils.decimals import plain

_KEY = "ticket.presets"
_WORDS = {SizeUnit.EQUITY_PCT: "%", SizeUnit.RISK: " risk"}


class Preset(msgspec.Struct, frozen=True):
    """`symbol` is that of an amount in the base asset: 1 BTC is not 1 DOGE."""

    amount: str
    unit: SizeUnit
    symbol: str = ""

    def label(self) -> str:
        number = Decimal(self.amount)
        is_round = number >= 1000 and not number % 100
        text = f"{plain(number / 1000)}K" if is_round else plain(number)
        return f"{text}{_WORDS.get(self.unit, '')}"

    def words(self) -> str:
        if self.unit is SizeUnit.BASE:
            return f"{plain(Decimal(self.amount))} of {self.symbol}"
        unit = {
            SizeUnit.QUOTE: " worth",
            SizeUnit.EQUITY_PCT: " % of the equity",
            SizeUnit.RISK: " at risk to the stop",
        }
        return f"{plain(Decimal(self.amount))}{unit[self.unit]}"


_FIRST = tuple(Preset(amount, SizeUnit.QUOTE) for amount in ("200", "500", "1000", "5000", "10000"))


class PresetRow(QWidget):
    """`now` tells what stands in the ticket, to be kept; None while nothing does."""

    chosen = Signal(object)  # Preset

    def __init__(
        self,
        preferences: Preferences,
        now: Callable[[], Preset | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self._now = now
        self._symbol = ""
        self.presets = _kept(preferences)
        self._keys = [""] * len(self.presets)
        self._buttons = [self._make_button(place) for place in range(len(self.presets))]
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for button in self._buttons:
            row.addWidget(button, 1)
        self._show_presets()

    def set_symbol(self, symbol: str) -> None:
        self._symbol = symbol
        self._show_presets()

    def set_keys(self, keys: list[str]) -> None:
        """What the tooltips tell."""
        self._keys = keys
        self._show_presets()

    def reload(self) -> None:
        """They were imported."""
        self.presets = _kept(self._preferences)
        self._show_presets()

    def keep(self, place: int, preset: Preset) -> None:
        self.presets[place] = preset
        self._preferences.put(_KEY, [msgspec.to_builtins(kept) for kept in self.presets])
        self._show_presets()

    def menu_of(self, place: int) -> QMenu:
        """What a right click offers."""
        menu = QMenu(self)
        now = self._now()
        words = f"Keep {now.words()} here" if now else "Enter a size first, then keep it here"
        action = menu.addAction(words)
        action.setObjectName(f"orderTicket.preset.{place + 1}.keep")
        action.setEnabled(now is not None)
        if now is not None:
            action.triggered.connect(lambda: self.keep(place, now))
        return menu

    def press(self, place: int) -> None:
        """As a click on it, or its key."""
        if self._buttons[place].isEnabled():
            self.chosen.emit(self.presets[place])

    def _make_button(self, place: int) -> QPushButton:
        name = f"orderTicket.preset.{place + 1}"
        button = make_button(
            name, "", "chip", accessible_name=f"Size preset {place + 1}", height=22, parent=self
        )
        button.setFont(ui_font(11))
        button.setMinimumWidth(20)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda: self.press(place))
        button.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        button.customContextMenuRequested.connect(lambda at: self._open_menu(place, at))
        return button

    def _open_menu(self, place: int, at: QPoint) -> None:
        menu = self.menu_of(place)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self._buttons[place].mapToGlobal(at))

    def _show_presets(self) -> None:
        for place, (button, preset) in enumerate(zip(self._buttons, self.presets, strict=True)):
            button.setText(preset.label())
            button.setEnabled(preset.symbol in ("", self._symbol))
            key = f" ({self._keys[place]})" if self._keys[place] else ""
            button.setToolTip(f"{preset.words()}{key}. Right click: keep the size typed below here")


def _kept(preferences: Preferences) -> list[Preset]:
    try:
        kept = msgspec.convert(preferences.get(_KEY, []), list[Preset])
        presets = [preset for preset in kept if Decimal(preset.amount) > 0]
    except (msgspec.ValidationError, ArithmeticError):
        presets = []
    return [*presets, *_FIRST[len(presets) :]][: len(_FIRST)]
