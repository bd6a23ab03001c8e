"""What happens when orders meet: every match is booked, and what the book has thrown out ends.

One thread only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.paper.matching_book import KillReason, Match, PlaceResult, StpMode
from engine.paper.paper_account import PaperAccount
from engine.paper.paper_checks import closable_steps, market_bound
from engine.paper.paper_events import account_update, trade_lite
from engine.paper.paper_market import PaperMarket
from engine.paper.paper_orders import PaperOrder
from engine.paper.paper_resting import REDUCE_ONLY_KNOCKED_OUT, RestingOrders
from engine.paper.price_source import MarketAction
from engine.trading_types import Side, TimeInForce

if TYPE_CHECKING:
    from engine.paper.paper_exchange import PaperExchange

_EXPIRY_REASON = {
    KillReason.IOC_REST: 2,
    KillReason.MARKET_REST: 9,
    KillReason.SELF_TRADE: 1,
}
_MAKER_EXPIRED_BY_STP = 1


class Matching:
    """Brings orders and market actions into the books."""

    def __init__(self, exchange: PaperExchange, resting: RestingOrders) -> None:
        self._exchange = exchange
        self._resting = resting

    def step(self, market: PaperMarket, now_ms: int) -> None:
        """Let the market's own makers and takers act."""
        if market.source is None:
            return
        for action in market.source.step(market.book, now_ms):
            result = market.apply(action, now_ms)
            if result is not None and result.matches:
                self.settle(market, result, now_ms)

    def start(self, market: PaperMarket, actions: Iterable[MarketAction], now_ms: int) -> None:
        """Fill the first book, in which people's orders may already rest."""
        for action in actions:
            result = market.apply(action, now_ms)
            if result is not None:
                self.settle(market, result, now_ms)

    def match(
        self, account: PaperAccount, order: PaperOrder, market: PaperMarket, now_ms: int
    ) -> None:
        qty = order.qty_steps
        if order.only_reduces:
            qty = min(qty, closable_steps(account, market, order.position_side))
        is_market = order.type != "LIMIT"
        result = market.book.place(
            order.order_id,
            account.account_id,
            Side(order.side),
            None if is_market else order.price_ticks,
            qty,
            tif=TimeInForce(order.time_in_force),
            stp=StpMode(order.self_trade_prevention),
            price_bound=market_bound(market, order.side) if is_market else None,
            now_ms=now_ms,
            reduce_only=order.reduce_only,
            tag=order,
        )
        self.settle(market, result, now_ms)

    def force(self, account: PaperAccount, order: PaperOrder, now_ms: int) -> None:
        """Execute a liquidation order at whatever price the book has."""
        market = self._exchange.markets[order.symbol]
        account.add_order(order)
        account.forced.append(order)
        self._exchange.keep(order)
        self._exchange.report(order, market, "NEW", now_ms)
        result = market.book.place(
            order.order_id,
            account.account_id,
            Side(order.side),
            None,
            order.qty_steps,
            now_ms=now_ms,
            tag=order,
        )
        self.settle(market, result, now_ms)
        market.new_forced.append(order)

    def fill_alone(self, order: PaperOrder, qty_steps: int, now_ms: int) -> int:
        """Trade with one resting order past its queue; the steps filled. For faults only."""
        market = self._exchange.markets[order.symbol]
        account = self._exchange.accounts[order.account_id]
        resting = market.book.cancel(order.order_id)
        if resting is None:
            return 0
        qty = min(qty_steps, resting.remaining)
        market.book.match_seq += 1
        match = Match(
            resting, order.price_ticks, qty, market.book.match_seq, resting.remaining - qty
        )
        self._fill(market, order, match, now_ms, maker=True)
        market.on_matches([match], Side.SELL if order.is_buy else Side.BUY, now_ms)
        if order.is_open:
            self._resting.restore(order)
        self._resting.sync_reduce_only(account, market, now_ms)
        return qty

    def settle(self, market: PaperMarket, result: PlaceResult, now_ms: int) -> None:
        """Book every match, expire what the book has thrown out, tidy up."""
        taker = result.order.tag
        touched: set[str] = set()
        for match in result.matches:
            if isinstance(taker, PaperOrder):
                self._fill(market, taker, match, now_ms, maker=False)
                touched.add(taker.account_id)
            maker = match.maker_order.tag
            if isinstance(maker, PaperOrder):
                self._fill(market, maker, match, now_ms, maker=True)
                touched.add(maker.account_id)
        if result.matches:
            market.on_matches(result.matches, result.order.side, now_ms)
        for removed in result.expired_makers:
            if isinstance(removed.tag, PaperOrder):
                self._exchange.expire(
                    removed.tag, now_ms, _MAKER_EXPIRED_BY_STP, "EXPIRED_IN_MATCH"
                )
        if isinstance(taker, PaperOrder) and taker.is_open and not result.rested:
            self._expire_rest(taker, result, now_ms)
        for account_id in touched:
            self._resting.sync_reduce_only(self._exchange.accounts[account_id], market, now_ms)
        if isinstance(taker, PaperOrder) and taker.only_reduces and taker.is_open:
            self._resting.sync_reduce_only(
                self._exchange.accounts[taker.account_id], market, now_ms
            )

    def _expire_rest(self, order: PaperOrder, result: PlaceResult, now_ms: int) -> None:
        if result.reason is None:
            # all that the position allowed has traded
            self._exchange.expire(order, now_ms, REDUCE_ONLY_KNOCKED_OUT)
        elif result.reason is KillReason.SELF_TRADE:
            self._exchange.expire(order, now_ms, _EXPIRY_REASON[result.reason], "EXPIRED_IN_MATCH")
        else:
            self._exchange.expire(order, now_ms, _EXPIRY_REASON[result.reason])

    def _fill(
        self, market: PaperMarket, order: PaperOrder, match: Match, now_ms: int, *, maker: bool
    ) -> None:
        account = self._exchange.accounts[order.account_id]
        order.executed_steps += match.qty
        order.quote_units += match.price * match.qty
        order.status = "PARTIALLY_FILLED" if order.remaining_steps else "FILLED"
        order.updated_ms = now_ms
        fill, position = self._exchange.ledger.book_fill(
            account, market, order, match, now_ms, maker=maker
        )
        if order.is_open:
            account.reserve(order)
        else:
            account.close_order(order)
        self._exchange.keep(order)
        self._exchange.emit(trade_lite(order, market.grid, fill, now_ms))
        execution = "CALCULATED" if order.type == "LIQUIDATION" else "TRADE"
        self._exchange.report(order, market, execution, now_ms, fill)
        mark = self._exchange.marks[order.symbol]
        self._exchange.emit(account_update(account, "ORDER", now_ms, [(position, mark)]))
