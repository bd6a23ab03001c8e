"""Funding: every eight hours the long side pays the short one, or the other way round.

Payment = signed amount x mark x rate; a long pays when the rate is above zero.
"""

from __future__ import annotations

from engine.paper.paper_account import PaperAccount, Position
from engine.paper.paper_events import account_update
from engine.paper.paper_exchange import PaperExchange
from engine.paper.paper_grid import to_money
from engine.paper.paper_market import Funding


def settle_funding(exchange: PaperExchange, now_ms: int) -> None:
    """Pay what has fallen due; call about once a second."""
    for market in exchange.markets.values():
        due = market.funding_due(now_ms)
        if due is None:
            continue
        for account in exchange.accounts.values():
            for position in account.live_positions():
                if position.symbol == market.symbol:
                    _pay(exchange, account, due, position, now_ms)


def _pay(
    exchange: PaperExchange,
    account: PaperAccount,
    due: Funding,
    position: Position,
    now_ms: int,
) -> None:
    symbol, mark = position.symbol, due.mark_price
    payment = to_money(-position.amount * mark * due.rate)
    account.move_wallet("funding", payment)
    account.books.updated_ms = now_ms
    isolated = account.is_isolated(symbol)
    if isolated:
        position.isolated_wallet += payment
    exchange.ledger.add_income(account, "FUNDING_FEE", payment, now_ms, symbol=symbol)
    exchange.keep(account.books)
    exchange.emit(
        account_update(
            account,
            "FUNDING_FEE",
            now_ms,
            [(position, mark)] if isolated else [],
            payment,
            symbol,
        )
    )
