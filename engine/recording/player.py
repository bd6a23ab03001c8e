"""Plays a recording through the same decoder, books and events as a live session.

Has the face of an engine as far as a window needs one. Nothing can be sent: every
command but those about the playing is refused.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from engine.commands import Command, LoadCandles, WatchSymbol
from engine.event_hub import EventHub
from engine.events import (
    BookView,
    CandlesLoaded,
    CommandRefused,
    DepthDiff,
    EngineStateChanged,
    Event,
    UnknownMessage,
)
from engine.events.recording import PlaybackChanged, PlaybackView
from engine.market.instruments import Instrument
from engine.market.local_book import LocalBook
from engine.recording.record import Asked, Called, Happened, Heard, Record, event_of
from engine.recording.recording_files import RecordingError, RecordingReader
from engine.recording_commands import SetPlayback
from engine.trading_types import EngineState, Route
from engine.utils.threads import StoppableThread
from engine.wire.codec import decode_frame, decode_reply
from engine.wire.rest_messages import DepthReply

logger = logging.getLogger(__name__)

NOT_HERE = "This is a recording: nothing can be sent from it."
_BOOK_DEPTH = 400
_TOLD_EVERY_S = 0.2
_TOLD_EVERY_RECORDS = 5000
_LONGEST_WAIT_S = 0.05
_SLOWEST, _FASTEST = 1.0, 100.0


class RecordingPlayer:
    """Opening reads the first line: raises RecordingError. `submit` from any thread."""

    def __init__(self, file: Path) -> None:
        self.hub = EventHub()
        self._reader = RecordingReader(file)
        head = self._reader.head
        self.instruments: Mapping[str, Instrument] = head.instruments
        self._lock = threading.RLock()  # guards the next two
        self._view = PlaybackView(
            environment=head.environment,
            symbol=head.symbol,
            position_ms=head.at_ms,
            first_ms=head.at_ms,
        )
        self._hurry_to_ms = 0
        self._changed = threading.Event()
        self._books: dict[str, LocalBook] = {}
        self._candles: dict[tuple[str, str], CandlesLoaded] = {}
        self._told_at_s = 0.0
        self._thread = StoppableThread("player", self._run)

    @property
    def symbol(self) -> str:
        return self._reader.head.symbol

    @property
    def interval(self) -> str:
        return self._reader.head.interval

    @property
    def clock(self) -> RecordingPlayer:
        """Its own: who asks for the time gets the recording's."""
        return self

    def now_ms(self) -> int:
        """The recording's time."""
        return self._view.position_ms

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        self._thread.request_stop()
        self._changed.set()
        self._thread.join(timeout_s)

    def submit(self, command: Command) -> None:
        """Returns at once."""
        if isinstance(command, SetPlayback):
            self._set(command)
        elif isinstance(command, LoadCandles):
            self._load_candles(command)
        elif not isinstance(command, WatchSymbol):
            self.hub.publish(CommandRefused(command=command, sentence=NOT_HERE))

    def _set(self, command: SetPlayback) -> None:
        speed, position_ms = command.speed, command.position_ms
        if speed is not None and not _SLOWEST <= speed <= _FASTEST:
            sentence = f"A recording is played at {_SLOWEST:g} to {_FASTEST:g} times its pace."
            self.hub.publish(CommandRefused(command=command, sentence=sentence, field="speed"))
            return
        if position_ms is not None and position_ms < self._view.position_ms:
            sentence = "A recording goes forward only; open it again to see its beginning."
            self.hub.publish(CommandRefused(command=command, sentence=sentence))
            return
        changes = {"is_paused": command.is_paused, "speed": speed}
        with self._lock:
            self._hurry_to_ms = position_ms or self._hurry_to_ms
            self._change(**{name: value for name, value in changes.items() if value is not None})
        self._changed.set()
        self._tell()

    def _load_candles(self, command: LoadCandles) -> None:
        """What the recording held of them until now: perhaps nothing."""
        known = self._candles.get((command.symbol, command.interval))
        self.hub.publish(
            CandlesLoaded(
                request_id=command.request_id,
                symbol=command.symbol,
                interval=command.interval,
                candles=known.candles if known is not None and command.end_ms is None else (),
                end_ms=command.end_ms,
            )
        )

    # --- the thread player ---------------------------------------------------------------

    def _run(self, stop: threading.Event) -> None:
        try:
            self._look_for_the_end(stop)
            self.hub.publish(
                EngineStateChanged(
                    state=EngineState.RECOVERING, sentence="A recording is being played."
                )
            )
            self._play(stop)
        except RecordingError as error:
            self._end(str(error))
        else:
            self._end("The recording has ended.")

    def _end(self, sentence: str) -> None:
        self._change(is_finished=True, share_read=1.0)
        self._tell()
        self.hub.publish(EngineStateChanged(state=EngineState.DEGRADED, sentence=sentence))

    def _look_for_the_end(self, stop: threading.Event) -> None:
        """Told as it goes: it may be gigabytes."""
        last_ms = self._view.first_ms
        for number, record in enumerate(self._reader.records()):
            last_ms = max(last_ms, record.at_ms)
            if number % _TOLD_EVERY_RECORDS == 0:
                self._change(share_read=self._reader.share_read)
                self._tell_now_and_then()
                if stop.is_set():
                    return
        self._change(share_read=1.0, last_ms=last_ms)
        self._tell()

    def _play(self, stop: threading.Event) -> None:
        """Each record when its time has come; more slowly read than that is only later."""
        at_s, at_ms = time.monotonic(), float(self._view.first_ms)
        for record in self._reader.records():
            while record.at_ms > at_ms and not stop.is_set():
                now_s = time.monotonic()
                passed_s, at_s = now_s - at_s, now_s
                at_ms = self._passed(at_ms, passed_s, record.at_ms)
                self._tell_now_and_then()
                if at_ms < record.at_ms:
                    wait_s = (record.at_ms - at_ms) / 1000 / self._view.speed
                    self._changed.wait(min(_LONGEST_WAIT_S, wait_s))
                    self._changed.clear()
            if stop.is_set():
                return
            self._take(record)

    def _passed(self, at_ms: float, passed_s: float, next_ms: int) -> float:
        """The recording's time after so many seconds of ours."""
        with self._lock:
            if next_ms <= self._hurry_to_ms:
                at_ms = float(next_ms)
            elif not self._view.is_paused:
                at_ms = min(float(next_ms), at_ms + 1000 * passed_s * self._view.speed)
            self._change(position_ms=int(at_ms))
        return at_ms

    def _take(self, record: Record) -> None:
        if isinstance(record, Heard):
            if record.route != Route.PRIVATE:  # the account's frames: as the engine took them
                self._hear(record.text)
        elif isinstance(record, Happened):
            self._happen(record)
        elif isinstance(record, Called):
            if record.name == "depth" and record.status == 200:
                self._take_snapshot(record)
        elif isinstance(record, Asked) and record.name == "WatchSymbol":
            self._change(symbol=str(record.data.get("symbol", "")))
            self._tell()

    def _hear(self, text: str) -> None:
        frame = decode_frame(text.encode("utf-8"))
        if isinstance(frame, UnknownMessage):
            self.hub.publish(frame)
            return
        data = frame.data
        for event in data if isinstance(data, list) else [data]:
            if isinstance(event, DepthDiff):
                self._apply(event)
            elif isinstance(event, Event):
                self.hub.publish(event)

    def _apply(self, diff: DepthDiff) -> None:
        book = self._books.setdefault(diff.symbol, LocalBook(diff.symbol))
        book.on_diff(diff)
        self.hub.publish(book.view(_BOOK_DEPTH))

    def _take_snapshot(self, record: Called) -> None:
        symbol = str(record.params.get("symbol", ""))
        try:
            reply = decode_reply(record.body.encode("utf-8"), DepthReply)
        except msgspec.MsgspecError:
            logger.info("a recorded snapshot of %s is not readable", symbol)
            return
        book = self._books.setdefault(symbol, LocalBook(symbol))
        book.on_snapshot(reply.last_update_id, reply.bids, reply.asks)
        view: BookView = book.view(_BOOK_DEPTH)
        self.hub.publish(view)

    def _happen(self, record: Happened) -> None:
        event = event_of(record)
        if event is None:
            logger.info("a recorded %s is not known here", record.name)
            return
        if isinstance(event, CandlesLoaded) and event.end_ms is None:
            self._candles[event.symbol, event.interval] = event
        self.hub.publish(event)

    # --- how it stands -------------------------------------------------------------------

    def _change(self, **changes: object) -> None:
        with self._lock:
            self._view = msgspec.structs.replace(self._view, **changes)

    def _tell_now_and_then(self) -> None:
        now_s = time.monotonic()
        if now_s - self._told_at_s >= _TOLD_EVERY_S:
            self._told_at_s = now_s
            self._tell()

    def _tell(self) -> None:
        self.hub.publish(PlaybackChanged(playback=self._view))
