"""The whole program on a real paper exchange: what a hand does with a line, seen at the venue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from desktop.desk import Desk
from desktop.widgets.chart import CandleChart
from engine.config import default_config
from engine.protection_commands import PlaceAlgo
from engine.trading_types import EngineState, OrderType, Side
from engine.views import OrderView
from tests.helpers import mouse

D = Decimal
TIMEOUT_MS = 60_000


class Program:
    """The program with a trader's eyes and hands."""

    def __init__(self, qtbot: QtBot, desk: Desk) -> None:
        self.qtbot = qtbot
        self.desk = desk
        self.chart: CandleChart = desk.window.market.chart
        self.wait(lambda: desk.engine.state is EngineState.LIVE)
        self.wait(lambda: not self.chart._state.is_waiting and bool(self.chart._model.candles))
        self.wait(lambda: not self.chart._state.is_stale and not self.chart._state.are_orders_stale)
        self.wait(self.ticket_is_ready)

    def ticket_is_ready(self) -> bool:
        """It knows mark price and account, so that an order would leave it."""
        draft = self.desk.window.market.ticket.draft()
        return draft.mark_price is not None and draft.held is not None

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=TIMEOUT_MS)

    def open_orders(self) -> list[OrderView]:
        return self.desk.engine.oms.open_orders()

    def place_by_menu(self, y: float) -> str:
        """Right click below the market, buy limit there; its id once the venue confirmed."""
        mouse.click(self.chart, QPointF(400, y), mouse.RIGHT)
        assert self.chart.menu is not None
        assert self.desk.window.market.ticket.is_one_click()
        action = self.chart.menu.findChild(QAction, "chart.menu.buy")
        mouse.click(self.chart.menu, self.chart.menu.actionGeometry(action).center())
        self.wait(lambda: any(o.status.is_resting for o in self.open_orders()))
        key = self.open_orders()[0].client_order_id
        self.wait(lambda: self.chart.point_of_cancel(key) is not None)
        self.wait(lambda: all(o.can_move for o in self.chart._state.orders))
        return key


@pytest.fixture
def program(qtbot: QtBot, tmp_path: Path) -> Iterator[Program]:
    config = default_config().with_values(
        paper__quiet_market=True, paper__balance_usdt=50_000_000, paper__symbols=["BTCUSDT"]
    )
    desk = Desk(config, config.environment("paper"), tmp_path)
    qtbot.addWidget(desk.window)
    desk.open()
    try:
        yield Program(qtbot, desk)
    finally:
        with qtbot.waitSignal(desk.closed, timeout=TIMEOUT_MS):
            desk.close()


def test_an_order_is_placed_moved_refused_and_cancelled_on_the_chart(program: Program) -> None:
    chart, market = program.chart, program.desk.window.market
    market.ticket.quantity.setText("0.010")
    market.ticket.one_click.setChecked(True)
    key = program.place_by_menu(chart.height() * 0.7)
    placed_at = program.open_orders()[0].price

    # a drag is an amend: the venue has the new price
    start = chart.point_of_order(key)
    mouse.drag(chart, start, start + QPointF(0, 40))
    program.wait(lambda: program.open_orders()[0].price < placed_at)
    moved_to = program.open_orders()[0].price
    program.wait(lambda: not chart._state.ghosts and chart._state.orders[0].price == moved_to)

    # far above the price band it is refused: rolled back, with the reason at the line
    chart._model.stretch_prices(chart._model.shown_range(), 400.0)
    start = chart.point_of_order(key)
    program.wait(lambda: chart._state.orders[0].can_move)
    mouse.drag(chart, start, start - QPointF(0, 150))
    program.wait(lambda: key in chart._state.refusals)
    assert program.open_orders()[0].price == moved_to
    assert chart._state.ghosts == {}
    chart._model.fit_prices()

    # and its cross cancels it
    program.wait(lambda: chart.point_of_cancel(key) is not None)
    mouse.click(chart, chart.point_of_cancel(key))
    program.wait(lambda: program.open_orders() == [] and chart._state.orders == ())


def test_a_stop_is_dragged_to_another_trigger_and_a_cut_in_mid_drag_sends_nothing(
    program: Program,
) -> None:
    chart, window = program.chart, program.desk.window
    last = D(repr(chart._model.candles[-1].close)).quantize(D("0.1"))
    window.submit(
        PlaceAlgo(
            symbol="BTCUSDT",
            side=Side.SELL,
            type=OrderType.STOP_MARKET,
            quantity=D("0.010"),
            trigger_price=last - 15,
        )
    )
    program.wait(lambda: [o.can_move for o in chart._state.orders] == [True])
    chart._model.stretch_prices(chart._model.shown_range(), 2.0)
    key = chart._state.orders[0].key
    start = chart.point_of_order(key)
    mouse.drag(chart, start, start + QPointF(0, 30))
    # moved: a new one stands lower, and the old one is gone
    program.wait(
        lambda: (
            [o.can_move for o in chart._state.orders] == [True]
            and chart._state.orders[0].price < last - 15
        )
    )
    moved = chart._state.orders[0]

    start = chart.point_of_order(moved.key)
    mouse.hold_and_move(chart, start, start + QPointF(0, 30))
    assert chart._state.dragged == moved.key
    program.desk.engine._built.venue.paper._process.kill()
    program.wait(lambda: chart._state.dragged is None)
    mouse.release(chart, start + QPointF(0, 30))
    assert chart._state.ghosts == {}
    assert [o.price for o in chart._state.orders] == [moved.price]
