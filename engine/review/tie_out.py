"""The exchange's statement against the journal, booking by booking. Pure.

Profit and fees are compared by trade, everything else by the line's own identity.
What is 0 is no booking: the exchange may leave it out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from engine.journal.fifo_pnl import is_quote
from engine.review_views import TieOutDifference, TieOutLine
from engine.views import ZERO, FillView, IncomeView

BY_TRADE = ("REALIZED_PNL", "COMMISSION")


class _Key(NamedTuple):
    kind: str
    asset: str
    symbol: str
    identity: str  # trade id, or the transaction's


class Booked(NamedTuple):
    key: _Key
    time_ms: int
    amount: Decimal


def bookings_of_statement(rows: Iterable[IncomeView]) -> Iterator[Booked]:
    for row in rows:
        is_trade = row.kind in BY_TRADE
        identity = row.trade_id if is_trade else f"{row.transaction_id}@{row.time_ms}"
        key = _Key(row.kind, row.asset, row.symbol, identity)
        yield Booked(key, row.time_ms, row.income)


def bookings_of_fill(fill: FillView, quote_asset: str) -> Iterator[Booked]:
    """What one trade must have booked: its profit in `quote_asset`, its fee as it says."""
    trade_id = str(fill.trade_id)
    profit = _Key("REALIZED_PNL", quote_asset, fill.symbol, trade_id)
    yield Booked(profit, fill.time_ms, fill.realized_pnl)
    asset = fill.commission_asset or quote_asset
    fee = _Key("COMMISSION", asset, fill.symbol, trade_id)
    yield Booked(fee, fill.time_ms, -fill.commission)


def quote_assets(statement: Iterable[IncomeView]) -> dict[str, str]:
    """By symbol, what its profit is booked in: the statement's own word."""
    return {
        row.symbol: row.asset for row in statement if row.symbol and is_quote(row.symbol, row.asset)
    }


class TieOutSides:
    """Both sides by booking. Feed them, then read what differs."""

    def __init__(self) -> None:
        self._venue = _Side()
        self._journal = _Side()

    def venue(self, bookings: Iterable[Booked]) -> None:
        self._venue.take(bookings)

    def journal(self, bookings: Iterable[Booked]) -> None:
        self._journal.take(bookings)

    def lines(self) -> list[TieOutLine]:
        """Sums by kind and asset."""
        venue, journal = self._venue.sums(), self._journal.sums()
        return [
            TieOutLine(
                kind=kind,
                asset=asset,
                venue=venue[kind, asset][0],
                journal=journal[kind, asset][0],
                venue_rows=venue[kind, asset][1],
                journal_rows=journal[kind, asset][1],
            )
            for kind, asset in sorted(venue.keys() | journal.keys())
        ]

    def differences(self) -> list[TieOutDifference]:
        """Every booking that is not the same on both sides, oldest first."""
        venue, journal = self._venue.amounts, self._journal.amounts
        keys = {key for key in venue.keys() | journal.keys() if venue.get(key) != journal.get(key)}
        found = [
            TieOutDifference(
                kind=key.kind,
                symbol=key.symbol,
                asset=key.asset,
                trade_id=key.identity.partition("@")[0],
                time_ms=self._venue.times.get(key) or self._journal.times[key],
                venue=venue.get(key),
                journal=journal.get(key),
            )
            for key in keys
        ]
        return sorted(found, key=lambda one: (one.time_ms, one.symbol, one.trade_id, one.kind))


class _Side:
    def __init__(self) -> None:
        self.amounts: dict[_Key, Decimal] = {}
        self.times: dict[_Key, int] = {}

    def take(self, bookings: Iterable[Booked]) -> None:
        """A trade with ourselves has two bookings of one key: they are added."""
        for key, time_ms, amount in bookings:
            if amount:
                self.amounts[key] = self.amounts.get(key, ZERO) + amount
                self.times[key] = time_ms

    def sums(self) -> defaultdict[tuple[str, str], tuple[Decimal, int]]:
        sums: defaultdict[tuple[str, str], tuple[Decimal, int]] = defaultdict(lambda: (ZERO, 0))
        for key, amount in self.amounts.items():
            total, count = sums[key.kind, key.asset]
            sums[key.kind, key.asset] = (total + amount, count + 1)
        return sums
