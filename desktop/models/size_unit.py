"""What the ticket's amount is counted in, and the quantity that it makes. Pure."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum, unique

import msgspec

from desktop.models.sizing import fitted
from engine.market.instruments import Instrument
from engine.trading_types import OrderType


@unique
class SizeUnit(StrEnum):
    BASE = "base"
    QUOTE = "quote"  # the position's worth
    EQUITY_PCT = "equity"  # its worth as a share of the equity
    RISK = "risk"  # what is lost at the stop


class SizeAsked(msgspec.Struct, frozen=True, kw_only=True):
    """An amount with what it leans on; 0 where it is not known."""

    amount: Decimal | None
    unit: SizeUnit
    price: Decimal
    equity: Decimal
    stop_price: Decimal | None
    order_type: OrderType

    def quantity(self, instrument: Instrument) -> Decimal | None:
        """In the base asset, rounded down to what the contract takes; base as it stands."""
        if self.amount is None or self.unit is SizeUnit.BASE:
            return self.amount
        worth = self._base(self.amount)
        if worth is None:
            return None
        return fitted(worth, instrument, self.order_type)

    def hint(self) -> str:
        """Why an amount makes no quantity; "" when it does or none was typed."""
        if self.amount is None or self.unit is SizeUnit.BASE or self._base(self.amount) is not None:
            return ""
        if self.unit is SizeUnit.RISK and self.price:
            return "Risk needs a stop: switch TP / SL on and enter the stop price."
        return "The size cannot be worked out until a price is known."

    def _base(self, amount: Decimal) -> Decimal | None:
        if not self.price:
            return None
        if self.unit is SizeUnit.QUOTE:
            return amount / self.price
        if self.unit is SizeUnit.EQUITY_PCT:
            return self.equity * amount / 100 / self.price if self.equity > 0 else None
        distance = abs(self.price - self.stop_price) if self.stop_price else Decimal(0)
        return amount / distance if distance else None
