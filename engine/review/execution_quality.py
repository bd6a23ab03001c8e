"""How well orders were carried out: slippage against the click, and latency. Pure.

Slippage is the average fill price against what the order would have met at its
intent: the ask for a buy, the bid for a sell. A resting limit order shows how far
it got better or worse than crossing at once would have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from engine.review_views import Execution, OrderQuality, QualitySummary
from engine.trading_types import OrderType, Side
from engine.views import ZERO

Filled = tuple[Decimal, Decimal]  # quantity, and its worth
_BASIS_POINTS = 10_000


def quality_of(execution: Execution, filled: Filled | None) -> OrderQuality:
    """What is not known stays None."""
    if filled is None or not filled[0]:
        return OrderQuality(execution=execution)
    quantity, worth = filled
    is_buy = execution.side is Side.BUY
    arrival = execution.ask if is_buy else execution.bid
    slippage = bps = None
    if arrival:
        at_arrival = quantity * arrival
        slippage = worth - at_arrival if is_buy else at_arrival - worth
        bps = slippage * _BASIS_POINTS / at_arrival
    return OrderQuality(
        execution=execution,
        quantity=quantity,
        average_price=worth / quantity,
        arrival_price=arrival or None,
        slippage=slippage,
        slippage_bps=bps,
    )


def orders_quality(
    executions: Iterable[Execution], filled: Mapping[tuple[str, str], Filled]
) -> list[OrderQuality]:
    return [quality_of(e, filled.get((e.symbol, e.client_order_id))) for e in executions]


def summary_of(orders: Sequence[OrderQuality]) -> QualitySummary:
    market = [order for order in orders if order.execution.type == OrderType.MARKET]
    slipped = [order for order in market if order.slippage is not None]
    slippage = sum((order.slippage or ZERO for order in slipped), ZERO)
    at_arrival = sum((order.quantity * (order.arrival_price or ZERO) for order in slipped), ZERO)
    acks = [o.execution.ack_ms for o in orders if o.execution.ack_ms is not None]
    fills = [o.execution.fill_ms for o in market if o.execution.fill_ms is not None]
    return QualitySummary(
        orders=len(orders),
        slippage=slippage if slipped else None,
        slippage_bps=slippage * _BASIS_POINTS / at_arrival if at_arrival else None,
        ack_p50_ms=percentile(acks, 50),
        ack_p99_ms=percentile(acks, 99),
        fill_p50_ms=percentile(fills, 50),
        fill_p99_ms=percentile(fills, 99),
    )


def percentile(values: Iterable[float], share_pct: int) -> float | None:
    """The smallest value that `share_pct` of all do not exceed; None of none."""
    ordered = sorted(values)
    if not ordered:
        return None
    return ordered[max(0, -(-len(ordered) * share_pct // 100) - 1)]
