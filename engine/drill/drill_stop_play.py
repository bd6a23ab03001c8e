"""Carrying out a session's steps with conditional orders."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from engine.drill.drill_lots import LOTS
from engine.drill.drill_stops import (
    CancelStop,
    CancelStops,
    MoveStop,
    PlaceStop,
    StopElsewhere,
    StopStep,
    has_limit,
    triggers_above,
)
from engine.drill.drill_trader import DrillTrader
from engine.drill.drill_venue import DrillVenue, Reference
from engine.oms.algo_models import AlgoOrder
from engine.trading_types import OrderType, Side

_CALLBACK_PCT = Decimal("0.1")
_FAR_TICKS = 400


class StopPlay:
    """Raises like the calls of order management."""

    def __init__(
        self, trader: DrillTrader, account: DrillVenue, references: Mapping[str, Reference]
    ) -> None:
        self._trader = trader
        self._account = account
        self._references = references
        self._algos: dict[int, AlgoOrder] = {}
        self._steps: dict[int, PlaceStop] = {}

    def carry_out(self, step: StopStep) -> None:
        match step:
            case PlaceStop():
                self._place(step)
            case MoveStop():
                self._move(step)
            case CancelStop(slot):
                if slot in self._algos:
                    self._trader.oms.algos.cancel(self._algos[slot])
            case CancelStops(symbol):
                self._trader.oms.algos.cancel_all(symbol)
            case StopElsewhere(symbol, side):
                self._elsewhere(symbol, side)

    def _place(self, step: PlaceStop) -> None:
        trigger = self._trigger(step, step.offset)
        is_trailing = step.type is OrderType.TRAILING_STOP_MARKET
        self._steps[step.slot] = step
        self._algos[step.slot] = self._trader.oms.algos.place_algo(
            step.symbol,
            step.side,
            step.type,
            None if step.closes else LOTS[step.symbol] * step.lots,
            None if is_trailing else trigger,
            price=trigger if has_limit(step.type) else None,
            callback_pct=_CALLBACK_PCT if is_trailing else None,
            close_position=step.closes,
            reduce_only=step.reduce_only,
            working_type=step.working_type,
        )

    def _move(self, step: MoveStop) -> None:
        if step.slot in self._algos:
            trigger = self._trigger(self._steps[step.slot], step.offset)
            algo = self._algos[step.slot]
            self._algos[step.slot] = self._trader.oms.algos.move(algo, trigger)

    def _elsewhere(self, symbol: str, side: Side) -> None:
        far = self._references[symbol].tick * _FAR_TICKS
        ask = self._references[symbol].ask
        trigger = ask + far if side is Side.BUY else ask - far
        self._account.algo(symbol, side, LOTS[symbol], trigger)

    def _trigger(self, step: PlaceStop, offset: int) -> Decimal:
        reference = self._references[step.symbol]
        away = reference.tick * offset
        is_above = triggers_above(step.type, step.side)
        return reference.ask + away if is_above else reference.bid - away
