"""Every colour of the window, by what it means, in each of its dresses.

Nothing else names a colour. Text colours hold 4.5:1 against what they stand on
(STALE 3:1: it is not to be acted on). Bought and sold never stand by colour alone: a word, a sign
or a shape says the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any, TypeVar

from engine.trading_types import AlertLevel, EnvironmentKind, Side

Made = TypeVar("Made")


@dataclass(kw_only=True)
class Palette:
    """Colours as #rrggbb. `palette` below is the one on show: GUI thread only."""

    # surfaces, from the back to the front
    BACKGROUND: str  # behind chart and ladder
    PANEL: str
    HEADER: str
    RAISED: str  # buttons, chips, menus
    RAISED_HOVER: str
    FIELD: str
    ROW_HOVER: str
    SELECTION: str

    # lines
    LINE: str
    LINE_STRONG: str
    GRID: str

    # text
    TEXT: str
    TEXT_DIM: str
    TEXT_FAINT: str
    TEXT_OFF: str  # disabled
    TEXT_ON_COLOUR: str = "#ffffff"

    # trade
    BUY: str
    SELL: str
    BUY_BUTTON: str
    BUY_BUTTON_HOVER: str
    BUY_BUTTON_PRESSED: str
    SELL_BUTTON: str
    SELL_BUTTON_HOVER: str
    SELL_BUTTON_PRESSED: str
    BUY_BAR: str  # volume behind a bid
    SELL_BAR: str  # volume behind an ask

    # kill is red whatever buys and sells look like
    KILL: str
    KILL_HOVER: str
    KILL_PRESSED: str

    # lines over the candles
    OVERLAY_1: str
    OVERLAY_2: str
    OVERLAY_3: str
    ALERT_LINE: str

    # state
    ACCENT: str
    ACCENT_SOFT: str
    IN_FLIGHT: str  # sent, not answered: always a hollow shape
    UNKNOWN: str  # fate not known: always striped
    UNKNOWN_SOFT: str
    STALE: str
    OK: str
    WARNING: str
    ERROR: str
    ERROR_SOFT: str

    # environments
    PAPER: str
    TESTNET: str
    LIVE: str
    RECORDING: str

    ENVIRONMENT_COLOUR: dict[EnvironmentKind, str] = field(init=False)
    ALERT_COLOUR: dict[AlertLevel, str] = field(init=False)
    SIDE_COLOUR: dict[Side, str] = field(init=False)

    def __post_init__(self) -> None:
        self.version = 0  # part of the key of every picture that is kept
        self._before: dict[str, str] = {}
        self._gather()

    def take(self, other: Palette) -> None:
        """Show these colours from now on. Whoever kept some must be told to make them anew."""
        old = self._words()
        self._before = {old[name]: value for name, value in reversed(other._words().items())}
        for name, value in other._words().items():
            setattr(self, name, value)
        self._gather()
        self.version += 1
        for forget in _FORGETTERS:
            forget()

    def renewed(self, colour: str) -> str:
        """What took the place of a colour that was noted before the last exchange."""
        return self._before.get(colour, colour)

    def signed_colour(self, number: Any, digits: int = 2) -> str:
        """That of buys above zero, of sells below, plain at zero; Decimal, float or int.

        Of the figure as it is shown, with so many digits: what reads 0.00 is no loss.
        """
        shown = round(number, digits)
        if shown > 0:
            return self.BUY
        return self.SELL if shown < 0 else self.TEXT_DIM

    def named(self) -> dict[str, str]:
        """For the style sheet."""
        return self._words()

    def _words(self) -> dict[str, str]:
        return {row.name: getattr(self, row.name) for row in fields(self) if row.init}

    def _gather(self) -> None:
        self.ENVIRONMENT_COLOUR = {
            EnvironmentKind.PAPER: self.PAPER,
            EnvironmentKind.TESTNET: self.TESTNET,
            EnvironmentKind.LIVE: self.LIVE,
            EnvironmentKind.RECORDING: self.RECORDING,
        }
        self.ALERT_COLOUR = {
            AlertLevel.INFO: self.ACCENT,
            AlertLevel.WARNING: self.WARNING,
            AlertLevel.ERROR: self.ERROR,
        }
        self.SIDE_COLOUR = {Side.BUY: self.BUY, Side.SELL: self.SELL}


_FORGETTERS: list[Callable[[], None]] = []


def per_palette(make: Callable[[], Made]) -> Callable[[], Made]:
    """For a table made of colours: made once, and anew after an exchange."""
    made = cache(make)
    _FORGETTERS.append(made.cache_clear)
    return made


DARK = Palette(
    BACKGROUND="#0a0d13",
    PANEL="#10141c",
    HEADER="#0d1118",
    RAISED="#1a202b",
    RAISED_HOVER="#232b39",
    FIELD="#0a0d13",
    ROW_HOVER="#171d28",
    SELECTION="#1a2743",
    LINE="#1e2531",
    LINE_STRONG="#2f394a",
    GRID="#161c26",
    TEXT="#dde4ee",
    TEXT_DIM="#9aa6b8",
    TEXT_FAINT="#808da2",
    TEXT_OFF="#4b5565",
    BUY="#27b887",
    SELL="#f0616d",
    BUY_BUTTON="#12855c",
    BUY_BUTTON_HOVER="#0f7450",
    BUY_BUTTON_PRESSED="#0b5d40",
    SELL_BUTTON="#c53a49",
    SELL_BUTTON_HOVER="#b02f3d",
    SELL_BUTTON_PRESSED="#952532",
    BUY_BAR="#12372e",
    SELL_BAR="#40212a",
    KILL="#c53a49",
    KILL_HOVER="#b02f3d",
    KILL_PRESSED="#952532",
    OVERLAY_1="#4cc9e6",
    OVERLAY_2="#a78bfa",
    OVERLAY_3="#f0a6c8",
    ALERT_LINE="#d7c9ff",
    ACCENT="#5591ff",
    ACCENT_SOFT="#1b2b4b",
    IN_FLIGHT="#8fb4ff",
    UNKNOWN="#f5b041",
    UNKNOWN_SOFT="#3a2c12",
    STALE="#66728a",
    OK="#27b887",
    WARNING="#f5b041",
    ERROR="#ff5c6a",
    ERROR_SOFT="#3b1a20",
    PAPER="#2f6fe0",
    TESTNET="#f5a524",
    LIVE="#e0243a",
    RECORDING="#7c4ff0",
)

LIGHT = Palette(
    BACKGROUND="#ffffff",
    PANEL="#f5f7fa",
    HEADER="#eceff4",
    RAISED="#ffffff",
    RAISED_HOVER="#e6ebf2",
    FIELD="#ffffff",
    ROW_HOVER="#eaeff6",
    SELECTION="#e4eefe",
    LINE="#d9dfe8",
    LINE_STRONG="#b9c3d1",
    GRID="#edf0f5",
    TEXT="#17202e",
    TEXT_DIM="#4a5669",
    TEXT_FAINT="#5a6678",
    TEXT_OFF="#a3adbb",
    BUY="#0b7a53",
    SELL="#c22638",
    BUY_BUTTON="#12855c",
    BUY_BUTTON_HOVER="#0f7450",
    BUY_BUTTON_PRESSED="#0b5d40",
    SELL_BUTTON="#c53a49",
    SELL_BUTTON_HOVER="#b02f3d",
    SELL_BUTTON_PRESSED="#952532",
    BUY_BAR="#daf3e9",
    SELL_BAR="#fbe3e6",
    KILL="#c53a49",
    KILL_HOVER="#b02f3d",
    KILL_PRESSED="#952532",
    OVERLAY_1="#07728f",
    OVERLAY_2="#6d45d9",
    OVERLAY_3="#ad3b73",
    ALERT_LINE="#6b4fc4",
    ACCENT="#1f63d6",
    ACCENT_SOFT="#d9e6fc",
    IN_FLIGHT="#2f66c4",
    UNKNOWN="#8f5a00",
    UNKNOWN_SOFT="#fbeacb",
    STALE="#7b8696",
    OK="#0b7a53",
    WARNING="#8f5a00",
    ERROR="#c0182c",
    ERROR_SOFT="#fbdde0",
    PAPER="#2a6fe0",
    TESTNET="#f5a524",
    LIVE="#d91c33",
    RECORDING="#7c3aed",
)

# told apart with every common kind of colour blindness; unknown turns yellow, away from orange
_BLUE_ORANGE_DARK: dict[str, str] = {
    "BUY": "#56b4e9",
    "SELL": "#f08a3c",
    "BUY_BUTTON": "#1f6fa8",
    "BUY_BUTTON_HOVER": "#19608f",
    "BUY_BUTTON_PRESSED": "#134c73",
    "SELL_BUTTON": "#b35309",
    "SELL_BUTTON_HOVER": "#9c4807",
    "SELL_BUTTON_PRESSED": "#823c05",
    "BUY_BAR": "#15354a",
    "SELL_BAR": "#472c16",
    "UNKNOWN": "#f0e442",
    "UNKNOWN_SOFT": "#38350f",
    "WARNING": "#f0e442",
    "OK": "#56b4e9",
}
_BLUE_ORANGE_LIGHT: dict[str, str] = {
    "BUY": "#0067a5",
    "SELL": "#a84300",
    "BUY_BUTTON": "#1f6fa8",
    "BUY_BUTTON_HOVER": "#19608f",
    "BUY_BUTTON_PRESSED": "#134c73",
    "SELL_BUTTON": "#b35309",
    "SELL_BUTTON_HOVER": "#9c4807",
    "SELL_BUTTON_PRESSED": "#823c05",
    "BUY_BAR": "#cfe6f6",
    "SELL_BAR": "#fbe0cb",
    "UNKNOWN": "#6f6200",
    "UNKNOWN_SOFT": "#f6f0b8",
    "WARNING": "#6f6200",
    "OK": "#0067a5",
}

THEMES = ("dark", "light")
PAIRS = ("green / red", "blue / orange")


def look_of(theme: str, pair: str) -> Palette:
    base = LIGHT if theme == "light" else DARK
    if pair == PAIRS[0]:
        return base
    return replace(base, **(_BLUE_ORANGE_LIGHT if base is LIGHT else _BLUE_ORANGE_DARK))  # type: ignore[arg-type] # names are those of the class, a test sees to it


palette = replace(DARK)
