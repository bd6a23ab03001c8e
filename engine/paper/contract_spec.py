"""One contract of the paper exchange: its grid, its filters, its brackets.

Prices travel inside the exchange as whole ticks and quantities as whole steps;
here is the only place where they become Decimals and back.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import msgspec

FUNDING_INTERVAL_MS = 8 * 3_600_000
_NEVER_DELIVERED_MS = 4_133_404_800_000
_ORDER_TYPES = (
    "LIMIT",
    "MARKET",
    "STOP",
    "STOP_MARKET",
    "TAKE_PROFIT",
    "TAKE_PROFIT_MARKET",
    "TRAILING_STOP_MARKET",
)
_TIMES_IN_FORCE = ("GTC", "IOC", "FOK", "GTX", "GTD")


class LeverageBracket(msgspec.Struct, frozen=True, kw_only=True):
    """Valid for a notional in (floor, cap], in USDT.

    Maintenance margin = notional * `maint_margin_ratio` - `cum`; `cum` makes it
    continuous from one bracket to the next.
    """

    bracket: int
    initial_leverage: int
    notional_floor: int
    notional_cap: int
    maint_margin_ratio: Decimal
    cum: Decimal


class ContractSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One perpetual contract. Immutable, so any thread may read it."""

    symbol: str
    base_asset: str
    base_price: Decimal
    tick_size: Decimal
    min_price: Decimal
    max_price: Decimal
    step_size: Decimal
    min_qty: Decimal
    max_qty: Decimal
    market_max_qty: Decimal
    min_notional: Decimal
    price_precision: int
    quantity_precision: int
    onboard_date_ms: int
    underlying_sub_type: str
    leverage_brackets: tuple[LeverageBracket, ...]
    quote_asset: str = "USDT"
    multiplier_up: Decimal = Decimal("1.0500")
    multiplier_down: Decimal = Decimal("0.9500")
    max_num_orders: int = 200
    market_take_bound: Decimal = Decimal("0.05")
    trigger_protect: Decimal = Decimal("0.0500")
    liquidation_fee: Decimal = Decimal("0.012500")
    max_move_order_limit: int = 10_000
    maker_commission: Decimal = Decimal("0.000200")
    taker_commission: Decimal = Decimal("0.000500")
    funding_interval_ms: int = FUNDING_INTERVAL_MS

    @property
    def max_leverage(self) -> int:
        return self.leverage_brackets[0].initial_leverage

    def price_to_ticks(self, price: Decimal) -> int:
        """Whole ticks of a price. ValueError when it is off the grid or not a number."""
        return _whole_units(price, self.tick_size)

    def ticks_to_price(self, ticks: int) -> Decimal:
        return ticks * self.tick_size

    def qty_to_steps(self, qty: Decimal) -> int:
        """Whole steps of a quantity. ValueError when it is off the grid or not a number."""
        return _whole_units(qty, self.step_size)

    def steps_to_qty(self, steps: int) -> Decimal:
        return steps * self.step_size

    def bracket_for(self, notional: Decimal) -> LeverageBracket:
        """The bracket of a position's notional; the last one above every cap."""
        for bracket in self.leverage_brackets:
            if abs(notional) <= bracket.notional_cap:
                return bracket
        return self.leverage_brackets[-1]

    def max_notional(self, leverage: int) -> int:
        """The largest position allowed at `leverage`, USDT; 0 when no bracket allows it."""
        caps = [b.notional_cap for b in self.leverage_brackets if b.initial_leverage >= leverage]
        return max(caps, default=0)

    def exchange_info(self) -> dict[str, object]:
        """The symbol's object in GET /fapi/v1/exchangeInfo; decimals as text."""
        return {
            "symbol": self.symbol,
            "pair": self.symbol,
            "contractType": "PERPETUAL",
            "deliveryDate": _NEVER_DELIVERED_MS,
            "onboardDate": self.onboard_date_ms,
            "status": "TRADING",
            "maintMarginPercent": "2.5000",
            "requiredMarginPercent": "5.0000",
            "baseAsset": self.base_asset,
            "quoteAsset": self.quote_asset,
            "marginAsset": self.quote_asset,
            "pricePrecision": self.price_precision,
            "quantityPrecision": self.quantity_precision,
            "baseAssetPrecision": 8,
            "quotePrecision": 8,
            "underlyingType": "COIN",
            "underlyingSubType": [self.underlying_sub_type],
            "settlePlan": 0,
            "triggerProtect": str(self.trigger_protect),
            "liquidationFee": str(self.liquidation_fee),
            "marketTakeBound": str(self.market_take_bound),
            "maxMoveOrderLimit": self.max_move_order_limit,
            "orderTypes": list(_ORDER_TYPES),
            "timeInForce": list(_TIMES_IN_FORCE),
            "permissionSets": ["GRID", "COPY"],
            "filters": self._filters(),
        }

    def _filters(self) -> list[dict[str, object]]:
        return [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": str(self.min_price),
                "maxPrice": str(self.max_price),
                "tickSize": str(self.tick_size),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": str(self.min_qty),
                "maxQty": str(self.max_qty),
                "stepSize": str(self.step_size),
            },
            {
                "filterType": "MARKET_LOT_SIZE",
                "minQty": str(self.min_qty),
                "maxQty": str(self.market_max_qty),
                "stepSize": str(self.step_size),
            },
            {"filterType": "MAX_NUM_ORDERS", "limit": self.max_num_orders},
            {"filterType": "MIN_NOTIONAL", "notional": str(self.min_notional)},
            {
                "filterType": "PERCENT_PRICE",
                "multiplierUp": str(self.multiplier_up),
                "multiplierDown": str(self.multiplier_down),
                "multiplierDecimal": "4",
            },
            {"filterType": "POSITION_RISK_CONTROL", "positionControlSide": "NONE"},
        ]


def _whole_units(value: Decimal, unit: Decimal) -> int:
    try:
        units, rest = divmod(value, unit)
    except InvalidOperation:
        raise ValueError(f"{value} is not a number on a grid of {unit}.") from None
    if rest != 0 or not units.is_finite():
        raise ValueError(f"{value} is not a multiple of {unit}.")
    return int(units)
