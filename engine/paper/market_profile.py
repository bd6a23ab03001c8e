"""How lively each contract's synthetic market is."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.paper.contract_specs import ContractSpec

_REACH = Decimal("0.004")  # how far the makers' ladder goes, as a part of the price
_SHORTEST_REACH_TICKS = 150
_ROUND_NUMBERS = (1, 2, 5)


class MarketProfile(msgspec.Struct, frozen=True, kw_only=True):
    """`touch_steps` is a usual quantity at the best price; walls stand on `round_ticks`."""

    annual_volatility: float
    takers_per_s: float
    touch_steps: int
    reach_ticks: int
    round_ticks: int


# annual volatility, takers per second, USDT at the touch
_TEMPERAMENTS = {
    "BTCUSDT": (0.45, 4.0, 250_000),
    "ETHUSDT": (0.60, 3.5, 180_000),
    "SOLUSDT": (0.75, 2.5, 90_000),
    "BNBUSDT": (0.50, 1.5, 40_000),
    "XRPUSDT": (0.70, 2.0, 80_000),
    "DOGEUSDT": (0.80, 1.5, 60_000),
}


def market_profile(spec: ContractSpec) -> MarketProfile:
    volatility, takers_per_s, touch_usdt = _TEMPERAMENTS[spec.symbol]
    base_ticks = spec.price_to_ticks(spec.base_price)
    return MarketProfile(
        annual_volatility=volatility,
        takers_per_s=takers_per_s,
        touch_steps=int(touch_usdt / spec.base_price / spec.step_size),
        reach_ticks=max(_SHORTEST_REACH_TICKS, int(base_ticks * _REACH)),
        round_ticks=_round_number(base_ticks // 700),
    )


def _round_number(about: int) -> int:
    """The 1, 2 or 5 times a power of ten that comes next, in ticks."""
    power = 1
    while True:
        for digit in _ROUND_NUMBERS:
            if digit * power >= about:
                return digit * power
        power *= 10
