"""The venue itself: orders in, fills, events and records out. No I/O, no clock.

Every call takes the time and leaves behind what it caused: `take_events()` for
the user streams and `take_records()` for the state file. Both must be taken
after each call, the records first, so that nothing is told that could be lost.
One thread only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from engine.paper.matching_book import KillReason, Match, PlaceResult, StpMode
from engine.paper.paper_account import PaperAccount
from engine.paper.paper_algo_orders import ALGO_IDS
from engine.paper.paper_checks import (
    check_band,
    check_fillable,
    check_margin,
    check_notional,
    check_number,
    check_position_side,
    check_reduces,
    closable_steps,
    market_bound,
    matched_price,
    reduce_priority,
)
from engine.paper.paper_events import UserEvent, account_update, order_update, trade_lite
from engine.paper.paper_ledger import PaperLedger
from engine.paper.paper_market import PaperMarket
from engine.paper.paper_order_request import OrderRequest
from engine.paper.paper_orders import Amendment, PaperFill, PaperOrder, new_client_id
from engine.paper.paper_refusals import refusal
from engine.paper.price_source import MarketAction
from engine.trading_types import Side, TimeInForce

_EXPIRY_REASON = {
    KillReason.IOC_REST: 2,
    KillReason.MARKET_REST: 9,
    KillReason.SELF_TRADE: 1,
}
_REDUCE_ONLY_KNOCKED_OUT = 4
_MAKER_EXPIRED_BY_STP = 1


class PaperExchange:
    """All accounts and all markets. `verify` checks the wallet after every change."""

    def __init__(
        self,
        markets: Mapping[str, PaperMarket],
        accounts: Iterable[PaperAccount],
        *,
        next_id: int,
        verify: bool = False,
    ) -> None:
        self.markets = dict(markets)
        self.accounts = {account.account_id: account for account in accounts}
        self.grids = {symbol: market.grid for symbol, market in self.markets.items()}
        self.marks = {symbol: market.mark_price for symbol, market in self.markets.items()}
        self._next_id = next_id
        self.ledger = PaperLedger(self.next_id, self.keep, verify=verify)
        self._events: list[UserEvent] = []
        self._records: dict[int, msgspec.Struct] = {}
        self._dated: dict[int, PaperOrder] = {}  # good till a date
        self._countdowns: dict[tuple[str, str], int] = {}

    def next_id(self) -> int:
        """Ids of orders, amendments and income rows: one rising series."""
        self._next_id += 1
        return self._next_id

    def next_algo_id(self) -> int:
        """Ids of conditional orders: a series of its own, far from the orders'."""
        return ALGO_IDS + self.next_id()

    def take_events(self) -> list[UserEvent]:
        events, self._events = self._events, []
        return events

    def take_records(self) -> list[msgspec.Struct]:
        """Everything that changed since the last call, each thing once."""
        records, self._records = list(self._records.values()), {}
        return records

    def emit(self, event: UserEvent) -> None:
        self._events.append(event)

    def keep(self, record: msgspec.Struct) -> None:
        """Have `record` written to the state file before anything is answered."""
        self._records[id(record)] = record

    def market(self, symbol: str | None) -> PaperMarket:
        """Raises VenueError -1121."""
        found = self.markets.get(symbol or "")
        if found is None:
            raise refusal(-1121)
        return found

    # placing

    def place(
        self, account: PaperAccount, market: PaperMarket, request: OrderRequest, now_ms: int
    ) -> tuple[PaperOrder, dict[str, object]]:
        """The order and its answer. Raises VenueError when it is refused.

        The answer is the order as it was taken in, or with RESULT what became
        of an order that cannot rest.
        """
        order = self.accept(account, market, request, now_ms)
        check_fillable(order, market)
        account.add_order(order)
        if order.good_till_ms:
            self._dated[order.order_id] = order
        self.keep(order)
        self._report(order, market, "NEW", now_ms)
        answer = order.written(market.grid)
        self._match(account, order, market, now_ms)
        if request.wants_result and not order.is_open:
            answer = order.written(market.grid)
        return order, answer

    def accept(
        self, account: PaperAccount, market: PaperMarket, request: OrderRequest, now_ms: int
    ) -> PaperOrder:
        """Every check that needs the account; nothing is changed. Raises VenueError."""
        check_position_side(account, request)
        if request.client_order_id in account.open_by_client_id:
            raise refusal(-4116)
        price_ticks = request.price_ticks
        if request.price_match != "NONE":
            price_ticks = matched_price(market, request.side, request.price_match)
        order = PaperOrder(
            account_id=account.account_id,
            symbol=market.symbol,
            order_id=self.next_id(),
            client_order_id=request.client_order_id or new_client_id(),
            side=request.side,
            type=request.type,
            time_in_force=request.time_in_force,
            qty_steps=request.qty_steps,
            created_ms=now_ms,
            updated_ms=now_ms,
            price_ticks=price_ticks,
            position_side=request.position_side,
            reduce_only=request.reduce_only,
            close_position=request.close_position,
            price_match=request.price_match,
            self_trade_prevention=request.self_trade_prevention,
            good_till_ms=request.good_till_ms,
            original_type=request.original_type,
            stop_ticks=request.stop_ticks,
            working_type=request.working_type,
            price_protect=request.price_protect,
            activate_price=request.activate_price,
            callback_rate=request.callback_rate,
        )
        if order.only_reduces:
            check_reduces(account, market, order)
        check_number(account, market)
        check_band(market, order.side, order.price_ticks)
        check_notional(market, order)
        check_margin(account, market, order, self)
        return order

    def _match(
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
        self._settle(market, result, now_ms)

    def force(self, account: PaperAccount, order: PaperOrder, now_ms: int) -> None:
        """Execute a liquidation order at whatever price the book has."""
        market = self.markets[order.symbol]
        account.add_order(order)
        account.forced.append(order)
        self.keep(order)
        self._report(order, market, "NEW", now_ms)
        result = market.book.place(
            order.order_id,
            account.account_id,
            Side(order.side),
            None,
            order.qty_steps,
            now_ms=now_ms,
            tag=order,
        )
        self._settle(market, result, now_ms)
        market.new_forced.append(order)

    # amending and cancelling

    def amend(
        self,
        account: PaperAccount,
        order: PaperOrder,
        price_ticks: int,
        qty_steps: int,
        now_ms: int,
        *,
        modify_id: int | None = None,
    ) -> dict[str, object]:
        """Change price and total quantity; the answer. Raises VenueError, order unchanged."""
        market = self.markets[order.symbol]
        self._check_amend(account, market, order, price_ticks, qty_steps)
        amendment = Amendment(
            account_id=order.account_id,
            symbol=order.symbol,
            amendment_id=self.next_id(),
            order_id=order.order_id,
            client_order_id=order.client_order_id,
            time_ms=now_ms,
            count=order.amendments + 1,
            price_before=order.price_ticks,
            price_after=price_ticks,
            qty_before=order.qty_steps,
            qty_after=qty_steps,
            modify_id=modify_id,
        )
        if qty_steps <= order.executed_steps or self._would_break_post_only(order, price_ticks):
            return self.cancel(account, order, now_ms)
        order.price_ticks, order.qty_steps = price_ticks, qty_steps
        order.amendments += 1
        order.queue_id = amendment.amendment_id
        order.modify_id = modify_id
        order.updated_ms = now_ms
        account.reserve(order)
        account.amendments.append(amendment)
        self.keep(amendment)
        self.keep(order)
        self._report(order, market, "AMENDMENT", now_ms)
        answer = order.amended(market.grid)
        in_book = qty_steps
        if order.only_reduces:
            closable = closable_steps(account, market, order.position_side)
            in_book = order.executed_steps + min(order.remaining_steps, closable)
        result = market.book.amend(order.order_id, price_ticks, in_book, now_ms=now_ms)
        assert result is not None, "an open order rests in the book"
        self._settle(market, result, now_ms)
        return answer

    def cancel(self, account: PaperAccount, order: PaperOrder, now_ms: int) -> dict[str, object]:
        """Take an open order out; the answer."""
        market = self.markets[order.symbol]
        market.book.cancel(order.order_id)
        self._end(account, market, order, "CANCELED", "CANCELED", now_ms)
        return order.written(market.grid)

    def expire(self, order: PaperOrder, now_ms: int, reason: int, status: str = "EXPIRED") -> None:
        """End an open order by the venue's own will."""
        market = self.markets[order.symbol]
        market.book.cancel(order.order_id)
        order.expiry_reason = reason
        self._end(self.accounts[order.account_id], market, order, status, "EXPIRED", now_ms)

    def _would_break_post_only(self, order: PaperOrder, price_ticks: int) -> bool:
        if order.time_in_force not in ("GTX", "RPI"):
            return False
        return self.markets[order.symbol].book.would_take(Side(order.side), price_ticks)

    def _check_amend(
        self,
        account: PaperAccount,
        market: PaperMarket,
        order: PaperOrder,
        price_ticks: int,
        qty_steps: int,
    ) -> None:
        if order.type != "LIMIT":
            raise refusal(-5025)
        if (price_ticks, qty_steps) == (order.price_ticks, order.qty_steps):
            raise refusal(-5027)
        if order.amendments + 1 >= market.spec.max_move_order_limit:
            raise refusal(-5026)
        check_band(market, order.side, price_ticks)
        notional = market.grid.quote(price_ticks * qty_steps)
        if not order.only_reduces and notional < market.spec.min_notional:
            raise refusal(
                -5029,
                f"Order's notional must be no smaller than {market.spec.min_notional} "
                "(unless you choose reduce only).",
            )
        if not order.only_reduces:
            changed = msgspec.structs.replace(order, price_ticks=price_ticks, qty_steps=qty_steps)
            check_margin(account, market, changed, self, replaced=order)

    # what the book did

    def step_market(self, market: PaperMarket, now_ms: int) -> None:
        """Let the market's own makers and takers act."""
        if market.source is None:
            return
        for action in market.source.step(market.book, now_ms):
            result = market.apply(action, now_ms)
            if result is not None and result.matches:
                self._settle(market, result, now_ms)

    def start_market(
        self, market: PaperMarket, actions: Iterable[MarketAction], now_ms: int
    ) -> None:
        """Fill the first book, in which people's orders may already rest."""
        for action in actions:
            result = market.apply(action, now_ms)
            if result is not None:
                self._settle(market, result, now_ms)

    def fill_alone(self, order: PaperOrder, qty_steps: int, now_ms: int) -> int:
        """Trade with one resting order past its queue; the steps filled. For faults only."""
        market, account = self.markets[order.symbol], self.accounts[order.account_id]
        resting = market.book.cancel(order.order_id)
        if resting is None:
            return 0
        qty = min(qty_steps, resting.remaining)
        market.book.match_seq += 1
        match = Match(
            resting, order.price_ticks, qty, 0, market.book.match_seq, resting.remaining - qty
        )
        self._fill(market, order, match, now_ms, maker=True)
        market.on_matches([match], Side.SELL if order.is_buy else Side.BUY, now_ms)
        if order.is_open:
            self.restore(order)
        self.sync_reduce_only(account, market, now_ms)
        return qty

    def _settle(self, market: PaperMarket, result: PlaceResult, now_ms: int) -> None:
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
                self.expire(removed.tag, now_ms, _MAKER_EXPIRED_BY_STP, "EXPIRED_IN_MATCH")
        if isinstance(taker, PaperOrder) and taker.is_open and not result.rested:
            self._expire_rest(taker, result, now_ms)
        for account_id in touched:
            self.sync_reduce_only(self.accounts[account_id], market, now_ms)
        if isinstance(taker, PaperOrder) and taker.only_reduces and taker.is_open:
            self.sync_reduce_only(self.accounts[taker.account_id], market, now_ms)

    def _expire_rest(self, order: PaperOrder, result: PlaceResult, now_ms: int) -> None:
        if result.reason is None:
            # all that the position allowed has traded
            self.expire(order, now_ms, _REDUCE_ONLY_KNOCKED_OUT)
        elif result.reason is KillReason.SELF_TRADE:
            self.expire(order, now_ms, _EXPIRY_REASON[result.reason], "EXPIRED_IN_MATCH")
        else:
            self.expire(order, now_ms, _EXPIRY_REASON[result.reason])

    def _fill(
        self, market: PaperMarket, order: PaperOrder, match: Match, now_ms: int, *, maker: bool
    ) -> None:
        account = self.accounts[order.account_id]
        order.executed_steps += match.qty
        order.quote_units += match.price * match.qty
        order.status = "PARTIALLY_FILLED" if order.remaining_steps else "FILLED"
        order.updated_ms = now_ms
        fill, position = self.ledger.book_fill(account, market, order, match, now_ms, maker=maker)
        if order.is_open:
            account.reserve(order)
        else:
            account.close_order(order)
        self.keep(order)
        self.emit(trade_lite(order, market.grid, fill, now_ms))
        execution = "CALCULATED" if order.type == "LIQUIDATION" else "TRADE"
        self._report(order, market, execution, now_ms, fill)
        mark = self.marks[order.symbol]
        self.emit(account_update(account, "ORDER", now_ms, [(position, mark)]))

    def _end(
        self,
        account: PaperAccount,
        market: PaperMarket,
        order: PaperOrder,
        status: str,
        execution: str,
        now_ms: int,
    ) -> None:
        order.status = status
        order.updated_ms = now_ms
        account.close_order(order)
        self.keep(order)
        self._report(order, market, execution, now_ms)

    def _report(
        self,
        order: PaperOrder,
        market: PaperMarket,
        execution: str,
        now_ms: int,
        fill: PaperFill | None = None,
    ) -> None:
        account = self.accounts[order.account_id]
        grid = market.grid
        self.emit(
            order_update(
                order,
                grid,
                execution,
                now_ms,
                bid_notional=grid.quote(account.exposure(order.symbol, order.position_side, "BUY")),
                ask_notional=grid.quote(
                    account.exposure(order.symbol, order.position_side, "SELL")
                ),
                fill=fill,
            )
        )

    # reduce-only

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
                self.expire(order, now_ms, _REDUCE_ONLY_KNOCKED_OUT)
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
            self.expire(order, now_ms, _REDUCE_ONLY_KNOCKED_OUT)
            return
        self._rest(market, order, share, now_ms)
        self._requeued(order)

    def _requeued(self, order: PaperOrder) -> None:
        order.queue_id = self.next_id()
        self.keep(order)

    # time

    def on_marks(self, now_ms: int) -> None:
        """Bring every mark price up to date."""
        for symbol, market in self.markets.items():
            market.update_mark(now_ms)
            self.marks[symbol] = market.mark_price

    def set_countdown(self, account: PaperAccount, symbol: str, wait_ms: int, now_ms: int) -> None:
        """Cancel all of a symbol's orders at that time unless asked again; 0 = never."""
        key = (account.account_id, symbol)
        self._countdowns.pop(key, None)
        if wait_ms:
            self._countdowns[key] = now_ms + wait_ms

    def on_time(self, now_ms: int) -> None:
        """Expire what has outlived its date, cancel what nobody has called in for."""
        for key in [key for key, due_ms in self._countdowns.items() if due_ms <= now_ms]:
            del self._countdowns[key]
            account = self.accounts[key[0]]
            for order in list(account.open_orders.get(key[1], {}).values()):
                self.cancel(account, order, now_ms)
        for order in [o for o in self._dated.values() if not o.is_open or o.good_till_ms <= now_ms]:
            del self._dated[order.order_id]
            if order.is_open:
                self.expire(order, now_ms, 0)

    # restarting

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
        account, market = self.accounts[order.account_id], self.markets[order.symbol]
        return closable_steps(account, market, order.position_side)

    def restore(self, order: PaperOrder, share: int | None = None) -> None:
        """Put one order back into the book. `share` is what it may hold of the position."""
        account, market = self.accounts[order.account_id], self.markets[order.symbol]
        in_book = order.remaining_steps
        if order.only_reduces:
            in_book = min(in_book, self._closable(order) if share is None else share)
        if in_book == 0:
            account.add_order(order)
            self.expire(order, order.updated_ms, _REDUCE_ONLY_KNOCKED_OUT)
            return
        account.add_order(order)
        if order.good_till_ms:
            self._dated[order.order_id] = order
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
