"""What a person may choose, in one table: kind, range, unit, default, words. Pure.

Values are kept by desktop.models.preferences under the same keys. The keys of
the risk guard are those of engine.config_keys, and go to the engine as such.
"""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Any

import msgspec

from desktop.models.ladder_model import GROUPINGS
from desktop.models.size_unit import SizeUnit
from desktop.theme.colours import PAIRS, THEMES
from desktop.theme.fonts import SIZES, UI_SIZE
from engine.config_keys import INTERVALS

AS_CONFIGURED = "as in config.yaml"
AUTOMATIC = "automatic"
_BOUNDLESS = 1e12  # a bound that nobody meets is not worth a word
_EXAMPLE = "BTCUSDT 0.5, ETHUSDT 10"
NEXT_START = "From the next start."


@unique
class Group(StrEnum):
    """The pages of the dialog, in their order."""

    TRADING = "Trading"
    RISK = "Risk limits"
    CHART = "Chart"
    LADDER = "Ladder"
    APPEARANCE = "Appearance"
    SOUNDS = "Sounds"


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """The default's type is the setting's: bool, int, float, str (one of `choices`), or
    dict (a number for each symbol that is named).
    """

    key: str
    group: Group
    title: str
    help: str
    default: Any
    unit: str = ""
    least: float = 0
    most: float = 0
    choices: tuple[str, ...] = ()
    is_for_next_start: bool = False

    def problem(self, value: object) -> str:
        """Why it cannot be, in words that name the field and the range; "" when it can."""
        if isinstance(self.default, bool):
            return "" if isinstance(value, bool) else f"{self.title} must be on or off."
        if self.choices:
            known = ", ".join(self.choices)
            return "" if value in self.choices else f"{self.title} must be one of {known}."
        if isinstance(self.default, dict):
            return self._problem_of_symbols(value)
        is_whole = isinstance(self.default, int)
        if isinstance(value, bool) or not isinstance(value, int if is_whole else int | float):
            return f"{self.title} must be a {'whole ' if is_whole else ''}number."
        if not self.least <= value <= self.most:
            return f"{self.title} must be {self.range_words()}."
        return ""

    def _problem_of_symbols(self, value: object) -> str:
        if not isinstance(value, dict):
            return f"{self.title} must name each symbol with its quantity: {_EXAMPLE}."
        for symbol, number in value.items():
            if not (isinstance(symbol, str) and symbol.isalnum() and symbol == symbol.upper()):
                return f"{symbol} is no symbol: write it as BTCUSDT."
            is_number = isinstance(number, int | float) and not isinstance(number, bool)
            if not is_number or not self.least < number <= self.most:
                return f"{self.title} of {symbol} must be above 0."
        return ""

    def parse(self, text: str) -> Any:
        """What was typed, as a value; None when it is nothing of this kind."""
        if isinstance(self.default, dict):
            return _parse_symbols(text)
        try:
            cleaned = text.strip().replace(",", "").replace(" ", "")
            return int(cleaned) if isinstance(self.default, int) else float(cleaned)
        except ValueError:
            return None

    def range_words(self) -> str:
        if self.choices or isinstance(self.default, bool):
            return ""
        if isinstance(self.default, dict):
            return f"symbols with quantities, as {_EXAMPLE}"
        unit = f" {self.unit}" if self.unit else ""
        if self.most >= _BOUNDLESS:
            return f"{_plain(self.least)}{unit} or more"
        return f"from {_plain(self.least)} to {_plain(self.most)}{unit}"

    def words(self, value: object) -> str:
        if isinstance(value, bool):
            return "on" if value else "off"
        if isinstance(value, dict):
            return ", ".join(f"{symbol} {_plain(qty)}" for symbol, qty in value.items()) or "none"
        text = _plain(value) if isinstance(value, int | float) else str(value)
        return f"{text} {self.unit}".rstrip()


def _plain(number: float) -> str:
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _parse_symbols(text: str) -> dict[str, float] | None:
    """`BTCUSDT 0.5, ETHUSDT 10`; nothing or "none" names none."""
    if text.strip().lower() in ("", "none"):
        return {}
    found: dict[str, float] = {}
    for part in text.split(","):
        words = part.replace(":", " ").split()
        try:
            symbol, number = words
            found[symbol.upper()] = float(number)
        except ValueError:
            return None
    return found


def _risk(
    key: str,
    title: str,
    text: str,
    default: float | dict[str, float],
    most: float,
    unit: str = "",
) -> Setting:
    return Setting(
        key=f"risk.{key}",
        group=Group.RISK,
        title=title,
        help=text,
        default=default,
        most=most,
        unit=unit,
        is_for_next_start=True,
    )


def _sound(event: str, title: str, text: str, *, is_on: bool) -> Setting:
    return Setting(key=f"sounds.{event}", group=Group.SOUNDS, title=title, help=text, default=is_on)


_ASK = "Every order that makes risk larger is confirmed first. Off: one click sends it."
SIZE_UNIT = Setting(
    key="ticket.sizeUnit",
    group=Group.TRADING,
    title="Size is counted in",
    help="What the ticket starts with: the coin, its worth, a share of the equity, or the"
    " money lost at the stop.",
    default=SizeUnit.BASE.value,
    choices=tuple(unit.value for unit in SizeUnit),
)
INTERVAL = Setting(
    key="chart.interval",
    group=Group.CHART,
    title="Interval at the start",
    help="Which candles the chart shows first.",
    default=AS_CONFIGURED,
    choices=(AS_CONFIGURED, *INTERVALS),
    is_for_next_start=True,
)
GROUPING = Setting(
    key="ladder.grouping",
    group=Group.LADDER,
    title="Price step of a row",
    help="In ticks. Automatic widens the step until ten levels a side are in sight.",
    default=AUTOMATIC,
    choices=(AUTOMATIC, *(str(ticks) for ticks in GROUPINGS)),
    unit="ticks",
)
THEME = Setting(
    key="appearance.theme",
    group=Group.APPEARANCE,
    title="Theme",
    help="Changes at once, in every window.",
    default=THEMES[0],
    choices=THEMES,
)
PAIR = Setting(
    key="appearance.pair",
    group=Group.APPEARANCE,
    title="Colours of buy and sell",
    help="Blue and orange can be told apart with every common kind of colour blindness.",
    default=PAIRS[0],
    choices=PAIRS,
)
FONT_PX = Setting(
    key="appearance.fontSize",
    group=Group.APPEARANCE,
    title="Letter size",
    help="Of ordinary words; everything else follows in proportion.",
    default=UI_SIZE,
    least=SIZES[0],
    most=SIZES[-1],
    unit="px",
)
MUTE = _sound("mute", "Mute everything", "No sound at all, whatever is chosen below.", is_on=False)

SETTINGS: tuple[Setting, ...] = (
    *(
        Setting(
            key=f"askFirst.{name}",
            group=Group.TRADING,
            title=f"Ask first on {name.upper()}",
            help=_ASK,
            default=name == "live",
        )
        for name in ("paper", "testnet", "live")
    ),
    SIZE_UNIT,
    _risk("max_order_usdt", "Largest order", "What one order may be worth; 0: no such limit.",
          0.0, 1e12, "USDT"),
    _risk("max_order_equity_pct", "Largest order of the equity",
          "The same as a share of the account's equity; 0: no such limit.", 1000.0, 1e6, "%"),
    _risk("max_position_usdt", "Largest position",
          "With all its open orders; 0: no such limit.", 0.0, 1e12, "USDT"),
    _risk("max_position_equity_pct", "Largest position of the equity",
          "The same as a share of the account's equity; 0: no such limit.", 2000.0, 1e6, "%"),
    _risk("max_order_qty", "Largest order by symbol",
          "In the coin, for each symbol that you name; the others have no such limit.",
          {}, 1e12),
    _risk("max_position_qty", "Largest position by symbol",
          "In the coin, with all its open orders, for each symbol that you name.", {}, 1e12),
    _risk("price_band_pct", "Price band",
          "How far above the mark price a limit order may buy, or below it sell; 0: any.",
          5.0, 100, "%"),
    _risk("orders_per_second", "Orders a second",
          "New orders and amends of all symbols; 0: no such limit. Unless chosen 10 on LIVE and"
          " TESTNET, and none on paper.",
          0, 10_000),
    _risk("duplicate_within_ms", "Twins",
          "The same order again within so long is a slip and refused; 0: never. Unless chosen 500"
          " on LIVE and TESTNET, and 0 on paper.",
          0, 60_000, "ms"),
    _risk("max_open_orders", "Open orders",
          "Of the whole account, conditional ones too; 0: no such limit.", 500, 10_000),
    _risk("max_leverage", "Largest leverage",
          "Of a symbol that is traded; 0: no such limit. Unless chosen 20 on LIVE and TESTNET, and"
          " none on paper.", 0, 125),
    _risk("max_daily_loss_usdt", "Loss of a day",
          "Realized, with fees and funding; then new risk is locked out. 0: no such limit.",
          0.0, 1e12, "USDT"),
    _risk("max_daily_loss_equity_pct", "Loss of a day of the equity",
          "The same as a share of what the account had when the day began; 0: no such limit.",
          50.0, 100, "%"),
    _risk("daily_loss_with_open", "An open loss counts, too",
          "Off: only what was realized counts towards the loss of a day.", False, 0),
    _risk("day_begins_at_h", "The day begins at", "Hour of the day, UTC.", 0, 23, "h UTC"),
    _risk("cool_down_min", "Shortest lock-out",
          "A lock-out lasts to the day's end, but at least so long.", 60, 10_080, "min"),
    INTERVAL,
    GROUPING,
    THEME,
    PAIR,
    FONT_PX,
    MUTE,
    _sound("fill", "A fill", "An order of yours traded.", is_on=True),
    _sound("refusal", "A refusal", "An order or a cancel was refused.", is_on=True),
    _sound("disconnect", "A lost connection", "A stream broke or fell silent.", is_on=True),
    _sound("alert", "An alert", "A warning, or a price that crossed a line of yours.", is_on=True),
    _sound("unprotected", "An unprotected position",
           "Something is filled and no confirmed stop covers it.", is_on=True),
)  # fmt: skip
BY_KEY = {setting.key: setting for setting in SETTINGS}


def found(search: str) -> list[Setting]:
    """Those in which every word stands, in title, help, key, group or unit."""
    words = search.lower().split()
    return [
        row
        for row in SETTINGS
        if all(
            word in f"{row.title} {row.help} {row.key} {row.group} {row.unit}".lower()
            for word in words
        )
    ]
