"""The venue's books, gone through as an auditor would: from the fills up."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from itertools import chain

from engine.paper.paper_account import PaperAccount
from engine.paper.paper_exchange import PaperExchange
from engine.paper.paper_orders import PaperFill
from engine.paper.paper_venue import PaperVenue

_CENT = Decimal("0.01")
_SIDES = ("BOTH", "LONG", "SHORT")


def audit(venue: PaperVenue) -> None:
    """AssertionError or BugError on the first thing that is not true."""
    exchange = venue.exchange
    for market in exchange.markets.values():
        market.book.check()
    for account in exchange.accounts.values():
        account.books.check()
        _audit_income(account)
        _audit_orders(exchange, account)
        _audit_positions(exchange, account)
        waiting = Counter(a.symbol for a in venue.algos.open_of(account) if a.waits)
        assert waiting == +account.waiting_algos
    _audit_trades(exchange)


def _audit_income(account: PaperAccount) -> None:
    """Every cent of the wallet is explained by a row, and every row by a book."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in account.income:
        sums[row.kind] += row.income
    books = account.books
    assert sums["TRANSFER"] + sums["INSURANCE_CLEAR"] == books.deposits
    assert sums["REALIZED_PNL"] == books.realized
    assert -sums["COMMISSION"] == books.commission
    assert sums["FUNDING_FEE"] == books.funding
    assert sum(sums.values()) == books.wallet
    assert all(row.income >= 0 for row in account.income if row.kind == "INSURANCE_CLEAR")


def _fills(account: PaperAccount) -> list[PaperFill]:
    return list(chain.from_iterable(account.fills.values()))


def _audit_orders(exchange: PaperExchange, account: PaperAccount) -> None:
    executed: Counter[tuple[str, int]] = Counter()
    quote: Counter[tuple[str, int]] = Counter()
    for fill in _fills(account):
        assert fill.qty_steps > 0
        executed[fill.symbol, fill.order_id] += fill.qty_steps
        quote[fill.symbol, fill.order_id] += fill.qty_steps * fill.price_ticks
    exposure: Counter[tuple[str, str, str]] = Counter()
    for key, order in account.orders.items():
        assert order.executed_steps == executed[key] <= order.qty_steps
        assert order.quote_units == quote[key]
        assert (order.status == "FILLED") == (order.executed_steps == order.qty_steps)
        resting = exchange.markets[order.symbol].book.get(order.order_id)
        assert (resting is not None) == order.is_open, (order, resting)
        assert (order.order_id in account.open_orders[order.symbol]) == order.is_open
        if resting is None:
            continue
        assert 0 < resting.remaining <= order.remaining_steps
        if not order.only_reduces:
            assert resting.remaining == order.remaining_steps
            side = (order.symbol, order.position_side, order.side)
            exposure[side] += order.price_ticks * order.remaining_steps
    for key, units in exposure.items():
        assert account.exposure(*key) == units
    assert sum(exposure.values()) == sum(account._exposure.values())


def _audit_positions(exchange: PaperExchange, account: PaperAccount) -> None:
    for symbol, market in exchange.markets.items():
        for side in _SIDES:
            fills = [fill for fill in account.fills[symbol] if fill.position_side == side]
            signed = sum(f.qty_steps if f.side == "BUY" else -f.qty_steps for f in fills)
            amount = account.amount(symbol, side)
            assert market.spec.steps_to_qty(signed) == amount
            if side == "LONG":
                assert amount >= 0
            if side == "SHORT":
                assert amount <= 0
            _audit_profit(exchange, account, symbol, side, fills)
            reduces = [
                exchange.markets[symbol].book.get(order.order_id)
                for order in account.reduce_only[symbol].values()
                if order.position_side == side
            ]
            left = sum(resting.remaining for resting in reduces if resting is not None)
            assert market.spec.steps_to_qty(left) <= abs(amount)


def _audit_profit(
    exchange: PaperExchange,
    account: PaperAccount,
    symbol: str,
    side: str,
    fills: list[PaperFill],
) -> None:
    """Realized and open profit are what was paid out and in: no cent comes from nowhere."""
    spec = exchange.markets[symbol].spec
    paid = sum(
        (
            (-1 if f.side == "BUY" else 1)
            * spec.ticks_to_price(f.price_ticks)
            * spec.steps_to_qty(f.qty_steps)
            for f in fills
        ),
        Decimal(0),
    )
    position = account.books.positions.get(f"{symbol}/{side}")
    realized = sum((fill.realized for fill in fills), Decimal(0))
    if position is None:
        assert not fills
        return
    mark = exchange.marks[symbol]
    assert realized == position.realized
    assert abs(realized + position.unrealized(mark) - (paid + position.amount * mark)) < _CENT
    isolated = account.is_isolated(symbol) and position.amount
    assert isolated or position.isolated_wallet == 0


def _audit_trades(exchange: PaperExchange) -> None:
    """Two people in one trade: one buys and one sells, the same, one of them the maker."""
    by_trade: dict[tuple[str, int], list[PaperFill]] = defaultdict(list)
    for account in exchange.accounts.values():
        for fill in _fills(account):
            by_trade[fill.symbol, fill.trade_id].append(fill)
    for fills in by_trade.values():
        assert len(fills) <= 2
        if len(fills) == 2:
            one, other = fills
            assert {one.side, other.side} == {"BUY", "SELL"}
            assert one.maker != other.maker
            assert (one.price_ticks, one.qty_steps) == (other.price_ticks, other.qty_steps)
