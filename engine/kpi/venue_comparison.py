"""The engine's orders against the venue's own books, read by REST over a second connection."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import NotConnected
from engine.events import OrderUpdate
from engine.kpi.kpi_bench import KpiBench
from engine.kpi.kpi_result import Figure, exactly
from engine.oms.order_models import Order
from engine.trading_types import TERMINAL_STATUSES

_PRICE_WAIT_S = 10.0


def best_bid(bench: KpiBench) -> float:
    """Raises NotConnected when there is no price."""
    bench.engine.market.wait_for_price(bench.symbol, _PRICE_WAIT_S)
    bid = bench.engine.market.best_bid(bench.symbol)
    if bid is None:
        raise NotConnected(f"There is no price of {bench.symbol}.")
    return bid


def differences(order: Order, word: OrderUpdate) -> list[str]:
    """Which fields the engine holds otherwise than the venue: "status: NEW / FILLED"."""
    view = order.view
    pairs: dict[str, tuple[object, object]] = {
        "status": (view.status, word.status),
        "price": (view.price, word.price),
        "quantity": (view.orig_qty, word.orig_qty),
        "executed": (view.executed_qty, word.executed_qty),
        "id": (view.order_id, word.order_id),
    }
    if view.status in TERMINAL_STATUSES:
        pairs["average price"] = (view.avg_price, word.avg_price)
    return [f"{name}: {ours} / {its}" for name, (ours, its) in pairs.items() if ours != its]


def same_as_books(bench: KpiBench, orders: Sequence[Order]) -> Figure:
    """Blocks for a query of each order; raises what the gateway raises."""
    found: list[str] = []
    for order in orders:
        name = order.client_order_id
        word = bench.books.query_order(bench.symbol, client_order_id=name)
        found += [f"{name} {text}" for text in differences(order, word)]
    return exactly("differences from the venue's books", "; ".join(found) or "none", "none")


def distinct(orders: Sequence[Order]) -> Figure:
    """The venue gave each an id of its own: none was taken for another."""
    return exactly("different order ids", len({order.order_id for order in orders}), len(orders))
