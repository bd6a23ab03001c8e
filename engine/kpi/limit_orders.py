"""KPI 1.3: three limit orders, two of them amended, one cancelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from engine.kpi.ack_latencies import AckLatencies
from engine.kpi.kpi_bench import KpiBench
from engine.kpi.kpi_result import Figure, KpiResult, exactly, judged
from engine.kpi.log_lines import LogLines
from engine.kpi.order_amounts import resting_price, smallest_quantity
from engine.kpi.venue_comparison import best_bid, distinct, same_as_books
from engine.oms.order_models import Order
from engine.trading_types import OrderStatus, OrderType, Side
from engine.utils.decimals import plain

_ORDERS = 3
_AMENDED = 2
_APART_TICKS = 20
_AMEND_TICKS = 10
_SETTLE_S = 10.0


def limit_orders(bench: KpiBench) -> KpiResult:
    """Blocks. Raises what placing, changing and reading raise. No order is left behind."""
    trial = _Trial(bench)
    with LogLines("engine.oms") as lines:
        try:
            trial.place()
            trial.amend()
            trial.cancel()
            figures = [*trial.figures(), *trial.logged(lines)]
        finally:
            kept = lines.all()
            trial.close()
    return judged("1.3", "Three limit orders, two amended, one cancelled", figures, kept)


class _Trial:
    """Knows which orders were open before."""

    def __init__(self, bench: KpiBench) -> None:
        self._bench = bench
        rules, bid = bench.instrument, best_bid(bench)
        self._prices = [resting_price(rules, bid, _APART_TICKS * n) for n in range(_ORDERS)]
        lowest = min(self._prices) - _AMEND_TICKS * rules.tick_size
        self._quantity = smallest_quantity(rules, OrderType.LIMIT, lowest)
        self._open_before = {o.order_id for o in bench.books.get_book_orders(bench.symbol)}
        self._placing = AckLatencies(bench.clock)
        self._changing = AckLatencies(bench.clock)
        self._orders: list[Order] = []

    @property
    def _kept(self) -> Sequence[Order]:
        return self._orders[:_AMENDED]

    @property
    def _dropped(self) -> Order:
        return self._orders[_AMENDED]

    def place(self) -> None:
        for price in self._prices:
            self._orders.append(self._placing.of(self._placer(price)))

    def amend(self) -> None:
        for order, price in zip(self._kept, self._amended_prices(), strict=True):
            self._changing.of(self._amender(order, price))

    def cancel(self) -> None:
        oms = self._bench.engine.oms
        self._changing.of(lambda: oms.cancel_order(self._dropped))
        oms.wait(self._dropped, None, _SETTLE_S)

    def figures(self) -> list[Figure]:
        bench = self._bench
        rows = bench.books.get_book_orders(bench.symbol)
        waiting = [row.client_order_id for row in rows if row.order_id not in self._open_before]
        return [
            Figure(name="quantity of each", value=plain(self._quantity)),
            *self._placing.figures("placing"),
            *self._changing.figures("amending and cancelling"),
            exactly("amended to the wanted price", self._amended_truly(), _AMENDED),
            exactly("the cancelled one", self._dropped.status, OrderStatus.CANCELED.value),
            same_as_books(bench, self._orders),
            distinct(self._orders),
            exactly(
                "new open orders in the venue's books",
                " ".join(sorted(waiting)),
                " ".join(sorted(order.client_order_id for order in self._kept)),
            ),
        ]

    def logged(self, lines: LogLines) -> list[Figure]:
        wanted = {
            "ORDER_PLACED": self._orders,
            "ORDER_MODIFIED": self._kept,
            "ORDER_CANCELED": [self._dropped],
        }
        return [
            exactly(f"{word} logged once for each", lines.orders_told_once(word, of), len(of))
            for word, of in wanted.items()
        ]

    def close(self) -> None:
        for order in self._orders:
            if not order.is_terminal:
                self._bench.engine.oms.cancel_order(order)

    def _placer(self, price: Decimal) -> Callable[[], Order]:
        oms, symbol = self._bench.engine.oms, self._bench.symbol
        return lambda: oms.submit_order(symbol, Side.BUY, OrderType.LIMIT, self._quantity, price)

    def _amender(self, order: Order, price: Decimal) -> Callable[[], Order]:
        return lambda: self._bench.engine.oms.modify_order(order, price=price)

    def _amended_prices(self) -> list[Decimal]:
        step = _AMEND_TICKS * self._bench.instrument.tick_size
        return [price - step for price in self._prices[:_AMENDED]]

    def _amended_truly(self) -> int:
        pairs = zip(self._kept, self._amended_prices(), strict=True)
        return sum(order.price == price for order, price in pairs)
