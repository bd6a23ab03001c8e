"""One symbol of the paper exchange: its book, its prints and its prices.

Every print comes out of the book. Trade ids are the book's own match numbers.
The mark price follows the source's fair price and, slowly, the book's middle.
"""

from __future__ import annotations

import math
from collections import deque
from decimal import Decimal
from typing import NamedTuple

from engine.paper.candle_history import CandleHistory
from engine.paper.contract_specs import ContractSpec
from engine.paper.matching_book import Match, MatchingBook, PlaceResult
from engine.paper.paper_grid import Grid, to_money
from engine.paper.paper_orders import PaperOrder
from engine.paper.price_source import (
    MAKERS,
    MakerCancel,
    MakerPlace,
    MarketAction,
    PriceSource,
)
from engine.trading_types import Side, TimeInForce

_KEPT_PRINTS = 20_000
_MARK_MEMORY_S = 5.0
_INTEREST_RATE = Decimal("0.00010000")
_MOST_FUNDING = Decimal("0.00300000")
_KEPT_FUNDINGS = 1000


class Print(NamedTuple):
    """One match, public side."""

    trade_id: int
    price_ticks: int
    qty_steps: int
    time_ms: int
    buyer_is_maker: bool


class AggTrade(NamedTuple):
    """Neighbouring prints of one taker order at one price."""

    agg_id: int
    price_ticks: int
    qty_steps: int
    first_id: int
    last_id: int
    time_ms: int
    buyer_is_maker: bool


class Funding(NamedTuple):
    """One payment between the longs and the shorts."""

    time_ms: int
    rate: Decimal
    mark_price: Decimal


class Premium:
    """How far the mark stood from the index since the last funding, on average."""

    def __init__(self) -> None:
        self._sum = 0.0
        self._seconds = 0.0

    def add(self, premium: float, seconds: float) -> None:
        self._sum += premium * seconds
        self._seconds += seconds

    def funding_rate(self, interest_rate: Decimal) -> Decimal:
        """Interest plus average premium, within bounds."""
        average = Decimal(self._sum / self._seconds) if self._seconds else Decimal(0)
        rate = max(-_MOST_FUNDING, min(interest_rate + average, _MOST_FUNDING))
        return to_money(rate)


class PaperMarket:
    """Owned by PaperExchange; the streams drain `new_*` after every operation."""

    def __init__(
        self,
        spec: ContractSpec,
        book: MatchingBook,
        candles: CandleHistory,
        source: PriceSource | None,
        *,
        first_agg_id: int,
        opening_spec: ContractSpec,
        now_ms: int,
    ) -> None:
        self.spec = spec
        self.opening_spec = opening_spec  # with the price at which this run opened
        self.grid = Grid(spec)
        self.book = book
        self.candles = candles
        self.source = source
        self.prints: deque[Print] = deque(maxlen=_KEPT_PRINTS)
        self.aggs: deque[AggTrade] = deque(maxlen=_KEPT_PRINTS)
        self.new_prints: list[Print] = []
        self.new_aggs: list[AggTrade] = []
        self.new_forced: list[PaperOrder] = []
        self.last_ticks = spec.price_to_ticks(opening_spec.base_price)
        self.last_steps = 0
        self.index_price = opening_spec.base_price
        self.mark_price = opening_spec.base_price
        self.funding_rate = self.interest_rate = _INTEREST_RATE
        self.fundings: deque[Funding] = deque(maxlen=_KEPT_FUNDINGS)  # those of this run
        self.next_funding_ms = self._next_funding(now_ms)
        self.next_agg_id = first_agg_id
        self._next_taker_id = -1
        self._basis = 0.0
        self._marked_ms = now_ms
        self._premium = Premium()

    @property
    def symbol(self) -> str:
        return self.spec.symbol

    @property
    def last_price(self) -> Decimal:
        return self.spec.ticks_to_price(self.last_ticks)

    def apply(self, action: MarketAction, now_ms: int) -> PlaceResult | None:
        """Put one of the market's own actions into the book.

        Its orders have negative ids: makers odd, takers even, so that they never
        meet each other's or a person's.
        """
        if isinstance(action, MakerCancel):
            self.book.cancel(1 - 2 * action.order_key)
            return None
        if isinstance(action, MakerPlace):
            return self.book.place(
                1 - 2 * action.order_key,
                MAKERS,
                action.side,
                action.price_ticks,
                action.qty_steps,
                now_ms=now_ms,
            )
        self._next_taker_id -= 1
        return self.book.place(
            2 * self._next_taker_id,
            MAKERS,
            action.side,
            action.limit_ticks,
            action.qty_steps,
            tif=TimeInForce.IOC,
            now_ms=now_ms,
        )

    def on_matches(self, matches: list[Match], taker_side: Side, now_ms: int) -> None:
        """Print what the book matched."""
        buyer_is_maker = taker_side is Side.SELL
        run: AggTrade | None = None
        for match in matches:
            printed = Print(match.match_seq, match.price, match.qty, now_ms, buyer_is_maker)
            self.prints.append(printed)
            self.new_prints.append(printed)
            self.candles.on_trade(
                self.spec.ticks_to_price(match.price),
                self.spec.steps_to_qty(match.qty),
                buyer_is_maker,
                now_ms,
                match.match_seq,
            )
            if run is not None and run.price_ticks == match.price:
                run = run._replace(qty_steps=run.qty_steps + match.qty, last_id=match.match_seq)
                continue
            if run is not None:
                self._print_agg(run)
            run = AggTrade(
                self.next_agg_id,
                match.price,
                match.qty,
                match.match_seq,
                match.match_seq,
                now_ms,
                buyer_is_maker,
            )
            self.next_agg_id += 1
        if run is not None:
            self._print_agg(run)

    def _print_agg(self, agg: AggTrade) -> None:
        self.aggs.append(agg)
        self.new_aggs.append(agg)
        self.last_ticks, self.last_steps = agg.price_ticks, agg.qty_steps

    def middle(self) -> float | None:
        """Middle of the touch in ticks; None when a side is empty."""
        bid, ask = self.book.best_bid(), self.book.best_ask()
        return None if bid is None or ask is None else (bid + ask) / 2

    def update_mark(self, now_ms: int) -> None:
        """Move the index to the fair price and the mark a little towards the book."""
        if self.source is not None:
            self.index_price = self.source.index_price()
        middle = self.middle()
        if middle is None:
            middle = float(self.last_ticks)
        tick = float(self.spec.tick_size)
        seconds = max(0.0, (now_ms - self._marked_ms) / 1000)
        self._marked_ms = now_ms
        share = 1 - math.exp(-seconds / _MARK_MEMORY_S)
        self._basis += share * (middle * tick - float(self.index_price) - self._basis)
        digits = self.spec.price_precision + 4
        self.mark_price = max(
            self.spec.min_price,
            Decimal(f"{float(self.index_price) + self._basis:.{digits}f}"),
        )
        self._premium.add(float(self.mark_price / self.index_price) - 1, seconds)
        self.funding_rate = self._premium.funding_rate(self.interest_rate)

    def funding_due(self, now_ms: int) -> Funding | None:
        """What is to be paid, once per funding time; moves on to the next one."""
        if now_ms < self.next_funding_ms:
            return None
        due = Funding(self.next_funding_ms, self.funding_rate, self.mark_price)
        self.fundings.append(due)
        self._premium = Premium()
        self.next_funding_ms = self._next_funding(now_ms)
        return due

    def _next_funding(self, now_ms: int) -> int:
        interval_ms = self.spec.funding_interval_ms
        return (now_ms // interval_ms + 1) * interval_ms
