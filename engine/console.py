"""Trading from the console: one command, one engine, plain lines of text.

Every function prints what happened and returns the exit code: 0 done,
1 refused, 3 when the order's fate is not known.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterable

from engine.errors import BadInput
from engine.events import AggTrade, BookTicker, BookView, CommandRefused, Event, Trade
from engine.events.recording import RecordingChanged
from engine.market.instruments import Instrument
from engine.oms.algo_models import AlgoOrder
from engine.oms.order_manager import OrderManager
from engine.oms.order_models import Order
from engine.recording_commands import StartRecording, StopRecording
from engine.trading_engine import TradingEngine
from engine.trading_types import AlgoStatus, OrderStatus
from engine.utils.decimals import plain
from engine.utils.mailbox import Mailbox

DONE, REFUSED, NOT_KNOWN = 0, 1, 3
_SETTLE_S = 2.0
_RECORDER_S = 10.0

Command = Callable[[TradingEngine, Namespace], int]


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


def positions(engine: TradingEngine, _given: Namespace) -> int:
    table(
        ("SYMBOL", "SIDE", "QUANTITY", "ENTRY", "MARK", "PNL", "LIQUIDATION", "LEVERAGE"),
        [
            (p.symbol, p.position_side, plain(p.quantity), plain(p.entry_price),
             plain(p.mark_price), f"{p.unrealized_pnl:.4f}", plain(p.liquidation_price),
             f"{p.leverage}x" if p.leverage else "")
            for p in engine.gateway.get_positions()
        ],
        "No open positions.",
    )  # fmt: skip
    return DONE


def balance(engine: TradingEngine, _given: Namespace) -> int:
    table(
        ("ASSET", "WALLET", "AVAILABLE", "PNL"),
        [
            (b.asset, plain(b.wallet_balance), plain(b.available_balance), plain(b.unrealized_pnl))
            for b in engine.gateway.get_account_balance()
            if b.wallet_balance
        ],
        "The futures wallet is empty.",
    )
    return DONE


def watch(engine: TradingEngine, given: Namespace) -> int:
    """Prices, one line a second, until Ctrl+C or --seconds."""
    symbol = given.symbol.upper()
    instrument = engine.instrument(symbol)
    wanted: list[type[Event]] = [AggTrade, Trade, BookTicker, BookView]
    box: Mailbox[Event] = engine.hub.attach(Mailbox(), types=wanted)
    engine.watch(symbol)
    end = time.monotonic() + given.seconds if given.seconds else float("inf")
    try:
        while time.monotonic() < end:
            if box.wait(min(1.0, max(0.0, end - time.monotonic()))):
                _quote(instrument, box.drain())
    except KeyboardInterrupt:
        pass
    finally:
        engine.hub.detach(box)
    return DONE


def record(engine: TradingEngine, given: Namespace) -> int:
    """Write the session down until Ctrl+C or --seconds; prints the file."""
    box: Mailbox[Event] = engine.hub.attach(Mailbox(), types=[RecordingChanged, CommandRefused])
    if given.symbol:
        engine.watch(given.symbol.upper())
    engine.submit(StartRecording())
    begun = None
    with contextlib.suppress(KeyboardInterrupt):
        begun = _answer(box)
        if isinstance(begun, RecordingChanged):
            threading.Event().wait(given.seconds or None)
    if not isinstance(begun, RecordingChanged):
        print("Nothing was recorded." if begun is None else begun.sentence, file=sys.stderr)
        return REFUSED
    engine.submit(StopRecording())
    _answer(box)
    print(begun.file)
    return DONE


def _answer(box: Mailbox[Event]) -> RecordingChanged | CommandRefused | None:
    box.wait(_RECORDER_S)
    events = [one for one in box.drain() if isinstance(one, RecordingChanged | CommandRefused)]
    return events[-1] if events else None


def settled(engine: TradingEngine, placed: Order) -> int:
    """Print what became of it. A market order fills within the same moment: say how, not only
    that it was taken.
    """
    patient = placed.type != "LIMIT"
    engine.oms.wait(placed, timeout_s=_SETTLE_S if patient else 0)
    return _tell(placed)


def _quote(instrument: Instrument, events: Iterable[Event]) -> None:
    for event in events:
        match event:
            case AggTrade() | Trade():
                side = "sold" if event.is_buyer_maker else "bought"
                print(f"{event.symbol} {_price(instrument, event.price)} {event.quantity:g} {side}")
            case BookTicker():
                _best(instrument, event.bid_price, event.ask_price)
            case BookView() if event.bids and event.asks:
                _best(instrument, event.bids[0][0], event.asks[0][0])
    sys.stdout.flush()


def _best(instrument: Instrument, bid: float, ask: float) -> None:
    print(f"{instrument.symbol} bid {_price(instrument, bid)} ask {_price(instrument, ask)}")


def _price(instrument: Instrument, price: float) -> str:
    return f"{price:.{instrument.price_decimals}f}"


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


def table(head: tuple[str, ...], rows: list[tuple[object, ...]], empty: str) -> None:
    if not rows:
        print(empty)
        return
    texts = [head, *(tuple(str(cell) for cell in row) for row in rows)]
    widths = [max(len(row[column]) for row in texts) for column in range(len(head))]
    for row in texts:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
