"""The rules of one contract: steps, limits, rounding, and what is wrong with an order.

Source of the rules: exchangeInfo filters. All in Decimal, no I/O, so the
window may use it on every key press.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec

from engine.errors import UnknownSymbol
from engine.trading_types import OrderType, Side
from engine.utils.decimals import (
    ceil_to_step,
    floor_to_step,
    is_amount,
    is_multiple,
    plain,
    round_to_step,
)
from engine.views import ZERO


class Problem(msgspec.Struct, frozen=True):
    """`field` is "price" or "quantity"; `fix` is a value that would be accepted."""

    field: str
    sentence: str
    fix: Decimal | None = None


class QuantityRule(msgspec.Struct, frozen=True):
    minimum: Decimal
    maximum: Decimal
    step: Decimal


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    symbol: str
    base_asset: str
    quote_asset: str
    status: str
    tick_size: Decimal
    min_price: Decimal
    max_price: Decimal
    limit_quantity: QuantityRule
    market_quantity: QuantityRule
    min_notional: Decimal
    percent_up: Decimal = ZERO  # 0: no band
    percent_down: Decimal = ZERO
    max_open_orders: int = 200

    @property
    def price_decimals(self) -> int:
        return decimals_of(self.tick_size)

    @property
    def quantity_decimals(self) -> int:
        return decimals_of(self.limit_quantity.step)

    def quantity_rule(self, order_type: OrderType) -> QuantityRule:
        market = order_type in (OrderType.MARKET, OrderType.STOP_MARKET)
        return self.market_quantity if market else self.limit_quantity

    def price_text(self, price: Decimal) -> str:
        return f"{price:.{self.price_decimals}f}"

    def quantity_text(self, quantity: Decimal) -> str:
        return f"{quantity:.{self.quantity_decimals}f}"

    def round_price(self, price: Decimal) -> Decimal:
        return round_to_step(price, self.tick_size)

    def round_quantity(self, quantity: Decimal) -> Decimal:
        return floor_to_step(quantity, self.limit_quantity.step)

    def problems(
        self,
        *,
        side: Side,
        order_type: OrderType,
        quantity: Decimal,
        price: Decimal | None,
        mark_price: Decimal | None = None,
        reduce_only: bool = False,
    ) -> tuple[Problem, ...]:
        """Everything the venue would refuse, the most basic first. Empty: none known.

        A MARKET order's notional is taken at `mark_price`; without one that
        rule and the price band are left to the venue.
        """
        found = list(self._quantity_problems(order_type, quantity))
        if order_type is not OrderType.MARKET:
            found += self._price_problems(side, price, mark_price)
        reference = mark_price if order_type is OrderType.MARKET else price
        if not found and reference is not None and not reduce_only:
            found += self._notional_problems(order_type, quantity, reference)
        return tuple(found)

    def _quantity_problems(self, order_type: OrderType, quantity: Decimal) -> list[Problem]:
        rule = self.quantity_rule(order_type)
        unit = self.base_asset
        if quantity <= 0:
            return [
                Problem(
                    "quantity",
                    f"Quantity must be above zero; the smallest is {plain(rule.minimum)} {unit}.",
                    rule.minimum,
                )
            ]
        if quantity < rule.minimum:
            sentence = f"Quantity must be at least {plain(rule.minimum)} {unit}."
            return [Problem("quantity", sentence, rule.minimum)]
        if quantity > rule.maximum:
            sentence = f"Quantity must be at most {plain(rule.maximum)} {unit} in one order."
            return [Problem("quantity", sentence, rule.maximum)]
        if not is_multiple(quantity, rule.step):
            fix = max(floor_to_step(quantity, rule.step), rule.minimum)
            return [
                Problem(
                    "quantity",
                    f"Quantity must be a multiple of {plain(rule.step)} {unit}"
                    f" - use {self.quantity_text(fix)}?",
                    fix,
                )
            ]
        return []

    def _price_problems(
        self, side: Side, price: Decimal | None, mark_price: Decimal | None
    ) -> list[Problem]:
        if price is None or price <= 0:
            return [Problem("price", "A limit order needs a price above zero.")]
        if not is_multiple(price - self.min_price, self.tick_size):
            fix = self.round_price(price)
            return [
                Problem(
                    "price",
                    f"Price must be a multiple of {plain(self.tick_size)}"
                    f" - use {self.price_text(fix)}?",
                    fix,
                )
            ]
        if price < self.min_price or (self.max_price and price > self.max_price):
            fix = min(max(price, self.min_price), self.max_price)
            sentence = f"Price must be between {plain(self.min_price)} and {plain(self.max_price)}."
            return [Problem("price", sentence, fix)]
        return self._band_problems(side, price, mark_price)

    def _band_problems(
        self, side: Side, price: Decimal, mark_price: Decimal | None
    ) -> list[Problem]:
        if mark_price is None or not mark_price:
            return []
        if side is Side.BUY and self.percent_up:
            limit = floor_to_step(mark_price * self.percent_up, self.tick_size)
            if price > limit:
                sentence = (
                    f"A buy may be at most {self.price_text(limit)} now"
                    f" ({plain(self.percent_up)} x the mark price)."
                )
                return [Problem("price", sentence, limit)]
        if side is Side.SELL and self.percent_down:
            limit = ceil_to_step(mark_price * self.percent_down, self.tick_size)
            if price < limit:
                sentence = (
                    f"A sell must be at least {self.price_text(limit)} now"
                    f" ({plain(self.percent_down)} x the mark price)."
                )
                return [Problem("price", sentence, limit)]
        return []

    def _notional_problems(
        self, order_type: OrderType, quantity: Decimal, reference: Decimal
    ) -> list[Problem]:
        if quantity * reference >= self.min_notional:
            return []
        rule = self.quantity_rule(order_type)
        fix = max(ceil_to_step(self.min_notional / reference, rule.step), rule.minimum)
        sentence = (
            f"The order is worth {quantity * reference:.2f} {self.quote_asset}; the exchange"
            f" asks for at least {plain(self.min_notional)}"
            f" - use {self.quantity_text(fix)} {self.base_asset}?"
        )
        return [Problem("quantity", sentence, fix)]


@cache  # a few steps, asked for with every number that is painted
def decimals_of(step: Decimal) -> int:
    exponent = step.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def named_in(known: Mapping[str, Instrument], symbol: str) -> Instrument:
    """Raises UnknownSymbol, which names some that are known."""
    if symbol not in known:
        raise UnknownSymbol(symbol, tuple(sorted(known)))
    return known[symbol]


def instrument_from(row: Mapping[str, Any]) -> Instrument:
    """From one entry of exchangeInfo's `symbols`. Missing filters mean: no such rule.

    pricePrecision and quantityPrecision are not used: they are not tick and step.
    """
    filters: dict[str, Mapping[str, Any]] = {f["filterType"]: f for f in row.get("filters", ())}
    price = filters.get("PRICE_FILTER", {})
    lot = filters.get("LOT_SIZE", {})
    band = filters.get("PERCENT_PRICE", {})
    return Instrument(
        symbol=row["symbol"],
        base_asset=row.get("baseAsset", ""),
        quote_asset=row.get("quoteAsset", ""),
        status=row.get("status", "TRADING"),
        tick_size=_decimal(price, "tickSize"),
        min_price=_decimal(price, "minPrice"),
        max_price=_decimal(price, "maxPrice"),
        limit_quantity=_quantity_rule(lot),
        market_quantity=_quantity_rule(filters.get("MARKET_LOT_SIZE", lot)),
        min_notional=_decimal(filters.get("MIN_NOTIONAL", {}), "notional"),
        percent_up=_decimal(band, "multiplierUp"),
        percent_down=_decimal(band, "multiplierDown"),
        max_open_orders=int(filters.get("MAX_NUM_ORDERS", {}).get("limit", 200)),
    )


def _decimal(filter_row: Mapping[str, Any], name: str) -> Decimal:
    number = Decimal(str(filter_row.get(name, "0")))
    if not is_amount(number):
        raise ValueError(f"{name} is no amount")
    return number


def _quantity_rule(row: Mapping[str, Any]) -> QuantityRule:
    return QuantityRule(
        minimum=_decimal(row, "minQty"),
        maximum=_decimal(row, "maxQty") or Decimal("1e15"),
        step=_decimal(row, "stepSize"),
    )
