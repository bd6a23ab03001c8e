"""The engine's public face: one object for the window, the console and scripts.

`start` returns at once and everything that blocks happens on the engine's own
threads; `EngineStateChanged` says how far it is. Start-up is a long reconnect:
what a gap needs afterwards, a start needs too.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from engine.clock import Clock, SystemClock
from engine.commands import Command, LoadCandles, UnwatchSymbol, WatchSymbol
from engine.config import Config, Environment, load_config
from engine.errors import (
    CredentialsError,
    KeyRefused,
    NotConnected,
    OrderRefused,
    PaperExchangeError,
    PerpdeskError,
    ShuttingDown,
    UnknownSymbol,
)
from engine.event_hub import EventHub
from engine.events import (
    Alert,
    CommandRefused,
    EngineStateChanged,
    Event,
    FillRecorded,
    OrderChanged,
    PositionChanged,
    StreamStateChanged,
    ThreadCrashed,
)
from engine.execution_watch import ExecutionWatch
from engine.key_commands import KeyCommand
from engine.key_desk import KeyDesk
from engine.market.instruments import Instrument
from engine.market.market_state import MarketState
from engine.paper_commands import PaperCommand
from engine.protection_views import BracketView
from engine.recording_commands import StartRecording, StopRecording
from engine.review_commands import ReviewCommand
from engine.session_recorder import SessionRecorder
from engine.strategy_commands import StrategyCommand
from engine.trading_types import AlertLevel, EngineState
from engine.utils.backoff import Backoff
from engine.utils.deadline import Deadline
from engine.utils.paths import user_data_dir
from engine.utils.task_queue import TaskQueue
from engine.utils.threads import StoppableThread

if TYPE_CHECKING:
    from engine.build_engine import Parts
    from engine.command_desk import CommandDesk
    from engine.exchange.gateway import ExchangeGateway
    from engine.market_feed import MarketFeed
    from engine.oms.brackets import Brackets
    from engine.oms.kill_switch import KillSwitch
    from engine.oms.order_manager import OrderManager
    from engine.oms.risk_guard import RiskGuard
    from engine.paper_desk import PaperDesk
    from engine.plans.plan_runner import PlanRunner
    from engine.review.review_desk import ReviewDesk

logger = logging.getLogger(__name__)

TICK_S = 0.25
_REPORT_EVERY = 4  # ticks
_REFRESH_PAUSE_S = 1.0


class StrategyTaker(Protocol):
    """Who runs a person's own programs: they are above the engine, and use it."""

    def submit(self, command: StrategyCommand) -> None:
        """Never blocks. Raises ShuttingDown."""

    def close(self, timeout_s: float) -> bool:
        """Stop all of them; False when that took too long."""


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
        self._user_data = user_data
        self._resumes = resumes
        self._state = EngineState.STOPPED
        self._last_gap_s: float | None = None
        self._changed = threading.Condition()
        self._failure: PerpdeskError | None = None
        self._orders = TaskQueue("orders", self.note_crash)
        self._queries = TaskQueue("queries", self.note_crash)
        self._housekeeping = StoppableThread("housekeeping", self._keep_house, self.note_crash)
        self._keys = KeyDesk(config, self.clock, self.hub.publish, self.note_crash)
        self._lock = threading.Lock()
        self._early: list[Command] = []
        self._is_stopped = False
        self._parts: Parts | None = None
        self._feed: MarketFeed | None = None
        self._plans: PlanRunner | None = None
        self._strategies: StrategyTaker | None = None
        self._paper_desk: PaperDesk | None = None
        self._recorder = SessionRecorder(
            user_data / "recordings", environment.name, self.hub, self.clock, self.note_crash
        )
        self._desk: CommandDesk | None = None
        self._review: ReviewDesk | None = None
        self._executions = ExecutionWatch(self.hub, self.market, self.clock, self.hub.publish)
        self._paper_lost = False
        self._account_moved = False
        self._refreshed_at_s = 0.0
        self.hub.listen(EngineStateChanged, self._on_state)
        self.hub.listen(OrderChanged, self._on_account_moved)
        self.hub.listen(FillRecorded, self._on_account_moved)
        self.hub.listen(PositionChanged, self._on_position)
        self.hub.listen(StreamStateChanged, self._on_stream_state)

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
        if self._plans is None:
            raise NotConnected("The engine is not ready yet; use wait_until_live().")
        return self._plans

    @property
    def state(self) -> EngineState:
        return self._state

    @property
    def failure(self) -> PerpdeskError | None:
        """What ended the engine's work for good, if something did."""
        return self._failure

    @property
    def paper_pid(self) -> int | None:
        """The process of the paper exchange that this engine started, if it did."""
        paper = self._parts.venue.paper if self._parts is not None else None
        return paper.pid if paper is not None else None

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """Every contract's rules. Never blocks once the engine has been RECOVERING."""
        return self._built.rules.instruments()

    def instrument(self, symbol: str) -> Instrument:
        """Raises UnknownSymbol."""
        known = self.instruments
        if symbol not in known:
            raise UnknownSymbol(symbol, tuple(sorted(known)))
        return known[symbol]

    @property
    def _built(self) -> Parts:
        if self._parts is None:
            raise NotConnected("The engine is not ready yet; use wait_until_live().")
        return self._parts

    # --- commands ------------------------------------------------------------------

    def submit(self, command: Command) -> None:
        """Carried out on the engine's threads; the answer comes as an event.

        What only reads waits for the start to finish; an order sent before that is
        refused, so that nothing is placed later than the person meant it. Raises
        ShuttingDown.
        """
        with self._lock:
            if self._is_stopped:
                raise ShuttingDown("The engine is closing; this was not carried out.")
            if isinstance(command, KeyCommand):
                self._keys.submit(command)  # never recorded: it may hold a secret
                return
            desk, review, paper = self._desk, self._review, self._paper_desk
            if desk is None and isinstance(command, WatchSymbol | UnwatchSymbol | LoadCandles):
                self._early.append(command)
                return
        self._recorder.asked(command)
        if review is not None and isinstance(command, ReviewCommand):
            review.submit(command)
        elif desk is not None and isinstance(command, StartRecording | StopRecording):
            self._queries.submit(lambda: self._record(command))
        elif isinstance(command, StrategyCommand):
            self._run_strategies(command)
        elif paper is not None and isinstance(command, PaperCommand):
            paper.submit(command)  # also while the exchange is not reached
        elif desk is not None:
            desk.submit(command)
        else:
            sentence = "The connection to the exchange is not ready yet; nothing was sent."
            self.hub.publish(CommandRefused(command=command, sentence=sentence))

    def _run_strategies(self, command: StrategyCommand) -> None:
        if self._strategies is not None:
            self._strategies.submit(command)
            return
        sentence = "This program runs no strategies; use the window, or perpdesk-cli run."
        self.hub.publish(CommandRefused(command=command, sentence=sentence))

    def _record(self, command: StartRecording | StopRecording) -> None:
        feed = self._feed
        if isinstance(command, StopRecording) or feed is None:
            self._recorder.end()
            return
        try:
            self._recorder.begin(self._built, feed, self.submit)
        except PerpdeskError as error:
            self.hub.publish(CommandRefused(command=command, sentence=str(error)))

    def watch(self, symbol: str, interval: str = "1m") -> None:
        """Stream this symbol's book, tape, mark price and candles into `market` and `hub`."""
        self.submit(WatchSymbol(symbol=symbol, interval=interval))

    def follow(self, symbol: str) -> None:
        """Best and mark price of one more symbol, beside the watched one; for scripts.

        Raises UnknownSymbol, and NotConnected before the engine is live.
        """
        self.instrument(symbol)
        if self._feed is None:
            raise NotConnected("The engine is not ready yet; use wait_until_live().")
        self._feed.follow_best_price(symbol)
        self._feed.follow_mark_price(symbol)

    def host(self, strategies: StrategyTaker) -> None:
        """Who carries out StrategyCommands from now on; closed first when the engine stops."""
        self._strategies = strategies

    # --- life ------------------------------------------------------------------------

    def start(self) -> None:
        """Begin; follow EngineStateChanged, or call `wait_until_live`."""
        self._tell(EngineState.STARTING, f"Starting on {self.environment.name}.")
        self._orders.start()
        self._queries.start()
        self._housekeeping.start()

    def wait_until_live(self, timeout_s: float = 30.0) -> None:
        """Block until LIVE. Raises what stopped the start, or NotConnected at the time-out."""
        with self._changed:
            settled = self._changed.wait_for(
                lambda: self._state is EngineState.LIVE or self._failure is not None, timeout_s
            )
        if self._failure is not None:
            raise self._failure
        if not settled:
            raise NotConnected(
                f"{self.environment.name} was not reached within {timeout_s:g} s"
                f" (state: {self._state})."
            )

    def wait_until_reached(self, timeout_s: float = 30.0) -> None:
        """Block until commands are taken; the account stream may still be down. Raises like
        `wait_until_live`.
        """
        with self._changed:
            settled = self._changed.wait_for(
                lambda: self._desk is not None or self._failure is not None, timeout_s
            )
        if self._failure is not None:
            raise self._failure
        if not settled:
            raise NotConnected(f"{self.environment.name} was not reached within {timeout_s:g} s.")

    def stop(self, timeout_s: float = 4.0) -> None:
        """End every thread, connection and child. Orders at the exchange stay as they are.

        Blocks for `timeout_s` at the most; may be called twice and before `start`.
        """
        with self._lock:
            if self._is_stopped:
                return
            self._is_stopped = True
        deadline = Deadline(SystemClock(), timeout_s)
        if self._strategies is not None and not self._strategies.close(deadline.left_s() / 3):
            logger.warning("a strategy did not end in time")
        self._housekeeping.request_stop()
        self._recorder.end(deadline.left_s() / 4)
        if self._feed is not None:
            self._feed.stop()
        if self._plans is not None:
            self._plans.request_stop()
        parts, review = self._parts, self._review
        if parts is not None:
            parts.close_connections(deadline.left_s() / 2)
        ended = [self._orders.stop(deadline.left_s()), self._queries.stop(deadline.left_s())]
        if review is not None:
            ended.append(review.stop(deadline.left_s()))
        ended.append(self._keys.stop(deadline.left_s()))
        if not self._housekeeping.is_current():
            ended.append(self._housekeeping.join(deadline.left_s()))
        if self._plans is not None:
            ended.append(self._plans.close(deadline.left_s()))
        if self._paper_desk is not None:
            ended.append(self._paper_desk.stop(deadline.left_s()))
        # a start that was still running may have built its parts meanwhile
        parts = self._parts
        if parts is not None:
            parts.close(deadline.left_s())
        if not all(ended):
            logger.error("not every thread of the engine ended in time")
        self._tell(EngineState.STOPPED, "Stopped.")

    # --- housekeeping thread ------------------------------------------------------------

    def _keep_house(self, stop: threading.Event) -> None:
        try:
            self._build(stop)
        except ShuttingDown:
            return
        except PerpdeskError as error:
            logger.warning("start failed: %s", error)
            self._failure = error
            self._tell(EngineState.DEGRADED, str(error))
            is_key = isinstance(error, CredentialsError | KeyRefused)
            self._alert("KEYS_NEEDED" if is_key else "START_FAILED", str(error))
            return
        from engine.health import HealthReporter  # noqa: PLC0415

        reporter = HealthReporter(self._built.gateway, self.hub.publish, self.clock)
        ticks = 0
        while not stop.is_set():
            self._tick()
            if ticks % _REPORT_EVERY == 0:
                reporter.report(self._last_gap_s)
                if self._paper_desk is not None:
                    self._paper_desk.tick()
            ticks += 1
            self.clock.wait(stop, TICK_S)

    def _build(self, stop: threading.Event) -> None:
        """Everything up to the user stream; its LIVE then starts the first recovery."""
        parts = self._make_parts()
        self._reach(parts, stop)
        self.hub.publish(parts.history())
        parts.restore()
        if self._resumes:
            parts.resume_brackets()
        parts.brackets.start()
        self._open_desk(parts)

    def _make_parts(self) -> Parts:
        # loaded here: a window is painted before the exchange's libraries are in memory
        from engine.build_engine import build_parts  # noqa: PLC0415
        from engine.paper_desk import PaperDesk  # noqa: PLC0415
        from engine.review.review_desk import ReviewDesk  # noqa: PLC0415

        parts = build_parts(
            self.config,
            self.environment,
            self._user_data,
            clock=self.clock,
            hub=self.hub,
            mark_price=self.market.mark_price,
            last_price=self.market.last_price_exact,
            on_gap=self._on_gap,
            on_crash=self.note_crash,
            tap=self._recorder.tap,
        )
        self._parts = parts
        review = ReviewDesk(
            parts.journal, parts.gateway, self.hub.publish, self.clock, self.note_crash
        )
        review.start()
        with self._lock:
            self._review = review
        self._paper_desk = PaperDesk(
            parts.venue.control, parts.venue.paper, self.hub, self.note_crash
        )
        return parts

    def _reach(self, parts: Parts, stop: threading.Event) -> None:
        """The contracts are asked for until they come: without them no order can be
        checked, and a network that is down now may be up in a moment.
        """
        backoff = Backoff(maximum_s=15.0)
        while True:
            self._check_running(stop)
            try:
                parts.gateway.warm_up()
                parts.rules.instruments()
                parts.gateway.is_hedge_mode()  # also shows whether the key is good
                parts.oms.guard.begin()
                break
            except (KeyRefused, OrderRefused):
                raise  # asking again would not change the answer
            except PerpdeskError as error:
                self._tell(EngineState.DEGRADED, f"{self.environment.name} is not reached: {error}")
                self._check_paper()
                self.clock.wait(stop, backoff.next_s())

    def _open_desk(self, parts: Parts) -> None:
        """From here on commands are carried out, those that waited first."""
        from engine.build_engine import build_plans  # noqa: PLC0415
        from engine.command_desk import CommandDesk  # noqa: PLC0415
        from engine.market_feed import MarketFeed  # noqa: PLC0415

        feed = MarketFeed(parts.gateway, self.hub, self.market, self._queries, self.clock)
        plans = build_plans(
            self.config, parts, feed, clock=self.clock, hub=self.hub, on_crash=self.note_crash
        )
        if self._resumes:
            plans.resume()
        plans.begin()
        self._plans = plans
        desk = CommandDesk(
            parts.gateway,
            parts.oms,
            parts.brackets,
            feed,
            plans,
            self.hub,
            self._orders,
            self._queries,
        )
        parts.gateway.start_user_stream(self._on_private_event)
        with self._lock:
            self._feed, self._desk = feed, desk
            early, self._early = self._early, []
        with self._changed:
            self._changed.notify_all()
        feed.follow_all_tickers()
        for command in early:
            desk.submit(command)

    def _on_private_event(self, event: Event) -> None:
        """On the private stream's thread."""
        self._built.oms.on_event(event)
        if self._review is not None:
            self._review.on_account_event(event)

    def _check_running(self, stop: threading.Event) -> None:
        if stop.is_set():
            raise ShuttingDown("Closing.")

    def _tick(self) -> None:
        parts = self._built
        parts.gateway.tick()
        if self._state is not EngineState.RECOVERING and self._state is not EngineState.STARTING:
            # a recovery asks about every order by itself
            parts.oms.tick(self.clock.monotonic())
        parts.oms.dead_man.tick(self.clock.monotonic())
        if self._feed is not None:
            self._feed.tick()
        self._refresh_account()
        if self._review is not None and self._state is EngineState.LIVE:
            self._review.tick()
        self._check_paper()

    def _refresh_account(self) -> None:
        """Margins, available balance and liquidation prices are not on the stream: they are
        read after orders or fills, at most once in `_REFRESH_PAUSE_S`.
        """
        now_s = self.clock.monotonic()
        due = self._account_moved and now_s - self._refreshed_at_s >= _REFRESH_PAUSE_S
        if not due or self._state is not EngineState.LIVE:
            return
        self._account_moved, self._refreshed_at_s = False, now_s
        self._queries.submit(self._read_account)

    def _read_account(self) -> None:
        try:
            self._built.oms.reconciler.refresh_account()
        except PerpdeskError as error:
            logger.info("margins not read: %s", error)
            self._account_moved = True

    def _check_paper(self) -> None:
        """A paper exchange that died is told once, and once it is back it may die again."""
        paper = self._built.venue.paper
        if paper is None:
            return
        if paper.is_running and not paper.is_away:
            if self._paper_lost:
                self._paper_lost, self._failure = False, None
            return
        if self._paper_lost:
            return
        self._paper_lost = True
        if paper.is_away:
            self._tell(EngineState.DEGRADED, "The paper exchange was ended on purpose.")
            return
        sentence = "The paper exchange has stopped. Start it again in the paper panel."
        self._tell(EngineState.DEGRADED, sentence)
        self._alert("PAPER_EXCHANGE_LOST", sentence)
        self._failure = self._failure or PaperExchangeError(sentence)
        with self._changed:
            self._changed.notify_all()

    # --- listeners: any thread, at once ---------------------------------------------------

    def _on_gap(self) -> None:
        try:
            self._queries.submit(self._recover)
        except ShuttingDown:
            logger.debug("no recovery: the engine is closing")

    def _recover(self) -> None:
        self._built.oms.reconciler.recover(self._housekeeping.stop_event)

    def _on_state(self, event: EngineStateChanged) -> None:
        with self._changed:
            self._state = event.state
            if event.gap_s is not None:
                self._last_gap_s = event.gap_s
            self._changed.notify_all()

    def _on_stream_state(self, event: StreamStateChanged) -> None:
        if self._feed is not None:
            self._feed.on_stream_state(event)

    def _on_account_moved(self, _event: OrderChanged | FillRecorded) -> None:
        self._account_moved = True

    def _on_position(self, event: PositionChanged) -> None:
        """Its profit needs a mark price, also when another symbol is on screen."""
        if event.position.quantity and self._feed is not None:
            self._feed.follow_mark_price(event.position.symbol)

    def note_crash(self, thread: str, error: BaseException) -> None:
        """A thread of ours has ended by a mistake of ours: an alert says so."""
        sentence = f"Perpdesk's thread {thread!r} failed ({type(error).__name__}); see the log."
        self.hub.publish(ThreadCrashed(thread=thread, sentence=sentence))
        self._alert("THREAD_CRASHED", sentence)

    def _alert(self, code: str, sentence: str) -> None:
        self.hub.publish(
            Alert(level=AlertLevel.ERROR, code=code, sentence=sentence, at_ms=self.clock.now_ms())
        )

    def _tell(self, state: EngineState, sentence: str) -> None:
        self.hub.publish(EngineStateChanged(state=state, sentence=sentence))
