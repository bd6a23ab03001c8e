"""What the paper exchange asks of whatever makes its market.

A price source never touches the book: it looks at it and answers with orders,
which the exchange puts into the same book where people's orders rest. So every
print comes out of the matching engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

import msgspec

from engine.trading_types import Side

MAKERS = "market"  # whom the market's own orders belong to in the book


class MakerPlace(msgspec.Struct, frozen=True, tag=True):
    """A limit order that rests. `order_key` is the source's own and never reused."""

    order_key: int
    side: Side
    price_ticks: int
    qty_steps: int


class MakerCancel(msgspec.Struct, frozen=True, tag=True):
    """Take an order out; one that has already filled is passed over in silence."""

    order_key: int


class TakerOrder(msgspec.Struct, frozen=True, tag=True):
    """Trade at once, no worse than `limit_ticks` (None: at any price); the rest expires."""

    side: Side
    qty_steps: int
    limit_ticks: int | None


MarketAction = MakerPlace | MakerCancel | TakerOrder


class BookView(Protocol):
    """The read-only part of a book that a price source may look at."""

    def best_bid(self) -> int | None: ...

    def best_ask(self) -> int | None: ...

    def level_qty(self, side: Side, price: int) -> int:
        """Steps that rest at a price."""

    def owner_qty(self, side: Side, price: int, owner: str) -> int:
        """The part of them that belongs to one owner."""


class PriceSource(Protocol):
    """Pure: the same calls with the same times give the same actions.

    Actions are applied in order, all of them before the next call.
    """

    def start(self, book_view: BookView, now_ms: int) -> Sequence[MarketAction]:
        """The first book. Called once."""

    def step(self, book_view: BookView, now_ms: int) -> Sequence[MarketAction]:
        """What the market does next; called about every `STEP_MS`."""

    def index_price(self) -> Decimal:
        """The fair price, finer than a tick: the base of the mark price."""
