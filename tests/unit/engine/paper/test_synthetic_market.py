from __future__ import annotations

import random
import statistics
import time
from itertools import pairwise

import pytest

from engine.errors import BugError
from engine.paper.contract_specs import CONTRACT_SPECS, contract_spec
from engine.paper.fair_price import FairPrice
from engine.paper.market_profile import market_profile
from engine.paper.matching_book import MatchingBook
from engine.paper.price_source import MakerPlace, TakerOrder
from engine.paper.synthetic_market import STEP_MS, SyntheticMarket, quiet_book
from engine.trading_types import Side
from tests.helpers.market_venue import opened

BUY, SELL = Side.BUY, Side.SELL
BTC = contract_spec("BTCUSDT")
EVERY = pytest.mark.parametrize("spec", CONTRACT_SPECS.values(), ids=lambda spec: spec.symbol)


class TestBook:
    @EVERY
    def test_first_book_is_deep_and_tight(self, spec):
        venue = opened(spec)
        base = spec.price_to_ticks(spec.base_price)
        assert venue.book.best_ask() - venue.book.best_bid() <= 2
        assert abs(venue.book.best_bid() - base) <= 2
        for side in Side:
            levels = venue.book.levels(side, 500)
            assert len(levels) >= 100
            assert abs(levels[-1].price - base) < base * 0.1

    @EVERY
    def test_never_crossed_never_thin_for_a_minute(self, spec):
        venue = opened(spec)
        for bid, ask in venue.run(60):
            assert bid < ask
        venue.book.check()
        for side in Side:
            assert len(venue.book.levels(side, 500)) >= 100

    @pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT"])
    def test_spread_is_mostly_one_tick(self, symbol):
        spreads = [ask - bid for bid, ask in opened(contract_spec(symbol)).run(60)]
        assert spreads.count(1) > 0.7 * len(spreads)

    def test_depth_grows_away_from_the_touch_and_has_walls(self):
        venue = opened(BTC)
        venue.settle(20)
        quantities = [level.qty for level in venue.book.levels(SELL, 200)]
        near, far = quantities[:30], quantities[-30:]
        assert statistics.median(far) > statistics.median(near)
        assert max(quantities) > 8 * statistics.median(quantities)

    @EVERY
    def test_activity_is_lively_and_bounded(self, spec):
        venue = opened(spec)
        before = venue.changes
        venue.settle(30)
        assert 15 < (venue.changes - before) / 30 < 300
        assert len(venue.prints) > 15
        assert len(venue.book) < 2000


class TestRepeatability:
    def test_same_seed_same_market(self):
        one, two = opened(BTC, 5), opened(BTC, 5)
        one.settle(10)
        two.settle(10)
        assert one.prints == two.prints
        assert one.book.levels(BUY, 300) == two.book.levels(BUY, 300)

    def test_other_seed_other_market(self):
        one, two = opened(BTC, 5), opened(BTC, 6)
        one.settle(10)
        two.settle(10)
        assert one.prints != two.prints

    def test_no_time_no_orders(self):
        venue = opened(BTC)
        assert venue.market.step(venue.book, venue.now_ms) == []

    def test_must_be_started_first(self):
        with pytest.raises(BugError):
            SyntheticMarket(BTC, 1).step(MatchingBook(), 50)


class TestPeople:
    @pytest.mark.parametrize("side", Side)
    def test_makers_come_back_after_a_sweep_of_the_whole_side(self, side):
        venue = opened(BTC)
        venue.settle(5)
        venue.order("ann", side, None, 10**12)
        bests = list(venue.run(1))
        assert None not in bests[0]
        fair = venue.market.index_price()
        assert abs(BTC.ticks_to_price(bests[-1][0]) - fair) < fair / 500
        venue.settle(4)
        assert len(venue.book.levels(side.opposite, 300)) >= 60

    @pytest.mark.parametrize("side", Side)
    def test_large_order_in_the_way_is_traded_through_in_time(self, side):
        venue = opened(BTC)
        venue.settle(2)
        # fifty times a usual touch, two dollars on the wrong side of the fair price
        wrong = 20 if side is BUY else -20
        touch = venue.book.best_ask() if side is BUY else venue.book.best_bid()
        qty = 50 * market_profile(BTC).touch_steps
        order_id = venue.order("ann", side, touch + wrong, qty).order.order_id
        for bid, ask in venue.run(1):
            assert bid < ask
        assert venue.book.get(order_id) is not None, "a big order takes more than a second"
        venue.settle(120)
        assert venue.book.get(order_id) is None

    def test_resting_orders_are_filled_when_the_price_comes(self):
        venue = opened(BTC)
        venue.settle(2)
        bid, ask = venue.book.best_bid(), venue.book.best_ask()
        for distance in (1, 5):
            venue.order("ann", BUY, bid - distance, 10)
            venue.order("ann", SELL, ask + distance, 10)
        ours = range(venue.last_id - 3, venue.last_id + 1)
        venue.settle(60)
        assert any(venue.book.get(order_id) is None for order_id in ours)

    def test_starts_around_an_order_that_already_rests(self):
        book, market = MatchingBook(), SyntheticMarket(BTC, 1)
        base = BTC.price_to_ticks(BTC.base_price)
        book.place(10**9, "ann", BUY, base + 30, 10)
        actions = market.start(book, 0)
        assert {action.side for action in actions} == {BUY, SELL}
        for number, action in enumerate(actions, start=1):
            assert isinstance(action, MakerPlace)
            placed = book.place(number, "m", action.side, action.price_ticks, action.qty_steps)
            assert placed.rested
            assert placed.matches == []


class TestPrices:
    def test_prints_walk_without_jumps_and_the_index_stays_near(self):
        venue = opened(BTC)
        venue.settle(60)
        for (price, _), (following, _) in pairwise(venue.prints):
            assert abs(following - price) < price * 0.002
        mid = BTC.ticks_to_price(venue.book.best_bid())
        assert abs(venue.market.index_price() - mid) < mid / 1000

    def test_takers_have_heavy_tails(self):
        venue = opened(BTC)
        sizes = []
        for _ in range(20 * 60):
            venue.now_ms += STEP_MS
            actions = venue.market.step(venue.book, venue.now_ms)
            sizes += [action.qty_steps for action in actions if isinstance(action, TakerOrder)]
            venue.apply(actions)
        assert max(sizes) > 20 * statistics.median(sizes)
        assert min(sizes) >= 1

    def test_volatility_comes_in_clusters(self):
        fair = FairPrice(random.Random(3), 642_500, 0.45)
        moves = []
        for _ in range(3000):
            before = fair.ticks
            fair.advance(5.0)
            moves.append(abs(fair.ticks / before - 1))
        assert statistics.correlation(moves[:-1], moves[1:]) > 0.1

    def test_a_long_sleep_moves_the_price_by_one_step_only(self):
        venue = opened(BTC)
        before = venue.market.index_price()
        venue.now_ms += 8 * 3_600_000
        venue.apply(venue.market.step(venue.book, venue.now_ms))
        assert abs(venue.market.index_price() - before) < before / 500


class TestQuietBook:
    @EVERY
    def test_is_symmetric_still_and_one_tick_wide(self, spec):
        places = quiet_book(spec)
        base = spec.price_to_ticks(spec.base_price)
        bids = [p.price_ticks for p in places if p.side is BUY]
        asks = [p.price_ticks for p in places if p.side is SELL]
        assert bids == list(range(base, base - 20, -1))
        assert asks == list(range(base + 1, base + 21))
        assert len({p.qty_steps for p in places}) == 1
        assert len({p.order_key for p in places}) == 40


@pytest.mark.long
def test_six_markets_take_little_of_one_core():
    venues = [opened(spec) for spec in CONTRACT_SPECS.values()]
    started = time.process_time()
    for venue in venues:
        venue.settle(10)
    # about 1 % when idle, 4 % beside others; the target is 10 %, and machines differ
    assert (time.process_time() - started) / 10 < 0.5
