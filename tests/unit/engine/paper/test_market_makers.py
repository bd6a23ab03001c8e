from __future__ import annotations

import random
from decimal import Decimal

import pytest

from engine.paper.contract_specs import contract_spec
from engine.paper.market_makers import MarketMakers
from engine.paper.market_profile import market_profile
from engine.paper.price_source import MAKERS, BookView, MarketAction
from engine.trading_types import Side
from tests.helpers.market_venue import Venue, opened

BTC = contract_spec("BTCUSDT")
BASE = 642_500


class Puppet:
    """A price source that does as the test says."""

    def __init__(self, seed: int = 1) -> None:
        self.makers = MarketMakers(BTC, market_profile(BTC), random.Random(seed))
        self.bid, self.ask = BASE, BASE + 1
        self.allowance: int | None = None
        self.trades: list[tuple[Side, int, int]] = []

    def index_price(self) -> Decimal:
        return BTC.ticks_to_price(self.bid)

    def start(self, book_view: BookView, now_ms: int) -> list[MarketAction]:
        self.makers.begin(book_view)
        self.makers.open(self.bid, self.ask)
        return self.makers.take()

    def step(self, book_view: BookView, now_ms: int) -> list[MarketAction]:
        self.makers.begin(book_view)
        for trade in self.trades:
            self.makers.trade(*trade)
        self.trades.clear()
        self.makers.quote(self.bid, self.ask, self.allowance)
        self.makers.refill(0.05)
        return self.makers.take()


@pytest.fixture
def puppet() -> Puppet:
    return Puppet()


@pytest.fixture
def venue(puppet: Puppet) -> Venue:
    return opened(BTC, source=puppet)


class TestQuotes:
    @pytest.mark.parametrize("move", [-5000, -3, 0, 3, 5000])
    def test_touch_is_where_it_was_asked_for(self, puppet, venue, move):
        puppet.bid, puppet.ask = BASE + move, BASE + move + 2
        assert venue.step() == (BASE + move, BASE + move + 2)
        venue.book.check()

    def test_own_orders_in_the_way_are_cancelled_without_prints(self, puppet, venue):
        puppet.bid, puppet.ask = BASE + 20, BASE + 21
        venue.step()
        assert venue.prints == []


class TestPeopleInTheWay:
    def test_order_is_traded_whole_at_its_own_price(self, puppet, venue):
        order = venue.order("ann", Side.SELL, BASE + 5, 777).order
        puppet.bid, puppet.ask = BASE + 9, BASE + 10
        assert venue.step() == (BASE + 9, BASE + 10)
        assert order.remaining == 0
        assert venue.prints == [(BASE + 5, 777)]

    def test_order_larger_than_the_allowance_stops_the_price(self, puppet, venue):
        order = venue.order("ann", Side.SELL, BASE + 5, 1000).order
        puppet.bid, puppet.ask, puppet.allowance = BASE + 9, BASE + 10, 400
        assert venue.step() == (BASE + 4, BASE + 5)
        assert order.remaining == 600
        venue.settle(0.1)
        assert order.remaining == 0
        assert venue.step() == (BASE + 9, BASE + 10)

    def test_order_inside_the_spread_is_left_alone(self, puppet, venue):
        puppet.bid, puppet.ask = BASE, BASE + 10
        venue.step()
        order = venue.order("ann", Side.SELL, BASE + 5, 1000).order
        venue.settle(1)
        assert order.remaining == 1000
        assert venue.book.best_ask() == BASE + 5

    def test_order_inside_the_spread_trades_when_the_quotes_reach_it(self, puppet, venue):
        puppet.bid, puppet.ask = BASE, BASE + 10
        venue.step()
        order = venue.order("ann", Side.SELL, BASE + 5, 1000).order
        puppet.trades = [(Side.BUY, BASE + 10, 5), (Side.BUY, BASE + 3, 5)]
        puppet.bid = BASE + 5
        venue.step()
        assert order.remaining == 0


@pytest.mark.parametrize("seed", range(8))
def test_people_at_random_never_see_a_crossed_book_or_a_forgotten_order(seed):
    rng = random.Random(seed)
    puppet = Puppet(seed)
    venue = opened(BTC, seed, puppet)
    mine: list[int] = []
    for _ in range(400):
        puppet.bid += rng.choice((-40, -3, -1, 0, 0, 1, 3, 40))
        puppet.ask = puppet.bid + rng.choice((1, 1, 1, 2, 9))
        puppet.allowance = rng.choice((None, 0, 300, 5000))
        if rng.random() < 0.3:
            for _ in range(rng.randint(1, 8)):
                price = puppet.bid + rng.randint(-6, 6)
                puppet.trades.append((rng.choice(list(Side)), price, rng.randint(1, 9000)))
        for _ in range(rng.randint(0, 3)):
            side = rng.choice(list(Side))
            price = rng.choice((None, puppet.bid + rng.randint(-12, 12)))
            placed = venue.order("ann", side, price, rng.randint(1, 8000))
            mine += [placed.order.order_id] if placed.rested else []
        if mine and rng.random() < 0.3:
            venue.book.cancel(mine.pop(rng.randrange(len(mine))))
        bid, ask = venue.step()  # fails on a maker that would have crossed
        assert bid is not None
        assert ask is not None
        assert bid < ask
    venue.book.check()
    puppet.makers.begin(venue.book)
    for side in Side:
        ladder = puppet.makers.ladder(side)
        known = {
            price: sum(order.qty for order in orders) for price, orders in ladder.orders.items()
        }
        rests = {
            level.price: qty
            for level in venue.book.levels(side, 10_000)
            if (qty := venue.book.owner_qty(side, level.price, MAKERS))
        }
        assert known == rests
