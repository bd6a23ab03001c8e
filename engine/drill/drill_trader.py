"""The trading side of a drill: gateway, order management and journal as an engine has them.

With less patience than in use, so that a session with lost answers takes a
second and not a minute. Nothing else differs.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from pathlib import Path

import msgspec

from engine.clock import Clock, SystemClock
from engine.drill.drill_plan_witness import PlanWitness
from engine.errors import PerpdeskError
from engine.event_hub import EventHub
from engine.events import EngineStateChanged, Event, FillRecorded, StreamStateChanged, ThreadCrashed
from engine.exchange.binance_gateway import BinanceGateway, GatewaySettings
from engine.exchange.rest_client import RestSettings
from engine.exchange.stream_liveness import StreamSettings
from engine.journal.journal_reader import JournalReader
from engine.journal.journal_writer import JournalWriter
from engine.oms.account_audit import AuditSettings
from engine.oms.brackets import Brackets
from engine.oms.order_manager import OmsSettings, OrderManager
from engine.oms.unknown_resolver import ResolverSettings
from engine.paper.paper_process import PaperAccountKeys
from engine.plans.best_prices import BestPrices
from engine.plans.kept_plans import KeptPlans
from engine.plans.plan_book import PlanBook
from engine.plans.plan_locks import PlanLocks
from engine.plans.plan_runner import PlanRunner, PlanSettings
from engine.trading_types import EngineState, Route
from engine.utils.mailbox import Mailbox
from engine.utils.retry import RetryPolicy
from engine.utils.task_queue import TaskQueue
from engine.utils.threads import StoppableThread
from engine.views import FillView
from engine.wire.hosts import Hosts
from engine.wire.stream_names import book_ticker

logger = logging.getLogger(__name__)

_TICK_S = 0.02
_CLOSE_S = 3.0
_GATEWAY = GatewaySettings(
    rest=RestSettings(
        connect_timeout_s=1.0,
        read_timeout_s=0.4,
        write_timeout_s=0.3,
        read_retry=RetryPolicy(attempts=4, base_s=0.02, max_pause_s=0.2),
        read_rate_wait_s=3.0,
        write_rate_wait_s=0.2,
    ),
    streams=StreamSettings(
        connect_timeout_s=1.0,
        reconnect_base_s=0.02,
        reconnect_max_delay_s=0.3,
        ping_interval_s=0.4,
        pong_timeout_s=0.4,
        first_data_s=1.0,
        silence_s=2.0,
        send_interval_s=0.1,
        tick_s=0.02,
        probe_interval_s=0.05,
        key_check_s=0.1,
    ),
    weight_limit=100_000_000,  # a thousand starts in some minutes
)
_NEVER_S = 3600.0
_PLANS = PlanSettings(amends_per_second=20, order_reserve_pct=0.0)
_OMS = OmsSettings(
    retry_backoff_base=0.02,
    resolver=ResolverSettings(
        pauses_s=(0.02, 0.05, 0.1, 0.2), fill_pauses_s=(1.5, 0.1, 0.2), not_found_after_s=0.5
    ),
    recovery_pauses_s=(0.05, 0.1, 0.2),
)


class DrillPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where and as whom to trade; `trades_before` are the newest trade ids by symbol.

    `audits`: look again for events that were lost in silence. Without it, nobody
    heals what our own side drops.
    """

    hosts: Hosts
    keys: PaperAccountKeys
    journal: str
    trades_before: Mapping[str, int]
    audits: bool


def _audit(is_wanted: bool) -> AuditSettings:
    if is_wanted:
        return AuditSettings(every_s=0.3, confirm_s=0.15, whole_every=3)
    return AuditSettings(every_s=_NEVER_S)


class DrillTrader:
    """Starts with what its journal holds; `close` it."""

    def __init__(self, place: DrillPlace) -> None:
        self.place = place
        clock = SystemClock()
        self.hub = EventHub()
        self.mistakes: list[str] = []
        self._delivered = 0
        self._state = EngineState.STARTING
        self._live = threading.Event()
        self._heard: Mailbox[Event] = self.hub.attach(Mailbox(), (FillRecorded,))
        self._fills: list[FillView] = []
        self.hub.listen(EngineStateChanged, self._on_state)
        self.hub.listen(ThreadCrashed, lambda e: self.note_crash(e.thread, e.sentence))
        self.gateway = self._build_gateway()
        self.journal = JournalWriter(Path(place.journal), clock, self.hub.publish)
        self._queries = TaskQueue("queries", self.note_crash)
        self._house = StoppableThread("housekeeping", self._keep_house, self.note_crash)
        self.oms = OrderManager(
            self.gateway,
            self.journal,
            self.hub,
            clock,
            self.gateway.get_exchange_instruments,
            msgspec.structs.replace(_OMS, audit=_audit(place.audits)),
            on_gap=lambda: self._queries.submit(self._recover),
        )
        self.brackets = self._build_brackets(clock)
        self.plans = self._build_plans(clock)
        self.witness = PlanWitness(self.hub)

    def start(self) -> None:
        self.journal.start(self.hub)
        self._queries.start()
        reader = JournalReader(Path(self.place.journal))
        last_ids = {**self.place.trades_before, **reader.last_trade_ids()}
        self.oms.restore(
            reader.open_orders(), reader.fills_of_open_orders(), last_ids, reader.open_algos()
        )
        self.brackets.restore(reader.open_brackets())
        self.brackets.start()
        self.plans.resume()
        self.plans.begin()
        self.gateway.start_user_stream(self._on_event)
        self._house.start()

    def wait_until_live(self, timeout_s: float) -> bool:
        return self._live.wait(timeout_s)

    @property
    def is_live(self) -> bool:
        return self._state is EngineState.LIVE

    def fills(self) -> list[FillView]:
        """Every trade that was told, as often as it was told."""
        self._fills += [e.fill for e in self._heard.drain() if isinstance(e, FillRecorded)]
        return list(self._fills)

    def events_missing(self) -> int:
        """Frames of the account's stream that never became part of the books."""
        private = [r for r in self.gateway.health().routes if r.route is Route.PRIVATE]
        came = max(self._delivered, sum(route.messages for route in private))
        return came - self.oms.events_taken

    def refresh(self) -> None:
        """As the engine does after orders have moved. Returns at once."""
        self._queries.submit(self._refresh)

    def note_crash(self, thread: str, error: BaseException | str) -> None:
        self.mistakes.append(f"thread {thread} ended: {error!r}")

    def close(self) -> bool:
        """False when something did not end in time. Other than in use, whoever decides ends
        first, with its step answered: what is cut off on its way is unknown on disk, and rightly,
        but then nothing can be judged from it.
        """
        self.plans.request_stop()
        ended = self.brackets.stop(_CLOSE_S)
        ended = self.plans.close(_CLOSE_S) and ended
        self.oms.close()
        self._house.request_stop()
        self.gateway.close(_CLOSE_S)
        ended = self.oms.join(_CLOSE_S) and ended
        ended = self._queries.stop(_CLOSE_S) and ended
        ended = self._house.join(_CLOSE_S) and ended
        return self.journal.close(_CLOSE_S) and ended

    def _build_gateway(self) -> BinanceGateway:
        return BinanceGateway(
            hosts=self.place.hosts,
            api_key=self.place.keys.api_key,
            api_secret=self.place.keys.api_secret,
            settings=_GATEWAY,
            on_state=self.hub.publish,
            on_alert=self.hub.publish,
            on_crash=self.note_crash,
        )

    def _build_brackets(self, clock: Clock) -> Brackets:
        return Brackets(
            self.oms,
            self.gateway,
            self.journal,
            self.hub,
            clock,
            self.gateway.get_exchange_instruments,
            on_crash=self.note_crash,
        )

    def _build_plans(self, clock: SystemClock) -> PlanRunner:
        path = Path(self.place.journal)

        def follow(symbol: str) -> None:
            self.gateway.subscribe([book_ticker(symbol)], self.hub.publish)

        return PlanRunner(
            self.oms,
            self.hub,
            clock,
            PlanBook(self.journal, PlanLocks(path.with_suffix(".plans")), clock, self.hub.publish),
            KeptPlans(path),
            BestPrices(self.hub, follow, self.gateway.get_depth, clock),
            self.gateway.get_exchange_instruments,
            orders_left_pct=lambda: 100.0,
            on_crash=self.note_crash,
            settings=_PLANS,
        )

    # --- on the engine's threads --------------------------------------------------------

    def _keep_house(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.gateway.tick()
            if self._state not in (EngineState.STARTING, EngineState.RECOVERING):
                self.oms.tick(SystemClock().monotonic())
            stop.wait(_TICK_S)

    def _refresh(self) -> None:
        try:
            self.oms.reconciler.refresh_account()
        except PerpdeskError as error:
            logger.info("account not read: %s", error)

    def _recover(self) -> None:
        self.oms.reconciler.recover(self._house.stop_event)

    def _on_state(self, event: EngineStateChanged) -> None:
        self._state = event.state
        if event.state is EngineState.LIVE:
            self._live.set()

    def _on_event(self, event: Event) -> None:
        self._delivered += not isinstance(event, StreamStateChanged)
        try:
            self.oms.on_event(event)
        except Exception as error:
            logger.exception("an event could not be taken in")
            self.mistakes.append(f"{type(event).__name__} raised {error!r}")
