"""Every colour of the window, by what it means. Nothing else names a colour.

Text colours hold 4.5:1 against PANEL (FAINT 3:1, for captions only). Green and
red never stand alone: a word, a sign or a shape says the same.
"""

from __future__ import annotations

from engine.trading_types import AlertLevel, EnvironmentKind, Side

# surfaces, from the back to the front
BACKGROUND = "#0a0d13"  # behind chart and ladder
PANEL = "#10141c"
HEADER = "#0d1118"
RAISED = "#1a202b"  # buttons, chips, menus
RAISED_HOVER = "#232b39"
FIELD = "#0a0d13"
ROW_HOVER = "#171d28"
SELECTION = "#1c2c4a"

# lines
LINE = "#1e2531"
LINE_STRONG = "#2f394a"
GRID = "#161c26"

# text
TEXT = "#dde4ee"
TEXT_DIM = "#9aa6b8"
TEXT_FAINT = "#6f7c90"
TEXT_OFF = "#4b5565"  # disabled
TEXT_ON_COLOUR = "#ffffff"

# trade
BUY = "#27b887"
SELL = "#f0616d"
BUY_BUTTON = "#12855c"
BUY_BUTTON_HOVER = "#17996b"
BUY_BUTTON_PRESSED = "#0e6c4b"
SELL_BUTTON = "#c53a49"
SELL_BUTTON_HOVER = "#d84857"
SELL_BUTTON_PRESSED = "#a52e3b"
BUY_BAR = "#12372e"  # volume behind a bid
SELL_BAR = "#40212a"  # volume behind an ask

# lines over the candles
OVERLAY_1 = "#4cc9e6"
OVERLAY_2 = "#a78bfa"
OVERLAY_3 = "#f0a6c8"
ALERT_LINE = "#d7c9ff"

# state
ACCENT = "#5591ff"
ACCENT_SOFT = "#1b2b4b"
IN_FLIGHT = "#8fb4ff"  # sent, not answered: always a hollow shape
UNKNOWN = "#f5b041"  # fate not known: always striped
UNKNOWN_SOFT = "#3a2c12"
STALE = "#586274"
OK = "#27b887"
WARNING = "#f5b041"
ERROR = "#ff5c6a"
ERROR_SOFT = "#3b1a20"

# environments
PAPER = "#3b82f6"
TESTNET = "#f5a524"
LIVE = "#ef2f45"
RECORDING = "#8b5cf6"

ENVIRONMENT_COLOUR = {
    EnvironmentKind.PAPER: PAPER,
    EnvironmentKind.TESTNET: TESTNET,
    EnvironmentKind.LIVE: LIVE,
    EnvironmentKind.RECORDING: RECORDING,
}
ALERT_COLOUR = {
    AlertLevel.INFO: ACCENT,
    AlertLevel.WARNING: WARNING,
    AlertLevel.ERROR: ERROR,
}
SIDE_COLOUR = {Side.BUY: BUY, Side.SELL: SELL}


def signed_colour(number: object) -> str:
    """Green above zero, red below, plain at zero; for Decimal, float and int."""
    if number > 0:  # type: ignore[operator]
        return BUY
    return SELL if number < 0 else TEXT_DIM  # type: ignore[operator]
