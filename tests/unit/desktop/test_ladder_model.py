"""Rows of the ladder: exact prices, grouping, and when rows may move."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.models.ladder_changes import LadderRows, changed_buckets
from desktop.models.ladder_model import GROUPINGS, LadderModel, OutOfView
from engine.clock import FakeClock
from engine.events import BookView
from engine.trading_types import OrderStatus, OrderType, Side
from engine.views import OrderView

TICK = Decimal("0.10")


def book(mid_ticks: int = 640_000, levels: int = 20, step: int = 1) -> BookView:
    """Levels `step` ticks apart around a spread of one tick; quantities 1, 2, 3 ..."""
    bids = tuple((round((mid_ticks - i * step) / 10, 1), i + 1.0) for i in range(levels))
    asks = tuple((round((mid_ticks + 1 + i * step) / 10, 1), i + 1.0) for i in range(levels))
    return BookView(symbol="BTCUSDT", bids=bids, asks=asks, event_ms=1, is_synced=True)


def order(
    client_order_id: str,
    side: Side,
    price: str,
    quantity: str = "0.1",
    status: OrderStatus = OrderStatus.NEW,
    type: OrderType = OrderType.LIMIT,
) -> OrderView:
    return OrderView(
        client_order_id=client_order_id,
        symbol="BTCUSDT",
        side=side,
        type=type,
        status=status,
        price=Decimal(price),
        orig_qty=Decimal(quantity),
    )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def model(clock: FakeClock) -> LadderModel:
    model = LadderModel(clock)
    model.set_tick(TICK)
    model.set_row_count(24)
    return model


# --- rows ---------------------------------------------------------------------


def test_row_prices_are_exact_multiples_of_the_tick(model: LadderModel) -> None:
    model.set_book(book(), hold=False)
    prices = [model.price_of(model.bucket_at(row)) for row in range(24)]
    assert prices[0] - prices[1] == TICK
    assert all(price % TICK == 0 for price in prices)
    assert Decimal("64000.0") in prices


@given(st.integers(1, 10_000_000), st.sampled_from(["0.1", "0.01", "0.00001", "1", "0.5"]))
def test_float_prices_of_the_book_find_their_row(ticks: int, tick_text: str) -> None:
    model = LadderModel(FakeClock())
    model.set_tick(Decimal(tick_text))
    price = ticks * Decimal(tick_text)
    assert model.bucket_of(Side.BUY, float(price)) == ticks
    assert model.price_of(ticks) == price


def test_the_first_book_is_centred_with_ten_levels_on_both_sides(model: LadderModel) -> None:
    model.set_book(book(), hold=True)
    shown = [model.bucket_at(row) for row in range(24)]
    assert sum(1 for bucket in shown if bucket in model.bids) >= 10
    assert sum(1 for bucket in shown if bucket in model.asks) >= 10


def test_grouping_rounds_bids_down_and_asks_up(model: LadderModel) -> None:
    model.set_grouping(10)
    model.set_book(book(mid_ticks=640_005), hold=False)
    assert model.price_of(model.best_bid or 0) == Decimal("64000.0")
    assert model.price_of(model.best_ask or 0) == Decimal("64001.0")
    assert model.spread == pytest.approx(0.1)


@given(st.integers(1_000, 700_000), st.integers(1, 30), st.sampled_from(GROUPINGS))
def test_no_quantity_is_lost_by_grouping_and_sides_never_share_a_row(
    mid: int, step: int, grouping: int
) -> None:
    model = LadderModel(FakeClock())
    model.set_tick(TICK)
    model.set_row_count(24)
    model.set_grouping(grouping)
    model.set_book(book(mid, step=step), hold=False)
    assert sum(model.bids.values()) == pytest.approx(210)
    assert sum(model.asks.values()) == pytest.approx(210)
    assert not model.bids.keys() & model.asks.keys()


@pytest.mark.parametrize(("step", "expected"), [(1, 1), (4, 5), (9, 10), (40, 50), (400, 100)])
def test_automatic_grouping_is_the_finest_that_shows_ten_levels(
    model: LadderModel, step: int, expected: int
) -> None:
    model.set_book(book(step=step), hold=False)
    assert model.grouping == expected


def test_a_chosen_grouping_stays_until_another_contract(model: LadderModel) -> None:
    model.set_grouping(1)
    model.set_book(book(step=40), hold=False)
    model.recentre()
    assert model.grouping == 1
    model.set_tick(TICK)
    assert model.is_automatic


# --- when rows move -------------------------------------------------------------


def test_rows_stand_still_while_the_price_is_away_from_the_edges(model: LadderModel) -> None:
    model.set_book(book(640_000), hold=False)
    top = model.top
    assert not model.set_book(book(640_005), hold=False)
    assert model.top == top


def test_rows_follow_when_the_price_nears_the_edge(model: LadderModel) -> None:
    model.set_book(book(640_000), hold=False)
    assert model.set_book(book(640_011), hold=False)
    assert model.row_of(640_011) == 12


def test_rows_never_move_under_the_mouse_and_the_model_says_where_the_price_went(
    model: LadderModel,
) -> None:
    model.set_book(book(640_000), hold=False)
    top = model.top
    assert not model.set_book(book(640_100), hold=True)
    assert model.top == top
    assert model.out_of_view() is OutOfView.ABOVE
    model.set_book(book(639_900), hold=True)
    assert model.out_of_view() is OutOfView.BELOW
    assert model.follow()
    assert model.out_of_view() is None


def test_rows_that_moved_are_unsafe_to_click_for_150_ms(
    model: LadderModel, clock: FakeClock
) -> None:
    model.set_book(book(), hold=False)
    clock.advance(1)
    assert not model.just_moved()
    model.scroll(1)
    clock.advance(0.149)
    assert model.just_moved()
    clock.advance(0.002)
    assert not model.just_moved()


def test_another_grouping_is_unsafe_to_click_too(model: LadderModel, clock: FakeClock) -> None:
    model.set_book(book(), hold=False)
    clock.advance(1)
    model.set_grouping(10)
    assert model.just_moved()


def test_a_recentre_that_changes_nothing_is_safe(model: LadderModel, clock: FakeClock) -> None:
    model.set_book(book(), hold=False)
    clock.advance(1)
    model.recentre()
    assert not model.just_moved()


def test_scrolling_stops_above_zero(model: LadderModel) -> None:
    model.set_book(book(), hold=False)
    model.scroll(-10_000_000)
    assert model.price_of(model.bucket_at(23)) == TICK


def test_an_empty_side_leaves_the_other_in_the_middle(model: LadderModel) -> None:
    only_asks = BookView(
        symbol="BTCUSDT", bids=(), asks=((64000.0, 1.0),), event_ms=1, is_synced=True
    )
    model.set_book(only_asks, hold=False)
    assert model.middle() == 640_000
    assert model.spread is None


def test_a_book_that_was_empty_is_centred_even_under_the_mouse(model: LadderModel) -> None:
    empty = BookView(symbol="BTCUSDT", bids=(), asks=(), event_ms=1, is_synced=False)
    model.set_book(empty, hold=True)
    assert model.set_book(book(640_000), hold=True)
    assert model.out_of_view() is None


# --- which rows look different ----------------------------------------------------


def rows(bids: dict[int, float], asks: dict[int, float], largest: float = 10.0) -> LadderRows:
    return LadderRows(bids, asks, max(bids, default=None), min(asks, default=None), largest)


def test_only_rows_whose_quantity_changed_are_repainted() -> None:
    before = rows({100: 1.0, 99: 2.0}, {101: 1.0})
    after = rows({100: 1.0, 99: 3.0}, {101: 1.0, 103: 1.0})
    assert changed_buckets(before, after) == {99, 103}


def test_rows_that_enter_the_spread_are_repainted() -> None:
    before = rows({100: 1.0, 95: 2.0}, {101: 1.0})
    after = rows({95: 2.0}, {101: 1.0})
    assert changed_buckets(before, after) == {95, 96, 97, 98, 99, 100}


def test_another_scale_or_a_side_that_went_repaints_all() -> None:
    before = rows({100: 1.0}, {101: 1.0})
    assert changed_buckets(before, rows({100: 1.0}, {101: 1.0}, largest=20.0)) is None
    assert changed_buckets(before, rows({}, {101: 1.0})) is None


# --- own orders and the last trade ----------------------------------------------


def test_own_orders_of_a_row_are_added_up(model: LadderModel) -> None:
    model.set_orders(
        [
            order("a", Side.BUY, "64000.0", "0.1"),
            order("b", Side.BUY, "64000.0", "0.25"),
            order("c", Side.SELL, "64000.0", "1"),
        ]
    )
    own = model.own[Side.BUY, 640_000]
    assert own.quantity == Decimal("0.35")
    assert [o.id for o in own.orders] == ["a", "b"]
    assert model.own[Side.SELL, 640_000].quantity == 1


@pytest.mark.parametrize(
    "gone",
    [
        order("a", Side.BUY, "64000.0", status=OrderStatus.CANCELED),
        order("a", Side.BUY, "0", type=OrderType.MARKET),
        order("a", Side.BUY, "64000.0", type=OrderType.STOP),
    ],
)
def test_orders_that_do_not_rest_at_their_price_are_not_in_the_ladder(
    model: LadderModel, gone: OrderView
) -> None:
    model.set_orders([gone])
    assert model.own == {}


def test_own_orders_move_with_the_grouping(model: LadderModel) -> None:
    model.set_orders([order("a", Side.SELL, "64000.3"), order("b", Side.BUY, "64000.3")])
    model.set_grouping(10)
    assert set(model.own) == {(Side.SELL, 64_001), (Side.BUY, 64_000)}


def test_the_last_trade_stands_at_the_side_it_hit(model: LadderModel) -> None:
    model.set_grouping(10)
    model.set_last_trade(64000.3, True)
    assert model.last_trade is not None
    assert model.last_trade.bucket == 64_000
    model.set_last_trade(64000.3, False)
    assert model.last_trade.bucket == 64_001


def test_the_full_bar_is_a_round_number_of_the_rows_in_view(model: LadderModel) -> None:
    model.set_book(book(levels=20), hold=False)
    # twelve levels a side are in view: quantities up to 12 or 13
    assert model.largest in (12.0, 15.0)
