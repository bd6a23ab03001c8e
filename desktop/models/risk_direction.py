"""Which commands may make risk larger: the hand is held back from those alone. Pure."""

from __future__ import annotations

from engine.commands import AmendOrder, Command, PlaceOrder
from engine.protection_commands import (
    MoveAlgo,
    PlaceAlgo,
    PlaceBracket,
    ReversePosition,
    StartChase,
    StartScaled,
    StartTwap,
)
from engine.strategy_commands import StartStrategy
from engine.trading_types import PositionSide, Side

Placing = PlaceOrder | PlaceAlgo | StartChase | StartScaled | StartTwap


def is_new_risk(command: Command) -> bool:
    """False for whatever only makes risk smaller, and for what sends no order."""
    if isinstance(command, Placing):
        return not only_reduces(command)
    risky = AmendOrder | MoveAlgo | PlaceBracket | ReversePosition | StartStrategy
    return isinstance(command, risky)


def only_reduces(command: Placing) -> bool:
    """By its flags or, in hedge mode, where there is no reduce-only, by its sides."""
    if command.reduce_only or (isinstance(command, PlaceAlgo) and command.close_position):
        return True
    closing = {PositionSide.LONG: Side.SELL, PositionSide.SHORT: Side.BUY}
    return closing.get(command.position_side) is command.side
