"""Looking around on the chart: price scale, history on its way, averages and fills."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from desktop.models.overlays import Overlay
from desktop.theme.fonts import load_fonts
from desktop.widgets.chart import CandleChart
from desktop.widgets.chart_overlays import overlay_colours
from desktop.widgets.interval_bar import IntervalBar
from desktop.widgets.overlay_switches import OverlaySwitches
from engine.trading_types import Side
from engine.views import FillView
from tests.helpers import mouse
from tests.helpers.market_samples import MINUTE_MS, START_MS, candles


def on_axis(chart: CandleChart) -> QPointF:
    return QPointF(chart.width() - 20, 200)


def colours(chart: CandleChart) -> set[str]:
    picture = chart.grab().toImage()
    return {
        picture.pixelColor(x, y).name()
        for x in range(0, picture.width(), 2)
        for y in range(40, picture.height(), 2)
    }


# --- the price scale -------------------------------------------------------------------


def test_a_drag_on_the_price_axis_stretches_and_a_double_click_fits_again(chart) -> None:
    fitted = chart._scene.scale
    mouse.drag(chart, on_axis(chart), on_axis(chart) + QPointF(0, 100))
    assert chart._scene.scale.high - chart._scene.scale.low > 1.5 * (fitted.high - fitted.low)
    mouse.double_click(chart, on_axis(chart))
    assert chart._scene.scale == fitted


def test_the_wheel_over_the_price_axis_stretches_prices_alone(chart) -> None:
    pitch, fitted = chart._model.pitch, chart._scene.scale
    mouse.wheel(chart, on_axis(chart), 1)
    assert chart._model.pitch == pitch
    assert chart._scene.scale.high - chart._scene.scale.low < fitted.high - fitted.low


def test_with_a_manual_scale_a_drag_moves_through_prices_too(chart) -> None:
    mouse.wheel(chart, on_axis(chart), 1)
    low = chart._scene.scale.low
    mouse.drag(chart, QPointF(300, 150), QPointF(340, 190))
    assert chart._scene.scale.low > low


@pytest.mark.parametrize("how", ["button", "key", "menu"])
def test_the_way_back_to_an_auto_scale(chart, qtbot, how) -> None:
    mouse.wheel(chart, on_axis(chart), 1)
    chart.grab()
    if how == "button":
        mouse.click(chart, chart._scene.hints.fit_button.center())
    elif how == "key":
        qtbot.keyClick(chart, Qt.Key.Key_A)
    else:
        mouse.click(chart, QPointF(300, 150), mouse.RIGHT)
        chart.menu.findChild(QAction, "chart.menu.fit").trigger()
        chart.menu.close()
    assert chart._model.manual_range is None
    chart.grab()
    assert chart._scene.hints.fit_button.isEmpty()


# --- history on its way -----------------------------------------------------------------


def scroll_back(chart: CandleChart, qtbot: QtBot) -> None:
    for _ in range(60):
        qtbot.keyClick(chart, Qt.Key.Key_Left)


def test_scrolling_back_says_what_is_being_loaded_and_when_there_is_no_more(chart, qtbot) -> None:
    assert chart._scene.hints.history_text() == ""
    scroll_back(chart, qtbot)
    text = chart._scene.hints.history_text()
    assert text.startswith("Loading candles before ")
    assert "400 candles here" in text
    chart.prepend_candles(candles(300, first=-300), START_MS - 1)
    assert chart._scene.hints.history_text() == ""
    scroll_back(chart, qtbot)
    chart.prepend_candles([], START_MS - 300 * MINUTE_MS - 1)
    assert chart._scene.hints.history_text().startswith("No older candles")


def test_an_answer_to_an_older_question_leaves_no_hole(chart, qtbot) -> None:
    scroll_back(chart, qtbot)
    chart.set_candles(candles(400, first=1000), "1m")  # after a gap of hours
    chart.prepend_candles(candles(300, first=-300), START_MS - 1)
    assert len(chart._model.candles) == 400
    assert chart._scene.hints.history_text() == ""


def test_history_that_does_not_come_says_why_and_scrolling_asks_again(chart, qtbot) -> None:
    asked: list[int] = []
    chart.older_wanted.connect(asked.append)
    scroll_back(chart, qtbot)
    chart.candles_failed("No candles came: the exchange did not answer.")
    assert chart._scene.hints.history_text().startswith("No candles came")
    qtbot.keyClick(chart, Qt.Key.Key_Left)
    assert asked == [START_MS - 1, START_MS - 1]


def test_first_candles_that_do_not_come_say_why(chart) -> None:
    chart.expect("1h")
    chart.update_candle(candles()[-1])  # of the interval before
    assert chart._model.candles == []
    waiting = chart.grab().toImage()
    chart.candles_failed("No candles came: the exchange did not answer.")
    assert chart.has_failed
    assert chart.grab().toImage() != waiting
    chart.set_candles(candles(), "1h")
    assert not chart.has_failed


def test_candles_after_a_gap_leave_the_view_where_it_is(chart) -> None:
    mouse.drag(chart, QPointF(300, 250), QPointF(600, 250))
    right = chart._model.right
    chart.set_candles(candles(402)[100:], "1m")
    assert not chart._model.is_live
    assert chart._model.right == right
    assert len(chart._model.candles) == 402


# --- averages ------------------------------------------------------------------------------


@pytest.mark.parametrize("overlay", [Overlay.EMA_20, Overlay.EMA_50])
def test_an_average_is_drawn_while_it_is_switched_on(chart, overlay) -> None:
    plain = chart.grab().toImage()
    chart.set_overlays((overlay,))
    assert overlay_colours()[overlay] in colours(chart)
    chart.set_overlays(())
    assert chart.grab().toImage() == plain


def test_a_days_average_asks_for_the_days_start(chart, qtbot) -> None:
    with qtbot.waitSignal(chart.older_wanted) as wanted:
        chart.set_overlays((Overlay.VWAP,))
    assert wanted.args == [START_MS - 1]
    chart.prepend_candles(candles(1440, first=-1440), START_MS - 1)
    ((overlay, value),) = chart._scene.overlays.values()
    assert overlay is Overlay.VWAP
    assert value is not None
    chart.grab()


def test_switches_are_remembered(qtbot, tmp_path: Path) -> None:
    file = tmp_path / "chart" / "overlays.json"

    def made() -> OverlaySwitches:
        switches = OverlaySwitches()
        qtbot.addWidget(switches)
        switches.keep_in(file)
        return switches

    switches = made()
    button = switches.findChild(QPushButton, "chart.overlay.VWAP")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert made().on() == (Overlay.VWAP,)
    file.write_text("{", encoding="utf-8")
    assert made().on() == ()


# --- fills ---------------------------------------------------------------------------------


def fill(candle: int, side: Side = Side.BUY, symbol: str = "BTCUSDT") -> FillView:
    at = candles()[candle]
    return FillView(
        symbol=symbol,
        trade_id=candle,
        order_id=1,
        client_order_id="a",
        side=side,
        price=Decimal(str(at.close)),
        quantity=Decimal("0.1"),
        time_ms=at.open_ms + MINUTE_MS // 2,
    )


@pytest.mark.parametrize("candle", [380, 399], ids=["closed", "newest"])
def test_a_fill_is_marked_on_its_candle_and_explained(chart, candle) -> None:
    plain = chart.grab().toImage()
    chart.set_fills([fill(candle), fill(candle, symbol="ETHUSDT")])
    mouse.leave(chart)
    assert chart.grab().toImage() != plain
    at = QPointF(chart._model.x(candle), chart.y_of_price(fill(candle).price))
    assert chart.explanation(at).startswith("Bought 0.1 at ")


def test_a_tick_does_not_redraw_the_marks_of_closed_candles(chart) -> None:
    chart.set_fills([fill(380)])
    chart.grab()
    made = chart._scene.candles.pictures_made
    chart.set_last_price(candles()[-1].close)
    chart.grab()
    assert chart._scene.candles.pictures_made == made
    chart.set_fills([fill(380), fill(381, Side.SELL)])
    chart.grab()
    assert chart._scene.candles.pictures_made == made + 1


# --- intervals --------------------------------------------------------------------------------


def test_every_interval_can_be_chosen_the_usual_ones_at_once(qtbot) -> None:
    bar = IntervalBar(("1m", "1h", "3d", "1M"), ("1m", "1h"))
    qtbot.addWidget(bar)
    bar.show()
    bar.set_interval("1m")
    chosen: list[str] = []
    bar.interval_chosen.connect(chosen.append)
    more = bar.findChild(QPushButton, "chart.intervals.more")
    qtbot.mouseClick(more, Qt.MouseButton.LeftButton)
    assert bar.menu.isVisible()
    assert not more.isChecked()
    mouse.click(
        bar.menu,
        bar.menu.actionGeometry(bar.findChild(QAction, "chart.interval.menu.3d")).center(),
    )
    assert chosen == ["3d"]
    assert more.text().startswith("3d")
    assert more.isChecked()
    qtbot.mouseClick(bar.findChild(QPushButton, "chart.interval.1h"), Qt.MouseButton.LeftButton)
    assert chosen == ["3d", "1h"]
    assert not more.isChecked()


def test_a_narrow_row_keeps_the_last_intervals_in_its_menu(qtbot) -> None:
    load_fonts()
    bar = IntervalBar(("1m", "1d", "1M"), ("1m", "5m", "15m", "1h", "4h", "1d"))
    qtbot.addWidget(bar)
    bar.set_interval("1d")
    bar.resize(600, 30)
    bar.show()
    last, more = (
        bar.findChild(QPushButton, f"chart.{n}") for n in ("interval.1d", "intervals.more")
    )
    assert last.isVisible()
    assert not more.isChecked()
    bar.resize(bar.minimumSizeHint())
    assert bar.minimumSizeHint().width() < 200
    assert not last.isVisible()
    assert (more.text(), more.isChecked()) == ("1d ⋯", True)
    bar.resize(600, 30)
    assert last.isVisible()
    assert last.isChecked()
    assert more.text() == "⋯"
