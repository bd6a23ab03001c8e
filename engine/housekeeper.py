"""What the `housekeeping` thread does: the start, then what is due several times a second.

The exchange's libraries are loaded here: a window is painted before they are in memory.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from engine.account_refresh import AccountRefresh
from engine.clock import Clock
from engine.command_door import CommandDoor
from engine.config import Config, Environment
from engine.engine_standing import EngineStanding
from engine.errors import (
    CredentialsError,
    KeyRefused,
    NotConnected,
    OrderRefused,
    PerpdeskError,
    ShuttingDown,
)
from engine.event_hub import EventHub
from engine.events import Event, PositionChanged, StreamStateChanged
from engine.market.market_state import MarketState
from engine.paper_watch import PaperWatch
from engine.trading_types import EngineState
from engine.utils.backoff import Backoff
from engine.utils.deadline import Deadline
from engine.utils.task_queue import TaskQueue
from engine.utils.threads import StoppableThread

if TYPE_CHECKING:
    from engine.build_engine import Parts
    from engine.exchange.wire_tap import WireTap
    from engine.market_feed import MarketFeed
    from engine.paper_desk import PaperDesk
    from engine.plans.plan_runner import PlanRunner
    from engine.review.review_desk import ReviewDesk

logger = logging.getLogger(__name__)

NOT_READY = "The engine is not ready yet; use wait_until_live()."
TICK_S = 0.25
_REPORT_EVERY = 4  # ticks


class Housekeeper:
    """Holds what the start has made so far; each part is None before.

    Start-up is a long reconnect: what a gap needs afterwards, a start needs too.
    """

    def __init__(
        self,
        config: Config,
        environment: Environment,
        user_data: Path,
        clock: Clock,
        hub: EventHub,
        market: MarketState,
        standing: EngineStanding,
        door: CommandDoor,
        orders: TaskQueue,
        queries: TaskQueue,
        tap: WireTap,
        *,
        resumes: bool,
    ) -> None:
        self._config = config
        self._environment = environment
        self._user_data = user_data
        self._clock = clock
        self._hub = hub
        self._market = market
        self._standing = standing
        self._door = door
        self._orders = orders
        self._queries = queries
        self._tap = tap
        self._resumes = resumes
        self.parts: Parts | None = None
        self.review: ReviewDesk | None = None
        self.paper_desk: PaperDesk | None = None
        self.plans: PlanRunner | None = None
        self.feed: MarketFeed | None = None
        self.thread = StoppableThread("housekeeping", self._run, standing.note_crash)
        self._paper_watch = PaperWatch(standing)
        self._account = AccountRefresh(hub, queries, clock)
        hub.listen(PositionChanged, self._on_position)
        hub.listen(StreamStateChanged, self._on_stream_state)

    @property
    def built(self) -> Parts:
        """Raises NotConnected before there is one."""
        if self.parts is None:
            raise NotConnected(NOT_READY)
        return self.parts

    def _run(self, stop: threading.Event) -> None:
        try:
            parts = self._start(stop)
        except ShuttingDown:
            return
        except PerpdeskError as error:
            logger.warning("start failed: %s", error)
            is_key = isinstance(error, CredentialsError | KeyRefused)
            self._standing.give_up(error, "KEYS_NEEDED" if is_key else "START_FAILED")
            return
        self._keep_house(parts, stop)

    # --- the end: on the thread that stops the engine -------------------------------------

    def let_go(self, deadline: Deadline) -> None:
        """First: whoever waits on the network sees its end at once."""
        if self.feed is not None:
            self.feed.stop()
        if self.plans is not None:
            self.plans.request_stop()
        if self.parts is not None:
            self.parts.close_connections(deadline.left_s() / 2)

    def close(self, deadline: Deadline) -> bool:
        """Last. False when a thread did not end in time."""
        ended = True
        if not self.thread.is_current():
            ended = self.thread.join(deadline.left_s())
        if self.plans is not None:
            ended = self.plans.close(deadline.left_s()) and ended
        if self.paper_desk is not None:
            ended = self.paper_desk.stop(deadline.left_s()) and ended
        # a start that was still running may have built its parts meanwhile
        if self.parts is not None:
            self.parts.close(deadline.left_s())
        return ended

    # --- the start ------------------------------------------------------------------------

    def _start(self, stop: threading.Event) -> Parts:
        """Everything up to the user stream; its LIVE then starts the first recovery."""
        parts = self._make_parts()
        self._reach(parts, stop)
        self._hub.publish(parts.history())
        parts.restore()
        if self._resumes:
            parts.resume_brackets()
        parts.brackets.start()
        self._open_desk(parts)
        return parts

    def _make_parts(self) -> Parts:
        from engine.build_engine import build_parts  # noqa: PLC0415
        from engine.paper_desk import PaperDesk  # noqa: PLC0415
        from engine.review.review_desk import ReviewDesk  # noqa: PLC0415

        on_crash = self._standing.note_crash
        parts = self.parts = build_parts(
            self._config,
            self._environment,
            self._user_data,
            clock=self._clock,
            hub=self._hub,
            mark_price=self._market.mark_price,
            last_price=self._market.last_price_exact,
            on_gap=self._on_gap,
            on_crash=on_crash,
            tap=self._tap,
        )
        self.review = ReviewDesk(
            parts.journal, parts.gateway, self._hub.publish, self._clock, on_crash
        )
        self.review.start()
        self.paper_desk = PaperDesk(parts.venue.control, parts.venue.paper, self._hub, on_crash)
        self._door.let_in(self.review, self.paper_desk)
        return parts

    def _reach(self, parts: Parts, stop: threading.Event) -> None:
        """The contracts are asked for until they come: without them no order can be
        checked, and a network that is down now may be up in a moment.
        """
        backoff = Backoff(maximum_s=15.0)
        while True:
            if stop.is_set():
                raise ShuttingDown("Closing.")
            try:
                parts.gateway.warm_up()
                parts.rules.instruments()
                parts.gateway.is_hedge_mode()  # also shows whether the key is good
                parts.oms.guard.begin()
                break
            except (KeyRefused, OrderRefused):
                raise  # asking again would not change the answer
            except PerpdeskError as error:
                name = self._environment.name
                self._standing.tell(EngineState.DEGRADED, f"{name} is not reached: {error}")
                self._paper_watch.look(parts.venue.paper)
                self._clock.wait(stop, backoff.next_s())

    def _open_desk(self, parts: Parts) -> None:
        """From here on commands are carried out, those that waited first."""
        from engine.build_engine import build_plans  # noqa: PLC0415
        from engine.command_desk import CommandDesk  # noqa: PLC0415
        from engine.market_feed import MarketFeed  # noqa: PLC0415

        feed = MarketFeed(parts.gateway, self._hub, self._market, self._queries, self._clock)
        plans = build_plans(
            self._config,
            parts,
            feed,
            clock=self._clock,
            hub=self._hub,
            on_crash=self._standing.note_crash,
        )
        if self._resumes:
            plans.resume()
        plans.begin()
        self.plans = plans
        desk = CommandDesk(
            parts.gateway,
            parts.oms,
            parts.brackets,
            feed,
            plans,
            self._hub,
            self._orders,
            self._queries,
        )
        parts.gateway.start_user_stream(self._on_private_event)
        self.feed = feed
        early = self._door.open(desk, parts, feed)
        self._standing.reach()
        feed.follow_all_tickers()
        for command in early:
            desk.submit(command)

    # --- what is due ----------------------------------------------------------------------

    def _keep_house(self, parts: Parts, stop: threading.Event) -> None:
        from engine.health import HealthReporter  # noqa: PLC0415

        reporter = HealthReporter(parts.gateway, self._hub.publish, self._clock)
        ticks = 0
        while not stop.is_set():
            self._tick(parts)
            if ticks % _REPORT_EVERY == 0:
                reporter.report(self._standing.last_gap_s)
                if self.paper_desk is not None:
                    self.paper_desk.tick()
            ticks += 1
            self._clock.wait(stop, TICK_S)

    def _tick(self, parts: Parts) -> None:
        parts.gateway.tick()
        if self._standing.state not in (EngineState.RECOVERING, EngineState.STARTING):
            # a recovery asks about every order by itself
            parts.oms.tick(self._clock.monotonic())
        parts.oms.dead_man.tick(self._clock.monotonic())
        if self.feed is not None:
            self.feed.tick()
        if self._standing.state is EngineState.LIVE:
            self._account.tick(parts.oms.reconciler)
            if self.review is not None:
                self.review.tick()
        self._paper_watch.look(parts.venue.paper)

    # --- listeners: any thread, at once ---------------------------------------------------

    def _on_private_event(self, event: Event) -> None:
        """On the private stream's thread."""
        self.built.oms.on_event(event)
        if self.review is not None:
            self.review.on_account_event(event)

    def _on_gap(self) -> None:
        try:
            self._queries.submit(self._recover)
        except ShuttingDown:
            logger.debug("no recovery: the engine is closing")

    def _recover(self) -> None:
        self.built.oms.reconciler.recover(self.thread.stop_event)

    def _on_stream_state(self, event: StreamStateChanged) -> None:
        if self.feed is not None:
            self.feed.on_stream_state(event)

    def _on_position(self, event: PositionChanged) -> None:
        """Its profit needs a mark price, also when another symbol is on screen."""
        if event.position.quantity and self.feed is not None:
            self.feed.follow_mark_price(event.position.symbol)
