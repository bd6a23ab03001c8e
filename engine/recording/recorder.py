"""Writes a session down: frames, calls, commands and events, without secrets.

Whoever has something to record appends it and goes on; one thread takes the
secrets out and writes. When the disk does not keep up, market frames are
counted instead of kept: orders and answers never are.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from engine.clock import Clock
from engine.commands import Command
from engine.event_hub import EventHub
from engine.events import Event
from engine.recording.record import (
    FROM_FRAMES,
    Called,
    Head,
    Heard,
    Lost,
    Record,
    Said,
    all_kinds,
    command_record,
    event_record,
)
from engine.recording.recording_files import RecordingError, RecordingWriter
from engine.recording.scrubber import Scrubber
from engine.trading_types import Route
from engine.utils.mailbox import Mailbox
from engine.utils.threads import CrashHandler, StoppableThread

_PAUSE_S = 0.1
_MOST_WAITING = 50_000
_PUBLIC = (Route.PUBLIC, Route.MARKET)


class Recorder:
    """A WireListener. Everything but `stop` returns at once, on any thread.

    `on_end(sentence)` is called on the recorder's thread when the disk refuses.
    """

    def __init__(
        self,
        folder: Path,
        head: Head,
        *,
        secrets: Iterable[str],
        hub: EventHub,
        clock: Clock,
        on_end: Callable[[str], None],
        on_crash: CrashHandler | None = None,
        part_bytes: int | None = None,
    ) -> None:
        """Opens the file: raises RecordingError."""
        self._clock = clock
        self._hub = hub
        self._on_end = on_end
        self._scrubber = Scrubber(secrets)
        self._encoder = msgspec.json.Encoder()
        self._waiting: deque[Record | tuple[int, Route, bytes]] = deque()
        self._lost = 0
        more = {} if part_bytes is None else {"part_bytes": part_bytes}
        self._writer = RecordingWriter(folder, head, **more)
        self._mailbox: Mailbox[Event] = hub.attach(
            Mailbox(), set(all_kinds(Event).values()) - FROM_FRAMES
        )
        self._thread = StoppableThread("recorder", self._run, on_crash)
        self._thread.start()

    @property
    def file(self) -> Path:
        return self._writer.file

    def heard(self, route: Route, messages: Sequence[bytes | bytearray]) -> None:
        if route in _PUBLIC and len(self._waiting) > _MOST_WAITING:
            self._lost += len(messages)
            return
        now_ms = self._clock.now_ms()
        self._waiting.extend((now_ms, route, bytes(message)) for message in messages)

    def said(self, route: Route, text: str) -> None:
        self._waiting.append(Said(at_ms=self._clock.now_ms(), route=route.value, text=text))

    def called(
        self, name: str, params: Mapping[str, object], status: int, body: bytes, elapsed_ms: float
    ) -> None:
        self._waiting.append(
            Called(
                at_ms=self._clock.now_ms(),
                name=name,
                params={key: str(value) for key, value in params.items() if value is not None},
                status=status,
                body=body.decode("utf-8", "backslashreplace"),
                elapsed_ms=round(elapsed_ms, 2),
            )
        )

    def note(self, event: Event) -> None:
        """How something stood when the recording began."""
        self._waiting.append(event_record(event, self._clock.now_ms()))

    def asked(self, command: Command) -> None:
        self._waiting.append(command_record(command, self._clock.now_ms()))

    def stop(self, timeout_s: float) -> bool:
        """What waits is written; True when that was done in time."""
        self._hub.detach(self._mailbox)
        self._thread.request_stop()
        return self._thread.is_current() or self._thread.join(timeout_s)

    # --- the thread recorder -----------------------------------------------------------

    def _run(self, stop: threading.Event) -> None:
        try:
            is_last = False
            while not is_last:
                is_last = stop.wait(_PAUSE_S)  # what came before the stop is written, too
                self._write_all()
        except RecordingError as error:
            self._hub.detach(self._mailbox)
            self._on_end(str(error))
        finally:
            self._writer.close()

    def _write_all(self) -> None:
        now_ms = self._clock.now_ms()
        lines = [self._line(event_record(event, now_ms)) for event in self._mailbox.drain()]
        with contextlib.suppress(IndexError):
            while True:
                lines.append(self._line(self._waiting.popleft()))
        if self._lost:
            lost, self._lost = self._lost, 0
            lines.append(self._line(Lost(at_ms=now_ms, frames=lost)))
        if lines:
            self._writer.write(b"".join(lines))

    def _line(self, record: Record | tuple[int, Route, bytes]) -> bytes:
        if isinstance(record, tuple):
            at_ms, route, payload = record
            text = payload.decode("utf-8", "backslashreplace")
            if route not in _PUBLIC:
                text = self._scrubber.clean(text)
            record = Heard(at_ms=at_ms, route=route.value, text=text)
            return self._encoder.encode(record) + b"\n"
        if isinstance(record, Called):  # its quotes are escaped in the line
            record = msgspec.structs.replace(record, body=self._scrubber.clean(record.body))
        text = self._encoder.encode(record).decode("utf-8")
        return self._scrubber.clean(text).encode("utf-8") + b"\n"
