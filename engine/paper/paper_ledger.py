"""Booking: what a fill does to position, wallet and income, every cent with its cause."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec

from engine.paper.matching_book import Match
from engine.paper.paper_account import PaperAccount, Position
from engine.paper.paper_grid import to_money
from engine.paper.paper_market import PaperMarket
from engine.paper.paper_orders import IncomeRow, PaperFill, PaperOrder


class PaperLedger:
    """Hands every record it makes to `keep`, which has it written down."""

    def __init__(
        self, next_id: Callable[[], int], keep: Callable[[msgspec.Struct], None], *, verify: bool
    ) -> None:
        self._next_id = next_id
        self._keep = keep
        self._verify = verify

    def book_fill(
        self,
        account: PaperAccount,
        market: PaperMarket,
        order: PaperOrder,
        match: Match,
        now_ms: int,
        *,
        maker: bool,
    ) -> tuple[PaperFill, Position]:
        """Position, wallet and income of one fill."""
        spec = market.spec
        price, qty = spec.ticks_to_price(match.price), spec.steps_to_qty(match.qty)
        rate = spec.maker_commission if maker else spec.taker_commission
        commission = to_money(price * qty * rate)
        position = account.position(order.symbol, order.position_side)
        before = position.amount
        realized = position.apply(qty if order.is_buy else -qty, price, commission)
        position.updated_ms = account.books.updated_ms = now_ms
        if account.is_isolated(order.symbol):
            account.carry_isolated(position, before, price)
        account.move_wallet("realized", realized)
        account.move_wallet("commission", -commission)
        fill = PaperFill(
            account_id=order.account_id,
            symbol=order.symbol,
            trade_id=match.match_seq,
            order_id=order.order_id,
            side=order.side,
            position_side=order.position_side,
            price_ticks=match.price,
            qty_steps=match.qty,
            commission=commission,
            realized=realized,
            maker=maker,
            time_ms=now_ms,
        )
        self._write_down(account, fill)
        return fill, position

    def _write_down(self, account: PaperAccount, fill: PaperFill) -> None:
        if fill.realized:
            self.add_income(account, "REALIZED_PNL", fill.realized, fill.time_ms, fill=fill)
        self.add_income(account, "COMMISSION", -fill.commission, fill.time_ms, fill=fill)
        account.fills[fill.symbol].append(fill)
        self._keep(fill)
        self._keep(account.books)
        if self._verify:
            account.books.check()

    def add_income(
        self,
        account: PaperAccount,
        kind: str,
        amount: Decimal,
        now_ms: int,
        *,
        symbol: str = "",
        fill: PaperFill | None = None,
    ) -> None:
        row = IncomeRow(
            account_id=account.account_id,
            tran_id=self._next_id(),
            kind=kind,
            income=amount,
            time_ms=now_ms,
            symbol=symbol if fill is None else fill.symbol,
            trade_id="" if fill is None else str(fill.trade_id),
        )
        account.income.append(row)
        self._keep(row)
