"""The six contracts of the paper exchange.

The figures look like the venue's own of autumn 2026; they are the paper
exchange's law, not a copy that must be kept in step.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from engine.errors import UnknownSymbol
from engine.paper.contract_spec import ContractSpec, LeverageBracket

__all__ = ["CONTRACT_SPECS", "ContractSpec", "LeverageBracket", "contract_spec"]


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
