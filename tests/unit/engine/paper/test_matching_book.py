from __future__ import annotations

import random
import time
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import BugError
from engine.paper.matching_book import KillReason, MatchingBook, PlaceResult, StpMode
from engine.trading_types import Side, TimeInForce

BUY, SELL = Side.BUY, Side.SELL


def prints(result: PlaceResult) -> list[tuple[int, int, int]]:
    return [(match.maker_order.order_id, match.price, match.qty) for match in result.matches]


@pytest.fixture
def book() -> MatchingBook:
    """Asks 101 x5 (ann), 101 x3 (bob), 103 x4 (ann); bids 99 x5 (ann), 97 x6 (bob)."""
    book = MatchingBook()
    book.place(1, "ann", SELL, 101, 5)
    book.place(2, "bob", SELL, 101, 3)
    book.place(3, "ann", SELL, 103, 4)
    book.place(4, "ann", BUY, 99, 5)
    book.place(5, "bob", BUY, 97, 6)
    return book


class TestPriority:
    def test_best_price_first_then_oldest_order_and_at_the_makers_price(self, book):
        result = book.place(10, "cat", BUY, 110, 9)
        assert prints(result) == [(1, 101, 5), (2, 101, 3), (3, 103, 1)]
        assert result.remaining == 0
        assert not result.rested
        assert result.reason is None
        assert [m.match_seq for m in result.matches] == [1, 2, 3]
        assert [m.maker_remaining for m in result.matches] == [0, 0, 3]

    def test_sell_takes_the_highest_bid_first(self, book):
        assert prints(book.place(10, "cat", SELL, 90, 7)) == [(4, 99, 5), (5, 97, 2)]

    def test_rest_of_a_crossing_limit_order_rests_at_its_price(self, book):
        result = book.place(10, "cat", BUY, 101, 20)
        assert result.rested
        assert result.remaining == 12
        assert book.best_bid() == 101
        assert book.best_ask() == 103
        assert book.get(10) is result.order
        assert result.order.executed == 8

    def test_limit_that_does_not_cross_trades_nothing(self, book):
        assert book.place(10, "cat", BUY, 100, 1).matches == []
        assert book.best_bid() == 100


class TestMarketOrders:
    def test_trades_through_levels_and_never_rests(self, book):
        result = book.place(10, "cat", BUY, None, 50)
        assert prints(result) == [(1, 101, 5), (2, 101, 3), (3, 103, 4)]
        assert result.reason is KillReason.MARKET_REST
        assert result.remaining == 38
        assert book.get(10) is None
        assert book.best_ask() is None

    def test_stops_at_the_price_bound(self, book):
        result = book.place(10, "cat", BUY, None, 50, price_bound=102)
        assert prints(result) == [(1, 101, 5), (2, 101, 3)]
        assert result.reason is KillReason.MARKET_REST

    def test_sell_stops_at_the_price_bound(self, book):
        result = book.place(10, "cat", SELL, None, 50, price_bound=98)
        assert prints(result) == [(4, 99, 5)]

    def test_filled_market_order_has_no_reason(self, book):
        assert book.place(10, "cat", SELL, None, 11).reason is None


class TestTimeInForce:
    def test_ioc_takes_what_it_can_and_the_rest_expires(self, book):
        result = book.place(10, "cat", BUY, 101, 10, tif=TimeInForce.IOC)
        assert sum(m.qty for m in result.matches) == 8
        assert result.reason is KillReason.IOC_REST
        assert book.get(10) is None

    def test_fok_that_cannot_fill_changes_nothing(self, book):
        before = (book.update_id, book.levels(SELL, 9))
        result = book.place(10, "cat", BUY, 101, 9, tif=TimeInForce.FOK)
        assert result.matches == []
        assert result.reason is KillReason.FOK_NOT_FILLABLE
        assert (book.update_id, book.levels(SELL, 9)) == before

    def test_fok_fills_over_several_levels(self, book):
        result = book.place(10, "cat", BUY, 103, 12, tif=TimeInForce.FOK)
        assert result.remaining == 0
        assert result.reason is None

    def test_fok_ignores_self_trade_prevention(self, book):
        result = book.place(10, "ann", BUY, 101, 8, tif=TimeInForce.FOK, stp=StpMode.EXPIRE_MAKER)
        assert result.remaining == 0
        assert result.expired_makers == []

    @pytest.mark.parametrize(("price", "rests"), [(100, True), (101, False), (102, False)])
    def test_post_only_rests_only_where_it_would_not_take(self, book, price, rests):
        result = book.place(10, "cat", BUY, price, 1, tif=TimeInForce.GTX)
        assert result.rested is rests
        assert result.matches == []
        assert result.reason is (None if rests else KillReason.GTX_WOULD_TAKE)
        assert (book.get(10) is not None) is rests

    def test_gtd_rests_like_gtc(self, book):
        assert book.place(10, "cat", BUY, 98, 1, tif=TimeInForce.GTD).rested


class TestSelfTradePrevention:
    def test_none_trades_with_oneself(self, book):
        assert prints(book.place(10, "ann", BUY, 101, 5)) == [(1, 101, 5)]

    def test_expire_taker_keeps_earlier_matches_and_the_maker(self, book):
        result = book.place(10, "bob", BUY, 103, 20, stp=StpMode.EXPIRE_TAKER)
        assert prints(result) == [(1, 101, 5)]
        assert result.reason is KillReason.SELF_TRADE
        assert result.remaining == 15
        assert not result.rested
        assert result.expired_makers == []
        assert book.get(2) is not None

    def test_expire_taker_met_at_once_changes_no_level(self, book):
        book.depth_changes()
        book.place(10, "ann", BUY, 103, 20, stp=StpMode.EXPIRE_TAKER)
        changes = book.depth_changes()
        assert (changes.bids, changes.asks) == ([], [])

    def test_expire_maker_removes_own_orders_and_goes_on(self, book):
        result = book.place(10, "ann", BUY, 103, 20, stp=StpMode.EXPIRE_MAKER)
        assert prints(result) == [(2, 101, 3)]
        assert [(m.order_id, m.remaining) for m in result.expired_makers] == [(1, 5), (3, 4)]
        assert result.rested
        assert result.remaining == 17
        assert book.best_ask() is None

    def test_expire_both(self, book):
        result = book.place(10, "bob", BUY, 103, 20, stp=StpMode.EXPIRE_BOTH)
        assert prints(result) == [(1, 101, 5)]
        assert [m.order_id for m in result.expired_makers] == [2]
        assert result.reason is KillReason.SELF_TRADE
        assert book.best_ask() == 103

    def test_the_makers_mode_does_not_matter(self, book):
        book.place(10, "cat", SELL, 100, 2, stp=StpMode.EXPIRE_BOTH)
        assert prints(book.place(11, "cat", BUY, 100, 2)) == [(10, 100, 2)]

    def test_holds_for_market_orders(self, book):
        result = book.place(10, "ann", SELL, None, 9, stp=StpMode.EXPIRE_MAKER)
        assert prints(result) == [(5, 97, 6)]
        assert [m.order_id for m in result.expired_makers] == [4]


class TestOwners:
    def test_owner_qty_counts_one_owner_at_one_price(self, book):
        assert book.owner_qty(SELL, 101, "ann") == 5
        assert book.owner_qty(SELL, 101, "bob") == 3
        book.place(10, "cat", BUY, 101, 6)
        assert book.owner_qty(SELL, 101, "ann") == 0
        assert book.owner_qty(SELL, 101, "bob") == 2
        assert book.owner_qty(SELL, 102, "ann") == 0


class TestAmend:
    def test_same_price_loses_the_place_in_the_queue(self, book):
        book.amend(1, 101, 4, now_ms=7)
        assert book.queue_ahead(1) == 3
        assert prints(book.place(10, "cat", BUY, 101, 4)) == [(2, 101, 3), (1, 101, 1)]

    def test_quantity_is_the_total_with_the_executed_part(self, book):
        book.place(10, "cat", BUY, 101, 2)
        result = book.amend(1, 102, 6, now_ms=7)
        assert result.rested
        assert (result.remaining, result.order.original, result.order.executed) == (4, 6, 2)
        assert book.level_qty(SELL, 102) == 4

    def test_keeps_the_order_object_and_takes_the_new_time(self, book):
        order = book.get(1)
        assert book.amend(1, 102, 5, now_ms=42).order is order
        assert order.time_ms == 42
        assert book.get(1) is order

    @pytest.mark.parametrize("total", [1, 2])
    def test_to_no_more_than_executed_cancels(self, book, total):
        book.place(10, "cat", BUY, 101, 2)
        result = book.amend(1, 101, total, now_ms=7)
        assert result.reason is KillReason.AMEND_BELOW_EXECUTED
        assert not result.rested
        assert book.get(1) is None
        assert result.order.original == 5

    def test_across_the_spread_takes(self, book):
        result = book.amend(4, 101, 7, now_ms=7)
        assert prints(result) == [(1, 101, 5), (2, 101, 2)]
        assert book.get(4) is None
        book.check()

    def test_post_only_that_would_take_is_cancelled(self, book):
        book.place(10, "cat", BUY, 98, 3, tif=TimeInForce.GTX)
        result = book.amend(10, 101, 3, now_ms=7)
        assert result.reason is KillReason.GTX_WOULD_TAKE
        assert result.matches == []
        assert book.get(10) is None

    def test_keeps_its_self_trade_prevention(self, book):
        book.place(10, "ann", BUY, 98, 3, stp=StpMode.EXPIRE_TAKER)
        assert book.amend(10, 101, 3, now_ms=7).reason is KillReason.SELF_TRADE

    def test_of_an_order_not_resting_is_none(self, book):
        assert book.amend(77, 101, 3, now_ms=7) is None


class TestCancel:
    def test_gives_the_order_back_with_what_was_left(self, book):
        book.place(10, "cat", BUY, 101, 2)
        assert book.cancel(1).remaining == 3
        assert book.level_qty(SELL, 101) == 3

    def test_last_order_of_the_best_level_uncovers_the_next(self, book):
        book.cancel(1)
        book.cancel(2)
        assert book.best_ask() == 103

    def test_twice_is_none_the_second_time(self, book):
        assert book.cancel(1) is not None
        assert book.cancel(1) is None

    def test_level_can_come_back_after_it_emptied(self, book):
        book.cancel(3)
        book.place(10, "cat", SELL, 103, 1)
        assert [tuple(level) for level in book.levels(SELL, 5)] == [(101, 8, 2), (103, 1, 1)]
        book.check()


class TestViews:
    def test_levels_are_best_first_and_aggregated(self, book):
        assert [tuple(level) for level in book.levels(SELL, 5)] == [(101, 8, 2), (103, 4, 1)]
        assert [tuple(level) for level in book.levels(BUY, 1)] == [(99, 5, 1)]

    def test_queue_ahead_counts_what_is_left_in_front(self, book):
        book.place(10, "cat", BUY, 101, 2)
        assert book.queue_ahead(2) == 3
        assert book.queue_ahead(1) == 0
        assert book.queue_ahead(77) is None

    @pytest.mark.parametrize(
        ("price", "qty", "fills"),
        [(101, 8, True), (101, 9, False), (103, 12, True), (None, 12, True), (None, 13, False)],
    )
    def test_would_fill(self, book, price, qty, fills):
        assert book.would_fill(BUY, price, qty) is fills

    def test_diff_depth_is_absolute_and_zero_deletes(self, book):
        first = book.depth_changes()
        assert first.bids == [(99, 5), (97, 6)]
        assert first.asks == [(101, 8), (103, 4)]
        assert (first.previous_update_id, first.first_update_id) == (0, 1)
        book.place(10, "cat", BUY, 102, 8)
        book.cancel(5)
        second = book.depth_changes()
        assert second.asks == [(101, 0)]
        assert second.bids == [(97, 0)]
        assert second.previous_update_id == first.last_update_id
        assert second.first_update_id == first.last_update_id + 1
        assert second.last_update_id == book.update_id

    def test_no_change_gives_no_levels_and_the_same_update_id(self, book):
        last = book.depth_changes().last_update_id
        again = book.depth_changes()
        assert (again.bids, again.asks, again.last_update_id) == ([], [], last)

    def test_counters_continue_where_they_are_told_to(self):
        book = MatchingBook(match_seq=500, update_id=9000)
        book.place(1, "ann", SELL, 101, 5)
        assert book.place(2, "bob", BUY, 101, 5).matches[0].match_seq == 501
        assert book.depth_changes().first_update_id == 9001


@pytest.mark.parametrize(("order_id", "price", "qty"), [(1, 98, 1), (10, 98, 0), (10, 0, 1)])
def test_misuse_is_a_bug(book, order_id, price, qty):
    with pytest.raises(BugError):
        book.place(order_id, "cat", BUY, price, qty)


@pytest.mark.long
def test_long_queue_at_one_price_is_not_quadratic():
    book = MatchingBook()
    for order_id in range(1, 20_001):
        book.place(order_id, "ann", SELL, 101, 1)
    started = time.process_time()
    for order_id in range(20_001, 40_001):
        book.place(order_id, "bob", BUY, 101, 1)
    # a queue that re-walks what has left it needs over ten seconds here
    assert time.process_time() - started < 3
    assert len(book) == 0


@dataclass
class NaiveOrder:
    order_id: int
    owner: str
    side: Side
    price: int
    left: int
    total: int
    tif: TimeInForce
    stp: StpMode


class NaiveBook:
    """The same rules written the slow way: one list, searched from the start."""

    def __init__(self) -> None:
        self.resting: list[NaiveOrder] = []

    def makers(self, side: Side, limit: int | None) -> list[NaiveOrder]:
        sign = 1 if side is BUY else -1
        found = [
            o
            for o in self.resting
            if o.side is not side and (limit is None or sign * o.price <= sign * limit)
        ]
        return sorted(found, key=lambda o: sign * o.price)  # stable: time within price

    def place(self, order: NaiveOrder, limit: int | None, *, market: bool):  # noqa: PLR0911
        makers = self.makers(order.side, limit)
        if order.tif is TimeInForce.FOK and not market:
            if sum(o.left for o in makers) < order.left:
                return [], KillReason.FOK_NOT_FILLABLE, []
            order.stp = StpMode.NONE
        if order.tif is TimeInForce.GTX and makers and not market:
            return [], KillReason.GTX_WOULD_TAKE, []
        matches, expired = [], []
        for maker in makers:
            if not order.left:
                break
            if order.stp is not StpMode.NONE and maker.owner == order.owner:
                if order.stp in (StpMode.EXPIRE_MAKER, StpMode.EXPIRE_BOTH):
                    self.resting.remove(maker)
                    expired.append(maker.order_id)
                if order.stp in (StpMode.EXPIRE_TAKER, StpMode.EXPIRE_BOTH):
                    return matches, KillReason.SELF_TRADE, expired
                continue
            qty = min(order.left, maker.left)
            maker.left -= qty
            order.left -= qty
            matches.append((maker.order_id, maker.price, qty))
            if not maker.left:
                self.resting.remove(maker)
        if not order.left:
            return matches, None, expired
        if market:
            return matches, KillReason.MARKET_REST, expired
        if order.tif is TimeInForce.IOC:
            return matches, KillReason.IOC_REST, expired
        self.resting.append(order)
        return matches, None, expired

    def amend(self, order_id: int, price: int, total: int):
        order = next((o for o in self.resting if o.order_id == order_id), None)
        if order is None:
            return None
        self.resting.remove(order)
        if total <= order.total - order.left:
            return [], KillReason.AMEND_BELOW_EXECUTED, []
        if order.tif is TimeInForce.GTX and self.makers(order.side, price):
            return [], KillReason.GTX_WOULD_TAKE, []
        order.left, order.total = total - (order.total - order.left), total
        order.price = price
        return self.place(order, price, market=False)

    def depth(self, side: Side) -> dict[int, int]:
        out: dict[int, int] = {}
        for o in self.resting:
            if o.side is side:
                out[o.price] = out.get(o.price, 0) + o.left
        return out


TIFS = [TimeInForce.GTC] * 5 + [TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTX]


def outcome(result: PlaceResult):
    return prints(result), result.reason, [o.order_id for o in result.expired_makers]


def one_step(rng: random.Random, book: MatchingBook, naive: NaiveBook, order_id: int) -> None:
    action = rng.random()
    if action < 0.2:
        target = rng.randint(1, order_id)
        naive_order = next((o for o in naive.resting if o.order_id == target), None)
        assert (book.cancel(target) is None) is (naive_order is None)
        if naive_order is not None:
            naive.resting.remove(naive_order)
        return
    price, qty = rng.randint(90, 110), rng.randint(1, 12)
    if action < 0.35:
        target = rng.randint(1, order_id)
        result = book.amend(target, price, qty, now_ms=order_id)
        expected = naive.amend(target, price, qty)
        assert (outcome(result) if result else None) == expected
        return
    side, owner = rng.choice([BUY, SELL]), rng.choice(["ann", "bob", "cat"])
    tif, stp = rng.choice(TIFS), rng.choice([StpMode.NONE, *StpMode])
    market = rng.random() < 0.15
    result = book.place(
        order_id,
        owner,
        side,
        None if market else price,
        qty,
        tif=tif,
        stp=stp,
        price_bound=price if market else None,
    )
    order = NaiveOrder(order_id, owner, side, price, qty, qty, tif, stp)
    assert outcome(result) == naive.place(order, price, market=market)
    assert result.remaining == order.left


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), steps=st.integers(1, 150))
def test_equals_the_naive_book_on_any_sequence(seed, steps):
    rng = random.Random(seed)
    book, naive = MatchingBook(), NaiveBook()
    copy: dict[Side, dict[int, int]] = {BUY: {}, SELL: {}}
    for order_id in range(1, steps + 1):
        one_step(rng, book, naive, order_id)
        book.check()
        changes = book.depth_changes()
        for side, rows in ((BUY, changes.bids), (SELL, changes.asks)):
            for price, qty in rows:
                if qty:
                    copy[side][price] = qty
                else:
                    copy[side].pop(price, None)
            # a client that applies the diffs holds the same book
            assert copy[side] == naive.depth(side)
            assert {level.price: level.qty for level in book.levels(side, 99)} == copy[side]
