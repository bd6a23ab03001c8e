"""What happens, on the console or in a file: watch and record."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Iterable

from engine.console.answers import DONE, REFUSED
from engine.events import AggTrade, BookTicker, BookView, CommandRefused, Event, Trade
from engine.events.recording import RecordingChanged
from engine.market.instruments import Instrument
from engine.recording_commands import StartRecording, StopRecording
from engine.trading_engine import TradingEngine
from engine.utils.mailbox import Mailbox

_RECORDER_S = 10.0


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
