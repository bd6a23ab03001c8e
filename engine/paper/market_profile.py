"""How lively each contract's market is, and what its book looks like."""

from __future__ import annotations

import math
from decimal import Decimal

import msgspec

from engine.paper.contract_specs import ContractSpec

_REACH = Decimal("0.004")  # how far the makers' ladder goes, as a part of the price
_SHORTEST_REACH_TICKS = 1200
_ROUND_NUMBERS = (1, 2, 5)
_SECONDS_PER_YEAR = 31_536_000


class MarketProfile(msgspec.Struct, frozen=True, kw_only=True):
    """`touch_steps` is a usual quantity at the best price; walls stand on `round_ticks`.

    `behind` is a usual quantity right behind the touch, and `afar` what is added
    to it at the end of the ladder, both as parts of the touch. Nearly every tick
    of the first `dense_ticks` holds an order. `changes_per_s` are changes of mind
    near the touch, each side. `print_steps` is a small print.
    """

    annual_volatility: float
    takers_per_s: float
    changes_per_s: float
    touch_steps: int
    print_steps: float
    steps_per_minute: int
    trades_per_minute: int
    behind: float
    afar: float
    dense_ticks: int
    reach_ticks: int
    round_ticks: int


class _Temperament(msgspec.Struct, frozen=True):
    """The same in USDT. Volume and prints per minute are measured on the live market."""

    annual_volatility: float
    takers_per_s: float
    touch: int
    small_print: int
    per_minute: int
    trades_per_minute: int
    behind: float
    afar: float
    dense_ticks: int


_TEMPERAMENTS = {
    "BTCUSDT": _Temperament(0.26, 5.0, 400_000, 6_300, 7_000_000, 750, 0.05, 0.30, 40),
    "ETHUSDT": _Temperament(0.40, 5.0, 300_000, 4_400, 4_500_000, 600, 0.06, 0.30, 40),
    "SOLUSDT": _Temperament(0.70, 4.5, 90_000, 2_500, 2_000_000, 330, 0.80, 1.20, 100),
    "BNBUSDT": _Temperament(0.42, 3.0, 40_000, 1_000, 650_000, 270, 0.30, 0.80, 60),
    "XRPUSDT": _Temperament(0.65, 4.0, 80_000, 1_600, 1_100_000, 245, 0.90, 1.20, 100),
    "DOGEUSDT": _Temperament(0.70, 3.0, 60_000, 1_250, 750_000, 190, 0.90, 1.20, 100),
}


def market_profile(spec: ContractSpec) -> MarketProfile:
    usual = _TEMPERAMENTS[spec.symbol]
    base_ticks = spec.price_to_ticks(spec.base_price)
    sigma_ticks = usual.annual_volatility * base_ticks / math.sqrt(_SECONDS_PER_YEAR)
    step_usdt = float(spec.base_price * spec.step_size)
    return MarketProfile(
        annual_volatility=usual.annual_volatility,
        takers_per_s=usual.takers_per_s,
        # where the touch rarely moves, most of the life is in the quantities
        changes_per_s=2.5 + 17 / (1 + sigma_ticks / 4),
        touch_steps=int(usual.touch / step_usdt),
        print_steps=usual.small_print / step_usdt,
        steps_per_minute=int(usual.per_minute / step_usdt),
        trades_per_minute=usual.trades_per_minute,
        behind=usual.behind,
        afar=usual.afar,
        dense_ticks=usual.dense_ticks,
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
