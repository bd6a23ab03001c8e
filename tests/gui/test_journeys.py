"""Rules of the hand on the real window and one real paper exchange, with clicks, drags and keys.

The tests share the window; each leaves the account flat, except for the last, which
locks it out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.desk import Desk
from desktop.models.order_certainty import Certainty
from desktop.models.resting_orders import Resting
from desktop.widgets.alarm_bars import AlarmBars
from desktop.widgets.click_guard import QUIET_MS
from desktop.widgets.data_table import DataTable
from desktop.widgets.ladder import PriceLadder
from engine.clock import SystemClock
from engine.config import default_config
from engine.protection_commands import Kill
from engine.trading_types import (
    BracketState,
    EngineState,
    KillState,
    OrderStatus,
    PositionSide,
    Side,
)
from engine.views import OrderView
from tests.gui.hands import quick_hand
from tests.helpers import mouse
from tests.helpers.leaks import assert_no_new_threads, running_threads
from tests.helpers.waiting import wait_until
from tests.integration.conftest import Stranger

D = Decimal
W = TypeVar("W", bound=QWidget)
FAULTS = "/paper/v1/faults"
_DEADLINE_S = 60.0
LONG = ("BTCUSDT", PositionSide.BOTH)


class SleepyClock(SystemClock):
    """Its wall clock can jump, as that of a computer which slept."""

    slept_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.slept_ms


class Trader:
    """Hands and eyes before the window, and a word with the exchange."""

    def __init__(self, desk: Desk, clock: SleepyClock, folder: Path) -> None:
        self.desk, self.clock = desk, clock
        self.window = desk.window
        self.ladder: PriceLadder = desk.window.market.ladder
        self.ticket = desk.window.market.ticket
        self.engine = desk.engine
        self.stranger: Stranger | None = None
        self._stirred_s = 0.0
        self.see(lambda: self.engine.state is EngineState.LIVE)
        self.stranger = Stranger(folder / "paper")
        self.see_live()

    def see(self, condition: Callable[[], object]) -> None:
        def looked() -> object:
            QApplication.processEvents()
            self.stir()
            return condition()

        wait_until(looked, _DEADLINE_S)

    def stir(self) -> None:
        """The stranger moves the book twice a second: a silent stream counts as stale."""
        if self.stranger is not None and time.monotonic() > self._stirred_s + 0.5:
            self._stirred_s = time.monotonic()
            self.stranger.order(price="60000", quantity="0.010")
            self.stranger.signed("DELETE", "/fapi/v1/allOpenOrders", symbol="BTCUSDT")

    def see_live(self) -> None:
        self.see(lambda: self.engine.state is EngineState.LIVE)
        self.see(self.ticket.best_buttons[Side.SELL].isEnabled)
        self.see(lambda: self.ticket.draft().held is not None)
        self.see(lambda: not self.ladder._is_grey() and not self.ladder._look.are_orders_stale)

    def find(self, kind: type[W], name: str) -> W:
        found = self.window.findChild(kind, name)
        assert found is not None, name
        return found

    def click(self, name: str) -> None:
        widget = self.find(QWidget, name)
        mouse.click(widget, QPointF(widget.rect().center()))

    def keys(self, *keys: Qt.Key) -> None:
        """Pressed while the ladder has the keyboard."""
        for key in keys:
            QTest.keyClick(self.ladder, key)

    def type_order(self, price: Decimal | None, quantity: str = "0.010") -> None:
        self.ticket.type.setCurrentIndex(0 if price is not None else 1)
        if price is not None:
            self.ticket.price.setText(str(price))
        self.ticket.quantity.setText(quantity)
        self.see(self.ticket.side_buttons[Side.BUY].isEnabled)

    def below(self, ticks: int) -> Decimal:
        """A price of a row that is in view and makes no trade."""
        best = D(repr(self.engine.market.best_bid("BTCUSDT")))
        return best - ticks * D("0.1")

    def orders(self) -> list[OrderView]:
        return self.engine.oms.open_orders()

    def place(self, price: Decimal) -> str:
        """Rests at the exchange and stands on the ladder."""
        self.type_order(price)
        self.click("orderTicket.side.buy")
        self.see(lambda: [o.status for o in self.orders()] == [OrderStatus.NEW])
        key = self.orders()[0].client_order_id
        self.see(lambda: [order.can_move for order in self.chips()] == [True])
        return key

    def chips(self) -> list[Resting]:
        """Own orders as the ladder shows them."""
        return [order for chip in self.ladder._model.own.values() for order in chip.orders]

    def wait_out_the_click_guard(self) -> None:
        ends_s = time.monotonic() + QUIET_MS / 1000
        self.see(lambda: time.monotonic() > ends_s)

    def open_position(self, quantity: str) -> None:
        self.type_order(None, quantity)
        self.wait_out_the_click_guard()
        self.click("orderTicket.side.buy")
        self.see(lambda: self.held() == D(quantity))

    def held(self) -> Decimal:
        position = self.window.account.position_of("BTCUSDT")
        return position.quantity if position is not None else D(0)

    def choose(self, name: str) -> None:
        """From the menu of the position's row."""
        menu = QMenu(self.window)
        self.window.account.position_acts.fill_menu(LONG, menu)
        menu.popup(QPoint(10, 10))
        action = menu.findChild(QAction, name)
        assert action is not None
        mouse.click(menu, QPointF(menu.actionGeometry(action).center()))
        menu.deleteLater()

    def alarm(self) -> str:
        return self.window.findChild(AlarmBars).sentence("unprotected")

    def fault(self, kind: str, when: dict[str, object], **values: object) -> None:
        rules = {"seed": 1, "rules": [{"fault": kind, **values, "when": when}]}
        answer = self.stranger.raw("POST", FAULTS, json.dumps(rules))
        assert answer.status == 200, answer.body

    def mend(self) -> None:
        self.stranger.raw("DELETE", FAULTS)

    def clean_up(self) -> None:
        self.mend()
        self.ticket.exits.setChecked(False)
        self.ticket.post_only.setChecked(False)
        self.ticket.disarm()
        self.see_live()
        self.window.submit(Kill())
        # of this one: the state may be that of the last
        self.see(lambda: self.engine.kill_switch.join(0))
        assert self.engine.kill_switch.view.state is KillState.FLAT
        self.see(lambda: not self.window.account.models.orders.rows() and not self.held())


@pytest.fixture(scope="module")
def _trader(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trader]:
    before = running_threads()
    folder = tmp_path_factory.mktemp("journeys")
    config = default_config().with_values(
        paper__quiet_market=True,
        paper__balance_usdt=50_000_000,
        paper__symbols=["BTCUSDT"],
        risk__max_daily_loss_usdt=25,
    )
    clock = SleepyClock()
    desk = Desk(config, config.environment("paper"), folder, clock)
    ended: list[object] = []
    desk.closed.connect(ended.append)
    desk.open()
    made = Trader(desk, clock, folder)
    yield made
    made.stranger = None
    desk.close()
    made.see(lambda: ended)
    desk.window.deleteLater()
    assert_no_new_threads(before)


@pytest.fixture(autouse=True)
def _no_thread_is_left_behind() -> None:
    """The engine is shared and starts threads when they are first needed: looked at in the end."""


@pytest.fixture
def trader(_trader: Trader, qtbot: QtBot) -> Iterator[Trader]:
    """qtbot: an error in a handler fails the test."""
    yield _trader
    if _trader.window.safety.guard.locked_until_ms is None:
        _trader.clean_up()


def test_a_double_click_on_button_or_ladder_makes_one_order(trader: Trader) -> None:
    trader.type_order(trader.below(5))
    button = trader.ticket.side_buttons[Side.BUY]
    with quick_hand():
        mouse.double_click(button, QPointF(button.rect().center()))
    trader.see(lambda: [o.status for o in trader.orders()] == [OrderStatus.NEW])
    trader.click("orderTicket.oneClick")
    trader.wait_out_the_click_guard()
    at = trader.ladder.point_of_price(Side.BUY, trader.below(3))
    with quick_hand():
        mouse.double_click(trader.ladder, at)
    trader.see(lambda: [o.status for o in trader.orders()] == [OrderStatus.NEW] * 2)


def test_keys_alone_choose_a_price_on_the_ladder_place_there_and_cancel(trader: Trader) -> None:
    """Enter fills the ticket; with one-click on it sends, once however often it is pressed."""
    keys, ladder = trader.keys, trader.ladder
    trader.type_order(trader.below(9))
    trader.wait_out_the_click_guard()
    keys(Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Return)
    chosen = ladder._model.price_of(ladder._cursor.bucket)
    assert trader.ticket.price.number() == chosen
    assert not trader.orders()
    trader.click("orderTicket.oneClick")
    ladder.setFocus()
    keys(Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down)
    chosen = ladder._model.price_of(ladder._cursor.bucket)
    with quick_hand():
        keys(Qt.Key.Key_Return, Qt.Key.Key_Return)
    trader.see(lambda: [o.status for o in trader.orders()] == [OrderStatus.NEW])
    assert [(o.side, o.price) for o in trader.orders()] == [(Side.BUY, chosen)]
    trader.see(lambda: [order.can_cancel for order in trader.chips()] == [True])
    keys(Qt.Key.Key_Up, Qt.Key.Key_Delete)  # nothing rests there
    keys(Qt.Key.Key_Down, Qt.Key.Key_Delete)
    trader.see(lambda: not trader.orders())


def test_a_refused_drag_on_the_ladder_rolls_back_with_the_exchanges_reason(trader: Trader) -> None:
    price = trader.below(3)
    key = trader.place(price)
    trader.fault("throttled_503", {"method": "PUT", "path": "/fapi/v1/order", "count": 0})
    start = trader.ladder.point_of_order(key)
    mouse.drag(trader.ladder, start, start + QPoint(0, 4 * trader.ladder._frame.row_px))
    trader.see(lambda: trader.ladder._passing_hint)
    trader.see(lambda: not trader.ladder._look.ghosts)
    assert trader.ladder.point_of_order(key) == start
    assert [(o.client_order_id, o.price) for o in trader.orders()] == [(key, price)]


def test_a_disconnect_in_mid_drag_moves_nothing_and_stale_prices_take_no_click(
    trader: Trader,
) -> None:
    price = trader.below(3)
    key = trader.place(price)
    trader.click("orderTicket.oneClick")
    at = trader.ladder.point_of_price(Side.BUY, trader.below(6))
    start = trader.ladder.point_of_order(key)
    mouse.hold_and_move(trader.ladder, start, start + QPoint(0, 40))
    trader.fault("disconnect", {"trigger": "time"}, route="all")
    trader.see(lambda: not trader.ladder._hand.is_down)
    mouse.release(trader.ladder, start + QPoint(0, 40))
    trader.see(lambda: not trader.ticket.is_one_click())
    if trader.ladder._is_grey():
        mouse.click(trader.ladder, at)
    trader.see_live()
    assert [(o.client_order_id, o.price) for o in trader.orders()] == [(key, price)]


def test_an_order_whose_answer_was_lost_is_striped_everywhere_until_it_is_settled(
    trader: Trader,
) -> None:
    price = trader.below(3)
    trader.fault("event_dropped", {"trigger": "event", "event": "ORDER_TRADE_UPDATE", "count": 0})
    trader.fault("unavailable_503", {"method": "GET", "path": "/fapi/v1/order", "count": 0})
    trader.fault("unavailable_503", {"path": "/fapi/v1/openOrders", "count": 0})
    # the stranger goes on ordering: only our answer is to be lost
    lost = {"method": "POST", "path": "/fapi/v1/order", "account": "first", "count": 1}
    trader.fault("reply_lost", lost, acted=True)
    trader.type_order(price)
    trader.click("orderTicket.side.buy")
    models = trader.window.account.models
    trader.see(lambda: [o.status for o in models.orders.orders()] == [OrderStatus.UNKNOWN])

    def own() -> list[Certainty]:
        return [order.certainty for order in trader.chips()]

    def line() -> list[Certainty]:
        return [order.certainty for order in trader.window.market.chart._state.orders]

    trader.see(lambda: own() == line() == [Certainty.UNKNOWN])
    key = models.orders.orders()[0].client_order_id
    words = models.orders._cells_of(key)[models.orders.column_named("Status")].text
    assert words.startswith("Unknown")
    trader.see(lambda: any("BTCUSDT BUY" in told for told in trader.window.toasts.sentences()))
    trader.mend()
    trader.see(lambda: [o.status for o in models.orders.orders()] == [OrderStatus.NEW])
    trader.see(lambda: own() == [Certainty.CONFIRMED])


def test_a_quarter_is_closed_and_the_rest_reversed_from_the_positions_menu(trader: Trader) -> None:
    trader.open_position("0.020")
    trader.choose("positions.close.25")
    trader.see(lambda: trader.held() == D("0.015"))
    trader.choose("positions.reverse")
    trader.see(lambda: trader.window.findChild(QPushButton, "positions.reverse.confirm"))
    trader.click("positions.reverse.confirm")
    trader.see(lambda: trader.held() == D("-0.015"))


def test_a_bracket_from_the_ticket_is_alarmed_while_its_stop_is_missing(trader: Trader) -> None:
    trader.fault("unavailable_503", {"method": "POST", "path": "/fapi/v1/algoOrder", "count": 0})
    trader.type_order(None)
    trader.click("orderTicket.exits")
    best = trader.below(0)
    trader.ticket.stop.setText(str(best - 500))
    trader.ticket.target.setText(str(best + 500))
    trader.see(trader.ticket.side_buttons[Side.BUY].isEnabled)
    trader.wait_out_the_click_guard()
    trader.click("orderTicket.side.buy")
    trader.see(lambda: trader.alarm().startswith("UNPROTECTED"))
    trader.mend()
    trader.see(lambda: not trader.alarm())
    exits = ["STOP_MARKET", "TAKE_PROFIT_MARKET"]
    orders = trader.window.account.models.orders
    trader.see(lambda: sorted(algo.type for algo in orders.algos()) == exits)
    trader.see(lambda: [b.state for b in trader.engine.brackets.open()] == [BracketState.PROTECTED])


def test_after_the_computer_slept_one_click_is_off_and_trading_goes_on(trader: Trader) -> None:
    key = trader.place(trader.below(4))
    trader.click("orderTicket.oneClick")
    assert trader.ticket.is_one_click()
    trader.clock.slept_ms += 3_600_000
    trader.see(lambda: not trader.ticket.is_one_click())
    trader.see_live()
    assert [o.client_order_id for o in trader.orders()] == [key]
    trader.window.account.blotter.setCurrentWidget(trader.find(DataTable, "orders.table"))
    trader.click("orders.cancelAll")
    trader.see(lambda: not trader.orders())


def test_a_lock_out_is_seen_reducing_passes_and_kill_works_with_the_limits_full(
    trader: Trader,
) -> None:
    trader.place(trader.below(5))
    trader.open_position("1")  # its fee is more than the day may lose
    chip = trader.find(QLabel, "header.lock")
    trader.see(chip.isVisible)
    trader.see(lambda: "Locked out until" in trader.ticket.problems.sentence())
    assert not trader.ticket.side_buttons[Side.BUY].isEnabled()
    trader.see(lambda: "only orders that reduce" in trader.ladder._look.hint)

    trader.click("orderTicket.reduceOnly")
    trader.ticket.quantity.setText("0.4")
    trader.see(trader.ticket.side_buttons[Side.SELL].isEnabled)
    trader.click("orderTicket.side.sell")
    trader.see(lambda: trader.held() == D("0.6"))

    trader.fault("limits_nearly_full", {"trigger": "time"}, weight_left=200, orders_left=9)
    trader.click("killSwitch")
    trader.click("killSwitch.confirm")
    trader.see(lambda: trader.window.findChild(AlarmBars).sentence("kill"))
    trader.see(lambda: not trader.orders() and not trader.held())
    alarms = trader.window.findChild(AlarmBars)
    if alarms.sentence("kill").startswith("KILL: ") and alarms.button("kill").text() == "Stop":
        mouse.click(alarms.button("kill"), QPointF(5, 5))
