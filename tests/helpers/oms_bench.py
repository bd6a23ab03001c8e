"""Order management on a fake venue: everything a unit test of it holds in its hands."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar

from engine.clock import FakeClock
from engine.errors import JournalError
from engine.events import Alert, Event
from engine.oms.algo_models import AlgoOrder
from engine.oms.day_lock import LockStore
from engine.oms.intent_journal import Intent
from engine.oms.order_manager import OmsSettings, OrderManager
from engine.oms.order_models import Order
from engine.oms.risk_rules import RiskLimits
from tests.helpers.fake_gateway import FakeGateway

E = TypeVar("E", bound=Event)


class MemoryJournal:
    """Keeps intents in a list; `breaks` makes it refuse like a full disk."""

    def __init__(self) -> None:
        self.intents: list[Intent] = []
        self.breaks = False

    def record_intent(self, intent: Intent, at_ms: int) -> None:
        if self.breaks:
            raise JournalError("The journal cannot be written: the disk is full.")
        self.intents.append(intent)


class EventLog:
    """A hub that remembers."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def publish(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def alert_codes(self) -> list[str]:
        return [alert.code for alert in self.of(Alert)]


class OmsBench:
    """`live=False` leaves the stream down and the account unread."""

    def __init__(
        self,
        *,
        live: bool = True,
        gateway: FakeGateway | None = None,
        risk: RiskLimits | None = None,
        locks: LockStore | None = None,
        log: EventLog | None = None,
    ) -> None:
        self.clock = gateway.clock if gateway is not None else FakeClock()
        self.gateway = gateway or FakeGateway(self.clock)
        self.journal = MemoryJournal()
        self.log = log or EventLog()
        self.gaps = 0
        self.marks: dict[str, Decimal] = {}
        self.lasts: dict[str, Decimal] = {}
        self.oms = OrderManager(
            self.gateway,
            self.journal,
            self.log,
            self.clock,
            self.gateway.get_exchange_instruments,
            OmsSettings(strict=True, risk=risk or RiskLimits()),
            mark_price=self.marks.get,
            last_price=self.lasts.get,
            on_gap=self._count_gap,
            locks=locks,
        )
        self.gateway.start_user_stream(self.oms.on_event)
        if live:
            self.gateway.go_live()
            self.oms.reconciler.run()
            self.log.events.clear()
            self.gateway.calls.clear()

    def buy(self, quantity: str = "0.1", price: str = "60000") -> Order:
        return self.oms.submit_order("BTCUSDT", "BUY", "LIMIT", quantity, price)

    def stop(self, trigger: str = "59000", quantity: str = "0.1", **more: Any) -> AlgoOrder:
        """A stop under a long position."""
        return self.oms.algos.place_algo(
            "BTCUSDT", "SELL", "STOP_MARKET", quantity, trigger, reduce_only=True, **more
        )

    def tick(self, seconds: float) -> None:
        """Let time pass, then let the resolver look."""
        self.clock.advance(seconds)
        self.oms.resolver.tick(self.clock.monotonic())
        self.oms.algos.tick(self.clock.monotonic())

    def _count_gap(self) -> None:
        self.gaps += 1
