"""Recording of a running engine: begins with how everything stands, ends when told to.

A recording that is begun in the middle must show what a person sees from then on,
so the state of the moment is written first, and candles and book are asked for anew.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine import __version__
from engine.clock import Clock
from engine.commands import Command, LoadCandles
from engine.event_hub import EventHub
from engine.events import (
    BalanceChanged,
    EngineStateChanged,
    OrderChanged,
    PositionChanged,
    StreamStateChanged,
)
from engine.events.protection import AlgoChanged
from engine.events.recording import RecordingChanged
from engine.exchange.wire_tap import WireTap
from engine.recording.record import VERSION, Head
from engine.recording.recorder import Recorder
from engine.trading_types import EngineState
from engine.utils.threads import CrashHandler

if TYPE_CHECKING:
    from engine.build_engine import Parts
    from engine.market_feed import MarketFeed

logger = logging.getLogger(__name__)

_STOP_S = 2.0


class SessionRecorder:
    """`begin` and `end` block for the disk; `asked` returns at once, on any thread."""

    def __init__(
        self,
        folder: Path,
        environment: str,
        hub: EventHub,
        clock: Clock,
        on_crash: CrashHandler,
    ) -> None:
        self.tap = WireTap()
        self._folder = folder
        self._environment = environment
        self._hub = hub
        self._clock = clock
        self._on_crash = on_crash
        self._lock = threading.Lock()
        self._recorder: Recorder | None = None

    def begin(self, parts: Parts, feed: MarketFeed, submit: Callable[[Command], None]) -> None:
        """Raises RecordingError. A second call while one is on does nothing."""
        with self._lock:
            if self._recorder is not None:
                return
            symbol, interval = feed.watched() or ("", "1m")
            head = Head(
                at_ms=self._clock.now_ms(),
                version=VERSION,
                program=__version__,
                environment=self._environment,
                symbol=symbol,
                interval=interval,
                part=1,
                instruments=dict(parts.rules.instruments()),
            )
            credentials = parts.venue.credentials
            recorder = self._recorder = Recorder(
                self._folder,
                head,
                secrets=[credentials.api_key, credentials.api_secret.reveal()],
                hub=self._hub,
                clock=self._clock,
                on_end=self._on_end,
                on_crash=self._on_crash,
            )
        self.tap.listener = recorder
        self._note_state(recorder, parts)
        if symbol:
            submit(LoadCandles(symbol=symbol, interval=interval))
            feed.refresh_books()
        self._tell(True, recorder.file, f"This session is recorded in {recorder.file.name}.")

    def end(self, timeout_s: float = _STOP_S) -> None:
        """May be called twice."""
        with self._lock:
            recorder, self._recorder = self._recorder, None
        self.tap.listener = None
        if recorder is not None:
            recorder.stop(timeout_s)
            self._tell(False, recorder.file, f"The recording is in {recorder.file}.")

    def asked(self, command: Command) -> None:
        recorder = self._recorder
        if recorder is not None:
            recorder.asked(command)

    def _note_state(self, recorder: Recorder, parts: Parts) -> None:
        oms, now_ms = parts.oms, self._clock.now_ms()
        for route in parts.gateway.health().routes:
            recorder.note(
                StreamStateChanged(
                    route=route.route,
                    state=route.state,
                    sentence="As it was when the recording began.",
                    reconnects=route.reconnects,
                    at_ms=now_ms,
                )
            )
        for order in oms.orders():
            recorder.note(OrderChanged(order=order.view))
        for algo in oms.algos.tracker.algos():
            recorder.note(AlgoChanged(algo=algo.view))
        for position in oms.positions.positions():
            recorder.note(PositionChanged(position=position))
        for balance in oms.positions.balances():
            recorder.note(BalanceChanged(balance=balance))
        sentence = "The recording begins."
        recorder.note(EngineStateChanged(state=EngineState.LIVE, sentence=sentence))

    def _on_end(self, sentence: str) -> None:
        """The disk refused: nothing is recorded any more, and everything else goes on."""
        with self._lock:
            recorder, self._recorder = self._recorder, None
        self.tap.listener = None
        if recorder is not None:
            self._tell(False, recorder.file, sentence)

    def _tell(self, is_on: bool, file: Path, sentence: str) -> None:
        logger.info("%s", sentence)
        self._hub.publish(RecordingChanged(is_on=is_on, file=str(file), sentence=sentence))
