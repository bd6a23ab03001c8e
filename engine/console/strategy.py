"""`perpdesk-cli run FILE.py`: a strategy from the console, until it ends or Ctrl+C."""

from __future__ import annotations

import time
from argparse import Namespace

from engine.console.answers import DONE, REFUSED
from engine.events import Alert, Event
from engine.strategies.strategy_runner import StrategyRunner
from engine.trading_engine import TradingEngine
from engine.utils.mailbox import Mailbox

_LOOK_S = 0.2


def run(engine: TradingEngine, given: Namespace) -> int:
    symbols = [symbol.upper() for symbol in given.symbol or [engine.config["desktop.symbol"]]]
    engine.watch(symbols[0])
    box: Mailbox[Event] = engine.hub.attach(Mailbox(), types=[Alert])
    runner = StrategyRunner(engine)
    end = time.monotonic() + given.seconds if given.seconds else float("inf")
    name = ""
    try:
        name = runner.start(given.file, symbols)
        while not runner.wait(name, _LOOK_S) and time.monotonic() < end:
            _print(box)
    except KeyboardInterrupt:
        pass
    finally:
        runner.close()
        _print(box)
        engine.hub.detach(box)
    return REFUSED if name and runner.crash_of(name) else DONE


def _print(box: Mailbox[Event]) -> None:
    for event in box.drain():
        if isinstance(event, Alert):
            print(event.sentence, flush=True)
