"""The engine's public face: one object for the window, the console and scripts.

`start` returns at once and everything that blocks happens on the engine's own
threads; `EngineStateChanged` says how far it is.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from engine.clock import Clock, SystemClock
from engine.command_door import CommandDoor, StrategyTaker
from engine.commands import Command, WatchSymbol
from engine.config import Config, Environment, load_config
from engine.engine_standing import EngineStanding
from engine.errors import NotConnected, PerpdeskError
from engine.event_hub import EventHub
from engine.execution_watch import ExecutionWatch
from engine.housekeeper import NOT_READY, Housekeeper
from engine.key_desk import KeyDesk
from engine.market.instruments import Instrument, named_in
from engine.market.market_state import MarketState
from engine.protection_views import BracketView
from engine.session_recorder import SessionRecorder
from engine.trading_types import EngineState
from engine.utils.deadline import Deadline
from engine.utils.paths import user_data_dir
from engine.utils.task_queue import TaskQueue

if TYPE_CHECKING:
    from engine.build_engine import Parts
    from engine.exchange.gateway import ExchangeGateway
    from engine.oms.brackets import Brackets
    from engine.oms.kill_switch import KillSwitch
    from engine.oms.order_manager import OrderManager
    from engine.oms.risk_guard import RiskGuard
    from engine.plans.plan_runner import PlanRunner

logger = logging.getLogger(__name__)


class TradingEngine:
    """Every method but `open`, `wait_until_live` and `stop` returns at once, on any thread.

    From a script, `with TradingEngine.open("paper") as engine:` gives an engine
    that is live. `hub` and `market` are there at once; `oms` and `gateway` once
    the engine has been built, which `wait_until_live` waits for.
    """

    def __init__(
        self,
        config: Config,
        environment: Environment,
        user_data: Path,
        clock: Clock | None = None,
        *,
        resumes: bool = True,
    ) -> None:
        self.config = config
        self.environment = environment
        self.clock: Clock = clock if clock is not None else SystemClock()
        self.hub = EventHub()
        self.market = MarketState()
        self._standing = EngineStanding(environment.name, self.hub, self.clock)
        self._orders = TaskQueue("orders", self.note_crash)
        self._queries = TaskQueue("queries", self.note_crash)
        self._keys = KeyDesk(config, self.clock, self.hub.publish, self.note_crash)
        self._recorder = SessionRecorder(
            user_data / "recordings", environment.name, self.hub, self.clock, self.note_crash
        )
        self._executions = ExecutionWatch(self.hub, self.market, self.clock, self.hub.publish)
        self._door = CommandDoor(self.hub, self._keys, self._recorder, self._queries)
        self._house = Housekeeper(
            config,
            environment,
            user_data,
            self.clock,
            self.hub,
            self.market,
            self._standing,
            self._door,
            self._orders,
            self._queries,
            self._recorder.tap,
            resumes=resumes,
        )

    @classmethod
    def open(
        cls,
        environment: str | None = None,
        *,
        config: Config | None = None,
        user_data: Path | str | None = None,
        timeout_s: float = 30.0,
        needs_stream: bool = True,
        resumes: bool = True,
    ) -> Self:
        """A started engine that is live and watches the configured symbol.

        Blocks; raises what kept it from starting. The environment is the
        configured one when None. Without `needs_stream` it is enough that the
        exchange answers: for taking risk off. `resumes`: go on with a chase or TWAP,
        and with the brackets, that an earlier run was killed or closed in.
        """
        settings = config if config is not None else load_config()
        engine = cls(
            settings,
            settings.environment(environment),
            user_data_dir(user_data),
            resumes=resumes,
        )
        engine.start()
        try:
            if needs_stream:
                engine.wait_until_live(timeout_s)
            else:
                engine.wait_until_reached(timeout_s)
        except BaseException:
            engine.stop()
            raise
        engine.watch(settings["desktop.symbol"], settings["desktop.interval"])
        return engine

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # --- what it is made of -------------------------------------------------------

    @property
    def oms(self) -> OrderManager:
        return self._built.oms

    @property
    def brackets(self) -> Brackets:
        return self._built.brackets

    def resume_brackets(self) -> int:
        """Follow those that an earlier run left open and no other program follows now.

        Returns their number. Raises NotConnected before the engine is built.
        """
        return self._built.resume_brackets()

    def kept_brackets(self) -> list[BracketView]:
        """Those that the journal knows to be open, whoever follows them; read from the file."""
        return self._built.kept_brackets()

    @property
    def gateway(self) -> ExchangeGateway:
        return self._built.gateway

    @property
    def guard(self) -> RiskGuard:
        return self._built.oms.guard

    @property
    def kill_switch(self) -> KillSwitch:
        return self._built.oms.kill_switch

    @property
    def plans(self) -> PlanRunner:
        """Chase, scaled orders and TWAP."""
        if self._house.plans is None:
            raise NotConnected(NOT_READY)
        return self._house.plans

    @property
    def state(self) -> EngineState:
        return self._standing.state

    @property
    def failure(self) -> PerpdeskError | None:
        """What ended the engine's work for good, if something did."""
        return self._standing.failure

    @property
    def paper_pid(self) -> int | None:
        """The process of the paper exchange that this engine started, if it did."""
        parts = self._house.parts
        paper = parts.venue.paper if parts is not None else None
        return paper.pid if paper is not None else None

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """Every contract's rules. Never blocks once the engine has been RECOVERING."""
        return self._built.rules.instruments()

    def instrument(self, symbol: str) -> Instrument:
        """Raises UnknownSymbol."""
        return named_in(self.instruments, symbol)

    @property
    def _built(self) -> Parts:
        return self._house.built

    # --- commands ------------------------------------------------------------------

    def submit(self, command: Command) -> None:
        """Carried out on the engine's threads; the answer comes as an event.

        What only reads waits for the start to finish; an order sent before that is
        refused, so that nothing is placed later than the person meant it. Raises
        ShuttingDown.
        """
        self._door.submit(command)

    def watch(self, symbol: str, interval: str = "1m") -> None:
        """Stream this symbol's book, tape, mark price and candles into `market` and `hub`."""
        self.submit(WatchSymbol(symbol=symbol, interval=interval))

    def follow(self, symbol: str) -> None:
        """Best and mark price of one more symbol, beside the watched one; for scripts.

        Raises UnknownSymbol, and NotConnected before the engine is live.
        """
        self.instrument(symbol)
        feed = self._house.feed
        if feed is None:
            raise NotConnected(NOT_READY)
        feed.follow_best_price(symbol)
        feed.follow_mark_price(symbol)

    def host(self, strategies: StrategyTaker) -> None:
        """Who carries out StrategyCommands from now on; closed first when the engine stops."""
        self._door.host(strategies)

    # --- life ------------------------------------------------------------------------

    def start(self) -> None:
        """Begin; follow EngineStateChanged, or call `wait_until_live`."""
        self._standing.tell(EngineState.STARTING, f"Starting on {self.environment.name}.")
        self._orders.start()
        self._queries.start()
        self._house.thread.start()

    def wait_until_live(self, timeout_s: float = 30.0) -> None:
        """Block until LIVE. Raises what stopped the start, or NotConnected at the time-out."""
        self._standing.wait_until_live(timeout_s)

    def wait_until_reached(self, timeout_s: float = 30.0) -> None:
        """Block until commands are taken; the account stream may still be down. Raises like
        `wait_until_live`.
        """
        self._standing.wait_until_reached(timeout_s)

    def stop(self, timeout_s: float = 4.0) -> None:
        """End every thread, connection and child. Orders at the exchange stay as they are.

        Blocks for `timeout_s` at the most; may be called twice and before `start`.
        """
        if not self._door.close():
            return
        deadline = Deadline(SystemClock(), timeout_s)
        if not self._door.close_strategies(deadline.left_s() / 3):
            logger.warning("a strategy did not end in time")
        self._house.thread.request_stop()
        self._recorder.end(deadline.left_s() / 4)
        review = self._house.review
        self._house.let_go(deadline)
        ended = [self._orders.stop(deadline.left_s()), self._queries.stop(deadline.left_s())]
        if review is not None:
            ended.append(review.stop(deadline.left_s()))
        ended.append(self._keys.stop(deadline.left_s()))
        ended.append(self._house.close(deadline))
        if not all(ended):
            logger.error("not every thread of the engine ended in time")
        self._standing.tell(EngineState.STOPPED, "Stopped.")

    def note_crash(self, thread: str, error: BaseException) -> None:
        """A thread of ours has ended by a mistake of ours: an alert says so."""
        self._standing.note_crash(thread, error)
