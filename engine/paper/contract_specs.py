"""The six contracts of the paper exchange: filters, grids, brackets, rates.

The figures look like the venue's own of autumn 2026; they are the paper
exchange's law, not a copy that must be kept in step. Prices travel inside the
exchange as whole ticks and quantities as whole steps; here is the only place
where they become Decimals and back.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

import msgspec

from engine.errors import UnknownSymbol

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


def _brackets(*rows: tuple[int, int, str]) -> tuple[LeverageBracket, ...]:
    """From rows (leverage, notional cap, maintenance margin ratio), smallest first."""
    brackets: list[LeverageBracket] = []
    floor, ratio, cum = 0, Decimal(0), Decimal(0)
    for number, (leverage, cap, ratio_text) in enumerate(rows, start=1):
        previous_ratio, ratio = ratio, Decimal(ratio_text)
        cum += floor * (ratio - previous_ratio)
        brackets.append(
            LeverageBracket(
                bracket=number,
                initial_leverage=leverage,
                notional_floor=floor,
                notional_cap=cap,
                maint_margin_ratio=ratio,
                cum=cum,
            )
        )
        floor = cap
    return tuple(brackets)


_LARGE_BRACKETS = _brackets(
    (125, 300_000, "0.004"),
    (100, 800_000, "0.005"),
    (75, 3_000_000, "0.0065"),
    (50, 12_000_000, "0.01"),
    (25, 70_000_000, "0.02"),
    (20, 100_000_000, "0.025"),
    (10, 230_000_000, "0.05"),
    (5, 480_000_000, "0.1"),
    (4, 600_000_000, "0.125"),
    (3, 800_000_000, "0.15"),
    (2, 1_200_000_000, "0.25"),
    (1, 1_800_000_000, "0.5"),
)
_MIDDLE_BRACKETS = _brackets(
    (100, 50_000, "0.005"),
    (75, 400_000, "0.0065"),
    (50, 1_500_000, "0.01"),
    (25, 10_000_000, "0.02"),
    (20, 20_000_000, "0.025"),
    (10, 50_000_000, "0.05"),
    (5, 100_000_000, "0.1"),
    (2, 200_000_000, "0.25"),
    (1, 300_000_000, "0.5"),
)
_SMALL_BRACKETS = _brackets(
    (75, 10_000, "0.005"),
    (50, 80_000, "0.01"),
    (25, 1_000_000, "0.02"),
    (20, 3_000_000, "0.025"),
    (10, 10_000_000, "0.05"),
    (5, 30_000_000, "0.1"),
    (2, 60_000_000, "0.25"),
    (1, 90_000_000, "0.5"),
)

_ALL = (
    ContractSpec(
        symbol="BTCUSDT",
        base_asset="BTC",
        base_price=Decimal("64250.00"),
        tick_size=Decimal("0.10"),
        min_price=Decimal("261.10"),
        max_price=Decimal("809484.00"),
        step_size=Decimal("0.001"),
        min_qty=Decimal("0.001"),
        max_qty=Decimal("1000.000"),
        market_max_qty=Decimal("120.000"),
        min_notional=Decimal(50),
        price_precision=2,
        quantity_precision=3,
        onboard_date_ms=1_569_398_400_000,
        underlying_sub_type="PoW",
        leverage_brackets=_LARGE_BRACKETS,
    ),
    ContractSpec(
        symbol="ETHUSDT",
        base_asset="ETH",
        base_price=Decimal("3120.00"),
        tick_size=Decimal("0.01"),
        min_price=Decimal("18.67"),
        max_price=Decimal("306177.00"),
        step_size=Decimal("0.001"),
        min_qty=Decimal("0.001"),
        max_qty=Decimal("10000.000"),
        market_max_qty=Decimal("2000.000"),
        min_notional=Decimal(20),
        price_precision=2,
        quantity_precision=3,
        onboard_date_ms=1_574_841_600_000,
        underlying_sub_type="Layer-1",
        leverage_brackets=_LARGE_BRACKETS,
    ),
    ContractSpec(
        symbol="SOLUSDT",
        base_asset="SOL",
        base_price=Decimal("148.00"),
        tick_size=Decimal("0.01"),
        min_price=Decimal("0.42"),
        max_price=Decimal("6857.00"),
        step_size=Decimal("0.01"),
        min_qty=Decimal("0.01"),
        max_qty=Decimal("1000000.00"),
        market_max_qty=Decimal("50000.00"),
        min_notional=Decimal(5),
        price_precision=2,
        quantity_precision=2,
        onboard_date_ms=1_600_041_600_000,
        underlying_sub_type="Layer-1",
        leverage_brackets=_MIDDLE_BRACKETS,
        liquidation_fee=Decimal("0.010000"),
    ),
    ContractSpec(
        symbol="BNBUSDT",
        base_asset="BNB",
        base_price=Decimal("585.00"),
        tick_size=Decimal("0.01"),
        min_price=Decimal("6.60"),
        max_price=Decimal("100000.00"),
        step_size=Decimal("0.01"),
        min_qty=Decimal("0.01"),
        max_qty=Decimal("100000.00"),
        market_max_qty=Decimal("2000.00"),
        min_notional=Decimal(5),
        price_precision=2,
        quantity_precision=2,
        onboard_date_ms=1_581_321_600_000,
        underlying_sub_type="Layer-1",
        leverage_brackets=_MIDDLE_BRACKETS,
        liquidation_fee=Decimal("0.015000"),
    ),
    ContractSpec(
        symbol="XRPUSDT",
        base_asset="XRP",
        base_price=Decimal("1.4200"),
        tick_size=Decimal("0.0001"),
        min_price=Decimal("0.0143"),
        max_price=Decimal("100000.0000"),
        step_size=Decimal("0.1"),
        min_qty=Decimal("0.1"),
        max_qty=Decimal("10000000.0"),
        market_max_qty=Decimal("2000000.0"),
        min_notional=Decimal(5),
        price_precision=4,
        quantity_precision=1,
        onboard_date_ms=1_578_297_600_000,
        underlying_sub_type="Payment",
        leverage_brackets=_MIDDLE_BRACKETS,
        liquidation_fee=Decimal("0.010000"),
    ),
    ContractSpec(
        symbol="DOGEUSDT",
        base_asset="DOGE",
        base_price=Decimal("0.14200"),
        tick_size=Decimal("0.00001"),
        min_price=Decimal("0.00244"),
        max_price=Decimal("30.00000"),
        step_size=Decimal(1),
        min_qty=Decimal(1),
        max_qty=Decimal(50_000_000),
        market_max_qty=Decimal(30_000_000),
        min_notional=Decimal(5),
        price_precision=5,
        quantity_precision=0,
        onboard_date_ms=1_594_339_200_000,
        underlying_sub_type="Meme",
        leverage_brackets=_SMALL_BRACKETS,
        liquidation_fee=Decimal("0.010000"),
    ),
)

CONTRACT_SPECS: Mapping[str, ContractSpec] = MappingProxyType({s.symbol: s for s in _ALL})


def contract_spec(symbol: str) -> ContractSpec:
    """UnknownSymbol when the paper exchange does not list it."""
    try:
        return CONTRACT_SPECS[symbol]
    except KeyError:
        raise UnknownSymbol(symbol, tuple(CONTRACT_SPECS)) from None
