"""The venue itself: orders in, fills, events and records out. No I/O, no clock.

Every call takes the time and leaves behind what it caused: `take_events()` for
the user streams and `take_records()` for the state file. Both must be taken
after each call, the records first, so that nothing is told that could be lost.
One thread only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from engine.paper.paper_account import PaperAccount
from engine.paper.paper_algo_orders import ALGO_IDS
from engine.paper.paper_checks import (
    check_amend,
    check_band,
    check_fillable,
    check_margin,
    check_notional,
    check_number,
    check_position_side,
    check_reduces,
    closable_steps,
    matched_price,
)
from engine.paper.paper_deadlines import Deadlines
from engine.paper.paper_events import UserEvent, order_update
from engine.paper.paper_ledger import PaperLedger
from engine.paper.paper_market import PaperMarket
from engine.paper.paper_matching import Matching
from engine.paper.paper_order_request import OrderRequest
from engine.paper.paper_orders import Amendment, PaperFill, PaperOrder, new_client_id
from engine.paper.paper_refusals import refusal
from engine.paper.paper_resting import RestingOrders
from engine.trading_types import Side


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
        self.deadlines = Deadlines(self)
        self.resting = RestingOrders(self)
        self.matching = Matching(self, self.resting)

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
        self.deadlines.note(order)
        self.keep(order)
        self.report(order, market, "NEW", now_ms)
        answer = order.written(market.grid)
        self.matching.match(account, order, market, now_ms)
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
        order = self._new_order(account, market, request, now_ms)
        if order.only_reduces:
            check_reduces(account, market, order)
        check_number(account, market)
        check_band(market, order.side, order.price_ticks)
        check_notional(market, order)
        check_margin(account, market, order, self)
        return order

    def _new_order(
        self, account: PaperAccount, market: PaperMarket, request: OrderRequest, now_ms: int
    ) -> PaperOrder:
        price_ticks = request.price_ticks
        if request.price_match != "NONE":
            price_ticks = matched_price(market, request.side, request.price_match)
        return PaperOrder(
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
        check_amend(account, market, order, price_ticks, qty_steps, self)
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
        order.take(amendment)
        account.reserve(order)
        account.amendments.append(amendment)
        self.keep(amendment)
        self.keep(order)
        self.report(order, market, "AMENDMENT", now_ms)
        answer = order.amended(market.grid)
        self._move_in_book(account, market, order, now_ms)
        return answer

    def _move_in_book(
        self, account: PaperAccount, market: PaperMarket, order: PaperOrder, now_ms: int
    ) -> None:
        in_book = order.qty_steps
        if order.only_reduces:
            closable = closable_steps(account, market, order.position_side)
            in_book = order.executed_steps + min(order.remaining_steps, closable)
        result = market.book.amend(order.order_id, order.price_ticks, in_book, now_ms=now_ms)
        assert result is not None, "an open order rests in the book"
        self.matching.settle(market, result, now_ms)

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
        self.report(order, market, execution, now_ms)

    def report(
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

    def on_marks(self, now_ms: int) -> None:
        """Bring every mark price up to date."""
        for symbol, market in self.markets.items():
            market.update_mark(now_ms)
            self.marks[symbol] = market.mark_price
