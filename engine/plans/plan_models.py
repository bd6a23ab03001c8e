"""What a plan sees when it decides, and what it may decide."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from engine.market.instruments import Instrument
from engine.plan_records import Plan
from engine.protection_views import PlanView
from engine.trading_types import OrderStatus, PlanState, TimeInForce
from engine.views import ZERO, OrderView

POST_ONLY_WOULD_TAKE = -5022


class Child(msgspec.Struct, frozen=True, kw_only=True):
    """One order of a plan. `is_lost`: an answer about it was lost, so its state is a guess."""

    index: int
    order: OrderView
    is_lost: bool = False
    ended_by_amend: bool = False  # a post-only order that an amend of ours would have made trade
    refusal_code: int = 0  # the venue's, while Perpdesk has been running

    @property
    def is_open(self) -> bool:
        return not self.order.status.is_terminal

    @property
    def was_post_only_refused(self) -> bool:
        status = self.order.status
        if status is OrderStatus.REJECTED:
            return self.refusal_code == POST_ONLY_WOULD_TAKE
        return self.ended_by_amend or status is OrderStatus.EXPIRED

    @property
    def is_on_its_way(self) -> bool:
        """A request about it has not been answered."""
        order = self.order
        pending = (OrderStatus.PENDING_NEW, OrderStatus.PENDING_CANCEL, OrderStatus.UNKNOWN)
        return order.status in pending or order.amend is not None


class PlanSight(msgspec.Struct, frozen=True, kw_only=True):
    """The world at one moment, as far as a plan needs it. Prices are None when not known."""

    now_ms: int
    instrument: Instrument
    children: tuple[Child, ...] = ()  # by index
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None
    priceless_ms: int = 0  # for how long there has been no price
    closed_because: str = ""  # why no new risk may be taken now
    is_resumed: bool = False  # the plan was begun before a restart

    @property
    def executed_qty(self) -> Decimal:
        return sum((child.order.executed_qty for child in self.children), ZERO)


class Place(msgspec.Struct, frozen=True):
    """LIMIT when there is a price, else MARKET."""

    index: int
    quantity: Decimal
    price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC


class Amend(msgspec.Struct, frozen=True):
    client_order_id: str
    price: Decimal


class Cancel(msgspec.Struct, frozen=True):
    client_order_ids: tuple[str, ...]


class Halt(msgspec.Struct, frozen=True):
    """Place nothing more; with `cancels_rest` cancel what rests. Then it is STOPPED."""

    reason: str
    cancels_rest: bool = True


class End(msgspec.Struct, frozen=True):
    state: PlanState
    reason: str


class Rest(msgspec.Struct, frozen=True):
    """Nothing to do now."""


Step = Place | Amend | Cancel | Halt | End | Rest


def view_of(plan: Plan, orders: Iterable[OrderView]) -> PlanView:
    """What a reader sees; `orders` are its children in their order."""
    orders = list(orders)
    executed = sum((order.executed_qty for order in orders), ZERO)
    quote = sum((order.avg_price * order.executed_qty for order in orders), ZERO)
    return PlanView(
        plan_id=plan.plan_id,
        kind=plan.kind,
        symbol=plan.terms.symbol,
        side=plan.terms.side,
        state=plan.state,
        quantity=plan.terms.quantity,
        executed_qty=executed,
        avg_price=quote / executed if executed else ZERO,
        child_ids=tuple(order.client_order_id for order in orders),
        reason=plan.reason,
        created_at=plan.created_ms,
        updated_at=plan.updated_ms,
    )
