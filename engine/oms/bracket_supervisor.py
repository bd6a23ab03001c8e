"""Keeps every open bracket: decides when something is new, and has the steps carried out.

One thread, `brackets`, decides and never waits for the network, so the alarm of an
unprotected position is never late; the steps of a symbol are carried out by a thread
of its own, one step of a bracket at a time. What wakes it is told by the books.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from msgspec.structs import replace

from engine.clock import Clock
from engine.errors import ShuttingDown
from engine.event_hub import EventHub
from engine.events import (
    Alert,
    CommandRefused,
    EngineStateChanged,
    OrderChanged,
    PositionChanged,
)
from engine.events.protection import AlgoChanged, BracketChanged
from engine.oms.bracket_books import BracketBooks
from engine.oms.bracket_core import decide
from engine.oms.bracket_facts import Action, Decision
from engine.oms.bracket_hands import BracketHands, Change, Step
from engine.oms.bracket_record import Bracket, view_of
from engine.protection_views import BracketView
from engine.trading_types import EngineState
from engine.utils.mailbox import Mailbox
from engine.utils.task_queue import TaskQueue
from engine.utils.threads import CrashHandler, StoppableThread
from engine.views import ZERO

logger = logging.getLogger(__name__)

_LOOK_S = 0.25  # how often the clock is looked at while there is a bracket
_ENDED_KEPT = 500


class BracketSupervisor:
    """Thread-safe. `lock` guards the brackets; it is taken before a tracker's lock, never
    under one.
    """

    def __init__(
        self,
        books: BracketBooks,
        hands: BracketHands,
        hub: EventHub,
        clock: Clock,
        on_crash: CrashHandler | None,
    ) -> None:
        self._books = books
        self._hands = hands
        self._hub = hub
        self._clock = clock
        self._on_crash = on_crash
        self.lock = threading.RLock()
        self._changed = threading.Condition(self.lock)
        self._active: dict[str, Bracket] = {}
        self._views: dict[str, BracketView] = {}
        self._ended: deque[str] = deque()
        self._sending: set[str] = set()
        self._busy: set[str] = set()
        self._wakes: dict[str, int] = {}
        self._written: dict[str, tuple[object, ...]] = {}
        self._unkept: dict[str, Bracket] = {}  # their record waits for its turn
        self._queues: dict[str, TaskQueue] = {}
        self._position_read_ms = 0
        self.longest_unprotected_ms = 0
        self._is_live = self._has_been_live = False
        self._symbols: frozenset[str] = frozenset()
        self._box: Mailbox[str] = Mailbox()  # symbols of which something is new
        self._thread = StoppableThread("brackets", self._work, on_crash)

    # --- brackets --------------------------------------------------------------------------

    def add(self, bracket: Bracket, *, is_sending: bool = False) -> None:
        """Follow it from now on. `is_sending`: its entry is on its way, until `sent`."""
        with self.lock:
            if is_sending:
                self._sending.add(bracket.bracket_id)
            self._active[bracket.bracket_id] = bracket
            self._note_symbols()
            self._show(view_of(bracket, ZERO))
        self._box.put(bracket.symbol, bracket.symbol)

    def sent(self, bracket: Bracket) -> None:
        """The entry is in the order book's hands, whatever became of it."""
        with self.lock:
            self._sending.discard(bracket.bracket_id)
        self._box.put(bracket.symbol, bracket.symbol)

    def change(self, bracket_id: str, change: Change) -> None:
        with self.lock:
            bracket = self._active.get(bracket_id)
            if bracket is None:
                return
            self._active[bracket_id] = change(bracket)
        self._box.put(bracket.symbol, bracket.symbol)

    def active(self) -> list[Bracket]:
        with self.lock:
            return list(self._active.values())

    def find(self, bracket_id: str) -> Bracket | None:
        """None: not known, or ended."""
        return self._active.get(bracket_id)

    def view(self, bracket_id: str) -> BracketView | None:
        return self._views.get(bracket_id)

    def views(self) -> list[BracketView]:
        """Also the recently ended ones, oldest first."""
        with self.lock:
            return list(self._views.values())

    def wait(self, bracket_id: str, until: Callable[[BracketView], bool], timeout_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: until(self._views[bracket_id]), timeout_s)

    # --- life ------------------------------------------------------------------------------

    def start(self) -> None:
        self._hub.listen(OrderChanged, lambda event: self._note(event.order.symbol))
        self._hub.listen(AlgoChanged, lambda event: self._note(event.algo.symbol))
        self._hub.listen(PositionChanged, lambda event: self._note(event.position.symbol))
        self._hub.listen(EngineStateChanged, self._on_state)
        self._hub.listen(CommandRefused, self._hands.note_refusal)
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Decide nothing more. Exits stay at the exchange. False: not ended in time."""
        self._thread.request_stop()
        self._box.close()
        ended = self._thread.join(timeout_s)
        for queue in list(self._queues.values()):
            ended = queue.stop(timeout_s) and ended
        for bracket in list(self._unkept.values()):
            self._keep(bracket)  # the queue ended before its turn came
        return ended

    # --- listeners: any thread, also under a tracker's lock, at once --------------------------

    def _note(self, symbol: str) -> None:
        if symbol in self._symbols:
            self._box.put(symbol, symbol)

    def _on_state(self, event: EngineStateChanged) -> None:
        # while the account is being read the books are old; without a stream they are
        # as good as they get, and a stop that is missing cannot wait for it
        self._is_live = event.state in (EngineState.LIVE, EngineState.DEGRADED)
        self._has_been_live = self._has_been_live or event.state is EngineState.LIVE
        for symbol in self._symbols:
            self._box.put(symbol, symbol)

    # --- the thread `brackets` -----------------------------------------------------------------

    def _work(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._box.wait(_LOOK_S if self._active else None)
            symbols = frozenset(self._box.drain())
            if not stop.is_set() and self._has_been_live:
                self._look(symbols)

    def _look(self, symbols: frozenset[str]) -> None:
        with self.lock:
            now_ms = self._clock.now_ms()
            for bracket in list(self._active.values()):
                wake_at = self._wakes.get(bracket.bracket_id)
                if bracket.symbol in symbols or (wake_at is not None and now_ms >= wake_at):
                    self._decide(bracket, now_ms)
                self._measure(bracket.bracket_id, now_ms)

    def _decide(self, before: Bracket, now_ms: int) -> None:
        bracket_id = before.bracket_id
        facts = self._books.facts(
            before,
            self._active.values(),
            now_ms=now_ms,
            position_read_ms=self._position_read_ms,
            is_entry_sending=bracket_id in self._sending,
            is_live=self._is_live,
            is_busy=bracket_id in self._busy,
        )
        decision = decide(before, facts)
        self._active[bracket_id] = decision.bracket
        self._wakes.pop(bracket_id, None)
        if decision.wake_at_ms is not None:
            self._wakes[bracket_id] = decision.wake_at_ms
        self._tell(decision, now_ms)
        self._have_done(decision)
        if decision.bracket.is_ended:
            self._end(decision.bracket)

    def _tell(self, decision: Decision, now_ms: int) -> None:
        for tell in decision.told:
            self._hub.publish(
                Alert(level=tell.level, code=tell.code, sentence=tell.sentence, at_ms=now_ms)
            )
        self._show(decision.view)

    def _have_done(self, decision: Decision) -> None:
        bracket, actions = decision.bracket, decision.actions
        kept = _kept(bracket)
        if actions:
            self._busy.add(bracket.bracket_id)
            self._submit(bracket.symbol, lambda: self._step(bracket, actions))
        elif self._written.get(bracket.bracket_id) != kept:
            self._unkept[bracket.bracket_id] = bracket
            self._submit(bracket.symbol, lambda: self._keep(bracket))
        self._written[bracket.bracket_id] = kept

    def _keep(self, bracket: Bracket) -> None:
        self._hands.keep(bracket)
        with self.lock:
            if self._unkept.get(bracket.bracket_id) is bracket:
                del self._unkept[bracket.bracket_id]

    def _measure(self, bracket_id: str, now_ms: int) -> None:
        since = self._views[bracket_id].unprotected_since_ms
        if since is not None:
            self.longest_unprotected_ms = max(self.longest_unprotected_ms, now_ms - since)

    def _end(self, bracket: Bracket) -> None:
        del self._active[bracket.bracket_id]
        del self._written[bracket.bracket_id]
        self._wakes.pop(bracket.bracket_id, None)
        self._note_symbols()
        self._ended.append(bracket.bracket_id)
        if len(self._ended) > _ENDED_KEPT:
            del self._views[self._ended.popleft()]
        logger.info("bracket=%s %s: %s", bracket.bracket_id, bracket.state, bracket.reason)

    # --- a symbol's own thread --------------------------------------------------------------------

    def _submit(self, symbol: str, work: Callable[[], None]) -> None:
        queue = self._queues.get(symbol)
        if queue is None:
            queue = self._queues[symbol] = TaskQueue(f"bracket-{symbol}", self._on_crash)
            queue.start()
        try:
            queue.submit(work)
        except ShuttingDown:
            logger.debug("no more steps for %s: closing", symbol)

    def _step(self, bracket: Bracket, actions: tuple[Action, ...]) -> None:
        step = Step()
        try:
            step = self._hands.carry_out(bracket, actions)
        finally:
            with self.lock:
                self._busy.discard(bracket.bracket_id)
                self._position_read_ms = max(self._position_read_ms, step.position_read_ms)
                for change in step.changes:
                    self.change(bracket.bracket_id, change)
            self._box.put(bracket.symbol, bracket.symbol)

    # --- under the lock ---------------------------------------------------------------

    def _show(self, view: BracketView) -> None:
        old = self._views.get(view.bracket_id)
        if old is not None and replace(view, updated_at=old.updated_at) == old:
            return
        self._views[view.bracket_id] = view
        self._hub.publish(BracketChanged(bracket=view))
        self._changed.notify_all()

    def _note_symbols(self) -> None:
        self._symbols = frozenset(bracket.symbol for bracket in self._active.values())


def _kept(bracket: Bracket) -> tuple[object, ...]:
    """What a restart could not find out by asking the exchange."""
    return (
        bracket.state,
        bracket.closing,
        bracket.stop_price,
        bracket.target_price,
        bracket.is_entry_unwanted,
        bracket.is_stop_released,
        bracket.closed_qty,
    )
