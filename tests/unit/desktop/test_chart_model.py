"""What part of the history the chart shows, and where prices and labels go."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.models.chart_model import LIVE_MARGIN, PITCHES, ChartModel
from desktop.models.chart_scale import (
    PriceScale,
    TagSpan,
    fitted_range,
    interval_ms,
    moment_text,
    nice_ceiling,
    place_tags,
    price_ticks,
    time_ticks,
)
from engine.views import Candle
from tests.helpers.market_samples import candles

MINUTE = 60_000
START = int(datetime(2026, 11, 22, 22, 0, tzinfo=UTC).timestamp() * 1000)


def candle(n: int, price: float = 100.0, volume: float = 5.0, spread: float = 1.0) -> Candle:
    return Candle(
        open_ms=START + n * MINUTE,
        close_ms=START + (n + 1) * MINUTE - 1,
        open=price,
        high=price + spread,
        low=price - spread,
        close=price,
        volume=volume,
    )


def model_with(count: int, width: int = 700) -> ChartModel:
    model = ChartModel()
    model.set_width(width)
    model.set_candles([candle(n) for n in range(count)], "1m")
    return model


# --- candles ------------------------------------------------------------------


def test_same_opening_time_replaces_the_last_candle_and_keeps_the_picture_of_the_others() -> None:
    model = model_with(10)
    version = model.version
    assert model.update_candle(candle(9, price=120.0))
    assert len(model.candles) == 10
    assert model.candles[-1].close == 120.0
    assert model.version == version


def test_a_new_opening_time_appends_and_a_live_view_follows() -> None:
    model = model_with(10)
    model.update_candle(candle(10))
    assert len(model.candles) == 11
    assert model.right == 10 + LIVE_MARGIN


def test_a_new_candle_does_not_move_a_view_into_the_past() -> None:
    model = model_with(300)
    model.pan(50)
    right = model.right
    model.update_candle(candle(300))
    assert model.right == right
    assert not model.is_live


def test_the_late_last_word_about_the_candle_before_is_kept() -> None:
    model = model_with(10)
    version = model.version
    assert model.update_candle(candle(8, price=77.0))
    assert model.candles[8].close == 77.0
    assert model.version > version


def test_a_candle_older_than_that_is_refused() -> None:
    model = model_with(10)
    assert not model.update_candle(candle(3, price=77.0))
    assert model.candles[3].close == 100.0


def test_a_trade_stretches_the_last_candle() -> None:
    model = model_with(3)
    model.trade_at(104.0)
    last = model.candles[-1]
    assert (last.high, last.low, last.close) == (104.0, 99.0, 104.0)


def test_prepended_history_leaves_the_picture_where_it_was() -> None:
    model = model_with(50)
    x_before = model.x(0)
    assert model.prepend([candle(n) for n in range(-20, 5)]) == 20
    assert model.x(20) == x_before
    assert model.candles[0].open_ms == START - 20 * MINUTE


# --- older history ------------------------------------------------------------


def test_older_history_is_wanted_once_when_the_oldest_candle_is_in_view() -> None:
    model = model_with(30)
    assert model.older_wanted_ms() == START - 1
    assert model.older_wanted_ms() is None


def test_older_history_is_not_wanted_while_the_oldest_candle_is_out_of_view() -> None:
    model = model_with(1000)
    assert model.older_wanted_ms() is None
    model.pan(2000)
    assert model.older_wanted_ms() == START - 1


def test_after_older_history_came_the_next_part_is_wanted_when_it_is_reached() -> None:
    model = model_with(1000)
    model.pan(2000)
    model.older_wanted_ms()
    model.prepend([candle(n) for n in range(-500, 0)])
    assert model.older_wanted_ms() is None
    model.pan(2000)
    assert model.older_wanted_ms() == START - 500 * MINUTE - 1


def test_an_empty_answer_ends_the_asking() -> None:
    model = model_with(30)
    model.older_wanted_ms()
    model.prepend([])
    assert model.older_wanted_ms() is None


# --- the view -----------------------------------------------------------------


def test_the_view_never_leaves_the_candles() -> None:
    model = model_with(300)
    model.pan(10_000)
    first, last = model.visible()
    assert last > first
    model.pan(-10_000)
    assert model.right == 299 + LIVE_MARGIN
    assert model.is_live


def test_zoom_keeps_the_candle_under_the_cursor() -> None:
    model = model_with(1000)
    model.pan(300)
    before = model.index_at(350)
    model.zoom(3, 350)
    assert abs(model.index_at(350) - before) <= 1


def test_zooming_a_live_view_keeps_it_live() -> None:
    model = model_with(1000)
    model.zoom(4, 10)
    assert model.is_live
    assert model.right == 999 + LIVE_MARGIN


@given(st.lists(st.tuples(st.sampled_from(["pan", "zoom"]), st.integers(-400, 400)), max_size=20))
def test_any_moves_leave_candles_in_view_and_a_known_pitch(moves: list[tuple[str, int]]) -> None:
    model = model_with(200)
    for kind, amount in moves:
        if kind == "pan":
            model.pan(amount)
        else:
            model.zoom(amount, 100)
    first, last = model.visible()
    assert 0 <= first < last <= 200
    assert model.pitch in PITCHES


def test_time_beyond_the_newest_candle_is_reckoned() -> None:
    model = model_with(100)
    x = model.x(103)
    assert model.candle_at(x) is None
    assert model.time_at(x) == START + 103 * MINUTE


# --- what needs a new picture ---------------------------------------------------


def test_a_tick_inside_the_range_keeps_the_cache_key() -> None:
    model = model_with(100)
    model.price_scale(0, 400)  # the range settles
    before = model.cache_key(model.price_scale(0, 400), model.volume_top(), (1, 1, 1), 1.0)
    model.trade_at(100.5)
    after = model.cache_key(model.price_scale(0, 400), model.volume_top(), (1, 1, 1), 1.0)
    assert after == before


@pytest.mark.parametrize("change", ["pan", "zoom", "new candle", "outlier"])
def test_what_changes_the_picture_changes_the_cache_key(change: str) -> None:
    model = model_with(500)
    before = model.cache_key(model.price_scale(0, 400), model.volume_top(), (1, 1, 1), 1.0)
    if change == "pan":
        model.pan(1)
    elif change == "zoom":
        model.zoom(1)
    elif change == "new candle":
        model.update_candle(candle(500))
    else:
        model.trade_at(150.0)
    after = model.cache_key(model.price_scale(0, 400), model.volume_top(), (1, 1, 1), 1.0)
    assert after != before


# --- scales -------------------------------------------------------------------


def test_price_and_pixel_are_each_others_inverse() -> None:
    scale = PriceScale(low=100.0, high=200.0, top=20.0, height=400.0)
    assert scale.y(200.0) == 20.0
    assert scale.y(100.0) == 420.0
    assert scale.price(scale.y(137.5)) == pytest.approx(137.5)


def test_a_stretched_scale_keeps_every_price_at_its_pixel() -> None:
    scale = PriceScale(low=100.0, high=200.0, top=20.0, height=400.0)
    wide = scale.stretched(500.0)
    assert wide.y(150.0) == pytest.approx(scale.y(150.0))
    assert wide.low < 100.0
    assert wide.high > 200.0


def test_the_range_is_kept_until_candles_leave_it_or_shrink_in_it() -> None:
    fitted = fitted_range(100, 200, None)
    assert fitted[0] < 100
    assert fitted[1] > 200
    assert fitted_range(102, 203, fitted) == fitted
    assert fitted_range(100, 250, fitted) != fitted
    assert fitted_range(140, 160, fitted) != fitted


def test_a_flat_market_still_has_a_range() -> None:
    low, high = fitted_range(64000.0, 64000.0, None)
    assert low < 64000.0 < high


@given(st.floats(1e-6, 1e6), st.floats(1e-4, 0.5), st.sampled_from([0.1, 0.01, 0.001, 1.0]))
def test_price_ticks_are_multiples_of_the_tick_and_apart(
    middle: float, share: float, tick: float
) -> None:
    scale = PriceScale(low=middle * (1 - share), high=middle * (1 + share), top=0, height=500)
    found = price_ticks(scale, tick)
    assert len(found) <= 13
    for price in found:
        assert abs(price / tick - round(price / tick)) < 1e-3
        assert scale.low - 1e-9 <= price <= scale.high + 1e-9


def test_price_ticks_are_round_numbers() -> None:
    scale = PriceScale(low=63_870.0, high=64_130.0, top=0, height=400)
    assert price_ticks(scale, 0.1) == [63_900.0, 63_950.0, 64_000.0, 64_050.0, 64_100.0]


def test_time_ticks_lie_on_round_times_and_name_the_new_day() -> None:
    times = [START + n * MINUTE for n in range(180)]
    ticks = time_ticks(times, 0, MINUTE, 5.0)
    texts = [tick.text for tick in ticks]
    assert "22:30" in texts
    assert "23 Nov" in texts
    assert next(t for t in ticks if t.text == "23 Nov").is_major
    assert all((START + t.index * MINUTE) % (30 * MINUTE) == 0 for t in ticks)


def test_months_and_years_are_named_for_long_candles() -> None:
    day = 24 * 60 * MINUTE
    times = [START + n * day for n in range(120)]
    texts = [tick.text for tick in time_ticks(times, 0, day, 3.0)]
    assert texts == ["Dec", "2027", "Feb", "Mar"]


@pytest.mark.parametrize(
    ("number", "expected"), [(0.0, 1.0), (0.9, 1.0), (1.0, 1.0), (11.0, 12.0), (810.0, 1000.0)]
)
def test_nice_ceiling(number: float, expected: float) -> None:
    assert nice_ceiling(number) == pytest.approx(expected)


@pytest.mark.parametrize(("name", "ms"), [("1m", 60_000), ("4h", 14_400_000), ("1w", 604_800_000)])
def test_interval_names_of_the_venue(name: str, ms: int) -> None:
    assert interval_ms(name) == ms


def test_moment_text_shows_what_the_interval_can_tell() -> None:
    assert moment_text(START, MINUTE) == "22 Nov 22:00"
    assert moment_text(START, 24 * 60 * MINUTE) == "Sun 22 Nov 2026"


# --- tags ---------------------------------------------------------------------


def test_tags_apart_all_start_at_the_left() -> None:
    assert place_tags([(10, 50), (40, 80)], [], 8, 500, 18) == [8, 8]


def test_a_tag_that_would_cover_another_moves_beside_it() -> None:
    assert place_tags([(10, 50), (12, 80), (300, 10)], [], 8, 500, 18) == [8, 62, 8]


def test_tags_keep_clear_of_what_is_taken() -> None:
    assert place_tags([(100, 50)], [TagSpan(105, 0, 200)], 8, 500, 18) == [204]


def test_a_tag_without_room_is_left_out() -> None:
    assert place_tags([(10, 300), (10, 300)], [], 8, 500, 18) == [8, None]


@given(st.lists(st.tuples(st.floats(0, 200), st.floats(20, 150)), max_size=30))
def test_placed_tags_never_overlap(tags: list[tuple[float, float]]) -> None:
    edges = place_tags(tags, [], 8, 600, 18)
    placed = [(y, e, e + w) for (y, w), e in zip(tags, edges, strict=True) if e is not None]
    assert bool(placed) is bool(tags), "the first has all the room"
    for i, (y, left, right) in enumerate(placed):
        for other_y, other_left, other_right in placed[i + 1 :]:
            assert abs(y - other_y) >= 18 or right <= other_left or other_right <= left


# --- after a gap --------------------------------------------------------------------


def test_new_candles_after_a_gap_mend_the_end_and_leave_the_view() -> None:
    model = ChartModel()
    model.set_width(700)
    model.set_candles(candles(300), "1m")
    model.pan(100)
    shown = model.candle_at(350)
    fresh = candles(310)[200:]
    assert model.renew(fresh)
    assert len(model.candles) == 310
    assert model.candles[-1] == fresh[-1]
    assert model.candle_at(350) == shown


def test_a_live_view_stays_live_after_a_gap() -> None:
    model = ChartModel()
    model.set_width(700)
    model.set_candles(candles(300), "1m")
    assert model.renew(candles(310)[200:])
    assert model.is_live
    assert model.x(309) < 700


@pytest.mark.parametrize(
    "fresh", [candles(500)[400:], [], candles(100)], ids=["hole", "none", "old"]
)
def test_candles_that_do_not_join_are_not_mended_with(fresh: list[Candle]) -> None:
    model = ChartModel()
    model.set_candles(candles(300), "1m")
    assert not model.renew(fresh)
    assert len(model.candles) == 300


# --- the price scale in the hand --------------------------------------------------------


def test_a_manual_scale_stays_until_it_is_given_up() -> None:
    model = ChartModel()
    model.set_width(700)
    model.set_candles(candles(300), "1m")
    fitted = model.price_scale(0, 400)
    low, high = model.shown_range()
    model.stretch_prices((low, high), 2.0)
    stretched = model.price_scale(0, 400)
    assert stretched.high - stretched.low == pytest.approx(2 * (fitted.high - fitted.low))
    model.shift_prices(model.shown_range(), 50.0)
    assert model.price_scale(0, 400).low == pytest.approx(stretched.low + 50)
    model.fit_prices()
    assert model.price_scale(0, 400) == fitted


def test_a_scale_can_neither_vanish_nor_run_away() -> None:
    model = ChartModel()
    model.stretch_prices((100.0, 110.0), 1e-30)
    low, high = model.shown_range()
    assert high > low
    model.stretch_prices((100.0, 110.0), 1e30)
    assert model.shown_range()[1] <= 320


def test_other_candles_start_with_a_fitted_scale() -> None:
    model = ChartModel()
    model.stretch_prices((100.0, 110.0), 2.0)
    model.set_candles(candles(300), "1m")
    assert model.manual_range is None


def test_older_candles_can_be_asked_for_out_of_sight_and_again_after_a_failure() -> None:
    model = ChartModel()
    model.set_width(700)
    model.set_candles(candles(300), "1m")
    assert model.older_wanted_ms() is None
    wanted = model.older_wanted_ms(is_needed=True)
    assert wanted == candles(1)[0].open_ms - 1
    assert model.older_wanted_ms(is_needed=True) is None
    model.forget_asking()
    assert model.older_wanted_ms(is_needed=True) == wanted
    model.prepend([])
    assert model.is_at_start


def test_a_closed_candle_that_is_mended_and_a_tick_both_move_the_fitted_range() -> None:
    model = ChartModel()
    model.set_width(700)
    model.set_candles(candles(300), "1m")
    before = model.price_scale(0, 400)
    model.trade_at(before.high + 100)
    ticked = model.price_scale(0, 400)
    assert ticked.low < before.high + 100 <= ticked.high
    closed = model.candles[-2]
    model.update_candle(msgspec.structs.replace(closed, low=before.low - 100, volume=1e6))
    assert model.price_scale(0, 400).low <= before.low - 100
    assert model.volume_top() >= 1e6
