"""Orders that rest: what those that only reduce may hold of a position, and a restart.

One thread only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.paper.matching_book import StpMode
from engine.paper.paper_account import PaperAccount
from engine.paper.paper_checks import closable_steps, reduce_priority
from engine.paper.paper_market import PaperMarket
from engine.paper.paper_orders import PaperOrder
from engine.trading_types import Side, TimeInForce

if TYPE_CHECKING:
    from engine.paper.paper_exchange import PaperExchange

REDUCE_ONLY_KNOCKED_OUT = 4  # the venue's expiry reason


class RestingOrders:
    """Keeps the books' orders as large as their positions allow."""

    def __init__(self, exchange: PaperExchange) -> None:
        self._exchange = exchange

    def sync_reduce_only(self, account: PaperAccount, market: PaperMarket, now_ms: int) -> None:
        """Keep reduce-only orders within the position: best price first, the rest expires.

        The part of an order that the position does not cover stays out of the book.
        """
        orders = account.reduce_only.get(market.symbol)
        if not orders:
            return
        left = {side: closable_steps(account, market, side) for side in ("BOTH", "LONG", "SHORT")}
        for order in sorted(orders.values(), key=reduce_priority):
            side = order.position_side
            amount = account.amount(market.symbol, side)
            if left[side] == 0 or order.is_buy == (amount > 0):
                self._exchange.expire(order, now_ms, REDUCE_ONLY_KNOCKED_OUT)
                continue
            share = min(order.remaining_steps, left[side])
            left[side] -= share
            resting = market.book.get(order.order_id)
            if resting is None:
                self._return_to_book(market, order, share, now_ms)
            elif resting.remaining != share:
                total = order.executed_steps + share
                market.book.amend(order.order_id, order.price_ticks, total, now_ms=now_ms)
                self._requeued(order)

    def _return_to_book(
        self, market: PaperMarket, order: PaperOrder, share: int, now_ms: int
    ) -> None:
        """All that it had in the book was traded, by one who opened; there is more to close now."""
        if market.book.would_take(Side(order.side), order.price_ticks):
            self._exchange.expire(order, now_ms, REDUCE_ONLY_KNOCKED_OUT)
            return
        self._rest(market, order, share, now_ms)
        self._requeued(order)

    def _requeued(self, order: PaperOrder) -> None:
        order.queue_id = self._exchange.next_id()
        self._exchange.keep(order)

    def restore_all(self, orders: Iterable[PaperOrder]) -> None:
        """Put the open orders of an earlier run back into their queues, before the market starts.

        Those that only reduce share the position as they did: best price first.
        """
        queued = sorted(orders, key=lambda order: order.queue_id or order.order_id)
        left: dict[tuple[str, str, str], int] = {}
        shares: dict[int, int] = {}
        for order in sorted(queued, key=reduce_priority):
            if order.only_reduces:
                key = (order.account_id, order.symbol, order.position_side)
                most = left.get(key, self._closable(order))
                shares[order.order_id] = min(order.remaining_steps, most)
                left[key] = most - shares[order.order_id]
        for order in queued:
            self.restore(order, shares.get(order.order_id))

    def _closable(self, order: PaperOrder) -> int:
        account = self._exchange.accounts[order.account_id]
        market = self._exchange.markets[order.symbol]
        return closable_steps(account, market, order.position_side)

    def restore(self, order: PaperOrder, share: int | None = None) -> None:
        """Put one order back into the book. `share` is what it may hold of the position."""
        account = self._exchange.accounts[order.account_id]
        market = self._exchange.markets[order.symbol]
        in_book = order.remaining_steps
        if order.only_reduces:
            in_book = min(in_book, self._closable(order) if share is None else share)
        if in_book == 0:
            account.add_order(order)
            self._exchange.expire(order, order.updated_ms, REDUCE_ONLY_KNOCKED_OUT)
            return
        account.add_order(order)
        self._exchange.deadlines.note(order)
        self._rest(market, order, in_book, order.updated_ms)

    @staticmethod
    def _rest(market: PaperMarket, order: PaperOrder, in_book: int, now_ms: int) -> None:
        """Put an order that takes nothing into the book, with what it has executed before."""
        result = market.book.place(
            order.order_id,
            order.account_id,
            Side(order.side),
            order.price_ticks,
            in_book,
            stp=StpMode(order.self_trade_prevention),
            now_ms=now_ms,
            reduce_only=order.reduce_only,
            tag=order,
        )
        result.order.tif = TimeInForce(order.time_in_force)
        result.order.original += order.executed_steps
