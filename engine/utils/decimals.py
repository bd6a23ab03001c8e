"""Exact numbers: from what people and scripts give, to what the wire wants."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, InvalidOperation

from engine.errors import BadInput

Number = str | int | float | Decimal

_SANE_DIGITS = 40  # decimal digits before or after the point


def to_decimal(value: Number, field: str) -> Decimal:
    """Exact. A float is taken as Python prints it (0.1 is 0.1, not 0.1000000000000000055).

    Raises BadInput naming `field` when it is no finite number.
    """
    if isinstance(value, bool):
        raise BadInput(field, f"{field} must be a number, not {value}.")
    text = repr(value) if isinstance(value, float) else str(value).strip()
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise BadInput(field, f"{field} must be a number; {text!r} is not one.") from None
    if not number.is_finite():
        raise BadInput(field, f"{field} must be a finite number, not {text}.")
    return number


def is_amount(*numbers: Decimal) -> bool:
    """All finite, and small enough that printing or adding them cannot exhaust memory."""
    for number in numbers:
        if not (number.is_finite() and -_SANE_DIGITS <= number.adjusted() <= _SANE_DIGITS):
            return False
    return True


def plain(number: Decimal) -> str:
    """Text without an exponent and without trailing zeros: 1E+2 -> 100, 0.50 -> 0.5."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def is_multiple(number: Decimal, step: Decimal) -> bool:
    """A step of 0 means that the venue has switched the rule off."""
    return step == 0 or number % step == 0


def round_to_step(number: Decimal, step: Decimal) -> Decimal:
    """Nearest multiple, halves away from zero."""
    if step == 0:
        return number
    return (number / step).quantize(Decimal(1), rounding=ROUND_HALF_UP) * step


def floor_to_step(number: Decimal, step: Decimal) -> Decimal:
    """The multiple nearest to zero that is not beyond `number`."""
    if step == 0:
        return number
    return (number / step).quantize(Decimal(1), rounding=ROUND_DOWN) * step


def ceil_to_step(number: Decimal, step: Decimal) -> Decimal:
    """The multiple at or beyond `number`, for numbers above zero."""
    floored = floor_to_step(number, step)
    return floored if floored == number else floored + step
