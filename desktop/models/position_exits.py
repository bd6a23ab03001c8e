"""Which stop and target the exchange holds for each position. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from decimal import Decimal

from desktop.models.conditional_rules import STOPS, TARGETS
from desktop.models.positions_model import Exits
from engine.protection_views import AlgoView
from engine.trading_types import AlgoStatus, Side
from engine.views import PositionView


def exits_by_position(
    positions: Iterable[PositionView], algos: Iterable[AlgoView]
) -> dict[Hashable, Exits]:
    """Confirmed ones alone: what is in flight protects nothing yet. The nearest of several."""
    waiting = [algo for algo in algos if algo.status is AlgoStatus.NEW and algo.only_reduces]
    found: dict[Hashable, Exits] = {}
    for position in positions:
        is_long = position.quantity > 0
        own = [
            algo
            for algo in waiting
            if (algo.symbol, algo.position_side) == (position.symbol, position.position_side)
            and (algo.side is Side.SELL) == is_long
        ]
        stops = [algo.trigger_price for algo in own if algo.type in STOPS]
        targets = [algo.trigger_price for algo in own if algo.type in TARGETS]
        exits = Exits(_nearest(stops, highest=is_long), _nearest(targets, highest=not is_long))
        found[(position.symbol, position.position_side)] = exits
    return found


def _nearest(prices: list[Decimal], *, highest: bool) -> Decimal | None:
    if not prices:
        return None
    return max(prices) if highest else min(prices)
