"""What another venue's public messages mean for our book; the pure part of the mirror.

The makers show the mirrored levels with their exact quantities and invent what
lies behind them. A mirrored print comes out of our own book, so that people's
orders get their share of it.
"""

from __future__ import annotations

import random
from decimal import Decimal

import msgspec

from engine.errors import BugError
from engine.paper.contract_specs import ContractSpec
from engine.paper.maker_ladder import MakerLadder
from engine.paper.market_makers import MarketMakers
from engine.paper.market_profile import market_profile
from engine.paper.price_source import BookView, MarketAction
from engine.trading_types import Side

_LONGEST_STEP_S = 1.0
_MOST_WAITING = 5000  # trades between two steps; more are not played

Levels = dict[int, int]  # price in ticks -> quantity in steps


class MirrorDepth(msgspec.Struct, frozen=True, tag_field="e", tag="depthUpdate"):
    """The best levels, of `<symbol>@depth20@100ms`."""

    s: str
    b: list[tuple[Decimal, Decimal]]
    a: list[tuple[Decimal, Decimal]]


class MirrorTrade(msgspec.Struct, frozen=True, tag_field="e", tag="aggTrade"):
    """One taker's trade at one price, of `<symbol>@aggTrade`; `m`: the buyer is the maker."""

    s: str
    p: Decimal
    q: Decimal
    m: bool


class _Envelope(msgspec.Struct, frozen=True):
    data: MirrorDepth | MirrorTrade


_decoder = msgspec.json.Decoder(_Envelope)


def read_message(text: str | bytes) -> MirrorDepth | MirrorTrade:
    """A frame of a combined stream. Raises msgspec.MsgspecError for anything else."""
    return _decoder.decode(text).data


class MirrorQuotes:
    """One symbol's market after another venue's. Pure; not thread-safe.

    Must have seen a book (`has_book`) before it is started. While messages stay
    away the last book stands.
    """

    def __init__(self, spec: ContractSpec) -> None:
        self._spec = spec
        rng = random.Random(f"mirror:{spec.symbol}")  # noqa: S311 - no secret
        self._makers = MarketMakers(spec, market_profile(spec), rng)
        self._bids: Levels = {}
        self._asks: Levels = {}
        self._trades: list[MirrorTrade] = []
        self._book_is_newest = False
        self._last_ms: int | None = None

    @property
    def has_book(self) -> bool:
        return bool(self._bids and self._asks)

    def on_message(self, message: MirrorDepth | MirrorTrade) -> None:
        """Take note; the book follows at the next step. Crossed or empty books are ignored."""
        if isinstance(message, MirrorTrade):
            if self._is_sane(message.p) and message.q > 0 and len(self._trades) < _MOST_WAITING:
                self._trades.append(message)
                self._book_is_newest = False
            return
        bids, asks = self._levels(message.b), self._levels(message.a)
        if bids and asks and max(bids) < min(asks):
            self._bids, self._asks = bids, asks
            self._book_is_newest = True

    def index_price(self) -> Decimal:
        """The middle of the mirrored touch."""
        return self._spec.ticks_to_price(max(self._bids) + min(self._asks)) / 2

    def start(self, book_view: BookView, now_ms: int) -> list[MarketAction]:
        """The mirrored book with an invented end; BugError before one has been seen."""
        if not self.has_book:
            raise BugError(f"The mirror of {self._spec.symbol} was started without a book.")
        self._last_ms = now_ms
        self._makers.begin(book_view)
        self._makers.open(max(self._bids), min(self._asks))
        self._hold_levels()
        return self._makers.take()

    def step(self, book_view: BookView, now_ms: int) -> list[MarketAction]:
        """Trades and quotes that have been told since the last step."""
        if self._last_ms is None:
            raise BugError(f"The mirror of {self._spec.symbol} was stepped before it was started.")
        if now_ms <= self._last_ms:
            return []
        self._last_ms = now_ms
        self._makers.begin(book_view)
        trades, self._trades = self._trades, []
        for trade in trades:
            side = Side.SELL if trade.m else Side.BUY
            self._makers.trade(side, self._ticks(trade.p), self._steps(trade.q))
        if self._book_is_newest:
            self._makers.quote(max(self._bids), min(self._asks))
        else:
            self._makers.requote()
        self._hold_levels()
        return self._makers.take()

    def _hold_levels(self) -> None:
        for ladder, levels in ((self._makers.bids, self._bids), (self._makers.asks, self._asks)):
            last = self._last_price(ladder, levels)
            if self._book_is_newest:  # else a trade has moved on from it; the next is near
                self._makers.hold(ladder, levels)
            self._makers.refill_far(ladder, abs(last - ladder.touch) + 1)

    def _last_price(self, ladder: MakerLadder, levels: Levels) -> int:
        return max(levels, key=lambda price: ladder.away * price)

    def _levels(self, rows: list[tuple[Decimal, Decimal]]) -> Levels:
        """On our grid; a foreign grid may be finer."""
        levels: Levels = {}
        for price, qty in rows:
            if self._is_sane(price) and qty > 0:
                ticks = self._ticks(price)
                levels[ticks] = levels.get(ticks, 0) + self._steps(qty)
        return levels

    def _is_sane(self, price: Decimal) -> bool:
        return price.is_finite() and self._spec.min_price <= price <= self._spec.max_price

    def _ticks(self, price: Decimal) -> int:
        return round(price / self._spec.tick_size)

    def _steps(self, qty: Decimal) -> int:
        return max(1, round(qty / self._spec.step_size))
