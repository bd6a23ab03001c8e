"""Order events from the private socket's bytes to the hub's mailboxes, and the journal's intent."""

from __future__ import annotations

import gc
import json
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from engine.clock import SystemClock
from engine.commands import PlaceOrder
from engine.event_hub import EventHub
from engine.events import Event, StreamStateChanged
from engine.exchange.stream_liveness import StreamSettings
from engine.exchange.user_stream import UserStream
from engine.journal.journal_writer import JournalWriter
from engine.oms.order_manager import OmsSettings, OrderManager
from engine.trading_types import OrderType, Route, Side, StreamState
from engine.utils.decimals import to_decimal
from engine.utils.mailbox import Mailbox
from engine.wire.hosts import Hosts
from tests.benchmarks.measuring import median, percentile
from tests.helpers.fake_gateway import FakeGateway

SIZES = (10, 1_000, 100_000)
_BATCH = 100  # messages that one read of the socket may bring
_NOW_MS = 1_795_448_651_000


def run(*, quick: bool) -> dict[str, Any]:
    events, how_often = (6_000, 5) if quick else (30_000, 9)
    books = {size: Book(size) for size in SIZES}
    times_us: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(how_often):
        for size, book in books.items():
            times_us[size].append(book.measure(events))
    growths = [
        large / small for large, small in zip(times_us[SIZES[-1]], times_us[SIZES[0]], strict=True)
    ]
    return {
        "events_per_s": round(1e6 / median(times_us[SIZES[0]])),
        "growth": median(growths),
        "events_per_s_by_orders": {
            str(size): round(1e6 / median(found)) for size, found in times_us.items()
        },
        "journal_p50_us": _journal_p50_us(500 if quick else 5000),
    }


class Book:
    """An order manager that follows `size` open orders; half of what comes is about them."""

    def __init__(self, size: int) -> None:
        self._hub = EventHub()
        self._window: Mailbox[Event] = self._hub.attach(Mailbox())
        clock = SystemClock()
        gateway = FakeGateway(clock)  # type: ignore[arg-type]  # only its reads are used
        self._oms = OrderManager(
            gateway,
            _NoJournal(),
            self._hub,
            clock,
            gateway.get_exchange_instruments,
            OmsSettings(strict=True),
        )
        live = StreamStateChanged(route=Route.PRIVATE, state=StreamState.LIVE, sentence="")
        self._oms.on_event(live)
        self._oms.reconciler.run()
        self._stream = UserStream(
            Hosts("", "", ""),
            None,  # type: ignore[arg-type]  # there is no connection
            self._oms.on_event,
            clock=clock,
            settings=StreamSettings(),
        )
        self._size = size
        self._made = size
        self._time_ms = _NOW_MS
        self._trade_id = 1
        self._feed([self._event(n, "NEW", "NEW") for n in range(size)])
        self._resting = cycle(range(0, size, max(1, size // 997)))
        self._filled: dict[int, int] = {}

    def measure(self, events: int) -> float:
        """Microseconds an event, of this thread's own time: nothing here waits for others."""
        messages = self._session(events)
        gc.collect()
        gc.disable()  # a collection would walk all the books of this process, not one
        try:
            began = time.thread_time()
            self._feed(messages)
            return (time.thread_time() - began) / len(messages) * 1e6
        finally:
            gc.enable()

    def _feed(self, messages: list[bytearray]) -> None:
        rest = iter(messages)
        while batch := list(islice(rest, _BATCH)):
            self._stream.handle(batch)
            self._window.drain()
        assert not self._stream.callback_errors
        assert not self._stream.decode_errors

    def _session(self, events: int) -> list[bytearray]:
        """New orders that fill in two trades or are cancelled, and trades of those that rest."""
        made: list[bytearray] = []
        while len(made) < events:
            number, self._made = self._made, self._made + 1
            made.append(self._event(number, "NEW", "NEW"))
            if number % 2:
                made.append(self._trade(number, 400, "PARTIALLY_FILLED"))
                made.append(self._trade(number, 1000, "FILLED", 600))
            else:
                made.append(self._event(number, "CANCELED", "CANCELED"))
            for _ in range(3):
                resting = next(self._resting)
                done = self._filled[resting] = self._filled.get(resting, 0) + 1
                made.append(self._trade(resting, done, "PARTIALLY_FILLED", 1, "100000.000"))
        return made

    def _trade(
        self, number: int, filled: int, status: str, last: int = 400, quantity: str = "1.000"
    ) -> bytearray:
        self._trade_id += 1
        return self._event(
            number, "TRADE", status, filled=filled, last=last, quantity=quantity,
            trade_id=self._trade_id,
        )  # fmt: skip

    def _event(
        self, number: int, execution: str, status: str, *, filled: int = 0, last: int = 0,
        quantity: str = "", trade_id: int = 0,
    ) -> bytearray:  # fmt: skip
        self._time_ms += 1
        if not quantity:
            quantity = "100000.000" if number < self._size else "1.000"
        block = {
            "s": "BTCUSDT", "c": f"pd-{number:011x}", "S": "BUY", "o": "LIMIT", "f": "GTC",
            "q": quantity, "p": "64250.10", "ap": "64250.10" if filled else "0", "sp": "0",
            "x": execution, "X": status, "i": 8_000_000_000 + number, "l": f"{last / 1000:.3f}",
            "z": f"{filled / 1000:.3f}", "L": "64250.10" if last else "0", "n": "0.01285",
            "N": "USDT", "T": self._time_ms, "t": trade_id, "b": "0", "a": "0", "m": True,
            "R": False, "wt": "CONTRACT_PRICE", "ot": "LIMIT", "ps": "BOTH", "cp": False,
            "rp": "0", "pP": False, "si": 0, "ss": 0, "V": "EXPIRE_MAKER", "pm": "NONE",
            "gtd": 0,
        }  # fmt: skip
        if not last:
            del block["n"], block["N"]
        message = {
            "e": "ORDER_TRADE_UPDATE", "E": self._time_ms, "T": self._time_ms, "o": block
        }  # fmt: skip
        return bytearray(json.dumps(message, separators=(",", ":")).encode())


class _NoJournal:
    def record_intent(self, intent: object, at_ms: int) -> None: ...


def _journal_p50_us(count: int) -> float:
    """The durable write of an intent before its order is sent, on a real disk."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        journal = JournalWriter(Path(folder) / "journal.db", clock, lambda _: None)
        journal.start()
        intent = PlaceOrder(
            symbol="BTCUSDT",
            side=Side.BUY,
            type=OrderType.LIMIT,
            quantity=to_decimal("0.002", "quantity"),
            price=to_decimal("64250.1", "price"),
            client_order_id="pd-0000000000",
        )
        found = []
        for _ in range(count):
            began = time.perf_counter_ns()
            journal.record_intent(intent, _NOW_MS)
            found.append((time.perf_counter_ns() - began) / 1000)
        journal.close()
    return percentile(found, 0.5)
