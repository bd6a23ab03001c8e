"""The one place where the engine's threads and Qt meet.

Made on the GUI thread. Writers on any thread fill a mailbox; its one wake-up
crosses to the GUI thread as a queued signal, and the batch is drained there at
frame rate, so that 20,000 events a second cost the window 60 calls. Where drawing
is slow, frames are fewer: the hand comes first.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal, Slot

from desktop.frame_pace import FramePace
from engine.commands import Command
from engine.errors import ShuttingDown
from engine.event_hub import EventHub
from engine.events import CommandRefused, Event
from engine.utils.mailbox import Mailbox

_ASIDE_S = 0.002


class EngineBridge(QObject):
    """`events_ready` carries a list of events, on the GUI thread, in order."""

    events_ready = Signal(object)
    _woken = Signal()

    def __init__(self, hub: EventHub, submit: Callable[[Command], None]) -> None:
        super().__init__()
        self._hub = hub
        self._submit = submit
        self._pace = FramePace()
        self._has_stepped_aside = False
        self._since_drain = QElapsedTimer()
        self._since_drain.start()
        self._frame = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._frame.timeout.connect(self._drain)
        self._woken.connect(self._on_woken, Qt.ConnectionType.QueuedConnection)
        self._mailbox: Mailbox[Event] = hub.attach(Mailbox(self._woken.emit))

    @Slot(object)
    def submit(self, command: Command) -> None:
        """Hand a command to the engine; the answer is an event.

        Until its last byte has left, the order gives the interpreter away at each system call,
        and would have to win it back from this thread each time: so this one steps aside for
        a moment, once a frame, and the next frame begins later.
        """
        self._since_drain.restart()
        if self._frame.isActive():
            self._frame.start(self._pace.frame_ms)
        try:
            self._submit(command)
        except ShuttingDown as error:
            refused = CommandRefused(command=command, sentence=str(error))
            self._mailbox.put(refused, None)  # as every answer: after the window noted the wish
        if not self._has_stepped_aside:  # many commands at once must not add up to a pause
            self._has_stepped_aside = True
            time.sleep(_ASIDE_S)

    def close(self) -> None:
        """No events after this call."""
        self._hub.detach(self._mailbox)
        self._mailbox.close()
        self._frame.stop()

    @Slot()
    def _on_woken(self) -> None:
        if not self._frame.isActive():
            self._frame.start(max(0, self._pace.frame_ms - self._since_drain.elapsed()))

    @Slot()
    def _drain(self) -> None:
        self._has_stepped_aside = False
        self._since_drain.restart()
        self._pace.note_frame(time.thread_time())
        if not self._mailbox.is_closed:
            self.events_ready.emit(self._mailbox.drain())
