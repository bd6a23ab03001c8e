"""KPI 1.2: five market orders, three long and two short, each filled once and truly."""

from __future__ import annotations

from decimal import Decimal

from engine.kpi.ack_latencies import AckLatencies
from engine.kpi.kpi_bench import KpiBench
from engine.kpi.kpi_result import Figure, KpiResult, exactly, judged
from engine.kpi.log_lines import LogLines
from engine.kpi.order_amounts import smallest_quantity
from engine.kpi.venue_comparison import best_bid, distinct, same_as_books
from engine.oms.order_models import Order
from engine.trading_types import OrderStatus, OrderType, PositionSide, Side
from engine.utils.decimals import plain
from engine.views import ZERO

_SIDES = (Side.BUY, Side.SELL, Side.BUY, Side.SELL, Side.BUY)
_SETTLE_S = 10.0


def market_orders(bench: KpiBench) -> KpiResult:
    """Blocks. Raises what placing and reading raise. The account ends as it was, less fees."""
    trial = _Trial(bench)
    with LogLines("engine.oms") as lines:
        try:
            for side in _SIDES:
                trial.place(side)
            figures = [*trial.figures(), trial.logged(lines)]
        finally:
            kept = lines.all()
            trial.close()
    return judged("1.2", "Five market orders (3 long, 2 short)", figures, kept)


class _Trial:
    """Knows what the account had before."""

    def __init__(self, bench: KpiBench) -> None:
        self._bench = bench
        self._quantity = smallest_quantity(
            bench.instrument, OrderType.MARKET, Decimal(repr(best_bid(bench)))
        )
        self._trades_before = {t.trade_id for t in bench.books.get_user_trades(bench.symbol)}
        self._position_before = self._position()
        self._latencies = AckLatencies(bench.clock)
        self._orders: list[Order] = []

    def place(self, side: Side) -> None:
        """And wait until it has ended, its trades included."""
        oms, symbol = self._bench.engine.oms, self._bench.symbol
        order = self._latencies.of(
            lambda: oms.submit_order(symbol, side, OrderType.MARKET, self._quantity)
        )
        self._orders.append(order)
        oms.wait(order, lambda o: o.is_terminal and not o.missing_fill_qty, _SETTLE_S)

    def figures(self) -> list[Figure]:
        orders, wanted = self._orders, len(_SIDES)
        filled = sum(order.status is OrderStatus.FILLED for order in orders)
        return [
            exactly("sides", " ".join(order.side for order in orders), " ".join(_SIDES)),
            Figure(name="quantity of each", value=plain(self._quantity)),
            *self._latencies.figures("placing"),
            exactly("filled", filled, wanted),
            same_as_books(self._bench, orders),
            distinct(orders),
            *self._trade_figures(),
            exactly("position moved by", plain(self._moved()), plain(self._quantity)),
        ]

    def logged(self, lines: LogLines) -> Figure:
        found = lines.orders_told_once("ORDER_PLACED", self._orders)
        return exactly("ORDER_PLACED logged once for each", found, len(_SIDES))

    def close(self) -> None:
        """Not reduce-only: what the account held before is what it shall hold again."""
        moved = self._moved()
        if moved:
            side = Side.SELL if moved > 0 else Side.BUY
            oms = self._bench.engine.oms
            order = oms.submit_order(self._bench.symbol, side, OrderType.MARKET, abs(moved))
            oms.wait(order, None, _SETTLE_S)

    def _trade_figures(self) -> list[Figure]:
        """By the venue's books: a double would trade too much, or for another order."""
        rows = self._bench.books.get_user_trades(self._bench.symbol)
        new = [trade for trade in rows if trade.trade_id not in self._trades_before]
        ours = {order.order_id for order in self._orders}
        traded = sum((trade.quantity for trade in new), ZERO)
        return [
            exactly("traded at the venue", plain(traded), plain(self._quantity * len(_SIDES))),
            exactly("trades of other orders", sum(t.order_id not in ours for t in new), 0),
        ]

    def _moved(self) -> Decimal:
        return self._position() - self._position_before

    def _position(self) -> Decimal:
        rows = self._bench.books.get_positions(self._bench.symbol)
        return sum((p.quantity for p in rows if p.position_side is PositionSide.BOTH), ZERO)
