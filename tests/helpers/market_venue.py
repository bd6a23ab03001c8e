"""The least exchange that can carry a price source: a book and simulated time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.paper.contract_specs import ContractSpec
from engine.paper.matching_book import MatchingBook, PlaceResult
from engine.paper.price_source import (
    MAKERS,
    MakerCancel,
    MakerPlace,
    MarketAction,
    PriceSource,
    TakerOrder,
)
from engine.paper.synthetic_market import STEP_MS, SyntheticMarket
from engine.trading_types import Side, TimeInForce

Quote = tuple[int | None, int | None]


class Venue:
    """A synthetic market by default. A maker that would cross the book fails the test."""

    def __init__(
        self, spec: ContractSpec, seed: int = 1, source: PriceSource | None = None
    ) -> None:
        self.book = MatchingBook()
        self.market: PriceSource = source or SyntheticMarket(spec, seed)
        self.now_ms = 0
        self.last_id = 0
        self.ids: dict[int, int] = {}
        self.prints: list[tuple[int, int]] = []  # price, quantity
        self.sides: list[Side] = []  # the taker's, one a print
        self.changes = 0

    def open(self) -> None:
        self.apply(self.market.start(self.book, 0))

    def apply(self, actions: Iterable[MarketAction]) -> None:
        for action in actions:
            self.changes += 1
            match action:
                case MakerPlace():
                    result = self.order(MAKERS, action.side, action.price_ticks, action.qty_steps)
                    assert result.matches == [], "a maker crossed the book"
                    self.ids[action.order_key] = self.last_id
                case MakerCancel():
                    self.book.cancel(self.ids.pop(action.order_key))
                case TakerOrder():
                    side, limit = action.side, action.limit_ticks
                    result = self.order(MAKERS, side, limit, action.qty_steps, TimeInForce.IOC)
                    self.prints += [(match.price, match.qty) for match in result.matches]
                    self.sides += [side] * len(result.matches)

    def order(
        self,
        owner: str,
        side: Side,
        price: int | None,
        qty: int,
        tif: TimeInForce = TimeInForce.GTC,
    ) -> PlaceResult:
        self.last_id += 1
        return self.book.place(self.last_id, owner, side, price, qty, tif=tif)

    def step(self) -> Quote:
        self.now_ms += STEP_MS
        self.apply(self.market.step(self.book, self.now_ms))
        return self.book.best_bid(), self.book.best_ask()

    def run(self, seconds: float) -> Iterator[Quote]:
        """Step on, giving (best bid, best ask) after every step."""
        for _ in range(round(seconds * 1000 / STEP_MS)):
            yield self.step()

    def settle(self, seconds: float) -> None:
        for _ in self.run(seconds):
            pass


def opened(spec: ContractSpec, seed: int = 1, source: PriceSource | None = None) -> Venue:
    venue = Venue(spec, seed, source)
    venue.open()
    return venue
