"""Regular orders from the console, and the list of all that is open."""

from __future__ import annotations

import sys
from argparse import Namespace

from engine.console.answers import DONE, NOT_KNOWN, REFUSED, table
from engine.errors import BadInput
from engine.oms.order_manager import OrderManager
from engine.oms.order_models import Order
from engine.trading_engine import TradingEngine
from engine.trading_types import OrderStatus
from engine.utils.decimals import plain

_SETTLE_S = 2.0


def order(engine: TradingEngine, given: Namespace) -> int:
    placed = engine.oms.submit_order(
        given.symbol.upper(),
        given.side,
        given.type,
        given.quantity,
        given.price,
        time_in_force=given.tif,
        reduce_only=given.reduce_only,
        position_side=given.position_side,
    )
    return settled(engine, placed)


def amend(engine: TradingEngine, given: Namespace) -> int:
    found = _find(engine.oms, given.symbol, given.id)
    if given.price is None and given.quantity is None:
        raise BadInput("price", "Give --price, --quantity or both.")
    return _tell(engine.oms.modify_order(found, price=given.price, quantity=given.quantity))


def cancel(engine: TradingEngine, given: Namespace) -> int:
    found = _find(engine.oms, given.symbol, given.id)
    engine.oms.cancel_order(found)
    engine.oms.wait(found, timeout_s=_SETTLE_S)
    return _tell(found)


def orders(engine: TradingEngine, given: Namespace) -> int:
    symbol = given.symbol.upper() if given.symbol else None
    table(
        ("SYMBOL", "SIDE", "TYPE", "PRICE", "QUANTITY", "FILLED", "STATUS", "ID", "CLIENT ID"),
        [
            (o.symbol, o.side, o.type, plain(o.price), plain(o.orig_qty), plain(o.executed_qty),
             o.status, o.order_id or "", o.client_order_id)
            for o in engine.oms.open_orders(symbol)
        ],
        "No open orders.",
    )  # fmt: skip
    table(
        ("SYMBOL", "SIDE", "CONDITIONAL", "TRIGGER", "PRICE", "QUANTITY", "STATUS",
         "ID", "CLIENT ID"),
        [
            (a.symbol, a.side, a.type, plain(a.trigger_price or a.activate_price), plain(a.price),
             "position" if a.close_position else plain(a.quantity), a.status, a.algo_id or "",
             a.client_algo_id)
            for a in (algo.view for algo in engine.oms.algos.open(symbol))
        ],
        "No conditional orders.",
    )  # fmt: skip
    return DONE


def settled(engine: TradingEngine, placed: Order) -> int:
    """Print what became of it. A market order fills within the same moment: say how, not only
    that it was taken.
    """
    patient = placed.type != "LIMIT"
    engine.oms.wait(placed, timeout_s=_SETTLE_S if patient else 0)
    return _tell(placed)


def _find(oms: OrderManager, symbol: str, wanted: str) -> Order:
    for candidate in oms.open_orders(symbol.upper()):
        if wanted in (candidate.client_order_id, str(candidate.order_id)):
            return candidate
    raise BadInput("id", f"There is no open order {wanted} of {symbol.upper()}.")


def _tell(placed: Order) -> int:
    view = placed.view
    price = f" at {plain(view.avg_price or view.price)}" if (view.avg_price or view.price) else ""
    print(
        f"{view.status} {view.side} {view.type} {view.symbol}"
        f" {plain(view.executed_qty)}/{plain(view.orig_qty)}{price}"
        f" id={view.order_id or '-'} client_id={view.client_order_id}"
    )
    if view.reason:
        print(view.reason, file=sys.stderr)
    if view.status is OrderStatus.UNKNOWN:
        return NOT_KNOWN
    return REFUSED if view.status is OrderStatus.REJECTED else DONE
