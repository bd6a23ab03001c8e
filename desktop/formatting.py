"""Numbers and times as a trader reads them: thousands separated, signs shown.

Pure functions; they only make text, and never round what is then sent.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

from engine.market.instruments import Instrument

DASH = "–"  # no value yet
_DEFAULT_DECIMALS = 2


def grouped(number: Decimal | float, decimals: int) -> str:
    """1234.5 -> 1,234.50"""
    return f"{number:,.{decimals}f}"


def signed(number: Decimal | float, decimals: int) -> str:
    """+1,234.50, -0.30, 0.00: never "+0.00" nor "-0.00"."""
    text = f"{number:+,.{decimals}f}"
    return text if any(digit in text for digit in "123456789") else text[1:]


def price_text(price: Decimal | float, instrument: Instrument | None) -> str:
    """With the contract's decimals; DASH for no price (0)."""
    if not price:
        return DASH
    return grouped(price, instrument.price_decimals if instrument else _DEFAULT_DECIMALS)


def average_price_text(price: Decimal, instrument: Instrument | None) -> str:
    """An average lies between ticks: one decimal more than the contract's prices."""
    if not price:
        return DASH
    return grouped(price, (instrument.price_decimals if instrument else _DEFAULT_DECIMALS) + 1)


def quantity_text(quantity: Decimal | float, instrument: Instrument | None) -> str:
    return grouped(quantity, instrument.quantity_decimals if instrument else 3)


def money_text(amount: Decimal | float) -> str:
    return grouped(amount, 2)


def short_amount(amount: float) -> str:
    """1.23B, 456.78M, 12.34K: for volumes that nobody reads to the cent."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if amount >= size:
            return f"{amount / size:,.2f}{letter}"
    return f"{amount:,.2f}"


def pct_text(pct: float, decimals: int = 2) -> str:
    return f"{signed(pct, decimals)}%"


def change_text(change_pct: float) -> str:
    """The arrow says what the colour says."""
    arrow = "▲" if change_pct > 0 else "▼" if change_pct < 0 else "■"
    return f"{arrow} {abs(change_pct):.2f}%"


def local_time_text(at_ms: int) -> str:
    """HH:MM:SS in the person's own time zone; DASH for no time (0)."""
    if not at_ms:
        return DASH
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).astimezone().strftime("%H:%M:%S")


def clock_time_text(at_ms: int) -> str:
    """HH:MM in the person's own time zone: for what ends at a time of day."""
    return local_time_text(at_ms)[:5]


def local_date_time_text(at_ms: int) -> str:
    if not at_ms:
        return DASH
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def utc_time_text(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).strftime("%H:%M:%S")


def countdown_text(left_ms: int) -> str:
    """03:12:44; 00:00:00 once it is over."""
    seconds = max(0, left_ms) // 1000
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def rtt_text(rtt_ms: float | None) -> str:
    if rtt_ms is None:
        return DASH
    return f"{rtt_ms:.1f}" if rtt_ms < 10 else f"{rtt_ms:.0f}"


def short_symbol(symbol: str, instrument: Instrument | None) -> str:
    """The base asset where it is known: what "0.1 BTC" is counted in."""
    return instrument.base_asset if instrument and instrument.base_asset else symbol


_PLAIN_NUMBER = re.compile(r"\d+\.?\d*|\.\d+", re.ASCII)
_GROUPED_NUMBER = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)


def parse_number(text: str) -> Decimal | None:
    """What a person typed, exactly; None when it is no number above or at zero.

    A comma is taken only where it separates thousands: "0,5" could mean two
    things, and a guess here costs money.
    """
    text = text.strip().replace("\u00a0", "").replace(" ", "")
    if _GROUPED_NUMBER.fullmatch(text):
        return Decimal(text.replace(",", ""))
    return Decimal(text) if _PLAIN_NUMBER.fullmatch(text) else None
