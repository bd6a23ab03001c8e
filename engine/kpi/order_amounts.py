"""Small orders that the contract's rules allow. Pure."""

from __future__ import annotations

from decimal import Decimal

from engine.market.instruments import Instrument
from engine.trading_types import OrderType
from engine.utils.decimals import ceil_to_step, floor_to_step

_MARGIN = Decimal("1.1")  # over the smallest worth: the price moves before the order is there
_AWAY = Decimal("0.97")  # of the best bid: nobody trades there, and every price band allows it


def smallest_quantity(rules: Instrument, order_type: OrderType, price: Decimal) -> Decimal:
    rule = rules.quantity_rule(order_type)
    worth = ceil_to_step(rules.min_notional * _MARGIN / price, rule.step)
    return max(rule.minimum, worth)


def resting_price(rules: Instrument, best_bid: float, ticks_below: int = 0) -> Decimal:
    """For a buy that rests."""
    away = floor_to_step(Decimal(repr(best_bid)) * _AWAY, rules.tick_size)
    return away - ticks_below * rules.tick_size
