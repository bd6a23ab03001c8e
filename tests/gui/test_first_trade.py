"""The guided first trade: each hint points at a real control and goes on when it was used."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QTabBar, QWidget

from desktop.models.first_trade import FirstTrade, Step
from desktop.widgets.hint_bubble import beside
from engine.commands import CancelOrder, ClosePosition, PlaceOrder
from engine.events import EngineStateChanged, OrderChanged, PositionChanged
from engine.trading_types import EngineState, EnvironmentKind, OrderStatus, OrderType
from tests.gui import scene
from tests.gui.conftest import Desk

LIVE = EngineStateChanged(state=EngineState.LIVE, sentence="Live.")


def start(desk: Desk) -> Desk:
    desk.window.set_instruments(scene.INSTRUMENTS)
    desk.feed(*scene.streams(), *scene.market(), scene.account()[-4], LIVE)
    return desk


@pytest.fixture
def guided(qtbot, tmp_path) -> Desk:
    return start(Desk(qtbot, has_hints=True, user_data=tmp_path))


def step(desk: Desk) -> Step | None:
    desk.window.hints._show()  # what its timer does
    if desk.window.hints.step is not None:
        QApplication.processEvents()
        words = desk.find(QLabel, "hint.sentence")
        assert words.height() >= words.heightForWidth(words.width()), "all of it can be read"
    return desk.window.hints.step


def points_into(desk: Desk, widget: QWidget) -> bool:
    place = QRect(widget.mapTo(desk.window, widget.rect().topLeft()), widget.size())
    return place.adjusted(-4, -4, 4, 4).contains(desk.find(QWidget, "hint.ring").geometry())


def test_a_whole_trade_by_real_clicks(guided: Desk) -> None:
    ticket = guided.window.market.ticket
    assert step(guided) is Step.PRICE
    assert points_into(guided, ticket.price)
    guided.type_into("orderTicket.price", "64200")
    assert step(guided) is Step.PRICE
    assert points_into(guided, ticket.quantity)
    guided.type_into("orderTicket.quantity", "0.01")
    assert step(guided) is Step.BUY
    guided.click("orderTicket.side.buy")
    assert isinstance(guided.commands[-1], PlaceOrder)
    assert step(guided) is Step.BUY  # asked for is not done
    own = {"price": Decimal("64200.0"), "orig_qty": Decimal("0.010")}
    guided.feed(OrderChanged(order=scene.order("first", **own)))
    assert step(guided) is Step.CHANGE
    assert points_into(guided, guided.window.account.blotter.tabBar())
    guided.window.account.blotter.setCurrentWidget(guided.window.account.blotter.orders)
    step(guided)
    assert points_into(guided, guided.window.account.blotter.orders)
    own["price"] = Decimal("64100.0")
    guided.feed(OrderChanged(order=scene.order("another")))
    assert step(guided) is Step.CHANGE
    guided.feed(OrderChanged(order=scene.order("first", **own)))
    assert step(guided) is Step.CANCEL
    guided.click_cell("orders.table", "first", "")
    assert isinstance(guided.commands[-1], CancelOrder)
    guided.feed(OrderChanged(order=scene.order("first", **own, status=OrderStatus.CANCELED)))
    assert step(guided) is Step.MARKET
    bar = guided.find(QTabBar, "orderTicket.type")
    guided.qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(1).center())
    step(guided)
    assert points_into(guided, ticket.side_buttons["BUY"])
    ticket.quantity.clear()
    step(guided)
    assert points_into(guided, ticket.quantity)
    guided.feed(PositionChanged(position=scene.position()))
    assert step(guided) is Step.CLOSE
    held = scene.position()
    guided.click_cell("positions.table", (held.symbol, held.position_side), "")
    assert isinstance(guided.commands[-1], ClosePosition)
    guided.feed(PositionChanged(position=scene.position(quantity=Decimal(0))))
    assert step(guided) is Step.DONE
    assert points_into(guided, guided.window.header.badge)
    guided.click("hint.skip")
    assert step(guided) is None


def test_dismissed_once_is_dismissed_for_good(guided: Desk, qtbot, tmp_path) -> None:
    guided.click("hint.dismiss")
    assert step(guided) is None
    guided.feed(LIVE)
    assert step(guided) is None
    guided.window.close()
    again = start(Desk(qtbot, has_hints=True, user_data=tmp_path))
    assert step(again) is None


def test_the_guide_brings_dismissed_hints_back(guided: Desk) -> None:
    guided.window.dialogs.show_help()
    again = guided.find(QPushButton, "help.hints")
    assert not again.isVisible(), "they are on show"
    guided.click("hint.dismiss")
    guided.window.dialogs.show_help()
    assert again.isVisible()
    guided.click("help.hints")
    assert not guided.find(QWidget, "help").isVisible()
    assert step(guided) is Step.PRICE


def test_a_start_with_a_position_goes_on_with_closing_it(qtbot, tmp_path) -> None:
    desk = Desk(qtbot, has_hints=True, user_data=tmp_path)
    desk.feed(PositionChanged(position=scene.position()))
    assert step(start(desk)) is Step.CLOSE


def test_a_hint_can_be_skipped_and_never_takes_the_focus(guided: Desk) -> None:
    guided.find(QWidget, "orderTicket.price").setFocus()
    for expected in (Step.BUY, Step.CHANGE, Step.CANCEL, Step.MARKET, Step.CLOSE, Step.DONE):
        guided.window.hints._trade.skip()
        assert guided.window.hints.step is expected
    assert guided.window.focusWidget().objectName() == "orderTicket.price"
    assert step(guided) is Step.DONE
    assert guided.find(QPushButton, "hint.skip").text() == "Done"


def test_a_hidden_panel_has_no_hint(guided: Desk) -> None:
    guided.window.findChild(QWidget, "dock.ticket").hide()
    step(guided)
    assert not guided.find(QLabel, "hint.sentence").isVisible()


def test_an_alarm_is_never_covered(guided: Desk) -> None:
    guided.feed(*scene.alarms())
    step(guided)
    assert not guided.find(QWidget, "hint").isVisible()


def test_elsewhere_than_on_paper_there_are_none(qtbot, tmp_path) -> None:
    desk = Desk(qtbot, has_hints=True, user_data=tmp_path)
    desk.window.set_environment("live", EnvironmentKind.LIVE)
    assert step(start(desk)) is None


def test_an_order_that_traded_at_once_leads_to_its_position() -> None:
    trade = FirstTrade()
    trade.note_order(scene.order(type=OrderType.MARKET))
    assert trade.step is Step.PRICE
    trade.note_order(scene.order(type=OrderType.MARKET, status=OrderStatus.FILLED))
    assert trade.step is Step.CLOSE
    trade = FirstTrade()
    trade.note_order(scene.order(status=OrderStatus.FILLED))
    assert trade.step is Step.CLOSE
    trade = FirstTrade()
    trade.note_order(scene.order())
    trade.note_order(scene.order(status=OrderStatus.FILLED))
    assert trade.step is Step.CLOSE
    trade.note_order(scene.order(status=OrderStatus.CANCELED))
    assert trade.step is Step.CLOSE
    trade.skip()
    trade.skip()
    assert trade.step is Step.DONE


@pytest.mark.parametrize(
    ("target", "side"),
    [
        (QRect(800, 300, 100, 30), "left"),
        (QRect(10, 500, 980, 30), "below"),
        (QRect(10, 700, 980, 30), "above"),
        (QRect(10, 10, 100, 780), "right"),
        (QRect(0, 0, 1000, 800), "middle"),
    ],
)
def test_the_bubble_stands_beside_its_target_and_in_the_window(target, side) -> None:
    room = QRect(0, 0, 1000, 800)
    place = beside(target, target, QSize(300, 120), room)
    assert room.contains(place)
    assert place.intersects(target) == (side == "middle")
    near = beside(target, QRect(target.right() - 20, target.top(), 20, 30), QSize(300, 120), room)
    assert side not in ("above", "below") or near.right() > 980, "near the cell of a long row"
    found = {
        "left": place.right() < target.left(),
        "above": place.bottom() < target.top(),
        "below": place.top() > target.bottom(),
        "right": place.left() > target.right(),
    }
    assert found.get(side, True)
