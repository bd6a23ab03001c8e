"""Margin arithmetic: what positions and open orders tie up, and what is left.

Initial margin = notional / leverage; of the two directions an order book may
push a position, the costlier one counts. Maintenance margin = notional x ratio -
cum of the bracket. Pure; marks are given.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from engine.paper.paper_account import PaperAccount
from engine.paper.paper_grid import ZERO, Grid

Marks = Mapping[str, Decimal]
Grids = Mapping[str, Grid]


class SymbolMargin(NamedTuple):
    """One position side of one symbol, in the margin asset."""

    amount: Decimal
    notional: Decimal  # signed
    unrealized: Decimal
    isolated_wallet: Decimal
    position_initial: Decimal
    order_initial: Decimal
    maintenance: Decimal
    bid_notional: Decimal
    ask_notional: Decimal

    @property
    def initial(self) -> Decimal:
        return self.position_initial + self.order_initial


class AccountMargin(NamedTuple):
    """The whole account, single-asset mode."""

    wallet: Decimal
    cross_wallet: Decimal
    unrealized: Decimal
    cross_unrealized: Decimal
    position_initial: Decimal
    order_initial: Decimal
    maintenance: Decimal
    cross_maintenance: Decimal
    available: Decimal

    @property
    def margin_balance(self) -> Decimal:
        return self.wallet + self.unrealized

    @property
    def cross_balance(self) -> Decimal:
        return self.cross_wallet + self.cross_unrealized


def symbol_margin(
    account: PaperAccount,
    grid: Grid,
    side: str,
    mark: Decimal,
    extra_bid: Decimal = ZERO,
    extra_ask: Decimal = ZERO,
) -> SymbolMargin:
    """`extra_*` is the notional of an order that is only being thought about."""
    symbol = grid.spec.symbol
    position = account.books.positions.get(f"{symbol}/{side}")
    amount = ZERO if position is None else position.amount
    leverage = account.leverage(symbol)
    notional = amount * mark
    bids = grid.quote(account.exposure(symbol, side, "BUY")) + extra_bid
    asks = grid.quote(account.exposure(symbol, side, "SELL")) + extra_ask
    opening = _worst(side, notional, bids, asks)
    size = abs(notional)
    maintenance = ZERO
    if size:
        bracket = grid.spec.bracket_for(size)
        maintenance = size * bracket.maint_margin_ratio - bracket.cum
    return SymbolMargin(
        amount=amount,
        notional=notional,
        unrealized=ZERO if position is None else position.unrealized(mark),
        isolated_wallet=ZERO if position is None else position.isolated_wallet,
        position_initial=size / leverage,
        order_initial=max(opening - size, ZERO) / leverage,
        maintenance=maintenance,
        bid_notional=bids,
        ask_notional=asks,
    )


def _worst(side: str, notional: Decimal, bids: Decimal, asks: Decimal) -> Decimal:
    if side == "LONG":
        return notional + bids
    if side == "SHORT":
        return abs(notional) + asks
    return max(abs(notional + bids), abs(notional - asks))


def account_margin(account: PaperAccount, grids: Grids, marks: Marks) -> AccountMargin:
    position_initial = order_initial = maintenance = unrealized = ZERO
    cross_unrealized = cross_maintenance = cross_initial = ZERO
    for symbol, side in active_keys(account, grids):
        part = symbol_margin(account, grids[symbol], side, marks[symbol])
        position_initial += part.position_initial
        order_initial += part.order_initial
        maintenance += part.maintenance
        unrealized += part.unrealized
        if not account.is_isolated(symbol):
            cross_unrealized += part.unrealized
            cross_maintenance += part.maintenance
            cross_initial += part.position_initial
    cross_wallet = account.cross_wallet()
    left = cross_wallet + cross_unrealized - cross_initial - order_initial
    return AccountMargin(
        wallet=account.books.wallet,
        cross_wallet=cross_wallet,
        unrealized=unrealized,
        cross_unrealized=cross_unrealized,
        position_initial=position_initial,
        order_initial=order_initial,
        maintenance=maintenance,
        cross_maintenance=cross_maintenance,
        available=max(left, ZERO),
    )


def active_keys(account: PaperAccount, grids: Grids) -> list[tuple[str, str]]:
    """(symbol, position side) with a position or an open order, in the venue's order."""
    symbols = {p.symbol for p in account.books.positions.values() if p.amount}
    symbols.update(symbol for symbol, orders in account.open_orders.items() if orders)
    return [
        (symbol, side) for symbol in grids if symbol in symbols for side in account.position_sides()
    ]


def liquidation_price(
    account: PaperAccount, grids: Grids, marks: Marks, symbol: str, side: str
) -> Decimal:
    """The mark at which this position's margin is gone, all else unchanged; 0 if none."""
    grid, mark = grids[symbol], marks[symbol]
    part = symbol_margin(account, grid, side, mark)
    if not part.amount:
        return ZERO
    if account.is_isolated(symbol):
        spare = part.isolated_wallet + part.unrealized - part.maintenance
    else:
        whole = account_margin(account, grids, marks)
        spare = whole.cross_balance - whole.cross_maintenance
    ratio = grid.spec.bracket_for(abs(part.notional)).maint_margin_ratio
    # the balance moves with the amount, the maintenance with its share of the notional
    slope = part.amount - abs(part.amount) * ratio
    return max(mark - spare / slope, ZERO)
