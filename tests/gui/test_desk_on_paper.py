"""The whole desk on a real paper exchange: what the hand asks for, the exchange does."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QTabBar
from pytestqt.qtbot import QtBot

from desktop.desks import Desks
from desktop.widgets.data_table import DataTable
from engine.config import default_config
from engine.trading_types import AlgoStatus, EngineState
from tests.gui.hands import Hands


def test_a_stop_order_is_estimated_waits_at_the_exchange_and_is_cancelled(hands: Hands) -> None:
    ticket = hands.window.market.ticket
    bar = hands.find(QTabBar, "orderTicket.type")
    hands.qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(2).center())
    rules = hands.desks.desk.engine.instrument("BTCUSDT")
    price = Decimal(repr(hands.desks.desk.engine.market.best_bid("BTCUSDT")))
    hands.type_into("orderTicket.trigger", rules.price_text(rules.round_price(price * 2)))
    hands.type_into("orderTicket.quantity", "0.01")
    hands.see(lambda: ticket.margin_type.text() == "Cross")
    hands.see(lambda: ticket.summary.text("Fee ≈") != "–")
    hands.see(ticket.side_buttons["BUY"].isEnabled)
    hands.click("orderTicket.side.buy")
    orders = hands.window.account.models.orders
    hands.see(lambda: [algo.status for algo in orders.algos()] == [AlgoStatus.NEW])
    hands.click("orders.cancelAll")
    hands.see(lambda: not orders.rows())
    (ended,) = hands.window.account.models.history.rows()
    assert ended.status is AlgoStatus.CANCELED


def test_another_environment_opens_without_a_restart_and_keeps_the_choices(
    hands: Hands,
) -> None:
    first = hands.desks.desk
    hands.click("orderTicket.ask")
    hands.find(QComboBox, "orderTicket.timeInForce").setCurrentText("IOC")
    hands.find(DataTable, "fills.table").setColumnHidden(9, True)
    hands.desks.go_to("paper")  # the same name: what counts is that all of it is made anew
    hands.see(lambda: hands.desks.desk is not first)
    assert first.engine.state is EngineState.STOPPED
    hands.wait_until_live()
    assert hands.window.market.ticket.ask.isChecked()
    assert hands.find(DataTable, "fills.table").isColumnHidden(9)


def test_closing_in_the_middle_of_a_change_opens_nothing_new(qtbot: QtBot, tmp_path: Path) -> None:
    config = default_config()
    desks = Desks(config, config.environment("paper"), tmp_path)
    with qtbot.waitSignal(desks.closed):
        first = desks.desk
        desks.go_to("testnet")
        desks.close()
    assert desks.desk is first


def test_what_was_traded_is_reviewed_and_agrees_with_the_exchange(hands: Hands) -> None:
    hands.find(QTabBar, "orderTicket.type").setCurrentIndex(1)  # market
    positions = hands.window.account.models.positions
    for side, held in (("buy", 1), ("sell", 0)):
        hands.type_into("orderTicket.quantity", "0.01")
        hands.see(hands.window.market.ticket.side_buttons[side.upper()].isEnabled)
        hands.click(f"orderTicket.side.{side}")
        hands.see(lambda held=held: positions.rowCount() == held)
    hands.see(hands.window.isActiveWindow)
    hands.qtbot.keyClick(hands.window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    hands.see(lambda: hands.window.review.window is not None)
    review = hands.window.review.window
    hands.see(lambda: review.trips.rowCount() == 1)
    hands.see(lambda: review.orders.rowCount() == 2)
    hands.see(review.tie_out.isEnabled)
    hands.click("review.tieOut")
    hands.see(lambda: "agree to the last digit" in review.words.text())
