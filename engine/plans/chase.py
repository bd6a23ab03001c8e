"""A post-only limit order that follows the best price by amends.

It moves only towards the market: while the order itself is the best, or the
market comes to meet it, its place in the queue is worth more than a new price.
"""

from __future__ import annotations

from decimal import Decimal

from engine.plan_records import Plan
from engine.plans.plan_models import Amend, Child, End, Halt, Place, PlanSight, Rest, Step
from engine.protection_commands import StartChase
from engine.trading_types import PlanState, Side, TimeInForce

MOST_ORDERS = 200  # each a new one, after the exchange refused the last as not post-only
PRICELESS_MS = 10_000


def chase_step(terms: StartChase, plan: Plan, sight: PlanSight) -> Step:
    """Expects that no child is lost or refused for another reason than post-only."""
    left = terms.quantity - sight.executed_qty
    if left <= 0:
        return End(PlanState.DONE, "Filled.")
    if sight.now_ms >= plan.created_ms + terms.longest_s * 1000:
        return Halt(f"Its {terms.longest_s} s are over.")
    if sight.priceless_ms >= PRICELESS_MS:
        return Halt(f"There has been no price for {PRICELESS_MS // 1000} s.")
    last = sight.children[-1] if sight.children else None
    if last is not None and last.is_open:
        return _follow(terms, last, sight)
    if last is not None and not last.was_post_only_refused:
        return Halt("Its order was ended by somebody else.")
    return _place(terms, plan.next_index, left, sight)


def _place(terms: StartChase, index: int, left: Decimal, sight: PlanSight) -> Step:
    if sight.is_resumed:
        return Halt("Perpdesk was closed while it had no order at the exchange.")
    if index >= MOST_ORDERS:
        return Halt(f"The exchange refused {MOST_ORDERS} orders as not post-only.")
    price = target_price(terms, sight)
    if price is None:
        return Rest()
    return Place(index, left, price, TimeInForce.GTX)


def _follow(terms: StartChase, child: Child, sight: PlanSight) -> Step:
    price = target_price(terms, sight)
    if price is None or child.is_on_its_way:
        return Rest()
    now = child.order.price
    is_better = price > now if terms.side is Side.BUY else price < now
    return Amend(child.order.client_order_id, price) if is_better else Rest()


def target_price(terms: StartChase, sight: PlanSight) -> Decimal | None:
    """The best price on its own side, never beyond the limit. None: not known."""
    if terms.side is Side.BUY:
        best = sight.best_bid
        return best if best is None or terms.limit_price is None else min(best, terms.limit_price)
    best = sight.best_ask
    return best if best is None or terms.limit_price is None else max(best, terms.limit_price)
