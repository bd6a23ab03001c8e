"""Orders that end at a time: good till a date, or unless somebody calls in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.paper.paper_account import PaperAccount
from engine.paper.paper_orders import PaperOrder

if TYPE_CHECKING:
    from engine.paper.paper_exchange import PaperExchange


class Deadlines:
    """One thread only."""

    def __init__(self, exchange: PaperExchange) -> None:
        self._exchange = exchange
        self._dated: dict[int, PaperOrder] = {}
        self._countdowns: dict[tuple[str, str], int] = {}

    def note(self, order: PaperOrder) -> None:
        """Remember an order's date, if it has one."""
        if order.good_till_ms:
            self._dated[order.order_id] = order

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
            account = self._exchange.accounts[key[0]]
            for order in list(account.open_orders.get(key[1], {}).values()):
                self._exchange.cancel(account, order, now_ms)
        for order in [o for o in self._dated.values() if not o.is_open or o.good_till_ms <= now_ms]:
            del self._dated[order.order_id]
            if order.is_open:
                self._exchange.expire(order, now_ms, 0)
