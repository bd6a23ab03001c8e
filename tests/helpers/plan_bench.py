"""Plans on a fake venue, without their thread: a test says when to look."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from engine.errors import JournalError
from engine.event_hub import EventHub
from engine.events import BookTicker, Event, StreamStateChanged
from engine.exchange.gateway import DepthSnapshot
from engine.oms.order_models import Order
from engine.oms.risk_rules import RiskLimits
from engine.plan_records import Plan, PlanTerms
from engine.plans.best_prices import BestPrices
from engine.plans.kept_plans import KeptPlan
from engine.plans.plan_book import PlanBook
from engine.plans.plan_locks import PlanLocks
from engine.plans.plan_runner import PlanRunner
from engine.protection_commands import StartChase, StartScaled, StartTwap
from engine.protection_views import PlanView
from engine.trading_types import Route, Side, StreamState
from engine.views import OrderView
from tests.helpers.fake_gateway import FakeGateway
from tests.helpers.oms_bench import EventLog, OmsBench

D = Decimal


def chase(**changes) -> StartChase:
    terms = {"symbol": "BTCUSDT", "side": Side.BUY, "quantity": D("0.1"), "longest_s": 60}
    return StartChase(**(terms | changes))


def scaled(**changes) -> StartScaled:
    terms = {
        "symbol": "BTCUSDT",
        "side": Side.BUY,
        "quantity": D("0.1"),
        "first_price": D(60000),
        "last_price": D(59000),
        "count": 3,
    }
    return StartScaled(**(terms | changes))


def twap(**changes) -> StartTwap:
    terms = {
        "symbol": "BTCUSDT",
        "side": Side.BUY,
        "quantity": D("0.1"),
        "count": 4,
        "duration_s": 40,
    }
    return StartTwap(**(terms | changes))


class HubLog(EventLog):
    """A hub that delivers, and remembers."""

    def __init__(self) -> None:
        super().__init__()
        self.hub = EventHub()

    def publish(self, event: Event) -> None:
        super().publish(event)
        self.hub.publish(event)


class PlanMemory:
    """Journal and shelf in one; `breaks` makes it refuse like a full disk."""

    def __init__(self) -> None:
        self.plans: dict[str, Plan] = {}
        self.orders: dict[str, tuple[OrderView, ...]] = {}
        self.breaks = False

    def record_plan(self, plan: Plan) -> None:
        if self.breaks:
            raise JournalError("The journal cannot be written: the disk is full.")
        self.plans[plan.plan_id] = plan

    def unfinished_plans(self) -> list[KeptPlan]:
        return [self._kept(plan) for plan in self.plans.values() if not plan.is_over]

    def newest_plans(self, limit: int) -> list[KeptPlan]:
        return [self._kept(plan) for plan in reversed(self.plans.values())][:limit]

    def _kept(self, plan: Plan) -> KeptPlan:
        return KeptPlan(plan, self.orders.get(plan.plan_id, ()))


class PlanBench(OmsBench):
    def __init__(
        self,
        folder: Path,
        *,
        live: bool = True,
        gateway: FakeGateway | None = None,
        memory: PlanMemory | None = None,
        risk: RiskLimits | None = None,
    ) -> None:
        log = HubLog()
        super().__init__(live=live, gateway=gateway, log=log, risk=risk)
        self.hub = log.hub
        self.memory = memory or PlanMemory()
        self.locks = PlanLocks(folder)
        self.orders_left_pct = 100.0
        self.depth: DepthSnapshot | Exception = depth("60000", "60000.1")
        self.depths_asked = 0
        self.crashes: list[BaseException] = []
        self.prices = BestPrices(log.hub, lambda _: None, self._get_depth, self.clock)
        self.book = PlanBook(self.memory, self.locks, self.clock, log.publish)
        self.plans = PlanRunner(
            self.oms,
            log.hub,
            self.clock,
            self.book,
            self.memory,
            self.prices,
            self.gateway.get_exchange_instruments,
            orders_left_pct=lambda: self.orders_left_pct,
            on_crash=lambda _, error: self.crashes.append(error),
        )

    def start(self, terms: PlanTerms) -> str:
        plan_id = self.plans.start(terms).plan_id
        self.look()
        return plan_id

    def look(self) -> None:
        """Until there is nothing to do now."""
        for _ in range(300):
            if not self.plans.look():
                return
        raise AssertionError("a plan never comes to rest")

    def later(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.look()

    def quote(self, bid: float, ask: float) -> None:
        self.log.publish(
            BookTicker(
                symbol="BTCUSDT",
                update_id=1,
                bid_price=bid,
                bid_quantity=1.0,
                ask_price=ask,
                ask_quantity=1.0,
            )
        )
        self.look()

    def lose_prices(self) -> None:
        state = StreamState.DISCONNECTED
        self.log.publish(StreamStateChanged(route=Route.PUBLIC, state=state, sentence=""))

    def view(self, plan_id: str) -> PlanView:
        view = self.plans.plan(plan_id)
        assert view is not None
        return view

    def child(self, plan_id: str, index: int = 0) -> Order:
        return self.oms.get_order(f"{plan_id}-{index:03d}")

    def fill(self, plan_id: str, quantity: str, index: int = 0) -> None:
        order_id = self.child(plan_id, index).order_id
        assert order_id is not None
        self.gateway.fill(order_id, quantity)
        self.look()

    def _get_depth(self, _symbol: str, _limit: int) -> DepthSnapshot:
        self.depths_asked += 1
        if isinstance(self.depth, Exception):
            raise self.depth
        return self.depth


def depth(bid: str, ask: str) -> DepthSnapshot:
    return DepthSnapshot("BTCUSDT", 1, ((bid, "1"),), ((ask, "1"),))
