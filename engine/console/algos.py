"""Conditional orders from the console."""

from __future__ import annotations

import sys
from argparse import Namespace

from engine.console.answers import DONE, NOT_KNOWN, REFUSED
from engine.errors import BadInput
from engine.oms.algo_models import AlgoOrder
from engine.oms.order_manager import OrderManager
from engine.trading_engine import TradingEngine
from engine.trading_types import AlgoStatus
from engine.utils.decimals import plain

_SETTLE_S = 2.0


def algo(engine: TradingEngine, given: Namespace) -> int:
    placed = engine.oms.algos.place_algo(
        given.symbol.upper(),
        given.side,
        given.type,
        given.quantity,
        given.trigger,
        price=given.price,
        callback_pct=given.callback_pct,
        activate_price=given.activate,
        close_position=given.close_position,
        reduce_only=given.reduce_only,
        working_type="MARK_PRICE" if given.mark else "CONTRACT_PRICE",
    )
    return _tell_algo(placed)


def algo_move(engine: TradingEngine, given: Namespace) -> int:
    if given.trigger is None and given.price is None and given.quantity is None:
        raise BadInput("trigger_price", "Give --trigger, --price, --quantity or several.")
    found = _find_algo(engine.oms, given.symbol, given.id)
    return _tell_algo(engine.oms.algos.move(found, given.trigger, given.price, given.quantity))


def algo_cancel(engine: TradingEngine, given: Namespace) -> int:
    found = _find_algo(engine.oms, given.symbol, given.id)
    engine.oms.algos.cancel(found)
    engine.oms.algos.wait(found, timeout_s=_SETTLE_S)
    return _tell_algo(found)


def _find_algo(oms: OrderManager, symbol: str, wanted: str) -> AlgoOrder:
    for candidate in oms.algos.open(symbol.upper()):
        if wanted in (candidate.client_algo_id, str(candidate.algo_id)):
            return candidate
    raise BadInput("id", f"There is no conditional order {wanted} of {symbol.upper()}.")


def _tell_algo(placed: AlgoOrder) -> int:
    view = placed.view
    amount = "position" if view.close_position else plain(view.quantity)
    at = view.trigger_price or view.activate_price
    trigger = f" when {plain(at)}" if at else ""
    trail = f" by {plain(view.callback_pct)} %" if view.callback_pct else ""
    limit = f" at {plain(view.price)}" if view.price else ""
    print(
        f"{view.status} {view.side} {view.type} {view.symbol} {amount}{trigger}{trail}{limit}"
        f" id={view.algo_id or '-'} client_id={view.client_algo_id}"
    )
    if view.reason:
        print(view.reason, file=sys.stderr)
    if view.status is AlgoStatus.UNKNOWN:
        return NOT_KNOWN
    return REFUSED if view.status is AlgoStatus.REJECTED else DONE
