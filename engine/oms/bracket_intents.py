"""What a person asks of brackets, as records: made and changed here, carried out elsewhere."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from engine.clock import Clock
from engine.commands import PlaceOrder
from engine.oms.bracket_record import Bracket, entry_id_of, new_bracket_id
from engine.protection_commands import PlaceBracket, ProtectPosition
from engine.trading_types import BracketState, OrderType, Side


def bracket_from(command: PlaceBracket, clock: Clock) -> Bracket:
    bracket_id = new_bracket_id(clock)
    now_ms = clock.now_ms()
    return Bracket(
        bracket_id=bracket_id,
        symbol=command.symbol,
        side=command.side,
        quantity=command.quantity,
        price=command.price,
        stop_price=command.stop_price,
        target_price=command.target_price,
        time_in_force=command.time_in_force,
        position_side=command.position_side,
        working_type=command.working_type,
        entry_id=entry_id_of(bracket_id),
        created_at=now_ms,
        updated_at=now_ms,
    )


def entry_from(command: PlaceBracket, bracket: Bracket) -> PlaceOrder:
    return PlaceOrder(
        symbol=command.symbol,
        side=command.side,
        type=OrderType.MARKET if command.price is None else OrderType.LIMIT,
        quantity=command.quantity,
        price=command.price,
        time_in_force=command.time_in_force,
        position_side=command.position_side,
        client_order_id=bracket.entry_id,
    )


def bracket_around(command: ProtectPosition, side: Side, clock: Clock) -> Bracket:
    now_ms = clock.now_ms()
    return Bracket(
        bracket_id=new_bracket_id(clock),
        symbol=command.symbol,
        side=side,
        stop_price=command.stop_price,
        target_price=command.target_price,
        position_side=command.position_side,
        working_type=command.working_type,
        state=BracketState.UNPROTECTED,
        is_entry_over=True,
        created_at=now_ms,
        updated_at=now_ms,
    )


def is_of_position(bracket: Bracket, around: Bracket) -> bool:
    return (
        bracket.symbol == around.symbol
        and bracket.position_side is around.position_side
        and bracket.side is around.side
        and not bracket.closing
        and (bracket.open_qty > 0 or not bracket.entry_id)
    )


def with_exits(bracket: Bracket, stop: Decimal | None, target: Decimal | None) -> Bracket:
    """None leaves an exit as it is."""
    if stop is not None:
        bracket = replace(bracket, stop_price=stop, is_stop_released=False, leans_on_own_stop=False)
    return bracket if target is None else replace(bracket, target_price=target)
