"""Conditional orders: waiting outside the book until a price is reached.

NEW -> TRIGGERING -> TRIGGERED (an order is in the book) -> FINISHED; or
CANCELED, REJECTED at the trigger, EXPIRED when its position has gone. The
triggers look at every print since the last look, so that no spike is missed.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from engine.errors import VenueError
from engine.paper.paper_account import PaperAccount
from engine.paper.paper_algo_orders import PaperAlgoOrder
from engine.paper.paper_checks import check_number
from engine.paper.paper_events import algo_update
from engine.paper.paper_exchange import PaperExchange
from engine.paper.paper_market import PaperMarket
from engine.paper.paper_order_request import OrderRequest
from engine.paper.paper_orders import new_client_id
from engine.paper.paper_refusals import refusal

MAX_OPEN_ALGOS = 200
_KEPT_ENDED = 10_000
_ROUNDS = 10  # a trigger may set off another; what is left waits for the next look


class AlgoService:
    """Owned by the venue; one thread only. `look` after every operation."""

    def __init__(self, exchange: PaperExchange) -> None:
        self._exchange = exchange
        self._all: dict[int, PaperAlgoOrder] = {}
        self._waiting: dict[str, dict[int, PaperAlgoOrder]] = {s: {} for s in exchange.markets}
        self._triggered: dict[int, PaperAlgoOrder] = {}
        self._ended: deque[PaperAlgoOrder] = deque()
        self._by_client_id: dict[tuple[str, str], PaperAlgoOrder] = {}
        self._seen: dict[str, tuple[int, Decimal]] = {}
        self._refused_next: set[str] = set()

    def restore(self, algo: PaperAlgoOrder) -> None:
        self._all[algo.algo_id] = algo
        self._by_client_id[algo.account_id, algo.client_algo_id] = algo
        if algo.waits and algo.symbol in self._waiting:
            self._waiting[algo.symbol][algo.algo_id] = algo
            self._exchange.accounts[algo.account_id].waiting_algos[algo.symbol] += 1
        elif algo.is_open:
            self._triggered[algo.algo_id] = algo
        else:
            self._remember_ended(algo)

    def place(self, account: PaperAccount, algo: PaperAlgoOrder, now_ms: int) -> PaperAlgoOrder:
        """Take a parsed order in. Raises VenueError."""
        market = self._exchange.markets[algo.symbol]
        self._check(account, market, algo)
        algo.algo_id = self._exchange.next_algo_id()
        algo.client_algo_id = algo.client_algo_id or new_client_id()
        if algo.is_trailing and not algo.activate_ticks:
            algo.is_active = True
            algo.extreme_ticks = self._working_ticks(market, algo)
        self.restore(algo)
        self._tell(algo, now_ms)
        return algo

    def _check(self, account: PaperAccount, market: PaperMarket, algo: PaperAlgoOrder) -> None:
        self._check_sides(account, algo)
        waiting = [a for a in self.open_of(account) if a.waits]
        if len(waiting) >= MAX_OPEN_ALGOS:
            raise refusal(-4045)
        check_number(account, market)
        twin = self._by_client_id.get((account.account_id, algo.client_algo_id))
        if twin is not None and twin.is_open:
            raise refusal(-4116)
        if algo.close_position and any(_same_closer(algo, other) for other in waiting):
            raise refusal(-4130)
        price = market.spec.ticks_to_price(algo.price_ticks or algo.trigger_ticks)
        notional = (price or market.last_price) * market.spec.steps_to_qty(algo.qty_steps)
        exempt = algo.close_position or algo.reduce_only or account.books.dual_side
        if not exempt and notional < market.spec.min_notional:
            raise refusal(
                -4164,
                f"Order's notional must be no smaller than {market.spec.min_notional} "
                "(unless you choose reduce only).",
            )
        self._check_prices(market, algo)

    @staticmethod
    def _check_sides(account: PaperAccount, algo: PaperAlgoOrder) -> None:
        if not account.books.dual_side:
            if algo.position_side != "BOTH":
                raise refusal(-4061)
            return
        if algo.position_side == "BOTH":
            raise refusal(-4061)
        if algo.reduce_only:
            raise refusal(-1106, "Parameter 'reduceonly' sent when not required.")
        if algo.close_position and (algo.position_side == "LONG") == algo.is_buy:
            raise refusal(-4061)

    def _check_prices(self, market: PaperMarket, algo: PaperAlgoOrder) -> None:
        last = self._working_ticks(market, algo)
        if algo.is_trailing:
            wrong = algo.activate_ticks and (
                algo.activate_ticks >= last if algo.is_buy else algo.activate_ticks <= last
            )
            if wrong:
                raise refusal(-4135)
        elif _is_reached(algo, last, last):
            raise refusal(-2021)

    def cancel(self, algo: PaperAlgoOrder, now_ms: int) -> None:
        """Raises VenueError -2011 when it no longer waits."""
        if not algo.waits:
            raise refusal(-2011)
        self._stop_waiting(algo, "CANCELED", now_ms)

    def find(
        self, account: PaperAccount, algo_id: int | None, client_id: str
    ) -> PaperAlgoOrder | None:
        found = (
            self._all.get(algo_id)
            if algo_id is not None
            else self._by_client_id.get((account.account_id, client_id))
        )
        return found if found is not None and found.account_id == account.account_id else None

    def of(self, account: PaperAccount) -> list[PaperAlgoOrder]:
        return [a for a in self._all.values() if a.account_id == account.account_id]

    def open_of(self, account: PaperAccount) -> list[PaperAlgoOrder]:
        rows = [a for algos in self._waiting.values() for a in algos.values()]
        rows += self._triggered.values()
        return [a for a in rows if a.account_id == account.account_id]

    # triggers

    def refuse_next_trigger(self, account_id: str) -> None:
        """As when the margin has gone since the order was taken: nobody looked at it then."""
        self._refused_next.add(account_id)

    def look(self, now_ms: int) -> None:
        """Trigger, finish and expire what is due."""
        for symbol, waiting in self._waiting.items():
            if waiting:
                self._look_at(self._exchange.markets[symbol], waiting, now_ms)
        if self._triggered:
            self._finish_done(now_ms)
        for waiting in self._waiting.values():
            for algo in list(waiting.values()):
                self._expire_if_gone(algo, now_ms)

    def _look_at(
        self, market: PaperMarket, waiting: dict[int, PaperAlgoOrder], now_ms: int
    ) -> None:
        looked = 0
        for _ in range(_ROUNDS):
            prints = market.new_prints[looked:]
            looked = len(market.new_prints)
            ticks = [printed.price_ticks for printed in prints] or [market.last_ticks]
            ticks.append(market.last_ticks)
            due = [a for a in waiting.values() if self._is_due(market, a, ticks)]
            for algo in due:
                if algo.waits:
                    self._trigger(market, algo, now_ms)
            if len(market.new_prints) == looked:
                break

    def _is_due(self, market: PaperMarket, algo: PaperAlgoOrder, ticks: list[int]) -> bool:
        if algo.working_type == "MARK_PRICE":
            ticks = [_mark_ticks(market)]
        if algo.price_protect and not _is_protected_price(market):
            return False
        if not algo.is_trailing:
            return _is_reached(algo, min(ticks), max(ticks))
        return any(self._trail(algo, tick) for tick in ticks)

    def _trail(self, algo: PaperAlgoOrder, tick: int) -> bool:
        """Follow the price; True when it has turned by the callback rate."""
        if not algo.is_active:
            reached = tick <= algo.activate_ticks if algo.is_buy else tick >= algo.activate_ticks
            if not reached:
                return False
            algo.is_active, algo.extreme_ticks = True, tick
            self._tell(algo, algo.updated_ms)
        extreme = (min if algo.is_buy else max)(algo.extreme_ticks, tick)
        if extreme != algo.extreme_ticks:
            algo.extreme_ticks = extreme
            self._exchange.keep(algo)
        rate = algo.callback_rate / 100
        if algo.is_buy:
            return tick >= algo.extreme_ticks * (1 + rate)
        return tick <= algo.extreme_ticks * (1 - rate)

    def _trigger(self, market: PaperMarket, algo: PaperAlgoOrder, now_ms: int) -> None:
        account = self._exchange.accounts[algo.account_id]
        self._forget_waiting(algo)
        self._triggered[algo.algo_id] = algo
        algo.triggered_ms = now_ms
        self._set(algo, "TRIGGERING", now_ms)
        try:
            if algo.account_id in self._refused_next:
                self._refused_next.discard(algo.account_id)
                raise refusal(-2019)
            request = self._request(account, market, algo)
            order, _ = self._exchange.place(account, market, request, now_ms)
        except VenueError as error:
            del self._triggered[algo.algo_id]
            algo.reject_reason = error.text
            self._set(algo, "REJECTED", now_ms)
            return
        algo.order_id, algo.order_type = order.order_id, order.type
        self._set(algo, "TRIGGERED", now_ms)

    def _request(
        self, account: PaperAccount, market: PaperMarket, algo: PaperAlgoOrder
    ) -> OrderRequest:
        steps = algo.qty_steps
        if algo.close_position:
            amount = account.amount(algo.symbol, algo.position_side)
            steps = market.spec.qty_to_steps(abs(amount))
            if steps == 0 or algo.is_buy == (amount > 0):
                raise refusal(-2022)
        return OrderRequest(
            side=algo.side,
            type="LIMIT" if algo.is_limit else "MARKET",
            qty_steps=steps,
            time_in_force=algo.time_in_force if algo.is_limit else "GTC",
            price_ticks=algo.price_ticks,
            price_match=algo.price_match,
            position_side=algo.position_side,
            reduce_only=algo.reduce_only or (algo.close_position and not account.books.dual_side),
            self_trade_prevention=algo.self_trade_prevention,
            good_till_ms=algo.good_till_ms,
            close_position=algo.close_position,
            original_type=algo.type,
            stop_ticks=algo.trigger_ticks,
            working_type=algo.working_type,
            price_protect=algo.price_protect,
            activate_price=market.grid.price(algo.activate_ticks) if algo.is_trailing else "",
            callback_rate=f"{algo.callback_rate:f}" if algo.is_trailing else "",
        )

    def _finish_done(self, now_ms: int) -> None:
        for algo in list(self._triggered.values()):
            account = self._exchange.accounts[algo.account_id]
            order = account.orders.get((algo.symbol, algo.order_id))
            if order is not None and order.is_open:
                continue
            if order is not None:
                algo.executed_steps, algo.quote_units = order.executed_steps, order.quote_units
            del self._triggered[algo.algo_id]
            self._set(algo, "FINISHED", now_ms)

    def _expire_if_gone(self, algo: PaperAlgoOrder, now_ms: int) -> None:
        """A close-position order ends with its position, any with its date."""
        if algo.good_till_ms and algo.good_till_ms <= now_ms:
            self._stop_waiting(algo, "EXPIRED", now_ms)
        if not algo.close_position or not algo.waits:
            return
        amount = self._exchange.accounts[algo.account_id].amount(algo.symbol, algo.position_side)
        if amount and algo.is_buy == (amount < 0):
            if not algo.held_position:
                algo.held_position = True
                self._exchange.keep(algo)
        elif algo.held_position:
            self._stop_waiting(algo, "EXPIRED", now_ms)

    # changes

    def _stop_waiting(self, algo: PaperAlgoOrder, status: str, now_ms: int) -> None:
        self._forget_waiting(algo)
        self._set(algo, status, now_ms)

    def _forget_waiting(self, algo: PaperAlgoOrder) -> None:
        if self._waiting[algo.symbol].pop(algo.algo_id, None) is not None:
            self._exchange.accounts[algo.account_id].waiting_algos[algo.symbol] -= 1

    def _set(self, algo: PaperAlgoOrder, status: str, now_ms: int) -> None:
        algo.status, algo.updated_ms = status, now_ms
        self._tell(algo, now_ms)
        if not algo.is_open:
            self._remember_ended(algo)

    def _remember_ended(self, algo: PaperAlgoOrder) -> None:
        self._ended.append(algo)
        if len(self._ended) > _KEPT_ENDED:
            oldest = self._ended.popleft()
            del self._all[oldest.algo_id]
            key = (oldest.account_id, oldest.client_algo_id)
            if self._by_client_id.get(key) is oldest:
                del self._by_client_id[key]

    def _tell(self, algo: PaperAlgoOrder, now_ms: int) -> None:
        self._exchange.keep(algo)
        self._exchange.emit(algo_update(algo, self._exchange.grids[algo.symbol], now_ms))

    @staticmethod
    def _working_ticks(market: PaperMarket, algo: PaperAlgoOrder) -> int:
        if algo.working_type == "MARK_PRICE":
            return _mark_ticks(market)
        return market.last_ticks


def _is_reached(algo: PaperAlgoOrder, lowest: int, highest: int) -> bool:
    """STOP: BUY at or above the trigger, SELL at or below; TAKE_PROFIT the other way."""
    if algo.is_stop == algo.is_buy:
        return highest >= algo.trigger_ticks
    return lowest <= algo.trigger_ticks


def _same_closer(one: PaperAlgoOrder, other: PaperAlgoOrder) -> bool:
    return (
        other.close_position
        and other.symbol == one.symbol
        and other.side == one.side
        and other.position_side == one.position_side
        and other.is_stop == one.is_stop
    )


def _mark_ticks(market: PaperMarket) -> int:
    return round(market.mark_price / market.spec.tick_size)


def _is_protected_price(market: PaperMarket) -> bool:
    """Mark and last are close enough for a protected trigger."""
    gap = abs(market.mark_price - market.last_price) / market.mark_price
    return gap <= market.spec.trigger_protect
