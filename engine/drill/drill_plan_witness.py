"""Watches plans at work for what the books at the end cannot show.

A plan that does not know what became of one of its orders sends no other.
"""

from __future__ import annotations

import time

from engine.event_hub import EventHub
from engine.events import OrderChanged
from engine.events.protection import PlanChanged
from engine.trading_types import OrderStatus
from engine.views import OrderView

_GRACE_S = 0.25  # what was decided before the doubt came up may be on its way


class PlanWitness:
    """`mistakes` grows while plans run."""

    def __init__(self, hub: EventHub) -> None:
        self.mistakes: list[str] = []
        self._plans: set[str] = set()
        self._seen: set[str] = set()
        self._in_doubt: dict[str, dict[str, float]] = {}  # by plan: its orders, and since when
        hub.listen(PlanChanged, lambda event: self._plans.add(event.plan.plan_id))
        hub.listen(OrderChanged, lambda event: self._on_order(event.order))

    def _on_order(self, order: OrderView) -> None:
        plan_id = order.client_order_id.rpartition("-")[0]
        if plan_id not in self._plans:
            return
        doubts = self._in_doubt.setdefault(plan_id, {})
        if order.client_order_id not in self._seen:
            self._seen.add(order.client_order_id)
            self._judge_new(order, doubts)
        if order.status is OrderStatus.UNKNOWN:
            doubts.setdefault(order.client_order_id, time.monotonic())
        else:
            doubts.pop(order.client_order_id, None)

    def _judge_new(self, order: OrderView, doubts: dict[str, float]) -> None:
        if order.status is not OrderStatus.PENDING_NEW:
            return  # of before a restart
        old = [one for one, since_s in doubts.items() if time.monotonic() - since_s > _GRACE_S]
        if old:
            self.mistakes.append(
                f"{order.client_order_id} was sent although it is not known what became of {old}"
            )
