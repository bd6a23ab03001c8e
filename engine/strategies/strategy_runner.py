"""Runs strategies: each on a thread of its own, and none can take anything else with it.

A strategy that raises is ended, told of by its name and line, and its orders are
cancelled, or kept if it has declared `keeps_orders = True`. One that hangs is
left behind: from the moment it is told to stop it cannot place anything.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from pathlib import Path

from engine.errors import BadInput, PerpdeskError, ShuttingDown
from engine.events import Event
from engine.events.protection import KillChanged
from engine.events.strategies import StrategyView
from engine.strategies.loader import LoadedStrategy, load_strategy, where_it_failed
from engine.strategies.strategy_desk import StrategyDesk
from engine.strategies.strategy_diary import StrategyDiary
from engine.trading_engine import TradingEngine
from engine.trading_types import AlertLevel, KillState, StrategyState
from engine.utils.deadline import Deadline
from engine.utils.mailbox import Mailbox
from engine.utils.threads import StoppableThread

logger = logging.getLogger(__name__)

_LOOK_S = 0.5


class StrategyRunner:
    """Any thread. Make it when the engine is live, close it before the engine stops."""

    def __init__(self, engine: TradingEngine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._guests: dict[str, _Guest] = {}
        self._is_closed = False
        self._end = engine.hub.listen(KillChanged, self._on_kill)

    def start(self, path: Path | str, symbols: Iterable[str]) -> str:
        """Load the file and start it on these symbols; its name. Blocks for the loading.

        Raises BadInput (the file, or one of that name is running), UnknownSymbol, and
        ShuttingDown after `close`.
        """
        wanted = tuple(symbol.upper() for symbol in symbols)
        for symbol in wanted:
            self._engine.follow(symbol)
        loaded = load_strategy(path)
        guest = _Guest(self._engine, loaded, wanted)
        with self._lock:
            if self._is_closed:  # while the file was being loaded
                raise ShuttingDown("Perpdesk is closing; no strategy was started.")
            if loaded.name in self.running():
                raise BadInput("file", f"The strategy {loaded.name} is running already.")
            self._guests[loaded.name] = guest
            guest.thread.start()
        return loaded.name

    def running(self) -> list[str]:
        return [name for name, guest in self._guests.items() if guest.thread.is_alive]

    def views(self) -> list[StrategyView]:
        """One a name, also of those that have ended."""
        return [guest.view for guest in list(self._guests.values())]

    def crash_of(self, name: str) -> str:
        """What ended it, as a sentence; "" when it did not crash."""
        return self._guests[name].crash

    def wait(self, name: str, timeout_s: float) -> bool:
        """Block until it has ended by itself; False when `timeout_s` passed first."""
        return self._guests[name].thread.join(timeout_s)

    def stop(self, name: str, timeout_s: float = 3.0) -> bool:
        """Tell it to stop and wait for that. False: it hangs, and has been left behind.

        Raises BadInput when there is none of that name.
        """
        guest = self._guests.get(name)
        if guest is None:
            raise BadInput("strategy", f"There is no strategy {name!r}.")
        return guest.stop(timeout_s)

    def close(self, timeout_s: float = 3.0) -> None:
        """Stop all of them, within `timeout_s` together; none starts any more."""
        with self._lock:
            self._is_closed = True
        self._end()
        deadline = Deadline(self._engine.clock, timeout_s)
        guests = list(self._guests.values())
        for guest in guests:
            guest.request_stop()
        for guest in guests:
            guest.stop(deadline.left_s())

    def _on_kill(self, event: KillChanged) -> None:
        if event.kill.state is not KillState.WORKING:
            return
        for guest in list(self._guests.values()):
            if guest.trades(event.kill.symbols):
                guest.request_stop(" The kill switch was used.")


class _Guest:
    """One running strategy."""

    def __init__(
        self, engine: TradingEngine, loaded: LoadedStrategy, symbols: tuple[str, ...]
    ) -> None:
        self._engine = engine
        self._loaded = loaded
        self._symbols = frozenset(symbols)
        self._box: Mailbox[Event] = Mailbox()
        self.crash = ""
        self._why = ""
        self.thread = StoppableThread(f"strategy-{loaded.name}", self._work, self._on_crash)
        view = StrategyView(
            name=loaded.name,
            file=str(loaded.path),
            symbols=symbols,
            state=StrategyState.RUNNING,
        )
        self._diary = StrategyDiary(engine.hub, engine.clock, view)
        self._desk = StrategyDesk(engine, self._diary, self.thread.stop_event)

    @property
    def view(self) -> StrategyView:
        return self._diary.view

    def trades(self, symbols: tuple[str, ...]) -> bool:
        """Whether one of these is its own. None given: all are meant."""
        return not symbols or not self._symbols.isdisjoint(symbols)

    def request_stop(self, why: str = "") -> None:
        if not self.thread.stop_event.is_set():
            self._why = why
        self._diary.turn(StrategyState.STOPPING)
        self.thread.request_stop()
        self._box.close()

    def stop(self, timeout_s: float) -> bool:
        if not self.thread.is_alive:
            return True
        self.request_stop()
        if self.thread.join(timeout_s):
            return True
        self._engine.hub.detach(self._box)
        self._diary.turn(StrategyState.HUNG)
        self._diary.say(
            AlertLevel.ERROR, "strategy.hung", "does not end; it cannot place orders any more."
        )
        self._clean_up("Its strategy hangs.")
        return False

    # --- the strategy's thread ---------------------------------------------------------

    def _work(self, stop: threading.Event) -> None:
        self._engine.hub.attach(self._box)
        self._diary.say(AlertLevel.INFO, "strategy.started", f"started on {self._on_what()}.")
        try:
            self._live(stop)
            self._say_goodbye()
        except (Exception, SystemExit) as error:
            logger.exception("strategy %s crashed", self._loaded.name)
            self.crash = where_it_failed(error, self._loaded.path)
        finally:
            stop.set()
            self._engine.hub.detach(self._box)
            self._box.close()
        self._leave()

    def _live(self, stop: threading.Event) -> None:
        strategy = self._loaded.strategy
        try:
            strategy.on_start(self._desk)
            self._desk.count()
            while not stop.is_set():
                self._box.wait(_LOOK_S)
                for event in self._box.drain():
                    if stop.is_set():
                        return
                    if self._concerns(event):
                        strategy.on_event(event)
                self._desk.count()
        except ShuttingDown:  # told to stop in the middle of something
            stop.set()

    def _say_goodbye(self) -> None:
        on_stop = getattr(self._loaded.strategy, "on_stop", None)
        if on_stop is None:
            return
        try:
            on_stop(self._desk)
        except ShuttingDown:
            logger.info("strategy %s wanted more than it may at its end", self._loaded.name)

    def _concerns(self, event: Event) -> bool:
        """What has no symbol concerns everybody: alerts, streams, the engine's state."""
        symbol = getattr(event, "symbol", None)
        for part in ("order", "fill", "position", "plan", "algo"):
            if symbol is None:
                symbol = getattr(getattr(event, part, None), "symbol", None)
        return symbol is None or symbol in self._symbols

    def _leave(self) -> None:
        """Also after a crash: what it leaves behind is its own declared choice."""
        is_kept = bool(getattr(self._loaded.strategy, "keeps_orders", False))
        left = len(self._desk.orders)
        if not is_kept:
            self._clean_up("Its strategy has ended.")
        what = "kept" if is_kept else "being cancelled"
        count = "1 open order is" if left == 1 else f"{left} open orders are"
        orders = f" {count} {what}." if left else ""
        if self.crash:
            sentence = f"crashed and was ended. {self.crash}.{orders}"
            self._end(StrategyState.CRASHED)
            self._diary.say(AlertLevel.ERROR, "strategy.crashed", sentence)
        else:
            self._end(StrategyState.STOPPED)
            self._diary.say(AlertLevel.INFO, "strategy.stopped", f"stopped.{self._why}{orders}")

    def _end(self, state: StrategyState) -> None:
        self._desk.count()
        self._diary.turn(state)

    def _clean_up(self, reason: str) -> None:
        for call in self._desk.clean_up(reason):
            try:
                call()
            except PerpdeskError as error:
                logger.warning("strategy %s: %s", self._loaded.name, error)
                self._diary.say(AlertLevel.WARNING, "strategy.left", f"not cancelled: {error}")

    def _on_what(self) -> str:
        return ", ".join(sorted(self._symbols)) or "no symbol"

    def _on_crash(self, _thread: str, error: BaseException) -> None:
        """Ours, not the strategy's."""
        self.crash = f"Perpdesk failed while running it: {type(error).__name__}"
        self._diary.turn(StrategyState.CRASHED)
        self._diary.say(AlertLevel.ERROR, "strategy.crashed", self.crash)
