from __future__ import annotations

import time
from decimal import Decimal
from itertools import pairwise

import pytest

from engine.errors import BugError
from engine.paper.candle import DAY_MS, INTERVAL_MS, MINUTE_MS, candle_bounds
from engine.paper.candle_history import CandleHistory
from engine.paper.contract_specs import CONTRACT_SPECS, contract_spec

D = Decimal
NOW = 1_795_453_433_123  # Monday 2026-11-23 17:03:53.123 UTC
MINUTE = NOW // MINUTE_MS * MINUTE_MS
BTC = contract_spec("BTCUSDT")
EVERY_INTERVAL = pytest.mark.parametrize("interval", INTERVAL_MS)


@pytest.fixture(scope="module")
def past() -> CandleHistory:
    """Only read by the tests that share it."""
    return CandleHistory(BTC, 7, NOW)


@pytest.fixture
def history() -> CandleHistory:
    return CandleHistory(BTC, 7, NOW)


def added_up(rows: list[list]) -> list:
    """One row out of many, by the definition of a candle."""
    return [
        rows[0][1],
        str(max(D(r[2]) for r in rows)),
        str(min(D(r[3]) for r in rows)),
        rows[-1][4],
        str(sum(D(r[5]) for r in rows)),
        str(sum(D(r[7]) for r in rows)),
        sum(r[8] for r in rows),
        str(sum(D(r[9]) for r in rows)),
        str(sum(D(r[10]) for r in rows)),
    ]


def figures(row: list) -> list:
    return [*row[1:6], *row[7:11]]


class TestPast:
    @EVERY_INTERVAL
    def test_has_1500_candles_or_all_since_the_listing(self, past, interval):
        rows = past.rows(interval, None, None, 1500)
        if len(rows) < 1500:
            assert interval in ("3d", "1w", "1M")
            assert rows[0][0] <= BTC.onboard_date_ms < rows[1][0]

    @EVERY_INTERVAL
    def test_candles_are_gapless_aligned_and_whole(self, past, interval):
        rows = past.rows(interval, None, None, 1500)
        for row, following in pairwise(rows):
            assert candle_bounds(interval, row[0]) == (row[0], following[0])
            assert row[6] == following[0] - 1
            assert row[4] == following[1]
        assert rows[-1][0] <= NOW <= rows[-1][6]
        for row in rows[:-1]:
            opened, high, low, close = (D(text) for text in row[1:5])
            assert 0 < low <= min(opened, close) <= max(opened, close) <= high
            assert D(row[9]) <= D(row[5])
            assert low * D(row[5]) <= D(row[7]) <= high * D(row[5])

    @pytest.mark.parametrize(
        ("small", "large"),
        [
            ("1m", "3m"), ("1m", "5m"), ("1m", "1h"), ("1m", "1d"), ("3m", "15m"), ("5m", "15m"),
            ("15m", "30m"), ("30m", "1h"), ("1h", "2h"), ("1h", "1d"), ("2h", "4h"), ("2h", "6h"),
            ("4h", "8h"), ("4h", "12h"), ("6h", "12h"), ("8h", "1d"), ("12h", "1d"), ("1d", "3d"),
            ("1d", "1w"), ("1d", "1M"),
        ],
    )  # fmt: skip
    def test_larger_candles_are_the_sum_of_smaller_ones(self, past, small, large):
        smaller = past.rows(small, None, None, 1500)
        compared = 0
        for row in past.rows(large, None, None, 1500):
            parts = [r for r in smaller if row[0] <= r[0] <= row[6]]
            if parts and smaller[0][0] <= row[0]:
                assert figures(row) == added_up(parts)
                compared += 1
        assert compared >= 1

    @EVERY_INTERVAL
    def test_ends_where_the_market_opens(self, past, interval):
        assert D(past.rows(interval, None, None, 1)[0][4]) == BTC.base_price
        assert past.last_price() == BTC.base_price

    def test_same_seed_same_past_whatever_is_asked_first(self, past):
        other = CandleHistory(BTC, 7, NOW)
        assert other.rows("1w", None, None, 50) == past.rows("1w", None, None, 50)
        assert other.rows("1m", None, None, 50) == past.rows("1m", None, None, 50)

    def test_other_seed_other_past(self, past):
        other = CandleHistory(BTC, 8, NOW)
        assert other.rows("1m", None, None, 50) != past.rows("1m", None, None, 50)

    def test_first_week_of_the_listing_is_kept_though_it_is_short(self, past):
        first = past.rows("1w", 0, None, 1)[0]
        assert first[0] < BTC.onboard_date_ms < first[6]

    @pytest.mark.long
    def test_six_contracts_start_fast(self):
        started = time.process_time()
        for spec in CONTRACT_SPECS.values():
            CandleHistory(spec, 1, NOW).rows("1m", None, None, 1500)
        assert time.process_time() - started < 5  # about 0.25 s on an idle machine


class TestRows:
    def test_row_is_the_venues(self, past):
        row = past.rows("1h", None, MINUTE - DAY_MS, 1)[0]
        assert [type(cell) for cell in row] == [int, *[str] * 5, int, str, int, str, str, str]
        assert row[6] == row[0] + 3_600_000 - 1
        assert row[1].split(".")[1].isdigit()
        assert len(row[1].split(".")[1]) == 2
        assert row[11] == "0"

    def test_start_gives_the_first_ones_from_there(self, past):
        start = MINUTE - 100 * MINUTE_MS
        assert [r[0] for r in past.rows("1m", start, None, 3)] == [
            start,
            start + MINUTE_MS,
            start + 2 * MINUTE_MS,
        ]
        assert past.rows("1m", start - 1, None, 1)[0][0] == start
        assert past.rows("1m", start + 1, None, 1)[0][0] == start + MINUTE_MS

    def test_end_gives_the_last_ones_until_there(self, past):
        end = MINUTE - 100 * MINUTE_MS
        assert [r[0] for r in past.rows("1m", None, end, 2)] == [end - MINUTE_MS, end]

    def test_start_and_end_are_both_kept(self, past):
        start, end = MINUTE - 3 * MINUTE_MS, MINUTE - MINUTE_MS
        assert [r[0] for r in past.rows("1m", start, end, 500)] == [
            start,
            start + MINUTE_MS,
            end,
        ]
        assert len(past.rows("1m", start, end, 2)) == 2

    def test_open_candle_comes_last_and_counts_for_the_limit(self, past):
        rows = past.rows("1m", None, None, 5)
        assert len(rows) == 5
        assert rows[-1][0] == MINUTE
        assert past.rows("1m", MINUTE, None, 5) == rows[-1:]
        assert past.rows("1m", MINUTE + 1, None, 5) == []

    def test_unknown_interval_is_a_bug(self, past):
        with pytest.raises(BugError, match="1s"):
            past.rows("1s", None, None, 1)


class TestTrades:
    def test_running_candles_follow_every_trade(self, history):
        before = history.live("1d")
        history.on_trade(D("64260.00"), D("0.500"), False, NOW, 11)
        history.on_trade(D("64240.10"), D("0.200"), True, NOW + 5, 12)
        live = history.live("1m")
        assert live == {
            "t": MINUTE,
            "T": MINUTE + MINUTE_MS - 1,
            "s": "BTCUSDT",
            "i": "1m",
            "f": 11,
            "L": 12,
            "o": "64260.00",
            "c": "64240.10",
            "h": "64260.00",
            "l": "64240.10",
            "v": "0.700",
            "n": 2,
            "x": False,
            "q": "44978.02000",
            "V": "0.500",
            "Q": "32130.00000",
            "B": "0",
        }
        day = history.live("1d")
        assert day["n"] == before["n"] + 2
        assert D(day["v"]) == D(before["v"]) + D("0.700")
        assert day["c"] == "64240.10"
        assert history.last_price() == D("64240.10")

    def test_minute_closes_and_the_next_begins_flat(self, history):
        history.live("1m")
        history.on_trade(D("64260.00"), D("0.500"), False, NOW, 11)
        history.on_time(MINUTE + MINUTE_MS)
        closed, live = history.last_closed("1m"), history.live("1m")
        assert (closed["t"], closed["x"], closed["c"], closed["n"]) == (MINUTE, True, "64260.00", 1)
        assert (live["t"], live["o"], live["n"], live["f"]) == (
            MINUTE + MINUTE_MS,
            "64260.00",
            0,
            -1,
        )

    def test_minutes_without_trades_are_there_and_flat(self, history):
        history.on_time(MINUTE + 3 * MINUTE_MS)
        rows = history.rows("1m", MINUTE, None, 10)
        assert [row[0] for row in rows] == [MINUTE + n * MINUTE_MS for n in range(4)]
        assert {row[4] for row in rows} == {"64250.00"}
        assert {row[8] for row in rows} == {0}

    def test_trade_in_a_later_minute_closes_the_earlier_ones(self, history):
        history.on_trade(D("64260.00"), D("0.500"), False, MINUTE + 2 * MINUTE_MS + 1, 11)
        assert history.live("1m")["t"] == MINUTE + 2 * MINUTE_MS

    def test_larger_candle_closes_with_its_last_minute(self, history):
        first = history.live("5m")
        end = first["T"] + 1
        history.on_time(end - 1)
        assert history.live("5m")["t"] == first["t"]
        history.on_time(end)
        assert history.live("5m")["t"] == end
        assert history.last_closed("5m")["t"] == first["t"]

    @pytest.mark.parametrize("looked_before", [True, False])
    def test_lived_candles_add_up_whenever_the_chart_was_opened(self, history, looked_before):
        if looked_before:
            history.live("15m")
        for number in range(400):
            price = BTC.base_price + D("0.10") * (number * 37 % 101)
            history.on_trade(price, D("0.003"), number % 3 == 0, NOW + number * 7_000, number)
        minutes = history.rows("1m", MINUTE - 60 * MINUTE_MS, None, 500)
        rows = history.rows("15m", minutes[0][0], None, 100)
        assert len(rows) > 3
        for row in rows:
            parts = [r for r in minutes if row[0] <= r[0] <= row[6]]
            assert figures(row) == added_up(parts)

    def test_running_day_is_the_last_1440_minutes(self, history):
        history.on_trade(D("64260.00"), D("0.500"), False, NOW, 11)
        for later in (0, MINUTE_MS):
            history.on_time(MINUTE + later)
            day = history.last_day()
            rows = history.rows("1m", None, None, 1440)
            assert day.open_ms == rows[0][0]
            assert str(BTC.steps_to_qty(day.volume)) == str(sum(D(r[5]) for r in rows))
            assert history.quote_amount(day.quote) == sum(D(r[7]) for r in rows)
            assert BTC.ticks_to_price(day.high) == max(D(r[2]) for r in rows)


class TestCalendar:
    def test_week_begins_on_monday_and_month_on_the_first(self):
        monday = 1_795_392_000_000
        assert candle_bounds("1w", NOW) == (monday, monday + 7 * DAY_MS)
        assert candle_bounds("1M", NOW) == (1_793_491_200_000, 1_796_083_200_000)

    def test_december_is_followed_by_january(self):
        december = 1_796_083_200_000
        assert candle_bounds("1M", december)[1] - december == 31 * DAY_MS


class TestLongLife:
    def test_interval_first_seen_late_is_as_if_seen_from_the_start(self):
        early, late = CandleHistory(BTC, 7, NOW), CandleHistory(BTC, 7, NOW)
        for interval in INTERVAL_MS:
            early.rows(interval, None, None, 1)
        for number in range(400):
            for history in (early, late):
                price = BTC.base_price + (number % 37) * BTC.tick_size
                history.on_trade(price, BTC.step_size, number % 3 == 0, NOW + 31_000 * number)
        for interval in INTERVAL_MS:
            rows = late.rows(interval, None, None, 1500)
            assert rows == early.rows(interval, None, None, 1500)

    def test_oldest_minutes_are_forgotten_and_enough_are_kept(self, monkeypatch):
        monkeypatch.setattr("engine.paper.candle_history._KEPT_CANDLES", 2000)
        seen, unseen = CandleHistory(BTC, 7, NOW), CandleHistory(BTC, 7, NOW)
        seen.rows("1m", None, None, 1)
        for history in (seen, unseen):
            history.on_time(NOW + 6000 * MINUTE_MS)
            rows = history.rows("1m", None, None, 10_000)
            assert 2000 <= len(rows) <= 2501
            opened = [row[0] for row in rows]
            assert opened == list(range(opened[0], opened[-1] + 1, MINUTE_MS))
            five = history.rows("5m", None, None, 1500)
            assert len(five) == 1500
            assert all(b[0] - a[0] == 5 * MINUTE_MS for a, b in pairwise(five))
