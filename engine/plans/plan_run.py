"""A plan that is being carried out: its orders, and what happened to them under our hands."""

from __future__ import annotations

from collections.abc import Iterable

from engine.oms.order_changes import Write
from engine.oms.order_models import Order
from engine.plan_records import Plan
from engine.plans.plan_models import Child, view_of
from engine.protection_views import PlanView
from engine.trading_types import OrderStatus, PlanState
from engine.views import OrderView


class Pace:
    """How many requests left within the last second."""

    def __init__(self) -> None:
        self._sent_at_s: list[float] = []

    def allows(self, most: int, now_s: float) -> bool:
        self._sent_at_s = [at_s for at_s in self._sent_at_s if now_s - at_s < 1.0]
        return len(self._sent_at_s) < most

    def note(self, now_s: float) -> None:
        self._sent_at_s.append(now_s)


class PlanRun:
    """`plan` is replaced under the runner's lock; all else belongs to the runner's thread."""

    def __init__(self, plan: Plan, *, is_resumed: bool = False) -> None:
        self.plan = plan
        self.is_resumed = is_resumed
        self.is_waiting = is_resumed  # until the account has been read
        self.is_unsaved = False
        self.told: PlanView | None = None
        self.pace = Pace()
        self.not_before_s = 0.0
        self.priceless_since_ms: int | None = None
        self._orders: dict[int, Order | OrderView] = {}
        self._ended_by_amend: set[int] = set()
        self.refusal_codes: dict[str, int] = {}

    def adopt(self, orders: Iterable[Order | OrderView]) -> None:
        """Orders of before a restart: live ones where they are followed, else as they ended."""
        for order in orders:
            index = self.plan.index_of(order.client_order_id)
            if index is not None:
                self._orders[index] = order

    def add(self, index: int, order: Order) -> None:
        self._orders[index] = order

    def order(self, client_order_id: str) -> Order | None:
        index = self.plan.index_of(client_order_id)
        found = None if index is None else self._orders.get(index)
        return found if isinstance(found, Order) else None

    def note_amend(self, order: Order) -> None:
        """The exchange ends a post-only order that an amend would make trade."""
        index = self.plan.index_of(order.client_order_id)
        if index is not None and order.is_terminal and order.remaining_qty > 0:
            self._ended_by_amend.add(index)

    def children(self) -> tuple[Child, ...]:
        return tuple(self._child(index) for index in sorted(self._orders))

    def _child(self, index: int) -> Child:
        order = self._orders[index]
        view = order.view if isinstance(order, Order) else order
        return Child(
            index=index,
            order=view,
            is_lost=isinstance(order, Order) and _is_lost(order),
            ended_by_amend=index in self._ended_by_amend,
            refusal_code=self.refusal_codes.get(view.client_order_id, 0),
        )

    def view(self) -> PlanView:
        return view_of(self.plan, (child.order for child in self.children()))

    @property
    def has_open_orders(self) -> bool:
        return any(child.is_open for child in self.children())

    def priceless_ms(self, has_price: bool, now_ms: int) -> int:
        if has_price or self.plan.state is not PlanState.RUNNING:
            self.priceless_since_ms = None
            return 0
        if self.priceless_since_ms is None:
            self.priceless_since_ms = now_ms
        return now_ms - self.priceless_since_ms


def _is_lost(order: Order) -> bool:
    """A lost cancel is no doubt about what the plan holds: it can only become less."""
    if order.is_terminal:
        return False
    return order.status is OrderStatus.UNKNOWN or order.lost_write in (Write.PLACE, Write.AMEND)
