"""Taking risk off from the console, and the guard: cancel-all, close, flatten, kill, dead-man."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from decimal import Decimal

import msgspec

from engine.commands import ClosePosition
from engine.console.answers import DONE, REFUSED
from engine.console.orders import settled
from engine.events import Alert, Event
from engine.events.protection import DeadManChanged, KillChanged
from engine.protection_commands import CancelOrders, ReversePosition
from engine.trading_engine import TradingEngine
from engine.trading_types import KillState, PositionSide, Side
from engine.utils.decimals import plain, to_decimal
from engine.utils.mailbox import Mailbox

_LOOK_S = 0.5


def cancel_all(engine: TradingEngine, given: Namespace) -> int:
    symbol = given.symbol.upper() if given.symbol else None
    if symbol is not None:
        engine.instrument(symbol)  # says so when there is none
    side = Side(given.side) if given.side else None
    done = engine.oms.cancel_orders(CancelOrders(symbol=symbol, side=side))
    print(done.sentence)
    return REFUSED if done.failures else DONE


def guard(engine: TradingEngine, _given: Namespace) -> int:
    """How the day stands, and every limit that is on, under its key in config.yaml."""
    view = engine.guard.view()
    print(f"Today: {plain(view.day_pnl)} USDT, with fees and funding. {view.sentence}".rstrip())
    limits = msgspec.structs.asdict(engine.guard.limits)
    for name in [name for name, value in limits.items() if value]:
        print(f"risk.{name}: {_words(limits[name])}")
    return DONE


def _words(limit: object) -> str:
    if isinstance(limit, dict):
        return ", ".join(f"{symbol} {plain(most)}" for symbol, most in limit.items())
    return plain(limit) if isinstance(limit, Decimal) else str(limit).lower()


def close(engine: TradingEngine, given: Namespace) -> int:
    command = ClosePosition(
        symbol=given.symbol.upper(),
        position_side=PositionSide(given.position_side),
        share_pct=to_decimal(given.share_pct, "share_pct"),
    )
    return settled(engine, engine.oms.close_position(command))


def reverse(engine: TradingEngine, given: Namespace) -> int:
    command = ReversePosition(
        symbol=given.symbol.upper(), position_side=PositionSide(given.position_side)
    )
    return settled(engine, engine.oms.reverse(command))


def kill(engine: TradingEngine, given: Namespace) -> int:
    return _end(engine, given, None)


def flatten(engine: TradingEngine, given: Namespace) -> int:
    symbol = given.symbol.upper()
    engine.instrument(symbol)  # says so when there is none
    return _end(engine, given, symbol)


def dead_man(engine: TradingEngine, given: Namespace) -> int:
    """Renews until Ctrl+C, which switches it off: whoever ends it is there."""
    symbol = given.symbol.upper()
    engine.instrument(symbol)
    box: Mailbox[Event] = engine.hub.attach(Mailbox(), types=[DeadManChanged, Alert])
    print(engine.oms.dead_man.set(symbol, given.seconds).sentence, flush=True)
    if not given.seconds:
        return DONE
    print("Ctrl+C switches it off. If this program is killed, the exchange acts.", flush=True)
    box.drain()
    try:
        while True:
            box.wait(_LOOK_S)
            for event in box.drain():
                _tell_dead_man(event)
    except KeyboardInterrupt:
        print(engine.oms.dead_man.set(symbol, 0).sentence)
    finally:
        engine.hub.detach(box)
    return DONE


def _tell_dead_man(event: Event) -> None:
    if isinstance(event, DeadManChanged):
        view = event.dead_man
        print(f"{view.symbol} renewed for {view.countdown_s} s.", flush=True)
    elif isinstance(event, Alert) and event.code.startswith("dead_man."):
        print(event.sentence, file=sys.stderr, flush=True)


def _end(engine: TradingEngine, given: Namespace, symbol: str | None) -> int:
    box: Mailbox[Event] = engine.hub.attach(Mailbox(), types=[KillChanged])
    ends_at = time.monotonic() + given.seconds if given.seconds else float("inf")
    engine.kill_switch.start(symbol)
    try:
        return _follow(engine, box, ends_at)
    except KeyboardInterrupt:
        engine.kill_switch.stop()
        return _follow(engine, box, float("inf"))
    finally:
        engine.hub.detach(box)


def _follow(engine: TradingEngine, box: Mailbox[Event], ends_at: float) -> int:
    """Print each round; 0 when flat, 1 when something is left."""
    said = ""
    while True:
        box.wait(_LOOK_S)
        for event in box.drain():
            if not isinstance(event, KillChanged):
                continue
            view = event.kill
            if view.sentence != said:
                print(view.sentence, flush=True)
            said = view.sentence
            if view.state in (KillState.FLAT, KillState.LEFT_OVER):
                return DONE if view.state is KillState.FLAT else REFUSED
        if time.monotonic() >= ends_at:
            engine.kill_switch.stop()
            ends_at = float("inf")
