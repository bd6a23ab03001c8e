"""Which stop and target the exchange holds for each position. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from decimal import Decimal

from desktop.models.conditional_rules import STOPS, TARGETS
from desktop.models.positions_model import Exits
from engine.protection_views import AlgoView, BracketView
from engine.trading_types import AlgoStatus, BracketState, PositionSide, Side
from engine.views import ZERO, PositionView


def exits_by_position(
    positions: Iterable[PositionView],
    algos: Iterable[AlgoView],
    brackets: Iterable[BracketView] = (),
) -> dict[Hashable, Exits]:
    """Confirmed ones alone: what is in flight protects nothing yet. The nearest of several."""
    bare = {(b.symbol, b.position_side): _why(b) for b in brackets if is_bare(b)}
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
        key: tuple[str, PositionSide] = (position.symbol, position.position_side)
        found[key] = Exits(
            _nearest(stops, highest=is_long),
            _nearest(targets, highest=not is_long),
            bare=bare.get(key, ""),
            uncovered=_uncovered(position, [algo for algo in own if algo.type not in TARGETS]),
        )
    return found


def _uncovered(position: PositionView, stops: list[AlgoView]) -> Decimal:
    """What no stop would close, where there is one."""
    if not stops or any(stop.close_position for stop in stops):
        return ZERO
    covered = sum((stop.quantity for stop in stops), ZERO)
    return max(abs(position.quantity) - covered, ZERO)


def is_bare(bracket: BracketView) -> bool:
    """Something is filled that its stop does not cover."""
    return bracket.state is BracketState.UNPROTECTED or bracket.unprotected_since_ms is not None


def _why(bracket: BracketView) -> str:
    if bracket.is_stop_released:
        return (
            "Its stop was cancelled, by KILL or by another hand, and is not placed again:"
            " protect it anew (TP / SL in the menu of its row) or close it"
        )
    return bracket.reason or "The exchange has not confirmed its stop yet"


def _nearest(prices: list[Decimal], *, highest: bool) -> Decimal | None:
    if not prices:
        return None
    return max(prices) if highest else min(prices)
