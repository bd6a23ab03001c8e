"""When the margin is gone: orders are cancelled, positions closed by force.

A cross account is liquidated when its balance no longer covers the maintenance
margin of its cross positions, an isolated position when its own margin does
not. What a position loses beyond its margin is paid by the insurance fund, so a
wallet never ends below zero. Events as the venue sends them: MARGIN_CALL at
first, then orders named `autoclose-…` with execution type CALCULATED.
"""

from __future__ import annotations

from decimal import Decimal

from engine.paper.paper_account import PaperAccount, Position
from engine.paper.paper_events import account_update, margin_call, plain_amount
from engine.paper.paper_exchange import PaperExchange
from engine.paper.paper_grid import ZERO, money
from engine.paper.paper_margin import account_margin, symbol_margin
from engine.paper.paper_orders import PaperOrder

_WARNED_AT = Decimal("0.8")  # maintenance margin as a share of the balance


class LiquidationService:
    """Call `look` after every change of the marks. One thread only."""

    def __init__(self, exchange: PaperExchange) -> None:
        self._exchange = exchange
        self._warned: set[str] = set()

    def look(self, now_ms: int) -> None:
        for account in self._exchange.accounts.values():
            positions = account.live_positions()
            if not positions:
                self._warned.discard(account.account_id)
                continue
            self._look_at_cross(account, positions, now_ms)
            for position in positions:
                if account.is_isolated(position.symbol):
                    self._look_at_isolated(account, position, now_ms)

    def _look_at_cross(self, account: PaperAccount, positions: list[Position], now_ms: int) -> None:
        exchange = self._exchange
        total = account_margin(account, exchange.grids, exchange.marks)
        if not total.cross_maintenance:
            return
        if total.cross_maintenance < total.cross_balance * _WARNED_AT:
            self._warned.discard(account.account_id)
            return
        cross = [p for p in positions if not account.is_isolated(p.symbol)]
        if total.cross_balance > total.cross_maintenance:
            if account.account_id not in self._warned:
                self._warned.add(account.account_id)
                self._warn(account, cross, total.cross_wallet, now_ms)
            return
        for symbol in list(account.open_orders):
            if not account.is_isolated(symbol):
                self._cancel_orders(account, symbol, now_ms)
        for position in cross:
            self._close(account, position, now_ms)
        self._insure(account, -account.cross_wallet(), now_ms)

    def _look_at_isolated(self, account: PaperAccount, position: Position, now_ms: int) -> None:
        grid = self._exchange.grids[position.symbol]
        mark = self._exchange.marks[position.symbol]
        part = symbol_margin(account, grid, position.side, mark)
        if part.isolated_wallet + part.unrealized > part.maintenance:
            return
        self._cancel_orders(account, position.symbol, now_ms)
        floor = account.books.wallet - position.isolated_wallet
        self._close(account, position, now_ms)
        if not position.amount:
            self._insure(account, floor - account.books.wallet, now_ms)

    def _cancel_orders(self, account: PaperAccount, symbol: str, now_ms: int) -> None:
        for order in list(account.open_orders.get(symbol, {}).values()):
            self._exchange.cancel(account, order, now_ms)

    def _close(self, account: PaperAccount, position: Position, now_ms: int) -> None:
        exchange = self._exchange
        market = exchange.markets[position.symbol]
        order = PaperOrder(
            account_id=account.account_id,
            symbol=position.symbol,
            order_id=exchange.next_id(),
            client_order_id=f"autoclose-{now_ms}{exchange.next_id() % 1_000_000}",
            side="SELL" if position.amount > 0 else "BUY",
            type="LIQUIDATION",
            original_type="LIQUIDATION",
            time_in_force="IOC",
            qty_steps=market.spec.qty_to_steps(abs(position.amount)),
            created_ms=now_ms,
            updated_ms=now_ms,
            position_side=position.side,
            self_trade_prevention="NONE",
        )
        exchange.matching.force(account, order, now_ms)

    def _insure(self, account: PaperAccount, missing: Decimal, now_ms: int) -> None:
        """The insurance fund pays what the margin did not."""
        if missing <= 0:
            return
        account.move_wallet("deposits", missing)
        self._exchange.ledger.add_income(account, "INSURANCE_CLEAR", missing, now_ms)
        self._exchange.keep(account.books)
        self._exchange.emit(
            account_update(account, "INSURANCE_CLEAR", now_ms, balance_change=missing)
        )

    def _warn(
        self, account: PaperAccount, positions: list[Position], wallet: Decimal, now_ms: int
    ) -> None:
        exchange = self._exchange
        rows: list[dict[str, object]] = []
        for position in positions:
            mark = exchange.marks[position.symbol]
            part = symbol_margin(account, exchange.grids[position.symbol], position.side, mark)
            rows.append(
                {
                    "s": position.symbol,
                    "ps": position.side,
                    "pa": plain_amount(position.amount),
                    "mt": "CROSSED",
                    "iw": money(ZERO),
                    "mp": money(mark),
                    "up": money(part.unrealized),
                    "mm": money(part.maintenance),
                }
            )
        exchange.emit(margin_call(account, now_ms, wallet, rows))
