"""Conditional orders, price alerts and refusals on the chart, under a real mouse."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from desktop.models.price_alerts import PriceAlert
from desktop.theme import palette
from desktop.widgets.chart import CandleChart
from engine.protection_views import AlgoView
from engine.trading_types import AlgoStatus, Side
from engine.views import OrderView
from tests.helpers import mouse
from tests.helpers.market_samples import BTCUSDT, candles, limit_order, stop_order
from tests.helpers.pixels import colours_of_row

STOP = "algo stop"
AWAY = QPointF(400, 120)


def price(offset: int) -> Decimal:
    return Decimal(round(candles()[-1].close) + offset).quantize(Decimal("0.1"))


def stop(offset: int = -20, **more: object) -> AlgoView:
    return stop_order("stop", Side.SELL, str(price(offset)), **more)


def order(offset: int = -20, **more: object) -> OrderView:
    return limit_order("mine", Side.BUY, str(price(offset)), **more)


def alert(offset: int = 30) -> PriceAlert:
    return PriceAlert(symbol="BTCUSDT", number=1, price=price(offset), from_below=True)


def choose(chart: CandleChart, name: str) -> None:
    """Click an entry of the open menu."""
    assert chart.menu is not None
    action = chart.menu.findChild(QAction, f"chart.menu.{name}")
    assert action is not None
    at = chart.menu.actionGeometry(action).center()
    mouse.click(chart.menu, at)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


# --- conditional orders -----------------------------------------------------------


def test_dragging_a_conditional_order_asks_for_another_trigger(chart, qtbot) -> None:
    chart.set_algos([stop()])
    start = chart.point_of_order(STOP)
    with qtbot.waitSignal(chart.algo_moved) as moved, qtbot.assertNotEmitted(chart.order_moved):
        mouse.drag(chart, start, QPointF(start.x(), chart.y_of_price(price(-40))))
    client_algo_id, trigger = moved.args
    assert client_algo_id == "stop"
    assert trigger % BTCUSDT.tick_size == 0
    assert abs(trigger - price(-40)) < Decimal("0.5")


def test_the_cross_of_a_conditional_order_cancels_it(chart, qtbot) -> None:
    chart.set_algos([stop()])
    with qtbot.waitSignal(chart.algo_cancel) as cancelled:
        mouse.click(chart, chart.point_of_cancel(STOP))
    assert cancelled.args == ["stop"]


@pytest.mark.parametrize("status", [AlgoStatus.PENDING_NEW, AlgoStatus.UNKNOWN])
def test_a_conditional_order_that_is_not_settled_stays(chart, qtbot, status) -> None:
    chart.set_algos([stop(status=status)])
    start = chart.point_of_order(STOP)
    with qtbot.assertNotEmitted(chart.algo_moved):
        mouse.drag(chart, start, start + QPointF(0, 40))


def test_regular_and_conditional_orders_at_one_price_look_different(chart) -> None:
    y = chart.y_of_price(price(-20))
    looks = []
    for orders, algos in (([order()], []), ([], [stop()])):
        chart.set_orders(orders)
        chart.set_algos(algos)
        looks.append(colours_of_row(chart, y - 6, 8, 60))
    assert palette.BUY in looks[0]
    assert palette.SELL_BAR in looks[1]  # dim: it waits


def test_both_kinds_are_kept_when_one_is_told_anew(chart) -> None:
    chart.set_orders([order()])
    chart.set_algos([stop(20)])
    chart.set_orders([order(-25)])
    assert chart.point_of_order("mine") is not None
    assert chart.point_of_order(STOP) is not None
    chart.set_algos([])
    assert chart.point_of_order(STOP) is None


# --- what is not sure --------------------------------------------------------------


def test_a_refusal_stands_beside_the_line_and_goes_away(chart) -> None:
    chart.set_orders([order()])
    mouse.leave(chart)
    before = chart.grab().toImage()
    start = chart.point_of_order("mine")
    mouse.drag(chart, start, start + QPointF(0, 40))
    chart.show_refusal("mine", "Price must be a multiple of 0.10.")
    mouse.leave(chart)
    assert chart._state.ghosts == {}
    refused = chart.grab().toImage()
    assert refused != before
    assert palette.UNKNOWN_SOFT in colours_of_row(chart, start.y() + 5, 100, 400)
    chart._refusal_timer.timeout.emit()
    assert chart.grab().toImage() == before


@pytest.mark.parametrize("offset", [0, 3000])
def test_a_refusal_of_a_line_that_is_gone_or_out_of_sight_is_no_trouble(chart, offset) -> None:
    if offset:
        chart.set_orders([order(offset)])
    chart.show_refusal("mine", "No.")
    chart.grab()


def test_a_long_refusal_stays_inside(chart) -> None:
    chart.set_orders([order()])
    chart.show_refusal("mine", "A sentence that is longer than the chart is wide. " * 4)
    chart.grab()


def test_orders_that_may_have_changed_unseen_are_dim_and_stay_but_can_be_cancelled(
    chart, qtbot
) -> None:
    chart.set_orders([order()])
    bright = chart.grab().toImage()
    start = chart.point_of_order("mine")
    with qtbot.assertNotEmitted(chart.order_moved):
        mouse.hold_and_move(chart, start, start + QPointF(0, 40))
        chart.set_orders_stale(True)
        mouse.release(chart, start + QPointF(0, 40))
        mouse.drag(chart, start, start + QPointF(0, 40))
    mouse.leave(chart)
    assert chart.grab().toImage() != bright
    assert "changed unseen" in chart.explanation(start)
    with qtbot.waitSignal(chart.order_cancel):
        mouse.click(chart, chart.point_of_cancel("mine"))


@pytest.mark.parametrize(
    ("what", "words"),
    [("order", "Confirmed"), ("algo", "in no book"), ("alert", "rises to"), ("stale", "stale")],
)
def test_hovering_explains_what_is_under_the_mouse(chart, what, words) -> None:
    chart.set_orders([order(-20)])
    chart.set_algos([stop(-40)])
    chart.set_alerts((alert(),))
    at = {
        "order": chart.point_of_order("mine"),
        "algo": chart.point_of_order(STOP),
        "alert": chart.point_of_order("alert 1"),
        "stale": AWAY,
    }[what]
    if what == "stale":
        assert chart.explanation(at) == ""
        chart.set_stale(True)
    where = at.toPoint()
    QApplication.sendEvent(chart, QHelpEvent(QEvent.Type.ToolTip, where, chart.mapToGlobal(where)))
    assert words in QToolTip.text()
    QToolTip.hideText()


# --- alerts --------------------------------------------------------------------------


def test_an_alert_is_dragged_and_removed(chart, qtbot) -> None:
    chart.set_alerts((alert(),))
    start = chart.point_of_order("alert 1")
    with qtbot.waitSignal(chart.alert_moved) as moved:
        mouse.drag(chart, start, QPointF(start.x(), chart.y_of_price(price(5))))
    assert moved.args[0] == alert()
    assert abs(moved.args[1] - price(5)) < Decimal("0.5")
    with qtbot.waitSignal(chart.alert_removed) as removed:
        mouse.click(chart, chart.point_of_cancel("alert 1"))
    assert removed.args == [alert()]


def test_an_alert_moves_on_a_stale_chart_too(chart, qtbot) -> None:
    chart.set_alerts((alert(),))
    chart.set_stale(True)
    start = chart.point_of_order("alert 1")
    with qtbot.waitSignal(chart.alert_moved):
        mouse.drag(chart, start, start + QPointF(0, 30))


def test_an_alert_crossed_in_the_hand_ends_the_drag(chart, qtbot) -> None:
    chart.set_alerts((alert(),))
    start = chart.point_of_order("alert 1")
    with qtbot.assertNotEmitted(chart.alert_moved):
        mouse.hold_and_move(chart, start, start + QPointF(0, 30))
        chart.set_alerts(())
        mouse.release(chart, start + QPointF(0, 30))


def test_an_order_under_an_alert_is_grabbed_first(chart, qtbot) -> None:
    chart.set_orders([order(30)])
    chart.set_alerts((alert(30),))
    at = QPointF(300, chart.y_of_price(price(30)))
    with qtbot.waitSignal(chart.order_moved), qtbot.assertNotEmitted(chart.alert_moved):
        mouse.drag(chart, at, at + QPointF(0, 40))


def test_an_alert_out_of_sight_is_not_drawn(chart) -> None:
    chart.set_alerts((alert(30_000),))
    assert chart.point_of_order("alert 1") is None
    chart.grab()


# --- the menu ------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "side"), [("buy", Side.BUY), ("sell", Side.SELL)])
def test_the_menu_places_at_the_price_under_the_mouse(chart, qtbot, name, side) -> None:
    at = QPointF(400, chart.y_of_price(price(-15)))
    mouse.click(chart, at, mouse.RIGHT)
    with qtbot.waitSignal(chart.place_wanted) as wanted:
        choose(chart, name)
    assert wanted.args[0] is side
    assert abs(wanted.args[1] - price(-15)) < Decimal("0.5")
    assert wanted.args[1] % BTCUSDT.tick_size == 0


def test_the_menu_says_whether_a_choice_is_an_order_already(chart) -> None:
    mouse.click(chart, AWAY, mouse.RIGHT)
    assert chart.menu.findChild(QAction, "chart.menu.buy").text().endswith(" …")
    chart.menu.close()
    chart._places_at_once = lambda: True
    mouse.click(chart, AWAY, mouse.RIGHT)
    assert not chart.menu.findChild(QAction, "chart.menu.buy").text().endswith("…")
    chart.menu.close()


def test_the_plus_at_the_edge_opens_the_menu_at_its_price(chart, qtbot) -> None:
    y = chart.y_of_price(price(-15))
    mouse.move(chart, QPointF(400, y))
    chart.grab()
    at = chart._scene.hints.place_button.center()
    mouse.move(chart, at)
    assert chart.cursor().shape() is Qt.CursorShape.PointingHandCursor
    mouse.click(chart, at)
    with qtbot.waitSignal(chart.alert_wanted) as wanted:
        choose(chart, "alert")
    assert abs(wanted.args[0] - price(-15)) < Decimal("0.5")


def test_a_stale_chart_offers_no_price_to_trade_at(chart) -> None:
    chart.set_stale(True)
    mouse.move(chart, AWAY)
    chart.grab()
    assert chart._scene.hints.place_button.isEmpty()
    mouse.click(chart, AWAY, mouse.RIGHT)
    enabled = {a.objectName(): a.isEnabled() for a in chart.menu.actions() if a.objectName()}
    assert not enabled["chart.menu.buy"]
    assert not enabled["chart.menu.use"]
    assert enabled["chart.menu.alert"]
    chart.menu.close()


@pytest.mark.parametrize(("key", "signal"), [("mine", "order_cancel"), (STOP, "algo_cancel")])
def test_the_menu_over_a_line_cancels_it(chart, qtbot, key, signal) -> None:
    chart.set_orders([order()])
    chart.set_algos([stop(25)])
    mouse.click(chart, chart.point_of_order(key), mouse.RIGHT)
    with qtbot.waitSignal(getattr(chart, signal)):
        choose(chart, "cancel")


def test_the_menu_over_an_alert_removes_it(chart, qtbot) -> None:
    chart.set_alerts((alert(),))
    mouse.click(chart, chart.point_of_order("alert 1"), mouse.RIGHT)
    with qtbot.waitSignal(chart.alert_removed):
        choose(chart, "cancel")


def test_the_menu_gives_the_ticket_a_price(chart, qtbot) -> None:
    mouse.click(chart, AWAY, mouse.RIGHT)
    with qtbot.waitSignal(chart.price_clicked):
        choose(chart, "use")


def test_beside_the_plot_there_is_no_menu(chart) -> None:
    mouse.click(chart, QPointF(chart.width() - 10, 100), mouse.RIGHT)
    mouse.click(chart, QPoint(100, chart.height() - 5), mouse.RIGHT)
    assert chart.menu is None
