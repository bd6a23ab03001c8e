"""Carrying out a session's steps with plans."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from engine.drill.drill_lots import LOTS
from engine.drill.drill_plans import EndPlan, PlanStep, StartPlan
from engine.drill.drill_trader import DrillTrader
from engine.drill.drill_venue import Reference
from engine.plan_records import PlanTerms
from engine.protection_commands import StartChase, StartScaled, StartTwap
from engine.trading_types import PlanKind, Side

_CHASE_S = 60


class PlanPlay:
    """Raises like the calls of a PlanRunner."""

    def __init__(self, trader: DrillTrader, references: Mapping[str, Reference]) -> None:
        self._trader = trader
        self._references = references
        self._ids: dict[int, str] = {}

    def carry_out(self, step: PlanStep) -> None:
        match step:
            case StartPlan():
                self._ids[step.slot] = self._trader.plans.start(self._terms(step)).plan_id
            case EndPlan(slot):
                if slot in self._ids:
                    self._trader.plans.stop(self._ids[slot])

    def _terms(self, step: StartPlan) -> PlanTerms:
        symbol, side = step.symbol, step.side
        quantity = LOTS[symbol] * step.lots_each * step.count
        if step.kind is PlanKind.CHASE:
            return StartChase(symbol=symbol, side=side, quantity=quantity, longest_s=_CHASE_S)
        if step.kind is PlanKind.TWAP:
            return StartTwap(
                symbol=symbol,
                side=side,
                quantity=quantity,
                count=step.count,
                duration_s=step.count,
            )
        return StartScaled(
            symbol=symbol,
            side=side,
            quantity=quantity,
            first_price=self._away(symbol, side, step.offset),
            last_price=self._away(symbol, side, step.offset + step.gap * (step.count - 1)),
            count=step.count,
        )

    def _away(self, symbol: str, side: Side, ticks: int) -> Decimal:
        reference = self._references[symbol]
        away = reference.tick * ticks
        return reference.bid - away if side is Side.BUY else reference.ask + away
