"""Text of ticks and steps: one contract's numbers as the wire shows them.

Whole-number arithmetic, because every event and every row passes here.
"""

from __future__ import annotations

from decimal import Decimal

from engine.paper.contract_specs import ContractSpec

ZERO = Decimal(0)
_CENTS = Decimal("0.00000001")


def money(amount: Decimal) -> str:
    """Eight decimals, as balances and commissions travel."""
    return f"{amount:.8f}"


def to_money(amount: Decimal) -> Decimal:
    """Rounded to the eight decimals that the venue books."""
    return amount.quantize(_CENTS)


class Grid:
    """Converts one contract's ticks and steps. Immutable."""

    __slots__ = (
        "_price_digits",
        "_price_unit",
        "_qty_digits",
        "_qty_unit",
        "price_zero",
        "qty_zero",
        "quote_unit",
        "spec",
    )

    def __init__(self, spec: ContractSpec) -> None:
        self.spec = spec
        self._price_digits = spec.price_precision
        self._qty_digits = spec.quantity_precision
        self._price_unit = int(spec.tick_size.scaleb(spec.price_precision))
        self._qty_unit = int(spec.step_size.scaleb(spec.quantity_precision))
        self.quote_unit = spec.tick_size * spec.step_size
        self.price_zero = self.price(0)
        self.qty_zero = self.qty(0)

    def price(self, ticks: int) -> str:
        return _fixed(ticks * self._price_unit, self._price_digits)

    def qty(self, steps: int) -> str:
        return _fixed(steps * self._qty_unit, self._qty_digits)

    def quote(self, units: int) -> Decimal:
        """`units` is ticks x steps."""
        return units * self.quote_unit

    def average(self, units: int, steps: int) -> str:
        """Average price of `units` (ticks x steps) over `steps`, as avgPrice shows it."""
        if not steps:
            return self.price_zero
        return f"{self.quote(units) / self.spec.steps_to_qty(steps):.{self._price_digits + 3}f}"


def _fixed(units: int, digits: int) -> str:
    if not digits:
        return str(units)
    sign = ""
    if units < 0:
        sign, units = "-", -units
    text = str(units).rjust(digits + 1, "0")
    return f"{sign}{text[:-digits]}.{text[-digits:]}"
