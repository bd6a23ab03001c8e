"""Brackets from the console. A bracket is followed for as long as its command runs.

The exits that stand stay at the exchange when it ends.
"""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from decimal import Decimal

from engine.console.answers import DONE, REFUSED, table
from engine.events import Alert, Event
from engine.events.protection import BracketChanged
from engine.protection_commands import ProtectPosition
from engine.protection_views import BracketView
from engine.trading_engine import TradingEngine
from engine.trading_types import BracketState, PositionSide
from engine.utils.decimals import plain, to_decimal
from engine.utils.mailbox import Mailbox

_LOOK_S = 0.5
_ENDED = (BracketState.CLOSED, BracketState.FAILED)
_LEFT = (
    "Exits that stand stay at the exchange. Nobody follows this bracket now: what the entry"
    " fills later gets no stop, and of two exits the one that is left is not cancelled."
    " `perpdesk-cli brackets --follow` goes on with it."
)


def bracket(engine: TradingEngine, given: Namespace) -> int:
    box = _listen(engine)
    placed = engine.brackets.place_bracket(
        given.symbol.upper(),
        given.side,
        given.quantity,
        given.price,
        stop_price=given.stop,
        target_price=given.target,
        time_in_force=given.tif,
        position_side=given.position_side,
    )
    return _follow(engine, [placed], box, given.seconds)


def protect(engine: TradingEngine, given: Namespace) -> int:
    box = _listen(engine)
    views = engine.brackets.protect(
        ProtectPosition(
            symbol=given.symbol.upper(),
            position_side=PositionSide(given.position_side),
            stop_price=None if given.stop is None else to_decimal(given.stop, "stop_price"),
            target_price=None if given.target is None else to_decimal(given.target, "target_price"),
        )
    )
    return _follow(engine, views, box, given.seconds)


def brackets(engine: TradingEngine, given: Namespace) -> int:
    """Those that the journal knows to be open; with --follow, go on with them."""
    table(
        ("SYMBOL", "SIDE", "STATE", "QUANTITY", "FILLED", "STOP", "TARGET", "ID"),
        [
            (v.symbol, v.side, v.state, plain(v.quantity), plain(v.filled_qty),
             _price(v.stop_price), _price(v.target_price), v.bracket_id)
            for v in engine.kept_brackets()
        ],
        "No open brackets.",
    )  # fmt: skip
    if not given.follow:
        return DONE
    box = _listen(engine)
    engine.resume_brackets()
    return _follow(engine, engine.brackets.open(), box, given.seconds)


def bracket_cancel(engine: TradingEngine, given: Namespace) -> int:
    """What stands for the filled part stays at the exchange."""
    engine.resume_brackets()
    view = engine.brackets.cancel(given.id)
    if view.entry_id and engine.oms.tracker.get(view.entry_id) is not None:
        engine.oms.wait(view.entry_id, timeout_s=5.0)
    engine.brackets.wait(given.id, lambda v: v.state is not BracketState.ENTERING, 5.0)
    return _tell(engine.brackets.get(given.id))


def _listen(engine: TradingEngine) -> Mailbox[Event]:
    wanted: list[type[Event]] = [BracketChanged, Alert]
    return engine.hub.attach(Mailbox(), types=wanted)


def _follow(
    engine: TradingEngine, views: Sequence[BracketView], box: Mailbox[Event], seconds: float
) -> int:
    """Print what happens until all have ended, the time is over, or Ctrl+C."""
    ends_at = time.monotonic() + seconds if seconds else float("inf")
    ids = [view.bracket_id for view in views]
    try:
        while True:
            _print(box.drain(), ids)
            views = [engine.brackets.get(bracket_id) for bracket_id in ids]
            left_s = ends_at - time.monotonic()
            if left_s <= 0 or all(view.state in _ENDED for view in views):
                break
            box.wait(min(_LOOK_S, left_s))
    except KeyboardInterrupt:
        pass
    finally:
        engine.hub.detach(box)
    _print(box.drain(), ids)
    if any(view.state not in _ENDED for view in views):
        print(_LEFT)
    return REFUSED if any(view.state is BracketState.FAILED for view in views) else DONE


def _print(events: Sequence[Event], ids: Sequence[str]) -> None:
    for event in events:
        if isinstance(event, BracketChanged) and event.bracket.bracket_id in ids:
            _tell(event.bracket)
        elif isinstance(event, Alert) and event.code.startswith("bracket."):
            print(event.sentence, file=sys.stderr)
    sys.stdout.flush()


def _tell(view: BracketView) -> int:
    protected = f" protected {plain(view.protected_qty)}" if view.protected_qty else ""
    print(
        f"{view.state} {view.side} {view.symbol}"
        f" {plain(view.filled_qty)}/{plain(view.quantity)}{protected}"
        f" stop {_price(view.stop_price)} target {_price(view.target_price)}"
        f" id={view.bracket_id}"
    )
    if view.reason:
        print(view.reason, file=sys.stderr)
    return REFUSED if view.state is BracketState.FAILED else DONE


def _price(price: Decimal | None) -> str:
    return "-" if price is None else plain(price)
