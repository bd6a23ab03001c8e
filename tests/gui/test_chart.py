"""The chart under a real mouse: moving, cancelling and looking."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from desktop.theme import palette
from desktop.theme.fonts import load_fonts
from desktop.widgets.chart import CandleChart
from desktop.widgets.chart_title import title_texts
from engine.trading_types import OrderStatus, PositionSide, Side
from engine.views import AmendInFlight, Candle, PositionView
from tests.helpers import mouse
from tests.helpers.market_samples import BTCUSDT, MINUTE_MS, START_MS, candles, limit_order
from tests.helpers.pixels import colour_at, colours_of_row

CTRL = Qt.KeyboardModifier.ControlModifier


def near_last(chart: CandleChart, offset: int) -> Decimal:
    """A price in view, `offset` above the last one."""
    last = round(candles()[-1].close) + offset
    return Decimal(last).quantize(Decimal("0.1"))


def order_at(chart: CandleChart, offset: int = -20, **more: object):
    return limit_order("mine", Side.BUY, str(near_last(chart, offset)), **more)


def colours(chart: CandleChart, y: float) -> set[str]:
    return colours_of_row(chart, y, 0, chart.width() - 90)


# --- moving an order ------------------------------------------------------------


def test_dragging_a_tag_asks_for_the_price_under_the_mouse(chart, qtbot) -> None:
    chart.set_orders([order_at(chart)])
    start = chart.point_of_order("mine")
    wanted = near_last(chart, -40)
    end = QPointF(start.x(), chart.y_of_price(wanted))
    with qtbot.waitSignal(chart.order_moved) as moved:
        mouse.drag(chart, start, end)
    client_order_id, price = moved.args
    assert client_order_id == "mine"
    assert isinstance(price, Decimal)
    assert price % BTCUSDT.tick_size == 0
    assert abs(price - wanted) < Decimal("0.5")


def test_dragging_the_line_itself_moves_the_order_too(chart, qtbot) -> None:
    chart.set_orders([order_at(chart)])
    start = QPointF(500, chart.y_of_price(near_last(chart, -20)))
    with qtbot.waitSignal(chart.order_moved):
        mouse.drag(chart, start, start + QPointF(2, 40))


def test_a_sideways_drag_on_a_line_scrolls_and_moves_no_order(chart, qtbot) -> None:
    chart.set_orders([order_at(chart)])
    start = QPointF(500, chart.y_of_price(near_last(chart, -20)))
    before = chart.grab().toImage()
    with qtbot.assertNotEmitted(chart.order_moved):
        mouse.drag(chart, start, start + QPointF(120, 30))
    assert chart.grab().toImage() != before


def test_a_moved_order_stays_drawn_at_its_old_price_with_a_ghost_at_the_new(chart) -> None:
    chart.set_orders([order_at(chart)])
    old_y = chart.y_of_price(near_last(chart, -20))
    start = chart.point_of_order("mine")
    mouse.drag(chart, start, start + QPointF(0, 40))
    mouse.leave(chart)
    assert palette.BUY in colours(chart, old_y)
    assert palette.BUY in colours(chart, old_y + 40)


def test_new_orders_with_the_old_price_take_the_ghost_away(chart) -> None:
    chart.set_orders([order_at(chart)])
    start = chart.point_of_order("mine")
    mouse.drag(chart, start, start + QPointF(0, 40))
    mouse.leave(chart)
    ghost_y = chart.y_of_price(near_last(chart, -20)) + 40
    with_ghost = colours(chart, ghost_y)
    chart.set_orders([order_at(chart)])
    without = colours(chart, ghost_y)
    assert chart.point_of_order("mine") == start
    assert with_ghost != without


def test_a_ghost_nobody_answers_goes_away_by_itself(chart) -> None:
    chart.set_orders([order_at(chart)])
    before = chart.grab().toImage()
    start = chart.point_of_order("mine")
    mouse.drag(chart, start, start + QPointF(0, 40))
    mouse.leave(chart)
    assert chart.grab().toImage() != before
    chart._ghost_timer.timeout.emit()
    assert chart.grab().toImage() == before


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda chart: QTest.keyClick(chart, Qt.Key.Key_Escape),
        lambda chart: chart.set_orders([]),
        lambda chart: chart.set_stale(True),
    ],
    ids=["escape", "it was filled", "prices grew old"],
)
def test_the_order_in_the_hand_is_put_back(chart, qtbot, meanwhile) -> None:
    chart.set_orders([order_at(chart)])
    start = chart.point_of_order("mine")
    with qtbot.assertNotEmitted(chart.order_moved):
        mouse.hold_and_move(chart, start, start + QPointF(0, 40))
        meanwhile(chart)
        mouse.release(chart, start + QPointF(0, 40))


def test_dropping_at_the_old_price_asks_for_nothing(chart, qtbot) -> None:
    chart.set_orders([order_at(chart)])
    start = QPointF(500, chart.y_of_price(near_last(chart, -20)))
    with qtbot.assertNotEmitted(chart.order_moved):
        mouse.hold_and_move(chart, start, start + QPointF(0, 30))
        mouse.move(chart, start, mouse.LEFT)
        mouse.release(chart, start)


@pytest.mark.parametrize(
    "more",
    [
        {"status": OrderStatus.PENDING_NEW},
        {"status": OrderStatus.PENDING_CANCEL},
        {"status": OrderStatus.UNKNOWN},
        {"amend": AmendInFlight(price=Decimal("64000.0"), quantity=Decimal("0.150"))},
    ],
)
def test_an_order_that_is_not_settled_cannot_be_dragged(chart, qtbot, more) -> None:
    chart.set_orders([order_at(chart, **more)])
    start = chart.point_of_order("mine")
    with qtbot.assertNotEmitted(chart.order_moved):
        mouse.drag(chart, start, start + QPointF(0, 40))


# --- cancelling ------------------------------------------------------------------


def test_the_cross_on_a_tag_cancels(chart, qtbot) -> None:
    chart.set_orders([order_at(chart)])
    with qtbot.waitSignal(chart.order_cancel) as cancelled:
        mouse.click(chart, chart.point_of_cancel("mine"))
    assert cancelled.args == ["mine"]


def test_a_cancel_under_way_has_no_cross(chart) -> None:
    chart.set_orders([order_at(chart, status=OrderStatus.PENDING_CANCEL)])
    assert chart.point_of_cancel("mine") is None


def test_a_press_on_the_cross_that_slips_off_does_nothing(chart, qtbot) -> None:
    chart.set_orders([order_at(chart)])
    at = chart.point_of_cancel("mine")
    with qtbot.assertNotEmitted(chart.order_cancel):
        mouse.press(chart, at)
        mouse.release(chart, at + QPointF(0, 60))


# --- clicking a price -------------------------------------------------------------


def test_ctrl_click_names_the_price_on_the_tick_grid(chart, qtbot) -> None:
    wanted = near_last(chart, 10)
    with qtbot.waitSignal(chart.price_clicked) as clicked:
        mouse.click(chart, QPointF(400, chart.y_of_price(wanted)), keys=CTRL)
    assert abs(clicked.args[0] - wanted) < Decimal("0.5")
    assert clicked.args[0] % BTCUSDT.tick_size == 0


def test_a_plain_click_names_no_price(chart, qtbot) -> None:
    with qtbot.assertNotEmitted(chart.price_clicked):
        mouse.click(chart, QPointF(400, 200))


def test_a_ctrl_double_click_names_the_price_once(chart, qtbot) -> None:
    clicked: list[Decimal] = []
    chart.price_clicked.connect(clicked.append)
    mouse.double_click(chart, QPointF(400, 200), keys=CTRL)
    assert len(clicked) == 1
    assert chart._model.is_live


# --- stale ------------------------------------------------------------------------


def test_a_stale_chart_names_no_price_and_moves_nothing_but_still_cancels(chart, qtbot) -> None:
    chart.set_orders([order_at(chart)])
    chart.set_stale(True)
    start = chart.point_of_order("mine")
    with qtbot.assertNotEmitted(chart.price_clicked), qtbot.assertNotEmitted(chart.order_moved):
        mouse.click(chart, QPointF(400, 200), keys=CTRL)
        mouse.drag(chart, start, start + QPointF(0, 40))
    with qtbot.waitSignal(chart.order_cancel):
        mouse.click(chart, chart.point_of_cancel("mine"))


def test_stale_tells_since_when(chart, clock) -> None:
    chart.set_last_price(64000.0)
    at_ms = clock.now_ms()
    clock.advance(30)
    chart.set_stale(True)
    assert chart._state.stale_since_ms == at_ms


# --- looking around ---------------------------------------------------------------


def test_panning_back_offers_the_way_to_the_live_end_and_double_click_takes_it(chart) -> None:
    live = chart.grab().toImage()
    mouse.drag(chart, QPointF(300, 250), QPointF(600, 250))
    mouse.leave(chart)
    assert not chart._model.is_live
    assert chart.grab().toImage() != live
    mouse.double_click(chart, QPointF(300, 250))
    mouse.leave(chart)
    assert chart._model.is_live
    assert chart.grab().toImage() == live


def test_the_wheel_zooms_and_small_turns_add_up(chart) -> None:
    pitch = chart._model.pitch
    mouse.wheel(chart, QPointF(400, 200), 1)
    assert chart._model.pitch > pitch
    mouse.wheel(chart, QPointF(400, 200), -2)
    assert chart._model.pitch < pitch


def test_keys_pan_zoom_and_return(chart, qtbot) -> None:
    qtbot.keyClick(chart, Qt.Key.Key_Left)
    assert not chart._model.is_live
    qtbot.keyClick(chart, Qt.Key.Key_Home)
    assert chart._model.is_live
    pitch = chart._model.pitch
    qtbot.keyClick(chart, Qt.Key.Key_Plus)
    assert chart._model.pitch > pitch
    qtbot.keyClick(chart, Qt.Key.Key_Minus)
    assert chart._model.pitch == pitch


def test_reaching_the_oldest_candle_asks_once_for_older_ones(chart, qtbot) -> None:
    asked: list[int] = []
    chart.older_wanted.connect(asked.append)
    for _ in range(60):
        qtbot.keyClick(chart, Qt.Key.Key_Left)
    assert asked == [START_MS - 1]
    chart.prepend_candles(candles(300, first=-300), START_MS - 1)
    for _ in range(60):
        qtbot.keyClick(chart, Qt.Key.Key_Left)
    assert asked == [START_MS - 1, START_MS - 300 * MINUTE_MS - 1]


# --- painting ---------------------------------------------------------------------


def test_without_candles_it_says_so_and_ignores_the_mouse(qtbot) -> None:
    load_fonts()
    chart = CandleChart()
    qtbot.addWidget(chart)
    chart.resize(600, 300)
    chart.show()
    with qtbot.assertNotEmitted(chart.price_clicked):
        mouse.click(chart, QPointF(200, 100), keys=CTRL)
        mouse.wheel(chart, QPointF(200, 100), 1)
        qtbot.keyClick(chart, Qt.Key.Key_Left)
    assert len(colours_of_row(chart, 150, 0, 600)) > 1


def test_ticks_do_not_redraw_the_closed_candles(chart) -> None:
    chart.grab()
    last = candles()[-1]
    chart.set_last_price(last.close)
    chart.grab()
    made = chart._scene.candles.pictures_made
    for n in range(20):
        chart.set_last_price(last.close + (n % 3) * 0.1)
        chart.grab()
    assert chart._scene.candles.pictures_made == made


def test_a_new_candle_redraws_the_closed_ones_once(chart) -> None:
    chart.grab()
    made = chart._scene.candles.pictures_made
    last = candles()[-1]
    fresh = Candle(
        open_ms=last.open_ms + MINUTE_MS,
        close_ms=last.close_ms + MINUTE_MS,
        open=last.close,
        high=last.close,
        low=last.close,
        close=last.close,
        volume=1.0,
    )
    chart.update_candle(fresh)
    chart.grab()
    chart.grab()
    assert chart._scene.candles.pictures_made == made + 1


@pytest.mark.parametrize(
    ("status", "colour"),
    [(OrderStatus.NEW, palette.BUY), (OrderStatus.UNKNOWN, palette.UNKNOWN)],
)
def test_an_orders_line_has_the_colour_of_what_is_known(chart, status, colour) -> None:
    chart.set_orders([order_at(chart, status=status)])
    assert QColor(colour).name() in colours(chart, chart.y_of_price(near_last(chart, -20)))


def test_a_confirmed_tag_is_filled_and_one_in_flight_is_hollow(chart) -> None:
    chart.set_orders([order_at(chart)])
    at = chart.point_of_order("mine")
    inside = (round(at.x()) - 4, round(at.y()) + 5)
    filled = colour_at(chart.grab().toImage(), *inside)
    chart.set_orders([order_at(chart, status=OrderStatus.PENDING_NEW)])
    hollow = colour_at(chart.grab().toImage(), *inside)
    assert (filled, hollow) == (palette.BUY, palette.BACKGROUND)


def test_orders_of_another_contract_are_not_drawn(chart) -> None:
    chart.set_orders([msgspec.structs.replace(order_at(chart), symbol="ETHUSDT")])
    assert chart.point_of_order("mine") is None


def test_a_position_line_is_drawn_at_its_entry(chart) -> None:
    entry = near_last(chart, -30)
    chart.set_position(
        PositionView(
            symbol="BTCUSDT",
            position_side=PositionSide.BOTH,
            quantity=Decimal("-0.150"),
            entry_price=entry,
        )
    )
    chart.set_mark_price(float(entry) - 10)
    assert palette.ACCENT in colours(chart, chart.y_of_price(entry))


def test_another_contract_starts_empty(chart) -> None:
    chart.set_orders([order_at(chart)])
    chart.set_instrument(BTCUSDT)
    assert chart.point_of_order("mine") is None
    assert chart._model.candles == []


@pytest.mark.parametrize(
    ("room", "shown"),
    [(90, "OHLC%V"), (60, "OHLC%"), (50, "OHLC"), (40, "OHL"), (10, "O")],
)
def test_the_title_leaves_out_whole_figures_when_the_chart_is_narrow(room: int, shown: str) -> None:
    candle = Candle(
        open_ms=0, close_ms=1, open=64250.1, high=64300.2, low=64200.3, close=64280.4, volume=12.5
    )
    names, values, volume = title_texts(candle, 1, room)
    said = "".join(letter for letter in "OHLC" if letter in names)
    said += "%" if "%" in values else ""
    said += "V" if volume.strip() else ""
    assert said == shown
