"""The private stream's way into the books, and the gate that opens after a gap.

While the account is being read again, events wait in a buffer; the reading is
applied and the buffer drained in one step, so nothing older comes on top.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from engine.clock import Clock
from engine.events import (
    AccountUpdate,
    Alert,
    AlgoUpdate,
    Event,
    LeverageChanged,
    MarginCall,
    OrderUpdate,
    StreamStateChanged,
)
from engine.oms.algo_tracker import AlgoTracker
from engine.oms.order_tracker import OrderTracker
from engine.oms.position_tracker import PositionTracker
from engine.trading_types import AlertLevel, Route, StreamState

T = TypeVar("T")

_READING = "Perpdesk is reading the account from the exchange; new orders wait until that is done."
_NO_STREAM = (
    "The account stream is not live, so fills would not be seen."
    " Only cancels and reduce-only orders are sent."
)


class PrivateEvents:
    """`on_gap` is called on the reading thread whenever the stream is live after it was
    not; it must return at once and have `Reconciler.run` called elsewhere.
    """

    def __init__(
        self,
        tracker: OrderTracker,
        algos: AlgoTracker,
        positions: PositionTracker,
        publish: Callable[[Event], None],
        clock: Clock,
        on_gap: Callable[[], None],
    ) -> None:
        self._tracker = tracker
        self._algos = algos
        self._positions = positions
        self._publish = publish
        self._clock = clock
        self._on_gap = on_gap
        self._lock = threading.RLock()
        # a start is just a long gap: nothing is known until the first reading
        self._buffer: list[Event] | None = []
        self._gap_began_s = clock.monotonic()
        self._gaps = 0
        self._is_stream_live = False
        self._has_been_read = False
        self.taken = 0  # events that went into the books; states of the stream are none

    # --- what the rest of order management asks ---------------------------------------

    @property
    def why_closed(self) -> str:
        """Why no new risk may be taken now, as a sentence; "" when it may."""
        if not self._is_stream_live:
            return _NO_STREAM
        return _READING if self._buffer is not None or not self._has_been_read else ""

    @property
    def is_stream_live(self) -> bool:
        return self._is_stream_live

    def buffered_until_ms(self) -> int:
        """The venue's time of the newest account update that waits; 0: none does."""
        with self._lock:
            waiting = self._buffer or []
            return max(
                (e.transaction_ms for e in waiting if isinstance(e, AccountUpdate)), default=0
            )

    # --- events ------------------------------------------------------------------------

    def on_event(self, event: Event) -> None:
        with self._lock:
            if type(event) is OrderUpdate and self._buffer is None:  # nearly always
                self.taken += 1
                self._tracker.apply_update(event)
            elif isinstance(event, StreamStateChanged):
                self._on_stream_state(event)
            elif self._buffer is not None:
                self._buffer.append(event)
            else:
                self._apply(event)

    def _apply(self, event: Event) -> None:
        self.taken += 1
        if isinstance(event, OrderUpdate):
            self._tracker.apply_update(event)
        elif isinstance(event, AlgoUpdate):
            self._algos.apply_update(event)
        elif isinstance(event, AccountUpdate):
            self._positions.apply_account_update(event)
        elif isinstance(event, LeverageChanged):
            self._positions.apply_leverage(event.symbol, event.leverage)
            self._publish(event)
        else:
            self._publish(event)
            if isinstance(event, MarginCall):
                symbols = ", ".join(event.symbols)
                sentence = f"Margin call: {symbols} may be liquidated. Add margin or reduce."
                self._publish(
                    Alert(
                        level=AlertLevel.ERROR,
                        code="margin.call",
                        sentence=sentence,
                        at_ms=self._clock.now_ms(),
                    )
                )

    def _on_stream_state(self, event: StreamStateChanged) -> None:
        self._publish(event)
        if event.route is not Route.PRIVATE:
            return
        was_live = self._is_stream_live
        self._is_stream_live = event.state is StreamState.LIVE
        if was_live and not self._is_stream_live:
            self._begin_gap()
        elif self._is_stream_live and not was_live:
            self._gaps += 1
            self._begin_gap()
            self._on_gap()

    # --- recovery ------------------------------------------------------------------------

    def begin(self) -> int:
        """Hold events back from now on. Returns the number of the gap being closed."""
        with self._lock:
            self._begin_gap()
            return self._gaps

    def finish(self, gap: int, apply: Callable[[], T]) -> tuple[T, float] | None:
        """Apply a reading and the events that came meanwhile, as one step.

        Returns what `apply` returned and the length of the gap in seconds; None
        when the stream was lost again while reading: then read once more.
        """
        with self._lock, self._tracker.lock:
            if gap != self._gaps:
                return None
            result = apply()
            self._has_been_read = True
            self._release()
            return result, self._clock.monotonic() - self._gap_began_s

    def give_up(self) -> None:
        """The account could not be read: let the events through, they are true."""
        with self._lock:
            self._has_been_read = False
            self._release()

    def _begin_gap(self) -> None:
        if self._buffer is not None:
            return
        self._buffer = []
        if self._has_been_read:  # else the gap is still the one that could not be closed
            self._gap_began_s = self._clock.monotonic()

    def _release(self) -> None:
        waiting, self._buffer = self._buffer or [], None
        for event in waiting:
            self._apply(event)
