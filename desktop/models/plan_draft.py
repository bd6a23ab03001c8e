"""A plan as it stands in its dialog: what is missing, what is wrong, what it would send. Pure.

The engine checks the plan as a whole, with every order of it, before it begins.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from engine.market.instruments import Instrument
from engine.protection_commands import StartChase, StartScaled, StartTwap
from engine.trading_types import OrderType, PlanKind, PositionSide, Side

_EXPLANATIONS = {
    PlanKind.CHASE: (
        "A post-only limit order at the best price of its side, moved along with it,"
        " never beyond the limit."
    ),
    PlanKind.SCALED: "Limit orders of the same size at even distances between two prices.",
    PlanKind.TWAP: "Market orders of the same size, spread evenly over the time.",
}


class PlanDraft(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers are None where the field holds none; `first_price` is a chase's limit."""

    instrument: Instrument
    kind: PlanKind
    quantity: Decimal | None
    first_price: Decimal | None = None
    last_price: Decimal | None = None
    count: Decimal | None = None
    minutes: Decimal | None = None
    reduce_only: bool = False
    is_hedge: bool = False

    def explanation(self) -> str:
        return _EXPLANATIONS[self.kind]

    def missing(self) -> str:
        """What is still to be typed; "" if nothing."""
        if not self.quantity:
            return "Type a quantity."
        if self.kind is PlanKind.SCALED and not (self.first_price and self.last_price):
            return "Type the first and the last price."
        if self.kind is not PlanKind.CHASE and not self.count:
            return "Type the number of orders."
        if self.kind is not PlanKind.SCALED and not self.minutes:
            return "Type the minutes."
        return ""

    def problem(self, side: Side) -> str | None:
        """Of one order of it, as far as the contract's rules tell; call when nothing is missing."""
        assert self.quantity is not None, "missing() said so"
        count = int(self.count or 1) if self.kind is not PlanKind.CHASE else 1
        if self.kind is not PlanKind.CHASE and count < 2:
            return "A plan of this kind has two orders at least."
        rules, is_twap = self.instrument, self.kind is PlanKind.TWAP
        order_type = OrderType.MARKET if is_twap else OrderType.LIMIT
        step = rules.quantity_rule(order_type).step
        each = self.quantity / count // step * step if count > 1 else self.quantity
        problems = rules.problems(
            side=side,
            order_type=order_type,
            quantity=each,
            price=None if is_twap else self.first_price,
            mark_price=None,
            reduce_only=self.reduce_only,
        )
        if self.kind is PlanKind.CHASE and self.first_price is None:
            problems = tuple(found for found in problems if found.field == "quantity")
        if not problems:
            return None
        each_words = f"Each of the {count} orders: " if count > 1 else ""
        return f"{each_words}{problems[0].sentence}"

    def command(self, side: Side) -> StartChase | StartScaled | StartTwap:
        """Call when nothing is missing or wrong."""
        assert self.quantity is not None, "missing() said so"
        common: dict[str, Any] = {
            "symbol": self.instrument.symbol,
            "side": side,
            "quantity": self.quantity,
            "reduce_only": self.reduce_only and not self.is_hedge,
            "position_side": self._position_side(side),
        }
        seconds = int((self.minutes or 0) * 60)
        if self.kind is PlanKind.CHASE:
            return StartChase(**common, limit_price=self.first_price, longest_s=seconds)
        count = int(self.count or 0)
        if self.kind is PlanKind.TWAP:
            return StartTwap(**common, count=count, duration_s=seconds)
        assert self.first_price is not None, "missing() said so"
        assert self.last_price is not None, "missing() said so"
        return StartScaled(
            **common, first_price=self.first_price, last_price=self.last_price, count=count
        )

    def _position_side(self, side: Side) -> PositionSide:
        """In hedge mode a buy opens the long or closes the short, and the other way round."""
        if not self.is_hedge:
            return PositionSide.BOTH
        opens_long = (side is Side.BUY) is not self.reduce_only
        return PositionSide.LONG if opens_long else PositionSide.SHORT
