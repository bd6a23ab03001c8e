"""Realised profit by first in, first out: of each closing fill, and of each round trip. Pure.

The exchange books profit at the average entry price; here every closing fill takes
the oldest open lots of its (symbol, position side) first. Over a whole round trip,
from flat to flat, both give the same sum; in between they differ.

Fees in the quote asset are split by quantity between the lots that they belong to.
Fees in another asset (BNB) are added up by asset and never converted: the rate of
the moment is not known. Funding is no fill and is not in here.

What was opened before the first fill known has no entry price here. A fill that the
exchange gave a profit, or that can only close (hedge mode), and that meets no open
lot is counted as `unmatched`; its profit is the exchange's word alone.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache

import msgspec

from engine.review_views import RoundTrip
from engine.trading_types import PositionSide, Side
from engine.utils.decimals import plain
from engine.utils.letting_go import let_go
from engine.views import ZERO, FillView

Key = tuple[str, PositionSide]


class ClosedFill(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A closing fill, or the part of one that closes. Money in the symbol's quote asset.

    `quantity` was matched, at `entry_price` on average; `unmatched` met no lot. `fees`
    are this fill's and its lots' share; `pnl` is before them, `venue_pnl` the exchange's.
    """

    symbol: str
    position_side: PositionSide
    trade_id: int
    order_id: int
    time_ms: int
    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal
    pnl: Decimal
    fees: Decimal
    venue_pnl: Decimal
    unmatched: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        return self.pnl - self.fees


class OpenLot(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is still held of one opening fill, with its share of the fee."""

    symbol: str
    position_side: PositionSide
    side: Side
    trade_id: int
    time_ms: int
    price: Decimal
    quantity: Decimal
    fee: Decimal


class RealizedPnl(msgspec.Struct, frozen=True, kw_only=True):
    """The two accounts side by side, in one quote asset. `fees` are of all fills, also opening."""

    fifo: Decimal = ZERO
    venue: Decimal = ZERO
    fees: Decimal = ZERO
    other_fees: Mapping[str, Decimal] = {}
    unmatched_fills: int = 0


class _Lot:
    __slots__ = ("fee", "price", "quantity", "time_ms", "trade_id")

    def __init__(self, fill: FillView, quantity: Decimal, fee: Decimal) -> None:
        self.price = fill.price
        self.quantity = quantity
        self.fee = fee
        self.time_ms = fill.time_ms
        self.trade_id = fill.trade_id

    def take(self, quantity: Decimal) -> Decimal:
        """Reduce by `quantity`; returns the share of the fee."""
        is_all = quantity == self.quantity
        share = self.fee if is_all else self.fee * quantity / self.quantity
        self.quantity -= quantity
        self.fee -= share
        return share


class _Book:
    """One position: its open lots, all on the same side, and the trip that is under way."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.side = Side.BUY
        self.lots: deque[_Lot] = deque()
        self.closes: list[ClosedFill] = []
        self.trips: list[RoundTrip] = []
        self._begin()

    def _begin(self) -> None:
        self._opened_ms = self._opened_trade_id = 0
        self._quantity = self._entry_quote = self._exit_quote = ZERO
        self._fees = self._venue_pnl = ZERO
        self._other_fees: defaultdict[str, Decimal] = defaultdict(Decimal)

    def take(self, fill: FillView) -> None:
        fee = fill.commission if is_quote(fill.symbol, fill.commission_asset) else ZERO
        if self.lots and fill.side is not self.side:
            left = self._close(fill, fee)
            if left and fill.position_side is PositionSide.BOTH:
                # through flat: the rest opens the other way
                self._open(fill, left, fee * left / fill.quantity)
        elif not self.lots and _can_only_close(fill):
            self.closes.append(_unmatched(fill, fee))
        else:
            self._note_other_fee(fill)
            self._open(fill, fill.quantity, fee)

    def _open(self, fill: FillView, quantity: Decimal, fee: Decimal) -> None:
        if not self.lots:
            self.side = fill.side
            self._opened_ms = fill.time_ms
            self._opened_trade_id = fill.trade_id
        self.lots.append(_Lot(fill, quantity, fee))

    def _close(self, fill: FillView, fee: Decimal) -> Decimal:
        """Returns what no lot was left for."""
        left, entry_quote, entry_fees = self._take_lots(fill.quantity)
        closed = fill.quantity - left
        opens_too = left and fill.position_side is PositionSide.BOTH
        own_fee = fee * closed / fill.quantity if opens_too else fee
        exit_quote = closed * fill.price
        pnl = exit_quote - entry_quote if self.side is Side.BUY else entry_quote - exit_quote
        self.closes.append(
            ClosedFill(
                symbol=fill.symbol,
                position_side=fill.position_side,
                trade_id=fill.trade_id,
                order_id=fill.order_id,
                time_ms=fill.time_ms,
                quantity=closed,
                entry_price=entry_quote / closed,
                exit_price=fill.price,
                pnl=pnl,
                fees=entry_fees + own_fee,
                venue_pnl=fill.realized_pnl,
                unmatched=ZERO if opens_too else left,
            )
        )
        self._note_other_fee(fill)
        self._quantity += closed
        self._entry_quote += entry_quote
        self._exit_quote += exit_quote
        self._fees += entry_fees + own_fee
        self._venue_pnl += fill.realized_pnl
        if not self.lots:
            self._end_trip(fill)
        return left

    def _take_lots(self, quantity: Decimal) -> tuple[Decimal, Decimal, Decimal]:
        """Oldest first: what is left over, what the rest has cost, and its fees."""
        left, entry_quote, entry_fees = quantity, ZERO, ZERO
        while left and self.lots:
            lot = self.lots[0]
            matched = min(left, lot.quantity)
            entry_quote += matched * lot.price
            entry_fees += lot.take(matched)
            left -= matched
            if not lot.quantity:
                self.lots.popleft()
        return left, entry_quote, entry_fees

    def _note_other_fee(self, fill: FillView) -> None:
        if fill.commission and not is_quote(fill.symbol, fill.commission_asset):
            self._other_fees[fill.commission_asset] += fill.commission

    def _end_trip(self, fill: FillView) -> None:
        sign = 1 if self.side is Side.BUY else -1
        self.trips.append(
            RoundTrip(
                symbol=fill.symbol,
                position_side=fill.position_side,
                side=self.side,
                opened_trade_id=self._opened_trade_id,
                opened_ms=self._opened_ms,
                closed_ms=fill.time_ms,
                quantity=self._quantity,
                entry_price=self._entry_quote / self._quantity,
                exit_price=self._exit_quote / self._quantity,
                pnl=sign * (self._exit_quote - self._entry_quote),
                fees=self._fees,
                venue_pnl=self._venue_pnl,
                other_fees=dict(self._other_fees),
            )
        )
        self._begin()

    def open_lots(self) -> list[OpenLot]:
        symbol, position_side = self.key
        return [
            OpenLot(
                symbol=symbol,
                position_side=position_side,
                side=self.side,
                trade_id=lot.trade_id,
                time_ms=lot.time_ms,
                price=lot.price,
                quantity=lot.quantity,
                fee=lot.fee,
            )
            for lot in self.lots
        ]


class FifoPnl:
    """Feed every fill once, oldest first; read at any time. Not thread-safe."""

    def __init__(self, fills: Iterable[FillView] = ()) -> None:
        self._books: dict[Key, _Book] = {}
        self._fees: list[tuple[str, int, str, Decimal]] = []
        for fill in fills:
            self.take(fill)

    def take(self, fill: FillView) -> None:
        key = (fill.symbol, fill.position_side)
        book = self._books.get(key)
        if book is None:
            book = self._books[key] = _Book(key)
        book.take(fill)
        if fill.commission:
            paid = (fill.symbol, fill.time_ms, fill.commission_asset, fill.commission)
            self._fees.append(paid)

    def closes(self) -> list[ClosedFill]:
        """Oldest first."""
        found = [one for book in self._books.values() for one in book.closes]
        return sorted(found, key=lambda one: (one.time_ms, one.trade_id))

    def let_go(self) -> None:
        """Forget what was closed, in pieces: for whoever has read all of it."""
        for book in self._books.values():
            let_go(book.closes)

    def round_trips(self) -> list[RoundTrip]:
        """Ended ones, by their end, oldest first."""
        found = [trip for book in self._books.values() for trip in book.trips]
        return sorted(found, key=lambda trip: trip.closed_ms)

    def open_lots(self) -> list[OpenLot]:
        return [lot for book in self._books.values() for lot in book.open_lots()]

    def realized(
        self, symbol: str, *, since_ms: int = 0, until_ms: int | None = None
    ) -> RealizedPnl:
        """What was closed from `since_ms` on and before `until_ms`, by both accounts."""
        fifo = venue = fees = ZERO
        unmatched = 0
        other_fees: defaultdict[str, Decimal] = defaultdict(Decimal)
        for (name, _), book in self._books.items():
            if name != symbol:
                continue
            for one in book.closes:
                if _is_within(one.time_ms, since_ms, until_ms):
                    fifo += one.pnl
                    venue += one.venue_pnl
                    unmatched += bool(one.unmatched)
        for name, time_ms, asset, amount in self._fees:
            if name != symbol or not _is_within(time_ms, since_ms, until_ms):
                continue
            if is_quote(symbol, asset):
                fees += amount
            else:
                other_fees[asset] += amount
        return RealizedPnl(
            fifo=fifo,
            venue=venue,
            fees=fees,
            other_fees=dict(other_fees),
            unmatched_fills=unmatched,
        )

    def symbols(self) -> list[str]:
        return sorted({symbol for symbol, _ in self._books})


TRIP_COLUMNS = (
    *("symbol", "position_side", "side", "opened_ms", "closed_ms", "quantity", "entry_price"),
    *("exit_price", "pnl", "fees", "net", "venue_pnl", "other_fees"),
)


def trip_row(trip: RoundTrip) -> list[object]:
    """As text: money plain, to 8 decimals at the most; other fees as "0.003 BNB; ..."."""
    values: list[object] = []
    for name in TRIP_COLUMNS[:-1]:
        value = getattr(trip, name)
        values.append(plain(round(value, 8)) if isinstance(value, Decimal) else value)
    fees = (f"{plain(amount)} {asset}" for asset, amount in sorted(trip.other_fees.items()))
    return [*values, "; ".join(fees)]


@lru_cache(maxsize=4096)  # asked for every fill, of a few symbols
def is_quote(symbol: str, asset: str) -> bool:
    """A symbol is its base and its quote asset, and perhaps a delivery date: BTCUSDT_261225."""
    return bool(asset) and symbol.partition("_")[0].endswith(asset)


def _can_only_close(fill: FillView) -> bool:
    if fill.position_side is PositionSide.LONG:
        return fill.side is Side.SELL
    if fill.position_side is PositionSide.SHORT:
        return fill.side is Side.BUY
    return bool(fill.realized_pnl)


def _unmatched(fill: FillView, fee: Decimal) -> ClosedFill:
    return ClosedFill(
        symbol=fill.symbol,
        position_side=fill.position_side,
        trade_id=fill.trade_id,
        order_id=fill.order_id,
        time_ms=fill.time_ms,
        quantity=ZERO,
        entry_price=ZERO,
        exit_price=fill.price,
        pnl=ZERO,
        fees=fee,
        venue_pnl=fill.realized_pnl,
        unmatched=fill.quantity,
    )


def _is_within(time_ms: int, since_ms: int, until_ms: int | None) -> bool:
    return time_ms >= since_ms and (until_ms is None or time_ms < until_ms)
