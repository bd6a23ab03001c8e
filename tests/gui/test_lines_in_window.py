"""Lines of chart and ladder in the window: what hands do becomes commands, refusals come back."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from desktop.main_window import MainWindow
from engine.commands import AmendOrder, LoadCandles, PlaceOrder
from engine.events import (
    AggTrade,
    CandlesLoaded,
    CommandRefused,
    FillRecorded,
    HistoryLoaded,
    IntervalCandle,
    KlineUpdate,
    OrderChanged,
    StreamStateChanged,
)
from engine.events.protection import AlgoChanged
from engine.protection_commands import CancelAlgo, MoveAlgo
from engine.trading_types import AlgoStatus, EnvironmentKind, OrderType, Route, Side, StreamState
from tests.gui import scene
from tests.gui.conftest import Desk
from tests.helpers import mouse
from tests.helpers.market_samples import stop_order

STOP = "algo stop"


def last_price(desk: Desk) -> float:
    return desk.window.market.chart._model.candles[-1].close


def price(desk: Desk, offset: int) -> Decimal:
    return Decimal(round(last_price(desk)) + offset).quantize(Decimal("0.1"))


def trade(at: float, symbol: str = "BTCUSDT") -> AggTrade:
    return AggTrade(
        symbol=symbol,
        event_ms=1,
        trade_ms=scene.NOW_MS,
        trade_id=1,
        price=at,
        quantity=0.1,
        is_buyer_maker=False,
    )


def drag_on_chart(desk: Desk, key: str, by_px: float) -> None:
    start = desk.window.market.chart.point_of_order(key)
    assert start is not None
    mouse.drag(desk.window.market.chart, start, start + QPointF(0, by_px))


# --- conditional orders --------------------------------------------------------------


def test_a_dragged_stop_limit_keeps_its_distance_to_its_limit(desk: Desk) -> None:
    trigger = price(desk, -20)
    stop = stop_order("stop", Side.SELL, str(trigger), type=OrderType.STOP, price=trigger - 5)
    desk.feed(AlgoChanged(algo=stop))
    drag_on_chart(desk, STOP, 30)
    (sent,) = desk.commands
    assert isinstance(sent, MoveAlgo)
    assert sent.client_algo_id == "stop"
    assert sent.trigger_price is not None
    assert sent.trigger_price < trigger
    assert sent.price == sent.trigger_price - 5


def test_a_stop_at_market_has_no_limit_to_move(desk: Desk) -> None:
    desk.feed(AlgoChanged(algo=stop_order("stop", Side.SELL, str(price(desk, -20)))))
    drag_on_chart(desk, STOP, 30)
    (sent,) = desk.commands
    assert isinstance(sent, MoveAlgo)
    assert sent.price is None


def test_crosses_and_right_clicks_cancel_conditional_orders(desk: Desk) -> None:
    market = desk.window.market
    desk.feed(AlgoChanged(algo=stop_order("stop", Side.SELL, str(price(desk, -20)))))
    mouse.click(market.chart, market.chart.point_of_cancel(STOP))
    market.ladder.algo_cancel.emit("stop")
    assert desk.commands == [CancelAlgo(symbol="BTCUSDT", client_algo_id="stop")] * 2


def test_a_conditional_order_that_ended_goes_and_one_of_another_symbol_waits(desk: Desk) -> None:
    chart = desk.window.market.chart
    desk.feed(AlgoChanged(algo=stop_order("stop", Side.SELL, str(price(desk, -20)))))
    assert chart.point_of_order(STOP) is not None
    done = stop_order("stop", Side.SELL, "1", status=AlgoStatus.FINISHED)
    desk.feed(
        AlgoChanged(algo=done),
        AlgoChanged(algo=stop_order("eth", Side.SELL, "3100", symbol="ETHUSDT")),
    )
    assert chart.point_of_order(STOP) is None
    desk.window.market.show_symbol("ETHUSDT")
    assert [o.id for o in chart._state.orders] == ["eth"]


def test_a_move_of_what_is_gone_sends_nothing(desk: Desk) -> None:
    desk.window.market.chart.algo_moved.emit("gone", Decimal(1))
    assert desk.commands == []


# --- refusals ----------------------------------------------------------------------------


def test_a_refused_drag_rolls_back_with_its_reason_on_chart_and_ladder(desk: Desk) -> None:
    market = desk.window.market
    order = scene.order(price=price(desk, -20))
    desk.feed(OrderChanged(order=order))
    key = order.client_order_id
    before = market.chart.point_of_order(key)
    drag_on_chart(desk, key, 40)
    (sent,) = desk.commands
    assert isinstance(sent, AmendOrder)
    assert market.chart._state.ghosts
    desk.feed(CommandRefused(command=sent, sentence="Price is too far from the mark price."))
    assert market.chart._state.ghosts == {}
    assert market.chart._state.refusals == {key: "Price is too far from the mark price."}
    assert market.chart.point_of_order(key) == before
    assert market.ladder._look.hint == "Price is too far from the mark price."


def test_a_refused_move_of_a_stop_is_told_at_its_line(desk: Desk) -> None:
    desk.feed(AlgoChanged(algo=stop_order("stop", Side.SELL, str(price(desk, -20)))))
    drag_on_chart(desk, STOP, 30)
    desk.feed(CommandRefused(command=desk.commands[0], sentence="Would trigger at once."))
    assert desk.window.market.chart._state.refusals == {STOP: "Would trigger at once."}


def test_refusals_of_other_symbols_and_other_acts_are_not_told_at_a_line(desk: Desk) -> None:
    elsewhere = AmendOrder(symbol="ETHUSDT", client_order_id="x", price=Decimal(1))
    place = PlaceOrder(symbol="BTCUSDT", side=Side.BUY, type=OrderType.MARKET, quantity=Decimal(1))
    for command in (elsewhere, place):
        desk.feed(CommandRefused(command=command, sentence="No."))
    assert desk.window.market.chart._state.refusals == {}


@pytest.mark.parametrize("route", [Route.MARKET, Route.PRIVATE])
def test_a_disconnect_in_mid_drag_ends_the_drag_without_sending(desk: Desk, route: Route) -> None:
    chart = desk.window.market.chart
    order = scene.order(price=price(desk, -20))
    desk.feed(OrderChanged(order=order))
    start = chart.point_of_order(order.client_order_id)
    assert start is not None
    mouse.hold_and_move(chart, start, start + QPointF(0, 40))
    assert chart._state.dragged is not None
    desk.feed(StreamStateChanged(route=route, state=StreamState.DISCONNECTED, sentence="Lost."))
    assert chart._state.dragged is None
    mouse.release(chart, start + QPointF(0, 40))
    assert desk.commands == []
    assert chart.point_of_order(order.client_order_id) == start


# --- placing from the chart -----------------------------------------------------------------


def test_the_charts_menu_fills_the_ticket_and_places_only_with_one_click_on(desk: Desk) -> None:
    market = desk.window.market
    desk.type_into("orderTicket.quantity", "0.1")
    at = price(desk, -30)
    market.chart.place_wanted.emit(Side.BUY, at)
    assert market.ticket.price.number() == at
    assert desk.commands == []
    assert not market.chart._places_at_once()
    desk.click("orderTicket.oneClick")
    assert market.chart._places_at_once()
    market.chart.place_wanted.emit(Side.BUY, at)
    market.chart.place_wanted.emit(Side.BUY, at)  # a double click is one order
    (sent,) = desk.commands
    assert isinstance(sent, PlaceOrder)
    assert (sent.side, sent.price) == (Side.BUY, at)


# --- price alerts ----------------------------------------------------------------------------


def alerts_of(desk: Desk) -> list[Decimal]:
    return [alert.price for alert in desk.window.market.chart._state.alerts]


def test_an_alert_is_told_by_notice_row_and_sound_and_is_gone(desk: Desk) -> None:
    sounds: list[str] = []
    desk.window.sound_wanted.connect(sounds.append)
    desk.feed(trade(last_price(desk)))
    at = price(desk, 30)
    desk.window.market.chart.alert_wanted.emit(at)
    assert alerts_of(desk) == [at]
    desk.feed(trade(float(at) + 0.3))
    (sentence,) = [s for s in desk.window.toasts.sentences() if "alert" in s]
    assert sentence == f"Price alert: BTC has risen to {at:,.1f}."
    assert desk.window.account.models.alerts.rowCount() == 1
    assert sounds == ["alert"]
    assert alerts_of(desk) == []


def test_an_alert_of_a_symbol_that_is_not_shown_is_told_too(desk: Desk) -> None:
    market = desk.window.market
    market.show_symbol("ETHUSDT")
    desk.feed(trade(3000.0, "ETHUSDT"))
    market.chart.alert_wanted.emit(Decimal("2990.00"))
    market.show_symbol("BTCUSDT")
    assert alerts_of(desk) == []
    desk.feed(trade(2989.0, "ETHUSDT"))
    assert any("fallen to 2,990.00" in s for s in desk.window.toasts.sentences())


def test_an_alert_is_dragged_across_the_price_and_waits_from_there(desk: Desk) -> None:
    desk.feed(trade(last_price(desk)))
    desk.window.market.chart.alert_wanted.emit(price(desk, 30))
    start = desk.window.market.chart.point_of_order("alert 1")
    assert start is not None
    to = QPointF(start.x(), desk.window.market.chart.y_of_price(price(desk, -30)))
    mouse.drag(desk.window.market.chart, start, to)
    (moved,) = desk.window.market.chart._state.alerts
    assert not moved.from_below
    assert abs(moved.price - price(desk, -30)) < 3
    assert desk.window.toasts.sentences() == []
    mouse.click(desk.window.market.chart, desk.window.market.chart.point_of_cancel(moved.key))
    assert alerts_of(desk) == []


def test_without_a_price_there_is_no_side_to_wait_from(empty_desk: Desk) -> None:
    empty_desk.window.set_instruments(scene.INSTRUMENTS)
    empty_desk.window.market.chart.alert_wanted.emit(Decimal(1))
    assert alerts_of(empty_desk) == []


def test_a_wick_that_no_trade_showed_is_told(desk: Desk) -> None:
    last = desk.window.market.chart._model.candles[-1]
    at = Decimal(round(last.high) + 10)

    def kline(high: float) -> KlineUpdate:
        fields = {name: getattr(last, name) for name in last.__struct_fields__}
        candle = IntervalCandle(interval="1m", **(fields | {"high": high}))
        return KlineUpdate(symbol="BTCUSDT", event_ms=1, kline=candle)

    desk.feed(trade(last.close), kline(last.high))
    desk.window.market.chart.alert_wanted.emit(at)
    desk.feed(kline(float(at) + 1))
    assert alerts_of(desk) == []


def made_window(qtbot: QtBot, folder: Path) -> MainWindow:
    window = MainWindow(
        environment="paper",
        kind=EnvironmentKind.PAPER,
        symbol="BTCUSDT",
        submit=lambda _command: None,
        user_data=folder,
    )
    qtbot.addWidget(window)
    window.set_instruments(scene.INSTRUMENTS)
    return window


def test_alerts_and_switches_come_back_at_the_next_start(qtbot: QtBot, tmp_path: Path) -> None:
    first = made_window(qtbot, tmp_path)
    first.handle_events([*scene.streams(), *scene.market(), trade(64000.0)])
    first.market.chart.alert_wanted.emit(Decimal("64100.0"))
    first.findChild(QPushButton, "chart.overlay.EMA_20").click()
    second = made_window(qtbot, tmp_path)
    assert [alert.price for alert in second.market.chart._state.alerts] == [Decimal("64100.0")]
    assert second.findChild(QPushButton, "chart.overlay.EMA_20").isChecked()
    second.handle_events([trade(64200.0)])
    assert made_window(qtbot, tmp_path).market.chart._state.alerts == ()


# --- candles and fills --------------------------------------------------------------------------


def test_another_interval_shows_no_candle_of_the_one_before(desk: Desk) -> None:
    chart = desk.window.market.chart
    desk.click("chart.interval.1h")
    assert chart._model.candles == []
    desk.feed(CandlesLoaded(request_id="candles-9", symbol="BTCUSDT", interval="1h", candles=()))
    assert not chart._state.is_waiting


def test_candles_that_are_refused_say_why_and_the_interval_asks_again(desk: Desk) -> None:
    desk.click("chart.interval.1h")
    asked = desk.all_commands[-1]
    assert isinstance(asked, LoadCandles)
    desk.feed(CommandRefused(command=asked, sentence="The exchange did not answer."))
    assert desk.window.market.chart.has_failed
    desk.click("chart.interval.1h")
    assert isinstance(desk.all_commands[-1], LoadCandles)
    assert desk.all_commands[-1] is not asked
    assert not desk.window.market.chart.has_failed


def test_an_old_refusal_of_candles_is_ignored(desk: Desk) -> None:
    old = desk.all_commands[-1]
    desk.click("chart.interval.1h")
    desk.feed(CommandRefused(command=old, sentence="The exchange did not answer."))
    assert not desk.window.market.chart.has_failed


def test_fills_of_now_and_of_earlier_days_are_marked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[int] = []
    monkeypatch.setattr(
        desk.window.market.chart, "set_fills", lambda fills: shown.append(len(fills))
    )
    desk.feed(HistoryLoaded(orders=(), fills=(scene.fill(1), scene.fill(2))))
    desk.feed(FillRecorded(fill=scene.fill(2)), FillRecorded(fill=scene.fill(3)))
    assert shown == [2, 3]


def test_only_so_many_fills_are_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop.models.own_records._FILLS_KEPT", 2)
    desk.feed(*(FillRecorded(fill=scene.fill(n)) for n in range(1, 5)))
    assert list(desk.window.market.records._fills["BTCUSDT"]) == [3, 4]
