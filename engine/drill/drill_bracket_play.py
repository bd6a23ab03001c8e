"""Carrying out a session's steps with brackets."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from engine.drill.drill_brackets import (
    BracketStep,
    CancelEntry,
    EnterBracket,
    MoveExits,
    Protect,
)
from engine.drill.drill_lots import LOTS
from engine.drill.drill_trader import DrillTrader
from engine.drill.drill_venue import Reference
from engine.protection_commands import MoveAlgo
from engine.trading_types import Side


class BracketPlay:
    """Raises like the calls of order management."""

    def __init__(self, trader: DrillTrader, references: Mapping[str, Reference]) -> None:
        self._trader = trader
        self._references = references
        self._ids: dict[int, str] = {}
        self._steps: dict[int, EnterBracket] = {}

    def carry_out(self, step: BracketStep) -> None:
        brackets = self._trader.brackets
        match step:
            case EnterBracket():
                self._enter(step)
            case CancelEntry(slot):
                if slot in self._ids:
                    brackets.cancel(self._ids[slot])
            case MoveExits():
                self._move(step)
            case Protect(symbol, stop):
                position = self._trader.oms.positions.position(symbol)
                if position is not None and position.quantity:
                    side = Side.BUY if position.quantity > 0 else Side.SELL
                    stop_price = self._exit(symbol, side, -stop)
                    brackets.protect_position(symbol, stop_price=stop_price)

    def _enter(self, step: EnterBracket) -> None:
        self._steps[step.slot] = step
        price = None
        if step.offset is not None:
            price = self._exit(step.symbol, step.side, -step.offset)
        view = self._trader.brackets.place_bracket(
            step.symbol,
            step.side,
            LOTS[step.symbol] * step.lots,
            price,
            stop_price=self._exit_or_none(step, step.stop, -1),
            target_price=self._exit_or_none(step, step.target, 1),
        )
        self._ids[step.slot] = view.bracket_id

    def _move(self, step: MoveExits) -> None:
        if step.slot not in self._ids:
            return
        view = self._trader.brackets.get(self._ids[step.slot])
        if view.stop_id:
            trigger = self._exit(view.symbol, view.side, -step.stop)
            move = MoveAlgo(symbol=view.symbol, client_algo_id=view.stop_id, trigger_price=trigger)
            self._trader.brackets.move_exit(move)

    def _exit_or_none(self, step: EnterBracket, ticks: int | None, sign: int) -> Decimal | None:
        if ticks is None:
            return None
        beyond = ticks + (step.offset or 0)  # of the entry, not of the reference
        return self._exit(step.symbol, step.side, sign * beyond)

    def _exit(self, symbol: str, side: Side, ticks: int) -> Decimal:
        """So many ticks in favour of a position of this side; below zero: against it."""
        reference = self._references[symbol]
        away = reference.tick * ticks
        return reference.bid + away if side is Side.BUY else reference.ask - away
