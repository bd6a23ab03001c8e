"""What happens at the venue while the engine cannot see it, and whether it is known later.

Before the cut the engine has an order resting. During it that order is cancelled,
and another is placed, both by a program elsewhere. Where nobody reaches the venue
either, the venue's own countdown does the cancelling.
"""

from __future__ import annotations

from decimal import Decimal

from engine.events import OrderUpdate
from engine.kpi.ack_latencies import AckLatencies
from engine.kpi.kpi_bench import KpiBench
from engine.kpi.kpi_result import Figure, exactly
from engine.kpi.order_amounts import resting_price, smallest_quantity
from engine.kpi.venue_comparison import best_bid, same_as_books
from engine.oms.order_models import Order
from engine.trading_types import OrderStatus, OrderType, Side

_SETTLE_S = 10.0


class CutStory:
    """In this order: `begin`, `meanwhile` (or `foretell` before the cut), the questions, `end`."""

    def __init__(self, bench: KpiBench) -> None:
        self._bench = bench
        self._ours: Order | None = None
        self._elsewhere: OrderUpdate | None = None
        self._later: Order | None = None

    def begin(self) -> None:
        oms = self._bench.engine.oms
        quantity, price = self._resting()
        self._ours = oms.submit_order(
            self._bench.symbol, Side.BUY, OrderType.LIMIT, quantity, price
        )
        oms.wait(self._ours, OrderStatus.NEW, _SETTLE_S)

    def foretell(self, in_s: float) -> None:
        """The venue cancels by itself in so many seconds."""
        self._bench.books.countdown_cancel_all(self._bench.symbol, max(1, round(in_s * 1000)))

    def meanwhile(self) -> None:
        bench = self._bench
        quantity, price = self._resting()
        bench.books.cancel_order(bench.symbol, client_order_id=self._id_of_ours())
        self._elsewhere = bench.books.submit_order(
            bench.symbol,
            Side.BUY,
            OrderType.LIMIT,
            quantity,
            price - bench.instrument.tick_size,
            client_order_id=f"elsewhere-{bench.clock.now_ms()}",
        )

    def is_known(self) -> bool:
        """Whether the engine knows all of it."""
        found = self._found()
        return self._ours_is_cancelled() and (self._elsewhere is None or found is not None)

    def is_suspected(self) -> bool:
        """Whether the engine knows any of it."""
        return self._ours_is_cancelled() or self._found() is not None

    def figures(self, began_ms: int) -> list[Figure]:
        assert self._ours is not None
        orders = [self._ours]
        rows = [
            exactly("our order, cancelled meanwhile", self._ours.status, "CANCELED"),
            Figure(
                name="cancelled at the venue, after the cut began",
                value=(self._ours.view.updated_at - began_ms) / 1000,
                unit="s",
            ),
        ]
        if self._elsewhere is not None:
            found = self._found()
            status = found.status if found is not None else "not known"
            rows.append(exactly("the order placed elsewhere meanwhile", status, "NEW"))
            orders += [found] if found is not None else []
        return [*rows, same_as_books(self._bench, orders)]

    def afterwards(self) -> list[Figure]:
        """Trading works again: an order is taken by the venue and cancelled."""
        oms, latencies = self._bench.engine.oms, AckLatencies(self._bench.clock)
        quantity, price = self._resting()
        order = latencies.of(
            lambda: oms.submit_order(self._bench.symbol, Side.BUY, OrderType.LIMIT, quantity, price)
        )
        self._later = order
        taken = exactly("an order placed after LIVE", order.status, "NEW")
        if not order.is_terminal:
            oms.cancel_order(order)
            oms.wait(order, None, _SETTLE_S)
        return [taken, exactly("its end", order.status, "CANCELED"), *latencies.figures("placing")]

    def end(self) -> None:
        """Leave nothing behind; the venue may have been told already."""
        bench, books = self._bench, self._bench.books
        placed = (self._ours, self._elsewhere, self._later)
        ours = {order.client_order_id for order in placed if order is not None}
        for order in books.get_book_orders(bench.symbol):
            if order.client_order_id in ours:
                books.cancel_order(bench.symbol, order_id=order.order_id)

    def _resting(self) -> tuple[Decimal, Decimal]:
        rules = self._bench.instrument
        price = resting_price(rules, best_bid(self._bench))
        return smallest_quantity(rules, OrderType.LIMIT, price), price

    def _id_of_ours(self) -> str:
        return self._ours.client_order_id if self._ours is not None else ""

    def _ours_is_cancelled(self) -> bool:
        return self._ours is not None and self._ours.status is OrderStatus.CANCELED

    def _found(self) -> Order | None:
        if self._elsewhere is None:
            return None
        return self._bench.engine.oms.tracker.get(self._elsewhere.client_order_id)
