"""Would a trader believe this market? Measured with generous bounds."""

from __future__ import annotations

import functools
import statistics
from decimal import Decimal
from itertools import pairwise

import msgspec
import pytest

from engine.paper.candle_history import CandleHistory
from engine.paper.contract_specs import CONTRACT_SPECS, contract_spec
from engine.trading_types import Side
from tests.helpers.market_venue import opened

MINUTES = 10
STEPS_PER_MINUTE = 1200
NOW_MS = 1_795_453_433_123
EVERY = pytest.mark.parametrize("symbol", CONTRACT_SPECS)
pytestmark = pytest.mark.long
FINE = pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT"])


class Record(msgspec.Struct):
    """What ten minutes of one market looked like, step by step."""

    bids: list[int] = []
    asks: list[int] = []
    touch_steps: list[int] = []
    occupied: list[float] = []  # share of the 30 ticks behind the touch, once a second
    minute_ranges: list[int] = []
    minute_steps: list[int] = []
    minute_prints: list[int] = []
    changes: list[int] = []  # actions per step
    prints: list[list[tuple[int, int, Side]]] = []  # per step: price, quantity, taker


@functools.cache
def lived(symbol: str) -> Record:
    """Ten minutes of one market; only read by the tests that share it."""
    venue, record = opened(contract_spec(symbol), 7), Record()
    for minute in range(MINUTES):
        for number in range(STEPS_PER_MINUTE):
            seen, changes = len(venue.prints), venue.changes
            bid, ask = venue.step()
            assert bid is not None
            assert ask is not None
            record.bids.append(bid)
            record.asks.append(ask)
            record.touch_steps.append(venue.book.level_qty(Side.BUY, bid))
            record.changes.append(venue.changes - changes)
            fresh = zip(venue.prints[seen:], venue.sides[seen:], strict=True)
            record.prints.append([(price, qty, side) for (price, qty), side in fresh])
            if number % 20 == 0:
                held = [venue.book.level_qty(Side.SELL, ask + n) > 0 for n in range(30)]
                record.occupied.append(sum(held) / 30)
        printed = [p for step in record.prints[minute * STEPS_PER_MINUTE :] for p in step]
        prices = [price for price, _, _ in printed]
        record.minute_ranges.append(max(prices) - min(prices))
        record.minute_steps.append(sum(qty for _, qty, _ in printed))
        record.minute_prints.append(len(printed))
    venue.book.check()
    return record


def touch_moves(record: Record) -> list[int]:
    return sorted(abs(later - sooner) for sooner, later in pairwise(record.bids))


@EVERY
def test_touch_moves_by_a_few_ticks_at_a_time(symbol):
    moves = touch_moves(lived(symbol))
    assert moves[len(moves) * 95 // 100] <= 8
    assert moves[len(moves) * 99 // 100] <= 14
    assert moves[-1] <= 45


@FINE
def test_touch_of_a_fine_contract_seldom_rests_for_seconds(symbol):
    bids = lived(symbol).bids
    rests = [len(set(bids[n : n + 60])) == 1 for n in range(0, len(bids) - 60, 20)]
    assert sum(rests) / len(rests) < 0.15


@EVERY
def test_touch_moves_now_and_then(symbol):
    moves = touch_moves(lived(symbol))
    assert sum(move > 0 for move in moves) / len(moves) > 0.02


@EVERY
def test_ticks_near_the_touch_are_nearly_all_occupied(symbol):
    occupied = lived(symbol).occupied
    assert statistics.mean(occupied) > 0.9
    assert min(occupied) > 0.4


@EVERY
def test_book_is_never_crossed_and_the_spread_is_mostly_one_tick(symbol):
    record = lived(symbol)
    spreads = [ask - bid for bid, ask in zip(record.bids, record.asks, strict=True)]
    assert min(spreads) >= 1
    assert spreads.count(1) > 0.85 * len(spreads)
    assert max(spreads) <= 25


def test_btc_moves_by_dollars_a_second_in_calm_and_by_tens_in_a_burst():
    bids = lived("BTCUSDT").bids
    seconds = [abs(b - a) / 10 for a, b in zip(bids[::20], bids[20::20], strict=False)]
    fives = [abs(b - a) / 10 for a, b in zip(bids[::100], bids[100::100], strict=False)]
    assert 0.5 < statistics.median(seconds) < 4
    assert 10 < max(fives) < 120


def test_btc_touch_holds_one_to_thirty_coins():
    quantities = sorted(lived("BTCUSDT").touch_steps)
    assert 800 < statistics.median(quantities) < 10_000
    assert quantities[len(quantities) * 95 // 100] < 30_000
    assert quantities[len(quantities) * 95 // 100] > 2 * statistics.median(quantities)


@EVERY
def test_tape_prints_several_a_second_close_to_each_other(symbol):
    record = lived(symbol)
    assert 2 < statistics.mean(record.minute_prints) / 60 < 40
    prices = [price for step in record.prints for price, _, _ in step]
    jumps = sorted(abs(b - a) for a, b in pairwise(prices))
    assert jumps[len(jumps) * 95 // 100] <= 8
    assert jumps[-1] <= 60


@EVERY
def test_takers_buy_when_the_price_rises(symbol):
    record = lived(symbol)
    flows: list[int] = []
    moves: list[int] = []
    for start in range(0, len(record.bids) - 100, 100):
        printed = [p for step in record.prints[start : start + 100] for p in step]
        flows.append(sum(1 if side is Side.BUY else -1 for _, _, side in printed))
        moves.append(record.bids[start + 100] - record.bids[start])
    assert statistics.correlation(flows, moves) > 0.4


@EVERY
def test_some_takers_sweep_several_prices(symbol):
    swept = [len({price for price, _, _ in step}) for step in lived(symbol).prints]
    assert max(swept) >= 3


@EVERY
def test_book_events_are_lively_and_bounded(symbol):
    changes = lived(symbol).changes
    seconds = [sum(changes[n : n + 20]) for n in range(0, len(changes), 20)]
    assert 12 < statistics.median(seconds) < 120
    assert max(seconds) < 1500


@EVERY
def test_history_goes_on_live_with_the_same_range_and_volume(symbol):
    spec, record = contract_spec(symbol), lived(symbol)
    rows = CandleHistory(spec, 7, NOW_MS).rows("1m", None, None, 1000)[:-1]
    past_range = statistics.mean((Decimal(r[2]) - Decimal(r[3])) / spec.tick_size for r in rows)
    past_steps = statistics.mean(Decimal(r[5]) / spec.step_size for r in rows)
    past_prints = statistics.mean(r[8] for r in rows)
    assert 0.5 < statistics.mean(record.minute_ranges) / float(past_range) < 2
    assert 0.5 < statistics.mean(record.minute_steps) / float(past_steps) < 2
    assert 0.5 < statistics.mean(record.minute_prints) / past_prints < 2


@EVERY
@pytest.mark.parametrize("side", Side)
def test_twenty_levels_swept_by_a_person_are_back_within_a_second(symbol, side):
    venue = opened(contract_spec(symbol), 3)
    venue.settle(5)
    taken = side.opposite
    levels = venue.book.levels(taken, 21)
    venue.order("ann", side, levels[19].price, sum(level.qty for level in levels[:20]))
    assert venue.book.levels(taken, 1)[0].price == levels[20].price
    venue.step()
    first = venue.book.levels(taken, 1)[0].price
    assert abs(first - levels[0].price) < abs(levels[20].price - levels[0].price)
    venue.settle(0.95)
    near = venue.book.levels(taken, 20)
    assert abs(near[-1].price - near[0].price) <= 30


@EVERY
def test_ladder_looks_full_at_every_grouping(symbol):
    venue = opened(contract_spec(symbol), 3)
    venue.settle(20)
    for side in Side:
        levels = venue.book.levels(side, 1000)
        assert len(levels) >= 100
        for group in (5, 10, 50):
            groups = {abs(level.price - levels[0].price) // group for level in levels}
            assert len(groups.intersection(range(20))) >= 15


def test_person_who_sweeps_the_book_moves_the_price_for_good():
    pushed, left_alone = opened(contract_spec("BTCUSDT"), 3), opened(contract_spec("BTCUSDT"), 3)
    for venue in (pushed, left_alone):
        venue.settle(2)
    pushed.order("ann", Side.BUY, pushed.book.levels(Side.SELL, 60)[-1].price, 10**7)
    pushed.book.cancel(pushed.last_id)
    for venue in (pushed, left_alone):
        venue.step()
    assert 0 < pushed.market.index_price() - left_alone.market.index_price() < 10
